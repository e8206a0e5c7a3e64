//! A paused request to sign out.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::Answer,
    ask::Ask,
    authorize::return_to::Returnable,
    error::{Error, Fault},
    logout::{self, SignOut, StoredSignOut},
    pause::waiting::{Visitor, Waiting},
    reason::Reason,
    store::Commit,
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

    async fn sign_out(&self, visitor: Visitor<'_>, mut commit: Commit) -> Result<Answer, Error> {
        if let Some(signed_in) = visitor.signed_in {
            logout::sign_out(visitor.server, signed_in, &mut commit);
        }
        visitor.commit(commit).await?;
        self.answer(visitor.server)
    }
}
