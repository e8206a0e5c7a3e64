//! A paused visit of the page that confirms a deferred request: what a device asks for, or a client that named its user.

use std::sync::Arc;

use async_trait::async_trait;
use protocol::{AuthorizationCode, ClientId, DeferredId, Subject, UserCode, limits};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    ask::Ask,
    authorize::{client, decision::Step},
    deferred::{Approvable, DeferredFacts, approve, audience_of},
    error::{Error, Fault},
    pause::{
        asked::{self, AskedScope},
        ending::{By, Ending},
        waiting::{Visitor, Waiting},
    },
    ports::Standing,
    reason::Reason,
    registry::RegisteredClient,
    store::{Deferred, DeferredChange, DeferredState, Whose},
};

/// The page that it waits at, and how the request is found. What it asks for is read each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingDeferred {
    page: Ask,
    found: FoundBy,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum FoundBy {
    /// The letters of its user code.
    Code(Box<str>),
    /// Its id, and the user who opened it, who must be the one that the client named.
    Id(i64, Option<Subject>),
}

impl PendingDeferred {
    /// The request whose code was typed.
    pub(crate) fn typed(code: UserCode, is_signed_in: bool) -> Self {
        let page = if is_signed_in { Ask::Confirm } else { Ask::SignIn };
        Self { page, found: FoundBy::Code(code.as_str().into()) }
    }

    /// The request with this id, opened by whoever is signed in.
    pub(crate) fn named(id: DeferredId, opened_by: Option<Subject>) -> Self {
        let page = if opened_by.is_some() { Ask::Confirm } else { Ask::SignIn };
        Self { page, found: FoundBy::Id(id.0, opened_by) }
    }

    pub(super) fn ask(&self) -> Option<Ask> {
        Some(self.page)
    }

    /// Nothing starts again at the client: the device shows another code.
    #[expect(clippy::unused_self, reason = "others have one")]
    pub(super) fn client(&self) -> Option<&ClientId> {
        None
    }

    pub(super) fn start_again(&mut self) {
        self.page = Ask::Confirm;
    }

    pub(super) fn wait_at(&mut self, page: Ask) -> Result<(), Reason> {
        self.page = page;
        Ok(())
    }

    pub(super) async fn resume(&self, server: &AuthorizationServer) -> Result<Confirmation, Error> {
        let found = match &self.found {
            FoundBy::Code(letters) => {
                server.store().deferred_by_user_code(&UserCode::stored(letters)).await?
            }
            FoundBy::Id(id, Some(subject)) => {
                let most = limits::USER_REQUESTS_WAITING_MAX;
                let waiting = server.store().list_deferred(subject, server.now(), most).await?;
                waiting.into_iter().find(|(known, _)| known.0 == *id)
            }
            FoundBy::Id(_, None) => None,
        };
        let Some((id, row)) = found else { return Ok(Confirmation(None)) };
        let client = client::find(server, row.client.as_str()).await?;
        let resources = server.registry().resources().await?;
        // Where the request is no longer allowed, the page refuses it.
        let audience = audience_of(&row, &client, &resources);
        let audience = audience.map(|audience| audience.resources).unwrap_or_default();
        let scopes = asked::described(&resources, &audience, &row.scopes);
        let facts = DeferredFacts::read(&row)?;
        Ok(Confirmation(Some(Found { id, row, client, scopes, facts })))
    }
}

/// The request, if it is still stored.
#[derive(Debug)]
pub(super) struct Confirmation(Option<Found>);

#[derive(Debug)]
struct Found {
    id: DeferredId,
    row: Deferred,
    client: Arc<RegisteredClient>,
    scopes: Vec<AskedScope>,
    facts: DeferredFacts,
}

impl Confirmation {
    fn found(&self) -> Result<&Found, Reason> {
        self.0.as_ref().ok_or(Reason::UserCodeUnknown)
    }
}

/// The page that follows the answer.
fn done(server: &AuthorizationServer, done: &str) -> Result<Answer, Error> {
    let settings = server.settings();
    see_other(&format!("{}?done={done}", settings.url(&settings.pages.device)))
}

#[async_trait]
impl Waiting for Confirmation {
    fn client(&self) -> Option<&RegisteredClient> {
        self.0.as_ref().map(|found| &*found.client)
    }

    fn expected(&self) -> Option<&Subject> {
        match &self.0.as_ref()?.row.whose {
            Whose::Subject(subject) => Some(subject),
            Whose::Typed(_) => None,
        }
    }

    fn scopes(&self) -> &[AskedScope] {
        self.0.as_ref().map_or(&[], |found| &found.scopes)
    }

    fn deferred(&self) -> Option<&DeferredFacts> {
        self.0.as_ref().map(|found| &found.facts)
    }

    /// The page always asks, whatever was approved before: whoever sent a link or a code must not get tokens by it
    /// (RFC 8628 §5.4, RFC 10027 §6.1).
    async fn step(&self, visitor: Visitor<'_>) -> Result<Step, Error> {
        let Ok(Found { row, client, .. }) = self.found() else {
            return Ok(Step::Refuse(Reason::UserCodeUnknown));
        };
        if row.state != DeferredState::Waiting || row.expires_at <= visitor.server.now() {
            return Ok(Step::Refuse(Reason::UserCodeUnknown));
        }
        let resources = visitor.server.registry().resources().await?;
        if let Err(reason) = audience_of(row, client, &resources) {
            return Ok(Step::Refuse(reason));
        }
        let Some(signed_in) = visitor.signed_in else { return Ok(Step::Ask(Ask::SignIn)) };
        if self.expected().is_some_and(|expected| *expected != signed_in.session.subject) {
            return Ok(Step::Ask(Ask::SignIn));
        }
        Ok(match visitor.server.accounts().standing(&signed_in.session.subject).await? {
            Standing::Active => Step::Ask(Ask::Confirm),
            Standing::Disabled | Standing::Gone => Step::Ask(Ask::SignIn),
        })
    }

    async fn allow(&self, visitor: Visitor<'_>, ending: Ending) -> Result<Answer, Error> {
        let Found { id, row, client, .. } = self.found()?;
        let signed_in = visitor.signed_in.ok_or_else(|| Fault::new("an approval without a session"))?;
        let commit = || ending.commit(visitor.server, None);
        let approvable = Approvable { id: *id, row, client };
        approve(visitor.server, approvable, signed_in, commit, visitor.carried).await?;
        done(visitor.server, "allowed")
    }

    async fn refuse(
        &self,
        visitor: Visitor<'_>,
        reason: Reason,
        mut ending: Ending,
    ) -> Result<Answer, Error> {
        if reason != Reason::ConsentDenied {
            return Err(reason.into());
        }
        ending.push(DeferredChange::Deny(self.found()?.id));
        visitor.end(&ending).await?;
        done(visitor.server, "denied")
    }

    async fn again(
        &self,
        visitor: Visitor<'_>,
        by: By,
        _: Option<AuthorizationCode>,
    ) -> Result<Option<Answer>, Error> {
        match by {
            By::Allow => done(visitor.server, "allowed").map(Some),
            By::Deny => done(visitor.server, "denied").map(Some),
            _ => Ok(None),
        }
    }
}
