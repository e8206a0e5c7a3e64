//! Sessions that end before their time.

use protocol::{SessionId, Subject};
use server::store::{Of, Session, Why};

use super::settle::{Decision, settle};
use crate::{
    administration::Administration,
    error::{Noun, OperationError},
    writer::Changes,
};

/// Ends one session, as if the user had signed out in that browser.
#[derive(Clone, Debug)]
pub struct EndSession {
    /// Its `sid`.
    pub sid: String,
}

impl EndSession {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        let (id, session) = find_session(administration, &self.sid).await?;
        end(administration, &session.subject, Some(id)).await
    }
}

/// Ends every session of a user, as if the user had signed out everywhere.
#[derive(Clone, Debug)]
pub struct EndSessions {
    /// Whose.
    pub subject: Subject,
}

impl EndSessions {
    /// Does it.
    ///
    /// # Errors
    /// The store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        end(administration, &self.subject, None).await
    }
}

async fn end(
    administration: &Administration,
    subject: &Subject,
    session: Option<SessionId>,
) -> Result<(), OperationError> {
    settle(administration, || async move {
        let of = session.map_or_else(|| Of::Subject(subject.clone()), Of::Session);
        let mut changes = Changes::new(&administration.server);
        changes.push(changes.ending(of, Why::SessionKilled).naming(Some(subject), None));
        Ok(Decision { changes, answer: () })
    })
    .await
}

/// The session with this `sid`, unless it ended. A list that begins just before it begins with it.
///
/// # Errors
/// [`OperationError::NotFound`], and the store's.
pub async fn find_session(
    administration: &Administration,
    sid: &str,
) -> Result<(SessionId, Session), OperationError> {
    let missing = || OperationError::NotFound { kind: Noun::Session, id: sid.to_owned() };
    let id = SessionId::parse(sid).ok_or_else(missing)?;
    let before = SessionId(id.0.saturating_sub(1));
    let found = administration.server.store().list_sessions(None, Some(before), 1).await?;
    found.into_iter().find(|(other, _)| *other == id).ok_or_else(missing)
}
