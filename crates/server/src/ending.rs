//! Ends sessions, and the grants of sessions, subjects and clients. Every early end is made here.

use protocol::{SessionId, Subject};

use crate::{
    AuthorizationServer,
    error::Fault,
    store::{Commit, Committed, End, Of, Session, Why},
};

impl AuthorizationServer {
    /// An end as a change, for the commit of its cause, such as the disabling of an account or the deletion of a
    /// client. [`Why::keeps_offline`] decides which grants are kept.
    pub fn ending(&self, of: Of, why: Why) -> End {
        End::new(of, why, self.settings().logout_ends_offline)
    }

    /// Ends a session, subject, client or grant now, and returns the numbers of rows that it ended. A host that
    /// disables its own account or client calls it after writing that. Concurrent sign-ins and approvals end too: they are
    /// written only if nothing ended their subject or session meanwhile.
    ///
    /// # Errors
    /// The store's.
    pub async fn end(&self, of: Of, why: Why) -> Result<Committed, Fault> {
        let subject = match &of {
            Of::Session(session) => self.subject_of(*session).await?,
            Of::Grant(_) | Of::Subject(_) | Of::Client(_) => None,
        };
        let end = self.ending(of, why).naming(subject.as_ref(), None);
        self.write(Commit::new(self.now()).with(end)).await
    }

    /// The subject of a session that has not ended.
    pub(crate) async fn subject_of(&self, session: SessionId) -> Result<Option<Subject>, Fault> {
        Ok(self.session_of(session).await?.map(|session| session.subject))
    }

    /// A session that has not ended. It is the first of a list that starts just before its id.
    pub(crate) async fn session_of(&self, session: SessionId) -> Result<Option<Session>, Fault> {
        let before = SessionId(session.0.saturating_sub(1));
        let found = self.store().list_sessions(None, Some(before), 1).await?;
        Ok(found.into_iter().find(|(id, _)| *id == session).map(|(_, session)| session))
    }
}
