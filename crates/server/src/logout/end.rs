//! What a sign-out ends.

use crate::{
    AuthorizationServer,
    session::SignedIn,
    store::{Actor, Commit, Of, Why},
};

/// The user signs out: the session ends, and what was granted in it.
pub(crate) fn sign_out(server: &AuthorizationServer, signed_in: &SignedIn, commit: &mut Commit) {
    commit.actor = Actor::User(signed_in.session.subject.clone());
    end(server, signed_in, Why::SignedOut, commit);
}

/// Another user signs in in this browser: the session of the previous user ends in the same way.
pub(crate) fn leave(server: &AuthorizationServer, left: &SignedIn, commit: &mut Commit) {
    end(server, left, Why::AccountSwitched, commit);
}

fn end(server: &AuthorizationServer, signed_in: &SignedIn, why: Why, commit: &mut Commit) {
    let end = server.ending(Of::Session(signed_in.id), why);
    commit.push(end.naming(Some(&signed_in.session.subject), None));
}
