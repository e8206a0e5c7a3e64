//! `POST /token` (RFC 6749 §3.2).

use protocol::{GrantType, Params, TokenType, scope};
use serde::Serialize;

use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    audience::TokenAudience,
    clients::{self, AuthenticatedCaller, AuthenticatedClient},
    cors,
    error::Error,
    grants::{GrantHandler, TokenRequest},
    incoming::Incoming,
    reason::Reason,
    settle::{Carried, Decision, settle},
    store::Commit,
    tokens::{self, AccessClaims, Issued},
};

/// What a client reads (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).
#[derive(Serialize)]
struct Wire<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
}

pub(crate) async fn token(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let (answer, client) = match respond(server, incoming).await {
        Ok((answer, client)) => (answer, client),
        Err(error) => (answer::json_error(&error, Scheme::Basic), None),
    };
    cors::allow_origin_of(server, answer, client.as_deref(), incoming.headers()).await
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
) -> Result<(Answer, Option<AuthenticatedClient>), Error> {
    let params = incoming.form()?;
    let caller = clients::authenticate(server, incoming, &params).await?;
    if caller.client.is_none() || is_introspection_request(&caller, &params) {
        return introspection_token(server, incoming, &caller, &params).await.map(|answer| (answer, None));
    }
    let (client, remember) = caller.into_client()?;
    let request = TokenRequest { client: client.clone(), params: &params, now: server.now() };
    let handler = select(server, &client, params.get("grant_type"));
    let decide = || async { handler?.decide(server, &request).await };
    let issued = settle(server.store(), Carried::of(server.now(), incoming, &remember), decide).await;
    let answer = match issued.and_then(|issued| wire(&issued)) {
        Ok(answer) => answer,
        Err(error) => answer::json_error(&error, Scheme::Basic),
    };
    Ok((answer, Some(client)))
}

/// The handler of a grant type that is served here and registered to this client.
fn select<'s>(
    server: &'s AuthorizationServer,
    client: &AuthenticatedClient,
    grant_type: Option<&str>,
) -> Result<&'s dyn GrantHandler, Reason> {
    let grant_type = grant_type.ok_or(Reason::ParameterMissing("grant_type"))?;
    let grant_type = GrantType::parse(grant_type).ok_or(Reason::GrantTypeUnsupported)?;
    let handler = server.grant(grant_type).ok_or(Reason::GrantTypeUnsupported)?;
    if client.may_use(grant_type) { Ok(handler) } else { Err(Reason::GrantTypeNotRegistered) }
}

fn wire(issued: &Issued) -> Result<Answer, Error> {
    answer::json(&Wire {
        access_token: &issued.access.token,
        token_type: TokenType::Bearer.as_str(),
        expires_in: issued.access.expires_in,
        scope: issued.access.scopes.as_str(),
        refresh_token: issued.refresh_token.as_ref().map(protocol::RefreshToken::expose),
        id_token: issued.id_token.as_deref(),
    })
}

/// A resource whose id is also a client's asks as a client, unless it asks for the one scope of resources.
fn is_introspection_request(caller: &AuthenticatedCaller, params: &Params<'_>) -> bool {
    !caller.resources.is_empty()
        && params.get("grant_type") == Some(GrantType::ClientCredentials.as_str())
        && params.get("scope") == Some(scope::INTROSPECTION)
}

/// A resource may ask for one thing: a token that lets it introspect.
async fn introspection_token(
    server: &AuthorizationServer,
    incoming: &Incoming,
    caller: &AuthenticatedCaller,
    params: &Params<'_>,
) -> Result<Answer, Error> {
    let decide = || async {
        let grant_type = params.get("grant_type").ok_or(Reason::ParameterMissing("grant_type"))?;
        if grant_type != GrantType::ClientCredentials.as_str() {
            return Err(Reason::GrantTypeNotRegistered.into());
        }
        let scopes = protocol::Scopes::stored(scope::INTROSPECTION);
        if params.get("scope").is_some_and(|asked| asked != scopes.as_str()) {
            return Err(Reason::ScopeNotRegistered.into());
        }
        let mut commit = Commit::new(server.now());
        let audience = TokenAudience { resources: Vec::new(), scopes, narrowed: false };
        let claims = AccessClaims {
            grant: None,
            client: &caller.id,
            epoch: caller.epoch,
            subject: None,
            audience,
            authenticated_at: None,
        };
        let access = tokens::mint_access(server, claims, &mut commit).await?;
        Ok(Decision { commit, answer: Ok(Issued { access, refresh_token: None, id_token: None }) })
    };
    wire(&settle(server.store(), Carried::of(server.now(), incoming, &caller.remember), decide).await?)
}
