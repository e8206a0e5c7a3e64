//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693).
//!
//! A token of a user is exchanged for one that another client uses at another API. What a client may exchange, and for
//! what, is its policy (the member `token_exchange`), which only an operator sets. The new token is read through the grant
//! of the subject token, and through its own client: it ends with both, and never outlives the subject token.

mod actor;
mod policy;
mod subject;
mod token_types;

use async_trait::async_trait;
use protocol::{GrantType, Scopes, TokenExchangePolicy, scope};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources, TokenAudience},
    context::{GrantHandler, Installed, TokenRequest},
    error::Error,
    incoming::RequestHead as _,
    reason::Reason,
    registry::AccessTokenFormat,
    settings::TokenExchange,
    settle::Decision,
    store::Commit,
    tokens::{self, AccessClaims, Exchanged, Issued},
};
use subject::SubjectToken;
use token_types::{ACCESS_TOKEN, JWT};

/// Exchanges a token (RFC 8693 §2).
#[derive(Clone, Copy, Debug)]
pub struct TokenExchangeGrant {
    token_lifetime_max: i64,
}

pub(crate) fn install(installed: &mut Installed, exchange: &TokenExchange) {
    installed.grant(TokenExchangeGrant { token_lifetime_max: exchange.token_lifetime_max });
}

#[async_trait]
impl GrantHandler for TokenExchangeGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::TokenExchange
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let client = &request.client;
        let policy = client.metadata.token_exchange.as_ref().filter(|_| !client.is_public());
        let policy = policy.ok_or(Reason::ExchangeNotAllowed)?;
        let wanted_type = requested_type(request.params.get("requested_token_type"))?;
        let subject = subject::read(server, request).await?;
        request.incoming.head.note_subject(&subject.subject);
        policy::covers(policy, &subject)?;
        let actor = actor::read(server, request).await?;
        let act = actor::act(server, policy, &subject, actor, client).await?;
        let audience = self.audience(server, request, policy, &subject).await?;
        if wanted_type == Some(JWT) && audience.format() != AccessTokenFormat::Jwt {
            return Err(Reason::TokenTypeUnsupported.into());
        }
        let mut commit = Commit::new(request.now);
        let grant = subject.grant(server, client, &audience, &mut commit);
        let until = subject.expires_at.min(request.now + self.token_lifetime_max);
        let claims = AccessClaims {
            grant: Some(grant),
            client: client.id(),
            epoch: client.caller.epoch,
            subject: Some(&subject.subject),
            audience,
            authenticated_at: Some(subject.authenticated_at),
            confirmation: request.confirmation(),
            // Details are for the client that the user approved them for (RFC 9396).
            details: None,
            exchanged: Some(Exchanged { act: act.as_ref(), until }),
        };
        let access = tokens::mint_access(server, claims, &mut commit).await?;
        let issued_token_type = Some(wanted_type.unwrap_or(ACCESS_TOKEN));
        let issued = Issued { access, refresh_token: None, id_token: None, issued_token_type };
        Ok(Decision { commit, answer: Ok(issued) })
    }
}

/// RFC 8693 §2.1: only access tokens are issued.
fn requested_type(sent: Option<&str>) -> Result<Option<&'static str>, Reason> {
    match sent {
        None => Ok(None),
        Some(ACCESS_TOKEN) => Ok(Some(ACCESS_TOKEN)),
        Some(JWT) => Ok(Some(JWT)),
        Some(_) => Err(Reason::TokenTypeUnsupported),
    }
}

impl TokenExchangeGrant {
    /// The resources of the new token and its scopes there (RFC 8693 §2.1: `resource`, `audience`, `scope`).
    async fn audience(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
        policy: &TokenExchangePolicy,
        subject: &SubjectToken,
    ) -> Result<TokenAudience, Error> {
        let client = &request.client;
        let resources = server.registry().resources().await?;
        let asked = request.params.all("resource").chain(request.params.all("audience"));
        let wanted = policy::targets(policy, &RequestedResources::read(asked)?)?;
        // What is for the client of the user itself is not handed on.
        let allowed = client.user_scopes().filter(|token| {
            let is_own = token == scope::OPENID || token == scope::OFFLINE_ACCESS;
            !is_own && (subject.scopes.contains(token) || policy.scopes.iter().any(|more| more == token))
        });
        let scopes = match request.params.get("scope") {
            None => allowed,
            Some(text) => {
                let scopes = Scopes::parse(text).map_err(|_| Reason::ScopeMalformed)?;
                if !scopes.is_subset(&client.user_scopes()) {
                    return Err(Reason::ScopeNotRegistered.into());
                }
                if !scopes.is_subset(&allowed) {
                    return Err(Reason::ScopeNotGranted.into());
                }
                scopes
            }
        };
        let mut audience = audience::of(&resources, client, &scopes, &wanted)?;
        // Without a choice of the client, only the resources that have one of the scopes.
        if request.params.get("resource").is_none() && request.params.get("audience").is_none() {
            audience.resources.retain(|resource| scopes.iter().any(|token| resource.scopes.contains(token)));
            audience.narrowed = false;
        }
        if audience.scopes.is_empty() || audience.resources.is_empty() {
            return Err(Reason::ScopeNotGranted.into());
        }
        Ok(audience)
    }
}
