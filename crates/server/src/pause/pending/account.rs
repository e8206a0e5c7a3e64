//! A paused visit of the account page: a sign-in that no client asked for.

use async_trait::async_trait;
use protocol::ClientId;
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    ask::Ask,
    authorize::decision::Step,
    error::{Error, Fault},
    pause::{
        ending::Ending,
        waiting::{Visitor, Waiting},
    },
    ports::Standing,
    reason::Reason,
    session::SignedIn,
};

/// The visit. It has one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingAccount {}

impl PendingAccount {
    pub(crate) fn new() -> Self {
        Self {}
    }

    #[expect(clippy::unused_self, reason = "every kind has a page")]
    pub(super) fn ask(&self) -> Option<Ask> {
        Some(Ask::SignIn)
    }

    #[expect(clippy::unused_self, reason = "others have one")]
    pub(super) fn client(&self) -> Option<&ClientId> {
        None
    }

    #[expect(clippy::unused_self, reason = "others forget what was decided")]
    pub(super) fn start_again(&self) {}

    #[expect(clippy::unused_self, reason = "others wait at several pages")]
    pub(super) fn wait_at(&self, page: Ask) -> Result<(), Reason> {
        if page == Ask::SignIn { Ok(()) } else { Err(Reason::InteractionUnknown) }
    }

    #[expect(clippy::unused_async, reason = "others read what is registered")]
    pub(super) async fn resume(&self, _server: &AuthorizationServer) -> Result<Self, Fault> {
        Ok(*self)
    }

    /// The page is for whoever is signed in, unless the account was disabled or deleted since.
    pub(crate) async fn step(
        &self,
        server: &AuthorizationServer,
        signed_in: Option<&SignedIn>,
    ) -> Result<Step, Error> {
        let Some(signed_in) = signed_in else { return Ok(Step::Ask(Ask::SignIn)) };
        Ok(match server.accounts().standing(&signed_in.session.subject).await? {
            Standing::Active => Step::Approve,
            Standing::Disabled | Standing::Gone => Step::Ask(Ask::SignIn),
        })
    }
}

#[async_trait]
impl Waiting for PendingAccount {
    async fn step(&self, visitor: Visitor<'_>) -> Result<Step, Error> {
        PendingAccount::step(self, visitor.server, visitor.signed_in).await
    }

    async fn complete(&self, visitor: Visitor<'_>, ending: Ending) -> Result<Answer, Error> {
        visitor.end(&ending).await?;
        account_page(visitor.server)
    }
}

/// Redirects to the account page.
pub(crate) fn account_page(server: &AuthorizationServer) -> Result<Answer, Error> {
    let settings = server.settings();
    see_other(&settings.url(&settings.pages.account))
}
