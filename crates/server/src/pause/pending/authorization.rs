//! A paused authorization request.

use async_trait::async_trait;
use protocol::{AuthorizationCode, ClientId, Subject};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::Answer,
    ask::Ask,
    authorize::{
        approval,
        decision::{self, Step},
        request::{AuthorizationRequest, StoredRequest},
        return_to::Returnable,
    },
    error::{Error, Fault},
    pause::{
        asked::{self, AskedDetails, AskedScope},
        ending::{By, Ending},
        waiting::{Visitor, Waiting},
    },
    reason::Reason,
    registry::RegisteredClient,
    store::{Consent, GrantChange},
};

/// The page that it waits at (`None`: nothing was decided yet), and the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingAuthorization(Option<Ask>, Box<StoredRequest>);

impl PendingAuthorization {
    pub(crate) fn new(ask: Option<Ask>, request: &AuthorizationRequest) -> Self {
        Self(ask, Box::new(request.stored()))
    }

    pub(super) fn ask(&self) -> Option<Ask> {
        self.0
    }

    /// The client that sent it.
    pub(super) fn client(&self) -> Option<&ClientId> {
        Some(self.1.client())
    }

    /// Nothing is decided any more: it starts again.
    pub(super) fn start_again(&mut self) {
        self.0 = None;
    }

    pub(super) fn wait_at(&mut self, page: Ask) -> Result<(), Reason> {
        self.0 = Some(page);
        Ok(())
    }

    pub(super) async fn resume(&self, server: &AuthorizationServer) -> Result<Authorization, Error> {
        let request = self.1.resume(server).await?;
        let scopes = asked::asked(server, &request).await?;
        let resources = server.registry().resources().await?;
        let details = asked::details(&request.requested.authorization_details, &resources);
        Ok(Authorization { request, scopes, details })
    }
}

/// A resumed authorization request.
#[derive(Debug)]
pub(super) struct Authorization {
    request: AuthorizationRequest,
    scopes: Vec<AskedScope>,
    details: Vec<AskedDetails>,
}

#[async_trait]
impl Waiting for Authorization {
    fn client(&self) -> Option<&RegisteredClient> {
        Some(&self.request.client)
    }

    fn return_to(&self) -> Option<&Returnable> {
        Some(&self.request.return_to)
    }

    fn login_hint(&self) -> Option<&str> {
        self.request.requested.login_hint.as_deref()
    }

    fn expected(&self) -> Option<&Subject> {
        self.request.requested.expected.as_ref()
    }

    fn authorization_details(&self) -> &[AskedDetails] {
        &self.details
    }

    fn scopes(&self) -> &[AskedScope] {
        &self.scopes
    }

    async fn step(&self, visitor: Visitor<'_>) -> Result<Step, Error> {
        decision::step(visitor.server, &self.request, visitor.signed_in, visitor.signed_in_at).await
    }

    async fn complete(&self, visitor: Visitor<'_>, ending: Ending) -> Result<Answer, Error> {
        let signed_in = visitor.signed_in.ok_or_else(|| Fault::new("an approval without a session"))?;
        let commit = |code: Option<&AuthorizationCode>| ending.commit(visitor.server, code);
        approval::approve(visitor.server, &self.request, signed_in, commit, visitor.carried).await
    }

    async fn allow(&self, visitor: Visitor<'_>, mut ending: Ending) -> Result<Answer, Error> {
        let signed_in = visitor.signed_in.ok_or(Reason::InteractionUnknown)?;
        let (subject, client) = (&signed_in.session.subject, self.request.client.id());
        let before = visitor.server.store().consent(subject, client).await?;
        let resources = visitor.server.registry().resources().await?;
        let asked = self.request.audience(&resources)?.approvals(&self.request.requested.asked_scopes());
        ending.push(GrantChange::Consent(Consent {
            subject: subject.clone(),
            client: client.clone(),
            approved: before.map(|consent| consent.approved).into_iter().flatten().chain(asked).collect(),
            given_at: ending.now(),
        }));
        self.complete(visitor, ending).await
    }

    async fn refuse(&self, visitor: Visitor<'_>, reason: Reason, ending: Ending) -> Result<Answer, Error> {
        visitor.end(&ending).await?;
        self.request.return_to.refusal(visitor.server, reason).await
    }

    async fn again(
        &self,
        visitor: Visitor<'_>,
        by: By,
        code: Option<AuthorizationCode>,
    ) -> Result<Option<Answer>, Error> {
        let (server, return_to) = (visitor.server, &self.request.return_to);
        // Tokens are not kept: a response that had some is asked for anew.
        let code = code.filter(|_| !self.request.requested.response_type.has_tokens());
        match (by, code) {
            (By::Deny, _) => return_to.refusal(server, Reason::ConsentDenied).await.map(Some),
            (By::Cancel, _) => return_to.refusal(server, Reason::LoginRequired).await.map(Some),
            (By::SignIn | By::Allow, Some(code)) if is_unused(server, &code).await? => {
                return_to.code(server, code).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Whether the client can still redeem it: a second redemption would end its grant (RFC 6749 §4.1.2).
async fn is_unused(server: &AuthorizationServer, code: &AuthorizationCode) -> Result<bool, Fault> {
    let handle = code.handle();
    let stored = server.store().code(handle).await?.and_then(|stored| stored.open(&handle));
    Ok(stored.is_some_and(|through| {
        through.ended.is_none() && !through.row.used && through.row.expires_at > server.now()
    }))
}
