//! What a sign-out ends, and whom it tells.

use crate::{
    AuthorizationServer,
    error::Fault,
    session::SignedIn,
    store::{Commit, Event, EventKind, GrantChange, Of, SessionChange},
};

impl AuthorizationServer {
    /// Ends every grant of a session, subject or client; and the sessions of a subject. For a host that disables an
    /// account or a client.
    ///
    /// # Errors
    /// The store's.
    pub async fn end(&self, of: Of) -> Result<(), Fault> {
        let mut commit = Commit::new(self.now());
        match &of {
            Of::Session(session) => commit.push(SessionChange::End(*session)),
            Of::Subject(subject) => commit.push(SessionChange::EndAll(subject.clone())),
            Of::Client(_) => {}
        }
        commit.push(GrantChange::RevokeAll { of, keep_offline: false });
        self.write(commit).await
    }
}

/// The user signs out: the session ends, and its grants but those with `offline_access`.
pub(crate) fn sign_out(server: &AuthorizationServer, signed_in: &SignedIn, commit: &mut Commit) {
    let SignedIn { id, session } = signed_in;
    let keep_offline = !server.settings().logout_ends_offline;
    commit.push(SessionChange::End(*id));
    commit.push(GrantChange::RevokeAll { of: Of::Session(*id), keep_offline });
    commit.push(Event {
        kind: EventKind::SessionEnded,
        at: server.now(),
        subject: Some(session.subject.clone()),
        client: None,
        detail: id.to_string().into(),
    });
}

/// Another user takes over the browser: the session ends, and its grants but those with `offline_access`.
pub(crate) fn leave(left: &SignedIn, commit: &mut Commit) {
    commit.push(SessionChange::End(left.id));
    commit.push(GrantChange::RevokeAll { of: Of::Session(left.id), keep_offline: true });
}
