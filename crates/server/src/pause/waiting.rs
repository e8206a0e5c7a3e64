//! A paused request that a browser came back to.

use std::fmt;

use async_trait::async_trait;
use protocol::Timestamp;

use super::asked::AskedScope;
use crate::{
    AuthorizationServer,
    answer::Answer,
    authorize::{decision::Step, return_to::Returnable},
    error::Error,
    reason::Reason,
    registry::RegisteredClient,
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::Commit,
};

/// Whoever came back to a paused request.
#[derive(Clone, Copy)]
pub(super) struct Visitor<'a> {
    pub(super) server: &'a AuthorizationServer,
    pub(super) signed_in: Option<&'a SignedIn>,
    /// When the user signed in for this very interaction, if it was.
    pub(super) signed_in_at: Option<Timestamp>,
    pub(super) carried: Carried<'a>,
}

/// A paused request that a browser came back to: what its page may show, and what its answers mean. An answer that a
/// kind does not write down here is not one to it.
///
/// The commits that are handed over end the pause. A kind adds what it wants written and commits them.
#[async_trait]
pub(super) trait Waiting: fmt::Debug + Send + Sync {
    /// Whose request it is.
    fn client(&self) -> Option<&RegisteredClient> {
        None
    }

    /// Where its answer goes.
    fn return_to(&self) -> Option<&Returnable> {
        None
    }

    /// Who the client thinks the user is.
    fn login_hint(&self) -> Option<&str> {
        None
    }

    /// What is asked for.
    fn scopes(&self) -> &[AskedScope] {
        &[]
    }

    /// What is still to be asked.
    async fn step(&self, _visitor: Visitor<'_>) -> Result<Step, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// Nothing is left to ask.
    async fn complete(&self, _visitor: Visitor<'_>, _commit: Commit) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// The user allows it.
    async fn allow(&self, _visitor: Visitor<'_>, _commit: Commit) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// It ends with this refusal.
    async fn refuse(&self, _visitor: Visitor<'_>, _reason: Reason, _commit: Commit) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// The user signs out.
    async fn sign_out(&self, _visitor: Visitor<'_>, _commit: Commit) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }
}

impl Visitor<'_> {
    /// Writes what was decided. A conflict is a refusal where somebody else answered it meanwhile.
    pub(super) async fn commit(self, commit: Commit) -> Result<(), Error> {
        let decide = || async { Ok(Decision { commit: commit.clone(), answer: Ok(()) }) };
        settle(self.server.store(), self.carried, decide).await
    }
}
