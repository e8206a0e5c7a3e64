//! A resumed request: what each kind of it shows and how it is answered.

use std::fmt;

use async_trait::async_trait;
use protocol::{AuthorizationCode, Subject, Timestamp};

use super::{
    asked::{AskedDetails, AskedScope},
    ending::{By, Ending},
};
use crate::{
    AuthorizationServer,
    answer::Answer,
    authorize::{decision::Step, return_to::Returnable},
    deferred::DeferredFacts,
    error::Error,
    reason::Reason,
    registry::RegisteredClient,
    session::{Leavable, SignedIn},
    settle::{Carried, Decision, settle},
    store::Commit,
};

/// The browser that resumed a request.
#[derive(Clone, Copy)]
pub(super) struct Visitor<'a> {
    pub(super) server: &'a AuthorizationServer,
    pub(super) signed_in: Option<&'a SignedIn>,
    /// What a sign-out ends.
    pub(super) leavable: Option<&'a Leavable>,
    /// When the user signed in during this interaction, if at all.
    pub(super) signed_in_at: Option<Timestamp>,
    pub(super) carried: Carried<'a>,
}

/// A resumed request: what its page shows, and what the answers of the page do. An answer that a kind does not
/// implement is refused.
///
/// The [`Ending`] that is passed in ends the pause. A kind adds its changes and commits it.
#[async_trait]
pub(super) trait Waiting: fmt::Debug + Send + Sync {
    /// The client.
    fn client(&self) -> Option<&RegisteredClient> {
        None
    }

    /// Where its answer goes.
    fn return_to(&self) -> Option<&Returnable> {
        None
    }

    /// The `login_hint` of the client.
    fn login_hint(&self) -> Option<&str> {
        None
    }

    /// The subject that the client expects (`id_token_hint`).
    fn expected(&self) -> Option<&Subject> {
        None
    }

    /// The requested authorization details.
    fn authorization_details(&self) -> &[AskedDetails] {
        &[]
    }

    /// The requested scopes.
    fn scopes(&self) -> &[AskedScope] {
        &[]
    }

    /// What a page tells of a request that its client sent from elsewhere.
    fn deferred(&self) -> Option<&DeferredFacts> {
        None
    }

    /// What is still to be asked.
    async fn step(&self, _visitor: Visitor<'_>) -> Result<Step, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// Nothing is left to ask.
    async fn complete(&self, _visitor: Visitor<'_>, _ending: Ending) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// The user allows it.
    async fn allow(&self, _visitor: Visitor<'_>, _ending: Ending) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// The request ends with this refusal.
    async fn refuse(&self, _visitor: Visitor<'_>, _reason: Reason, _ending: Ending) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }

    /// What it was answered by this form, once more; `None` where that is no answer any more.
    async fn again(
        &self,
        _visitor: Visitor<'_>,
        _by: By,
        _code: Option<AuthorizationCode>,
    ) -> Result<Option<Answer>, Error> {
        Ok(None)
    }

    /// The user signs out.
    async fn sign_out(&self, _visitor: Visitor<'_>, _ending: Ending) -> Result<Answer, Error> {
        Err(Reason::InteractionUnknown.into())
    }
}

impl Visitor<'_> {
    /// Commits what ends the pause, as [`Self::commit`].
    pub(super) async fn end(self, ending: &Ending) -> Result<(), Error> {
        self.commit(ending.commit(self.server, None)?).await
    }

    /// Commits. A conflict is a refusal where the interaction was answered meanwhile.
    pub(super) async fn commit(self, commit: Commit) -> Result<(), Error> {
        let decide = || async { Ok(Decision { commit: commit.clone(), answer: Ok(()) }) };
        settle(self.server.store(), self.carried, decide).await
    }
}
