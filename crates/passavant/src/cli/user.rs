//! `user ..`: people who sign in.

use accounts::passwords::PASSWORD_BYTES_MAX;
use admin::{
    Administration,
    operations::{
        CreateUser, DeleteUser, PasswordSet, SetPassword, SwitchUser, UnlockUser, find_user, limited_sign_ins,
    },
    record,
};
use protocol::Subject;
use serde_json::{Map, Value, json};

use super::members::printable;
use crate::terminal::{Exit, Failure, Format, Layout, Page, Source, Yes, ask_password, misused, output, say};

const LAYOUT: Layout = Layout { quiet: &["sub"], columns: &["sub", "username", "claims", "disabled"] };

const LIMITED: Layout = Layout { quiet: &["name"], columns: &["kind", "name", "failures", "until"] };

/// Commands for users.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create an account; the password is prompted for, or read from standard input
    Create {
        /// Username for sign-in
        username: String,
        /// Subject identifier, which never changes; without one, a random one of 22 characters
        #[arg(long)]
        sub: Option<String>,
        /// Set a claim to a JSON value (plain text if it is not JSON); may be repeated
        #[arg(long, value_name = "NAME=VALUE")]
        claim: Vec<String>,
        /// Read the password from standard input (-) or a @FILE
        #[arg(long, value_name = "SOURCE")]
        password: Option<Source>,
        /// Create the account without a password: it can't sign in by password
        #[arg(long, conflicts_with = "password")]
        without_password: bool,
    },
    /// List the accounts
    List(Page),
    /// Show an account
    Show {
        /// Username or subject identifier
        user: String,
    },
    /// Set a password (prompted for, or read from standard input); the user's sessions, grants and tokens end
    Passwd {
        /// Username or subject identifier
        user: String,
        /// Read the password from standard input (-) or a @FILE
        source: Option<Source>,
        /// Keep grants with offline_access: applications stay connected
        #[arg(long)]
        keep_apps: bool,
    },
    /// Disable an account; its sessions, grants and tokens end
    Disable {
        /// Username or subject identifier
        user: String,
    },
    /// Enable a disabled account
    Enable {
        /// Username or subject identifier
        user: String,
    },
    /// Forgive the failed sign-ins of an account, so that the next attempt need not wait
    Unlock {
        /// Username or subject identifier
        user: String,
    },
    /// List the accounts and networks whose sign-ins are limited now
    Limited,
    /// Delete an account; its sessions, grants and tokens end
    Delete {
        /// Username or subject identifier
        user: String,
        #[command(flatten)]
        yes: Yes,
    },
}

/// Runs a command.
///
/// # Errors
/// [`Failure`] with its exit code.
pub(crate) async fn run(
    command: Command,
    administration: &Administration,
    format: Format,
) -> Result<Exit, Failure> {
    match command {
        Command::Create { username, sub, claim, password, without_password } => {
            let claims = claims(&claim)?;
            let password = match without_password {
                true => None,
                false => Some(new_password(password.as_ref()).await?),
            };
            let create = CreateUser { username, subject: sub, claims, password };
            output::one(format, &LAYOUT, &printable(create.run(administration).await?))?;
        }
        Command::List(page) => {
            let after = page.after.as_deref().map(Subject::new);
            let found = administration.directory.list_accounts(after.as_ref(), page.asked()).await?;
            let accounts = page.cut(found, |account| account.subject.to_string());
            let records: Vec<_> = accounts.iter().map(|account| record::account(account).into()).collect();
            output::list(format, &LAYOUT, &records)?;
        }
        Command::Show { user } => {
            let account = find_user(administration, &user).await?;
            output::one(format, &LAYOUT, &record::account(&account).into())?;
        }
        Command::Passwd { user, source, keep_apps } => {
            // Nobody is asked for the password of a user who does not exist.
            find_user(administration, &user).await?;
            let password = new_password(source.as_ref()).await?;
            let set = SetPassword { user, password, keep_apps }.run(administration).await?;
            report_password(&set, keep_apps, format)?;
        }
        Command::Disable { user } => {
            let disabled = SwitchUser { user: user.clone(), disabled: true }.run(administration).await?;
            say(format_args!("disabled {user}, and ended the sessions and grants"));
            output::one(format, &LAYOUT, &record::account(&disabled).into())?;
        }
        Command::Enable { user } => {
            let enabled = SwitchUser { user, disabled: false }.run(administration).await?;
            output::one(format, &LAYOUT, &record::account(&enabled).into())?;
        }
        Command::Unlock { user } => {
            let name = UnlockUser { user }.run(administration).await?;
            say(format_args!(
                "forgave the failed sign-ins of {name}; attempts that wait already are not shortened"
            ));
        }
        Command::Limited => output::list(format, &LIMITED, &limited_sign_ins(administration).await?)?,
        Command::Delete { user, yes } => {
            find_user(administration, &user).await?;
            yes.confirm(format_args!("delete {user}, and end the sessions, grants and tokens")).await?;
            DeleteUser { user: user.clone() }.run(administration).await?;
            say(format_args!("deleted {user}, and ended the sessions and grants"));
        }
    }
    Ok(Exit::Ok)
}

/// Reports how much ended: on standard error, and as a record in the formats for machines.
fn report_password(set: &PasswordSet, keep_apps: bool, format: Format) -> Result<(), Failure> {
    let PasswordSet { account, ended } = set;
    let kept = if keep_apps { "; grants with offline_access stay" } else { "" };
    say(format_args!(
        "changed the password of {}, and ended {} sessions and {} grants{kept}",
        account.username, ended.sessions, ended.grants
    ));
    if matches!(format, Format::Table | Format::Quiet) {
        return Ok(());
    }
    let record = json!({
        "sub": account.subject.as_str(),
        "username": account.username.as_str(),
        "sessions_ended": ended.sessions,
        "grants_ended": ended.grants,
    });
    output::one(format, &LAYOUT, &record)
}

async fn new_password(source: Option<&Source>) -> Result<zeroize::Zeroizing<String>, Failure> {
    ask_password(source, "a password", PASSWORD_BYTES_MAX).await
}

/// Claims as they were written on the command line.
fn claims(written: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut claims = Map::new();
    for text in written {
        let (name, value) = text.split_once('=').ok_or_else(|| misused("a claim is written NAME=VALUE"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        claims.insert(name.to_owned(), value);
    }
    Ok(claims)
}
