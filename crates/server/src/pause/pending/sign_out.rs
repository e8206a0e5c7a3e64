//! A paused request to sign out.

use async_trait::async_trait;
use protocol::{AuthorizationCode, ClientId};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::Answer,
    ask::Ask,
    authorize::{decision::Step, return_to::Returnable},
    error::{Error, Fault},
    logout::{self, FrontChannel, SignOut, StoredSignOut},
    pause::{
        ending::{By, Ending},
        pending::account_page,
        waiting::{Visitor, Waiting},
    },
    reason::Reason,
};

/// The request. It has one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PendingSignOut(StoredSignOut);

impl PendingSignOut {
    pub(crate) fn new(request: &SignOut) -> Self {
        Self(request.stored())
    }

    pub(super) fn ask(&self) -> Option<Ask> {
        Some(Ask::SignOut)
    }

    /// A sign-out is over where it is unknown: nothing starts again.
    #[expect(clippy::unused_self, reason = "others have one")]
    pub(super) fn client(&self) -> Option<&ClientId> {
        None
    }

    #[expect(clippy::unused_self, reason = "others forget what was decided")]
    pub(super) fn start_again(&self) {}

    pub(super) fn wait_at(&mut self, page: Ask) -> Result<(), Reason> {
        if page == Ask::SignOut { Ok(()) } else { Err(Reason::InteractionUnknown) }
    }

    pub(super) async fn resume(&self, server: &AuthorizationServer) -> Result<SignOut, Fault> {
        self.0.resume(server).await
    }
}

#[async_trait]
impl Waiting for SignOut {
    fn return_to(&self) -> Option<&Returnable> {
        SignOut::return_to(self)
    }

    async fn step(&self, visitor: Visitor<'_>) -> Result<Step, Error> {
        Ok(if visitor.leavable.is_some() { Step::Ask(Ask::SignOut) } else { Step::Approve })
    }

    /// Nobody is signed in any more.
    async fn complete(&self, visitor: Visitor<'_>, ending: Ending) -> Result<Answer, Error> {
        visitor.end(&ending).await?;
        self.answer(visitor.server, visitor.carried.request_id, &FrontChannel::default())
    }

    async fn sign_out(&self, visitor: Visitor<'_>, mut ending: Ending) -> Result<Answer, Error> {
        let mut told = FrontChannel::default();
        if let Some(session) = visitor.leavable {
            told = FrontChannel::of(visitor.server, session).await?;
            logout::sign_out(visitor.server, session, ending.commit_mut());
        }
        visitor.end(&ending).await?;
        logout::back_channel::deliver(visitor.server).await;
        self.answer(visitor.server, visitor.carried.request_id, &told)
    }

    async fn again(
        &self,
        visitor: Visitor<'_>,
        by: By,
        _: Option<AuthorizationCode>,
    ) -> Result<Option<Answer>, Error> {
        match by {
            By::SignOut if visitor.leavable.is_none() => {
                self.answer(visitor.server, visitor.carried.request_id, &FrontChannel::default()).map(Some)
            }
            By::Stay => account_page(visitor.server).map(Some),
            _ => Ok(None),
        }
    }
}
