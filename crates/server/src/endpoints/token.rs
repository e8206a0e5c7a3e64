//! `POST /token` (RFC 6749 §3.2).

use http::request::Parts;
use protocol::{GrantType, Params, ServerMetadata, scope};
use serde::Serialize;
use serde_json::Value;

use super::{
    offer::{Offer, names},
    table::CALL,
};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    clients::{self, AuthenticatedClient},
    context::{Cors, Endpoint, GrantHandler, Installed, Responder, TOKEN_PATH, TokenRequest},
    cors,
    error::Error,
    grants::introspection_token,
    incoming::{Incoming, RequestHead as _},
    reason::Reason,
    refusal::{
        Difference,
        parameters::{self, Registered},
    },
    sender,
    settle::{Carried, Decision, settle},
    store::RegistryChange,
    tokens::Issued,
};

/// The token response (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    /// RFC 9396 §7
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_details: &'a [Value],
}

pub(crate) fn install(installed: &mut Installed) {
    installed.endpoint(Endpoint {
        path: TOKEN_PATH.into(),
        methods: CALL,
        cors: Cors::ClientOrigins,
        advertise: Box::new(advertise),
        answer: Responder::Token,
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.token_endpoint = Some(offer.url.to_owned());
    metadata.grant_types_supported = names(offer.grant_types.iter().copied());
    metadata.token_endpoint_auth_methods_supported = offer.client_auth_methods(true);
    metadata.token_endpoint_auth_signing_alg_values_supported = Offer::assertion_algorithms();
    metadata.dpop_signing_alg_values_supported = names(sender::algorithm_names());
}

pub(crate) async fn token(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let (answer, client) = match respond(server, incoming).await {
        Ok((answer, client)) => (answer, client),
        Err(error) => (answer::json_error(&error, Scheme::Basic), None),
    };
    let answer = sender::with_nonce(server, &incoming.head, answer);
    cors::allow_origin_of(server, answer, client.as_deref(), incoming.headers()).await
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
) -> Result<(Answer, Option<AuthenticatedClient>), Error> {
    let params = incoming.form()?;
    let mut caller = clients::authenticate(server, incoming, &params).await?;
    let confirmation = sender::of_token_request(server, incoming, &mut caller)?;
    let (now, head) = (server.now(), &incoming.head);
    let carried = Carried::of(now, head, &caller.remember).by(&caller.id);
    let Some(client) = caller.client.as_ref().filter(|_| !introspection_token::is_asked(&caller, &params))
    else {
        // Boxed: the future of every token request would be as large as this rare one.
        let decide =
            || Box::pin(introspection_token::decide(server, &caller, &params, confirmation.as_deref()));
        let issued = settle(server.store(), carried, decide).await;
        let issued = issued.map_err(|error| head.explain(error, |reason| of_resource(reason, &params)))?;
        return Ok((response(&issued)?, None));
    };
    let request = TokenRequest { client: client.clone(), params: &params, incoming, now, confirmation };
    let handler = select(server, client, params.get("grant_type"));
    let decide = || async { Ok(kept(client, handler?.decide(server, &request).await?)) };
    let answer = match settle(server.store(), carried, decide).await {
        Ok(issued) => response(&issued),
        Err(error) => Err(explained(server, client, &params, head, error).await),
    };
    Ok((answer.unwrap_or_else(|error| answer::json_error(&error, Scheme::Basic)), Some(client.clone())))
}

/// A client that gets a token is not deleted as unused.
fn kept(client: &AuthenticatedClient, mut decision: Decision<Issued>) -> Decision<Issued> {
    if client.is_unused && decision.answer.is_ok() {
        decision.commit.push(RegistryChange::KeepClient(client.id().clone()));
    }
    decision
}

/// Notes what differs, if the request is refused.
async fn explained(
    server: &AuthorizationServer,
    client: &AuthenticatedClient,
    params: &Params<'_>,
    head: &Parts,
    error: Error,
) -> Error {
    let Error::Refused(reason) = error else { return error };
    let resources = match server.registry().resources().await {
        Ok(resources) => resources,
        Err(fault) => return fault.into(),
    };
    let grant_types: Vec<&str> = server.installed().grants.keys().copied().collect();
    let registered = Registered { client, resources: &resources, grant_types: &grant_types };
    head.differs(reason, || parameters::difference(reason, params, &registered)).into()
}

/// What differs in the request of a resource, which can only ask for a token to introspect with.
fn of_resource(reason: Reason, params: &Params<'_>) -> Option<Difference> {
    let (what, expected) = match reason {
        Reason::GrantTypeNotRegistered => ("grant_type", GrantType::ClientCredentials.as_str()),
        Reason::ScopeNotRegistered => ("scope", scope::INTROSPECTION),
        Reason::ParameterMissing(name) => return Some(Difference::absent(name, "a value")),
        _ => return None,
    };
    Some(Difference::new(what, params.get(what).unwrap_or("nothing"), expected))
}

/// The handler of a grant type that is installed, and registered for this client.
fn select<'s>(
    server: &'s AuthorizationServer,
    client: &AuthenticatedClient,
    grant_type: Option<&str>,
) -> Result<&'s dyn GrantHandler, Reason> {
    let grant_type = grant_type.ok_or(Reason::ParameterMissing("grant_type"))?;
    let handler = server.installed().grants.get(grant_type).ok_or(Reason::GrantTypeUnsupported)?;
    if client.may_use(handler.grant_type()) { Ok(&**handler) } else { Err(Reason::GrantTypeNotRegistered) }
}

fn response(issued: &Issued) -> Result<Answer, Error> {
    answer::json(&TokenResponse {
        access_token: &issued.access.token,
        token_type: issued.access.token_type.as_str(),
        expires_in: issued.access.expires_in,
        scope: issued.access.scopes.as_str(),
        refresh_token: issued.refresh_token.as_ref().map(protocol::RefreshToken::expose),
        id_token: issued.id_token.as_deref(),
        issued_token_type: issued.issued_token_type,
        authorization_details: issued.access.details.as_ref().map_or(&[], |held| &held.authorization_details),
    })
}
