//! `session ..`: browsers in which somebody is signed in.

use protocol::{SessionId, Subject};
use serde_json::{Value, json};
use server::store::{Commit, Of, Session, Why};

use super::{
    settle::{Decision, settle},
    user,
};
use crate::terminal::{Exit, Failure, Format, Layout, Page, misused, not_found, output, say};
use crate::wiring::Installation;

const LAYOUT: Layout =
    Layout { quiet: &["sid"], columns: &["sid", "sub", "amr", "auth_time", "seen_at", "expires_at"] };

/// What is done with sessions.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the sessions that live
    List {
        /// Those of this user alone: a username or sub
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// End a session, or all of a user; the grants approved in it end, but those with offline_access
    Kill {
        /// The session
        #[arg(required_unless_present = "user", conflicts_with = "user")]
        sid: Option<String>,
        /// All sessions of this user: a username or sub
        #[arg(long, value_name = "USER")]
        user: Option<String>,
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
        Command::List { user, page } => {
            let subject = subject(installation, user.as_deref()).await?;
            let after =
                page.after.as_deref().map(|id| SessionId::parse(id).ok_or_else(|| not_found("session", id)));
            let store = installation.server.store();
            let found = store.list_sessions(subject.as_ref(), after.transpose()?, page.asked()).await?;
            let sessions = page.cut(found, |(id, _)| id.to_string());
            let now = installation.server.now();
            let living = sessions.iter().filter(|(_, session)| session.expires_at > now);
            output::list(format, &LAYOUT, &living.map(record).collect::<Vec<_>>())?;
        }
        Command::Kill { sid, user } => match (sid, subject(installation, user.as_deref()).await?) {
            (Some(sid), _) => kill(installation, &sid).await?,
            (None, Some(subject)) => kill_all(installation, &subject).await?,
            (None, None) => return Err(misused("name a session, or --user")),
        },
    }
    Ok(Exit::Ok)
}

async fn kill(installation: &Installation, sid: &str) -> Result<(), Failure> {
    let (id, session) = find(installation, sid).await?.ok_or_else(|| not_found("session", sid))?;
    settle(installation, async || Ok(Decision::new(end(installation, &session.subject, Some(id)), ())))
        .await?;
    say(format_args!("ended session {sid}"));
    Ok(())
}

async fn kill_all(installation: &Installation, subject: &Subject) -> Result<(), Failure> {
    settle(installation, async || Ok(Decision::new(end(installation, subject, None), ()))).await?;
    say(format_args!("ended the sessions of {subject}"));
    Ok(())
}

/// As if the user had signed out: in one browser, or in all of them.
fn end(installation: &Installation, subject: &Subject, session: Option<SessionId>) -> Commit {
    let of = session.map_or_else(|| Of::Subject(subject.clone()), Of::Session);
    let end = installation.server.ending(of, Why::SessionKilled);
    Commit::new(installation.server.now()).with(end.naming(Some(subject), None))
}

async fn subject(installation: &Installation, user: Option<&str>) -> Result<Option<Subject>, Failure> {
    match user {
        Some(name) => Ok(Some(user::find(installation, name).await?.subject)),
        None => Ok(None),
    }
}

/// The session with this `sid`, unless it ended. A list that begins just before it begins with it.
async fn find(installation: &Installation, sid: &str) -> Result<Option<(SessionId, Session)>, Failure> {
    let Some(id) = SessionId::parse(sid) else { return Ok(None) };
    let before = SessionId(id.0.saturating_sub(1));
    let found = installation.server.store().list_sessions(None, Some(before), 1).await?;
    Ok(found.into_iter().find(|(other, _)| *other == id))
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
