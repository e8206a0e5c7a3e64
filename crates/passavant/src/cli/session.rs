//! `session ..`: browsers in which somebody is signed in.

use admin::{
    Administration,
    operations::{EndSession, EndSessions, find_user},
};
use protocol::{SessionId, Subject};
use serde_json::{Value, json};
use server::store::Session;

use crate::terminal::{Exit, Failure, Format, Layout, Page, misused, not_found, output, say};

const LAYOUT: Layout =
    Layout { quiet: &["sid"], columns: &["sid", "sub", "amr", "auth_time", "seen_at", "expires_at"] };

/// Commands for sessions.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List live sessions
    List {
        /// Only sessions of this user: username or subject identifier
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// End a session, or all sessions of a user; grants approved in it end too, except those with offline_access
    Kill {
        /// Session identifier
        #[arg(required_unless_present = "user", conflicts_with = "user")]
        sid: Option<String>,
        /// All sessions of this user: username or subject identifier
        #[arg(long, value_name = "USER")]
        user: Option<String>,
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
        Command::List { user, page } => {
            let subject = subject(administration, user.as_deref()).await?;
            let after =
                page.after.as_deref().map(|id| SessionId::parse(id).ok_or_else(|| not_found("session", id)));
            let store = administration.server.store();
            let found = store.list_sessions(subject.as_ref(), after.transpose()?, page.asked()).await?;
            let sessions = page.cut(found, |(id, _)| id.to_string());
            let now = administration.server.now();
            let living = sessions.iter().filter(|(_, session)| session.expires_at > now);
            output::list(format, &LAYOUT, &living.map(record).collect::<Vec<_>>())?;
        }
        Command::Kill { sid, user } => match (sid, subject(administration, user.as_deref()).await?) {
            (Some(sid), _) => {
                EndSession { sid: sid.clone() }.run(administration).await?;
                say(format_args!("ended session {sid}"));
            }
            (None, Some(subject)) => {
                EndSessions { subject: subject.clone() }.run(administration).await?;
                say(format_args!("ended the sessions of {subject}"));
            }
            (None, None) => return Err(misused("name a session, or --user")),
        },
    }
    Ok(Exit::Ok)
}

async fn subject(administration: &Administration, user: Option<&str>) -> Result<Option<Subject>, Failure> {
    match user {
        Some(name) => Ok(Some(find_user(administration, name).await?.subject)),
        None => Ok(None),
    }
}

fn record((id, session): &(SessionId, Session)) -> Value {
    json!({
        "sid": id.to_string(),
        "sub": session.subject.as_str(),
        "amr": session.amr.split(' ').filter(|method| !method.is_empty()).collect::<Vec<_>>(),
        "auth_time": session.authenticated_at.0,
        "seen_at": session.seen_at.0,
        "expires_at": session.expires_at.0,
    })
}
