//! What a sign-out ends.

use crate::{
    AuthorizationServer,
    session::Leavable,
    store::{Actor, Commit, Of, Why},
};

/// The user signs out: the session ends, and what was granted in it.
pub(crate) fn sign_out(server: &AuthorizationServer, session: &Leavable, commit: &mut Commit) {
    commit.actor = Actor::User(session.subject.clone());
    end(server, session, Why::SignedOut, commit);
}

/// Another user signs in in this browser: the session of the previous user ends in the same way.
pub(crate) fn leave(server: &AuthorizationServer, left: &Leavable, commit: &mut Commit) {
    end(server, left, Why::AccountSwitched, commit);
}

fn end(server: &AuthorizationServer, session: &Leavable, why: Why, commit: &mut Commit) {
    let end = server.ending(Of::Session(session.id), why);
    commit.push(end.naming(Some(&session.subject), None));
}
