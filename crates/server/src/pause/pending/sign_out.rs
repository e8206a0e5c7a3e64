//! A paused request to sign out.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Pending, Visitor, Waiting};
use crate::{
    AuthorizationServer,
    answer::Answer,
    ask::Ask,
    authorize::return_to::Returnable,
    error::{Error, Fault},
    logout::{self, SignOut, StoredSignOut},
    store::Commit,
};

/// The request. It has one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stored(StoredSignOut);

impl Pending {
    /// A request to sign out.
    pub(crate) fn sign_out(request: &SignOut) -> Self {
        Self::SignOut(Stored(request.stored()))
    }
}

impl Stored {
    pub(super) fn ask(&self) -> Option<Ask> {
        Some(Ask::SignOut)
    }

    pub(super) async fn resume(self, server: &AuthorizationServer) -> Result<SignOut, Fault> {
        self.0.resume(server).await
    }
}

#[async_trait]
impl Waiting for SignOut {
    fn stored(&self) -> Pending {
        Pending::sign_out(self)
    }

    fn ask(&self) -> Option<Ask> {
        Some(Ask::SignOut)
    }

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
