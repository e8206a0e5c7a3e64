//! `user ..`: people who sign in.

use accounts::{Account, AccountChange, PasswordHash, Passwords, Username, passwords::PASSWORD_BYTES_MAX};
use protocol::Subject;
use serde_json::{Map, Value, json};
use server::store::{Commit, Of, Why};

use super::{
    client::secret::draw_id,
    settle::{Decision, settle, settle_and_count},
};
use crate::terminal::{
    Exit, Failure, Format, Layout, Page, Source, failed, misused, new_secret, not_found, output, say,
};
use crate::wiring::Installation;

const LAYOUT: Layout = Layout { quiet: &["sub"], columns: &["sub", "username", "claims", "disabled"] };

/// What is done with users.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make an account; the password is asked for, or read from standard input
    Create {
        /// What the user signs in with
        username: String,
        /// Its identifier, which never changes; without one, 22 characters are drawn
        #[arg(long)]
        sub: Option<String>,
        /// A claim about the user; JSON, or text where it is none; may be repeated
        #[arg(long, value_name = "NAME=VALUE")]
        claim: Vec<String>,
        /// The password, from standard input (-) or a @FILE
        #[arg(long, value_name = "SOURCE")]
        password: Option<Source>,
        /// The account can't sign in by password
        #[arg(long, conflicts_with = "password")]
        without_password: bool,
    },
    /// List the accounts
    List(Page),
    /// Show an account
    Show {
        /// The username or sub
        user: String,
    },
    /// Set a password; it is asked for, or read from standard input. The user's sessions, grants and tokens end
    Passwd {
        /// The username or sub
        user: String,
        /// The password, from standard input (-) or a @FILE
        source: Option<Source>,
        /// Keep grants with offline_access: applications stay connected
        #[arg(long)]
        keep_apps: bool,
    },
    /// Disable an account; its sessions, grants and tokens end
    Disable {
        /// The username or sub
        user: String,
    },
    /// Let a disabled account sign in again
    Enable {
        /// The username or sub
        user: String,
    },
    /// Delete an account; its sessions, grants and tokens end
    Delete {
        /// The username or sub
        user: String,
    },
}

/// Does it.
///
/// # Errors
/// [`Failure`] says what and by which exit code.
pub(crate) async fn run(
    command: Command,
    installation: &Installation,
    format: Format,
) -> Result<Exit, Failure> {
    match command {
        Command::Create { username, sub, claim, password, without_password } => {
            let password = match without_password {
                true => None,
                false => Some(hash(installation, password.as_ref()).await?),
            };
            let account = account(&username, sub, &claim, password)?;
            output::one(format, &LAYOUT, &create(installation, account).await?)?;
        }
        Command::List(page) => {
            let after = page.after.as_deref().map(Subject::new);
            let found = installation.directory.list_accounts(after.as_ref(), page.asked()).await?;
            let accounts = page.cut(found, |account| account.subject.to_string());
            output::list(format, &LAYOUT, &accounts.iter().map(record).collect::<Vec<_>>())?;
        }
        Command::Show { user } => output::one(format, &LAYOUT, &record(&find(installation, &user).await?))?,
        Command::Passwd { user, source, keep_apps } => {
            let record = passwd(installation, &user, source.as_ref(), keep_apps).await?;
            if !matches!(format, Format::Table | Format::Quiet) {
                output::one(format, &LAYOUT, &record)?;
            }
        }
        Command::Disable { user } => {
            let record = switch(installation, &user, true).await?;
            say(format_args!("disabled {user}, and ended the sessions and grants"));
            output::one(format, &LAYOUT, &record)?;
        }
        Command::Enable { user } => {
            output::one(format, &LAYOUT, &switch(installation, &user, false).await?)?;
        }
        Command::Delete { user } => {
            delete(installation, &user).await?;
            say(format_args!("deleted {user}, and ended the sessions and grants"));
        }
    }
    Ok(Exit::Ok)
}

