//! What is paused: one file of `pending/` and one line of [`Pending`] for each kind of request.

mod authorization;
mod sign_out;

use std::fmt;

use async_trait::async_trait;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::asked::AskedScope;
use crate::{
    AuthorizationServer,
    answer::Answer,
    ask::Ask,
    authorize::{decision::Step, return_to::Returnable},
    error::Error,
    reason::Reason,
    registry::RegisteredClient,
    session::SignedIn,
    store::Commit,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($stored:ty)),+ $(,)?) => {
        /// What is paused, as it is stored.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Pending { $($(#[$doc])* $name($stored)),+ }

        impl Pending {
            /// The page that it waits at; `None`: nothing was decided yet.
            pub(super) fn ask(&self) -> Option<Ask> {
                match self { $(Self::$name(stored) => stored.ask()),+ }
            }

            /// Goes on with it, weighed against what is registered today.
            pub(super) async fn resume(self, server: &AuthorizationServer) -> Result<Box<dyn Waiting>, Error> {
                match self { $(Self::$name(stored) => Ok(Box::new(stored.resume(server).await?))),+ }
            }
        }
    };
}

kinds! {
    /// An authorization request.
    Authorize(authorization::Stored),
    /// A request to sign out.
    SignOut(sign_out::Stored),
}

/// Whoever came back to a paused request.
#[derive(Clone, Copy)]
pub(super) struct Visitor<'a> {
    pub(super) server: &'a AuthorizationServer,
    pub(super) signed_in: Option<&'a SignedIn>,
    /// When the user signed in for this very interaction, if it was.
    pub(super) signed_in_at: Option<Timestamp>,
}

/// A paused request that a browser came back to: what its page may show, and what its answers mean. An answer that a
/// kind does not write down here is not one to it.
///
/// The commits that are handed over end the pause. A kind adds what it wants written and commits them.
#[async_trait]
pub(super) trait Waiting: fmt::Debug + Send + Sync {
    /// As it is stored.
    fn stored(&self) -> Pending;

    /// The page that it waits at; `None`: nothing was decided yet.
    fn ask(&self) -> Option<Ask>;

    /// Waits at this page from now on.
    fn wait_at(&mut self, _page: Ask) -> Result<(), Reason> {
        Err(Reason::InteractionUnknown)
    }

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
    /// Ends the pause. Its guard is the contended one: somebody else may have answered it.
    pub(super) async fn commit(self, commit: Commit) -> Result<(), Error> {
        match self.server.store().commit(commit).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Reason::InteractionUnknown.into()),
        }
    }
}
