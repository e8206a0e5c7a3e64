//! Users: created, given another password, disabled, enabled, deleted.

use accounts::{Account, Username};
use protocol::Subject;
use serde_json::{Map, Value};
use server::{
    registration::{Finding, RegistrationError},
    store::{Committed, Of, Why},
};
use zeroize::Zeroizing;

use super::{
    members::{Saved, plan},
    settle::{Decision, Settled, settle, settle_and_count},
};
use crate::{
    administration::Administration,
    error::{Noun, OperationError},
    record,
    world::World,
    writer::Changes,
};

/// Adds an account.
#[derive(Clone, Debug)]
pub struct CreateUser {
    /// What the user signs in with.
    pub username: String,
    /// Its `sub`; without one, one is drawn.
    pub subject: Option<String>,
    /// Claims about the user.
    pub claims: Map<String, Value>,
    /// The password; without one, the account can't sign in by password.
    pub password: Option<Zeroizing<String>>,
}

impl CreateUser {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::Exists`], [`OperationError::Wrongs`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        let subject = self.subject.clone().unwrap_or_else(|| administration.server.draws().id());
        settle(administration, || self.decide(administration, &subject)).await
    }

    async fn decide(
        &self,
        administration: &Administration,
        subject: &str,
    ) -> Result<Decision<Saved>, OperationError> {
        let exists = |id: &str| OperationError::Exists { kind: Noun::User, id: id.to_owned() };
        if let Some(username) = Username::parse(&self.username)
            && administration.directory.by_username(&username).await?.is_some()
        {
            return Err(exists(&self.username));
        }
        if let Some(parsed) = Subject::parse(subject)
            && administration.directory.by_subject(&parsed).await?.is_some()
        {
            return Err(exists(&format!("with sub {subject}")));
        }
        let mut members = Map::from_iter([
            ("sub".to_owned(), subject.into()),
            ("username".to_owned(), self.username.as_str().into()),
            ("claims".to_owned(), self.claims.clone().into()),
        ]);
        if let Some(password) = &self.password {
            members.insert("password".to_owned(), password.as_str().into());
        }
        let world = World::of_user(members.into(), administration);
        let mut plan = plan(administration, &world).await?;
        plan.hash_passwords(&world, administration).await?;
        let record = plan.accounts().next().map(record::account).unwrap_or_default();
        let warnings = plan.difference.warnings;
        Ok(Decision { changes: plan.changes, answer: Saved { record, secret: None, warnings } })
    }
}

/// Gives a user another password. Whoever knows the old one may be signed in with it, or have an application connected:
/// the sessions, grants and tokens end.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// Who: a username or `sub`.
    pub user: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// Whether grants with `offline_access` stay.
    pub keep_apps: bool,
}

/// An account under another password.
#[derive(Clone, Debug)]
pub struct PasswordSet {
    /// The account.
    pub account: Account,
    /// How much ended.
    pub ended: Committed,
}

impl SetPassword {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`OperationError::Wrongs`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<PasswordSet, OperationError> {
        let password = administration.password_rule.accept(&self.password);
        let password = password
            .map_err(|error| RegistrationError(vec![Finding::new("/password", error.to_string())]))?;
        let hash = administration.passwords.hash(password).await?;
        let Settled { answer: account, ended } = settle_and_count(administration, || async {
            let stored = find_user(administration, &self.user).await?;
            let account = Account { password: Some(hash.clone()), ..stored.clone() };
            let mut changes = Changes::new(&administration.server);
            let why = Why::PasswordReset { keep_apps: self.keep_apps };
            changes.push(changes.ending(Of::Subject(account.subject.clone()), why));
            changes.put_account(account.clone(), Some(&stored));
            Ok(Decision { changes, answer: account })
        })
        .await?;
        Ok(PasswordSet { account, ended })
    }
}

/// Disables an account, or lets it sign in again. Where it is disabled, its sessions, grants and tokens end.
#[derive(Clone, Debug)]
pub struct SwitchUser {
    /// Who: a username or `sub`.
    pub user: String,
    /// Whether it is disabled.
    pub disabled: bool,
}

impl SwitchUser {
    /// Does it; answers the account.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Account, OperationError> {
        settle(administration, || async {
            let stored = find_user(administration, &self.user).await?;
            let account = Account { disabled: self.disabled, ..stored.clone() };
            let mut changes = Changes::new(&administration.server);
            if account != stored {
                changes.put_account(account.clone(), Some(&stored));
            } else if self.disabled {
                changes.push(changes.ending(Of::Subject(account.subject.clone()), Why::AccountDisabled));
            }
            Ok(Decision { changes, answer: account })
        })
        .await
    }
}

/// Deletes an account; its sessions, grants and tokens end.
#[derive(Clone, Debug)]
pub struct DeleteUser {
    /// Who: a username or `sub`.
    pub user: String,
}

impl DeleteUser {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        settle(administration, || async {
            let account = find_user(administration, &self.user).await?;
            let mut changes = Changes::new(&administration.server);
            changes.delete_account(account.subject);
            Ok(Decision { changes, answer: () })
        })
        .await
    }
}

/// The account with this username or, where nobody has it, with this `sub`.
///
/// # Errors
/// [`OperationError::NotFound`], and the store's.
pub async fn find_user(administration: &Administration, user: &str) -> Result<Account, OperationError> {
    if let Some(username) = Username::parse(user)
        && let Some(account) = administration.directory.by_username(&username).await?
    {
        return Ok(account);
    }
    let found = match Subject::parse(user) {
        Some(subject) => administration.directory.by_subject(&subject).await?,
        None => None,
    };
    found.ok_or_else(|| OperationError::NotFound { kind: Noun::User, id: user.to_owned() })
}