/// The account as it was written on the command line.
fn account(
    username: &str,
    sub: Option<String>,
    claims: &[String],
    password: Option<PasswordHash>,
) -> Result<Account, Failure> {
    let username =
        Username::parse(username).ok_or_else(|| misused("a username is 1 to 255 bytes of text"))?;
    let subject = Subject::parse(&sub.unwrap_or_else(draw_id))
        .ok_or_else(|| misused("a sub is 1 to 255 visible characters without spaces"))?;
    let mut read = Map::new();
    for text in claims {
        let (name, value) = text.split_once('=').ok_or_else(|| misused("a claim is written NAME=VALUE"))?;
        if name == "sub" {
            return Err(misused("the sub is given by --sub"));
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        read.insert(name.to_owned(), value);
    }
    Ok(Account { subject, username, password, disabled: false, claims: read, applied: false, version: 0 })
}

async fn create(installation: &Installation, account: Account) -> Result<Value, Failure> {
    settle(installation, async || {
        let directory = &installation.directory;
        if directory.by_username(&account.username).await?.is_some() {
            return Err(failed(format_args!("there is already a user {}", account.username)));
        }
        if directory.by_subject(&account.subject).await?.is_some() {
            return Err(failed(format_args!("there is already a user with sub {}", account.subject)));
        }
        let mut decision = Decision::new(Commit::new(installation.server.now()), record(&account));
        decision.people.push(AccountChange::Add(Box::new(account.clone())));
        Ok(decision)
    })
    .await
}

/// Sets another password. Whoever knows the old one may be signed in with it, or have an application connected.
async fn passwd(
    installation: &Installation,
    user: &str,
    source: Option<&Source>,
    keep_apps: bool,
) -> Result<Value, Failure> {
    find(installation, user).await?;
    let password = hash(installation, source).await?;
    let (account, ended) = settle_and_count(installation, async || {
        let mut account = find(installation, user).await?;
        account.password = Some(password.clone());
        let commit = end(installation, &account.subject, Why::PasswordReset { keep_apps });
        let mut decision = Decision::new(commit, account.clone());
        decision.people.push(replace(account));
        Ok(decision)
    })
    .await?;
    let (sessions, grants) = (ended.sessions, ended.grants);
    let kept = if keep_apps { "; grants with offline_access stay" } else { "" };
    say(format_args!(
        "changed the password of {}, and ended {sessions} sessions and {grants} grants{kept}",
        account.username
    ));
    Ok(json!({
        "sub": account.subject.as_str(),
        "username": account.username.as_str(),
        "sessions_ended": sessions,
        "grants_ended": grants,
    }))
}

async fn switch(installation: &Installation, user: &str, disabled: bool) -> Result<Value, Failure> {
    settle(installation, async || {
        let mut account = find(installation, user).await?;
        account.disabled = disabled;
        let commit = match disabled {
            true => end(installation, &account.subject, Why::AccountDisabled),
            false => Commit::new(installation.server.now()),
        };
        let mut decision = Decision::new(commit, record(&account));
        decision.people.push(replace(account));
        Ok(decision)
    })
    .await
}

async fn delete(installation: &Installation, user: &str) -> Result<(), Failure> {
    settle(installation, async || {
        let account = find(installation, user).await?;
        let commit = end(installation, &account.subject, Why::AccountDeleted);
        let mut decision = Decision::new(commit, ());
        decision.people.push(AccountChange::Delete(account.subject));
        Ok(decision)
    })
    .await
}

/// The account with this username or, where nobody has it, with this `sub`.
pub(super) async fn find(installation: &Installation, user: &str) -> Result<Account, Failure> {
    if let Some(username) = Username::parse(user)
        && let Some(account) = installation.directory.by_username(&username).await?
    {
        return Ok(account);
    }
    let found = match Subject::parse(user) {
        Some(subject) => installation.directory.by_subject(&subject).await?,
        None => None,
    };
    found.ok_or_else(|| not_found("user", user))
}

async fn hash(installation: &Installation, source: Option<&Source>) -> Result<PasswordHash, Failure> {
    let text = new_secret(source, "a password", PASSWORD_BYTES_MAX).await?;
    let rule = installation.config.password_rule;
    let password = rule.accept(&text).map_err(|error| misused(format!("a password {error}")))?;
    let passwords = Passwords::new(installation.config.password_cost, installation.entropy.clone(), 1)?;
    Ok(passwords.hash(password).await?)
}

fn replace(account: Account) -> AccountChange {
    let version = account.version;
    AccountChange::Replace(Box::new(account), version)
}

/// The end of a subject, to be committed with the change that causes it.
fn end(installation: &Installation, subject: &Subject, why: Why) -> Commit {
    let end = installation.server.ending(Of::Subject(subject.clone()), why);
    Commit::new(installation.server.now()).with(end)
}

/// An account under its registered names, as `apply` reads them. Without its password.
fn record(account: &Account) -> Value {
    json!({
        "sub": account.subject.as_str(),
        "username": account.username.as_str(),
        "claims": &account.claims,
        "disabled": account.disabled,
    })
}
