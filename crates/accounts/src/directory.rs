//! The directory: stored accounts, and the one way to change them.

use std::fmt;

use async_trait::async_trait;
use protocol::Subject;
use serde_json::{Map, Value};
use server::{
    Fault,
    store::{Commit, Committed, Conflict, Event, EventKind},
};

use crate::spelling;

/// Longest username, in bytes.
pub const USERNAME_BYTES_MAX: usize = 255;

/// Where accounts are stored. Accounts and protocol state change in one transaction.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// The account with this username, whatever its spelling.
    async fn by_username(&self, username: &Username) -> Result<Option<Account>, Fault>;

    /// The account with this `sub`.
    async fn by_subject(&self, subject: &Subject) -> Result<Option<Account>, Fault>;

    /// Whether the account with this `sub` is disabled; `None` if there is none. It is asked for every token of a user, so
    /// a database reads no more than that.
    async fn is_disabled(&self, subject: &Subject) -> Result<Option<bool>, Fault> {
        Ok(self.by_subject(subject).await?.map(|account| account.disabled))
    }

    /// Accounts after this `sub`, by `sub`.
    async fn list_accounts(&self, after: Option<&Subject>, limit: u32) -> Result<Vec<Account>, Fault>;

    /// Commits both durably, or nothing. Guards of `people` are numbered after those of `also`.
    async fn commit_people(
        &self,
        people: Vec<AccountChange>,
        also: Commit,
    ) -> Result<Result<Committed, Conflict>, Fault>;
}

/// A user of this issuer.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// `sub`; never changes.
    pub subject: Subject,
    /// As the user wrote it.
    pub username: Username,
    /// The Argon2id hash; `None`: no password sign-in.
    pub password: Option<PasswordHash>,
    /// Whether sign-in and tokens are refused.
    pub disabled: bool,
    /// Claims of OpenID Connect Core 1.0 §5.1 and others, by name.
    pub claims: Map<String, Value>,
    /// Whether `apply` made it, so that `apply --prune` may disable it.
    pub applied: bool,
    /// Counts up with every change.
    pub version: i64,
}

/// One change of the directory.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountChange {
    /// Guard: neither the subject nor the username is taken, and no client or resource has the subject as its
    /// `client_id` (RFC 9700 §4.15). The version in the record is ignored.
    Add(Box<Account>),
    /// Guard: the account has this version, and the username is not another account's. Replaces the record.
    Replace(Box<Account>, i64),
    /// Guard: the account has this version. The same password under another hash: no event.
    Rehash(Subject, PasswordHash, i64),
    /// No guard: deleting a missing account is no conflict.
    Delete(Subject),
}

impl AccountChange {
    /// The event of the change, appended to the outbox in the transaction that writes it.
    pub fn event(&self, commit: &Commit) -> Option<Event> {
        let subject = match self {
            Self::Add(account) | Self::Replace(account, _) => &account.subject,
            Self::Delete(subject) => subject,
            Self::Rehash(..) => return None,
        };
        Some(Event { subject: Some(subject.clone()), ..commit.event(EventKind::AccountChanged) })
    }
}

/// A password hash in PHC string format. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub Box<str>);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(...)")
    }
}

/// A username as it was written. Two that differ only in case, surrounding spaces, width or normalization are equal.
#[derive(Clone, Debug)]
pub struct Username(Box<str>);

impl Username {
    /// Parses a username: not empty, at most [`USERNAME_BYTES_MAX`], without control characters.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits =
            !text.is_empty() && text.len() <= USERNAME_BYTES_MAX && !text.chars().any(char::is_control);
        fits.then(|| Self(text.into()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling that stores and counters compare (RFC 8265 §3.3).
    pub fn canonical(&self) -> String {
        spelling::name(&self.0)
    }
}

impl PartialEq for Username {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Eq for Username {}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A directory of one account, for tests of this crate.

    use std::sync::Mutex;

    use serde_json::json;

    use super::*;

    pub(crate) fn alice() -> Account {
        let claims = json!({"name": "Alice Martin", "email": "alice@example.org"});
        Account {
            subject: Subject::new("u-1"),
            username: Username::parse("alice").expect("fits"),
            password: None,
            disabled: false,
            claims: claims.as_object().cloned().expect("object"),
            applied: false,
            version: 1,
        }
    }

    pub(crate) struct OneAccount(Mutex<Option<Account>>);

    impl OneAccount {
        pub(crate) fn new(account: Option<Account>) -> Self {
            Self(Mutex::new(account))
        }

        pub(crate) fn now(&self) -> Option<Account> {
            self.0.lock().expect("no panic").clone()
        }
    }

    #[async_trait]
    impl Directory for OneAccount {
        async fn by_username(&self, username: &Username) -> Result<Option<Account>, Fault> {
            Ok(self.now().filter(|account| account.username == *username))
        }

        async fn by_subject(&self, subject: &Subject) -> Result<Option<Account>, Fault> {
            Ok(self.now().filter(|account| account.subject == *subject))
        }

        async fn list_accounts(&self, _: Option<&Subject>, _: u32) -> Result<Vec<Account>, Fault> {
            Ok(self.now().into_iter().collect())
        }

        async fn commit_people(
            &self,
            people: Vec<AccountChange>,
            _: Commit,
        ) -> Result<Result<Committed, Conflict>, Fault> {
            let mut account = self.0.lock().expect("no panic");
            for (guard, change) in people.into_iter().enumerate() {
                match change {
                    AccountChange::Add(new) if account.is_none() => *account = Some(*new),
                    AccountChange::Replace(new, version)
                        if account.as_ref().is_some_and(|old| old.version == version) =>
                    {
                        *account = Some(Account { version: version + 1, ..*new });
                    }
                    AccountChange::Rehash(_, new, version)
                        if account.as_ref().is_some_and(|old| old.version == version) =>
                    {
                        if let Some(account) = &mut *account {
                            (account.password, account.version) = (Some(new), version + 1);
                        }
                    }
                    AccountChange::Delete(subject) => {
                        account.take_if(|old| old.subject == subject);
                    }
                    AccountChange::Add(_) | AccountChange::Replace(..) | AccountChange::Rehash(..) => {
                        return Ok(Err(Conflict { guard }));
                    }
                }
            }
            Ok(Ok(Committed::default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_username_are_one() {
        let name = |text| Username::parse(text).expect("fine");
        assert_eq!(name("Alice"), name(" alice "));
        assert_eq!(name("jos\u{e9}"), name("JOSE\u{301}"));
        assert_ne!(name("alice"), name("alice2"));
        assert_eq!(Username::parse(" "), None);
        assert_eq!(Username::parse("a\0"), None);
    }
}
