//! The one end of sessions, subjects, clients and grants: every door that ends something before its time goes through
//! here.

use protocol::{SessionId, Subject};

use crate::{
    AuthorizationServer,
    error::Fault,
    store::{Commit, Committed, End, Of, Why},
};

impl AuthorizationServer {
    /// An end as a change, so that it travels in the commit of what caused it: an account that is disabled, a client
    /// that is deleted. What it keeps is decided by [`Why::keeps_offline`].
    pub fn ending(&self, of: Of, why: Why) -> End {
        End::new(of, why, self.settings().logout_ends_offline)
    }

    /// Ends a session, subject, client or grant now, and answers how much that was. For a host that disables an account
    /// or a client of its own: call it after that is written. Whatever was in flight, a sign-in or an approval, ends
    /// too: it is written only if nothing ended it meanwhile.
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

    /// Whose session it is, unless it ended. A list that begins just before it begins with it.
    pub(crate) async fn subject_of(&self, session: SessionId) -> Result<Option<Subject>, Fault> {
        let before = SessionId(session.0.saturating_sub(1));
        let found = self.store().list_sessions(None, Some(before), 1).await?;
        Ok(found.into_iter().find(|(id, _)| *id == session).map(|(_, session)| session.subject))
    }
}
