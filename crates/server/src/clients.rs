//! Client authentication. An [`AuthenticatedClient`] is made only here.

mod assertion;
mod authenticated;
mod failures;
mod keys;
mod known;
mod secret;

use std::sync::Arc;

use http::HeaderMap;
use protocol::{ClientAuthMethod, Params, scope};

pub use authenticated::{AuthenticatedCaller, AuthenticatedClient};

pub(crate) use failures::Failures;
pub(crate) use keys::RemoteKeys;

use known::Known;

use crate::{
    AuthorizationServer, access,
    error::Error,
    incoming::{Incoming, RequestHead as _},
    reason::Reason,
    registry::Resources,
};

/// The credential of a request (RFC 6749 §2.3: exactly one method).
enum Credential<'a> {
    None(&'a str),
    Basic(secret::Basic),
    Post { id: &'a str, secret: &'a str },
    Assertion(assertion::Presented<'a>),
}

/// Authenticates the caller of `/token`, `/introspect` or `/revoke` (RFC 6749 §2.3).
pub(crate) async fn authenticate(
    server: &AuthorizationServer,
    incoming: &Incoming,
    params: &Params<'_>,
) -> Result<AuthenticatedCaller, Error> {
    let credential = credential(incoming.headers(), params)?;
    let id = match &credential {
        Credential::None(id) | Credential::Post { id, .. } => (*id).to_owned(),
        Credential::Basic(basic) => basic.id.clone(),
        Credential::Assertion(presented) => presented.client_id().to_owned(),
    };
    match prove(server, &id, &credential).await {
        Err(Error::Refused(
            Reason::ClientUnknown | Reason::ClientSecretWrong | Reason::AssertionSignatureWrong,
        )) if server.failures().count(&id, server.now()) => Err(Reason::ClientFailuresTooMany.into()),
        verdict => verdict,
    }
}

/// The client and resources with this id, if the credential is theirs.
async fn prove(
    server: &AuthorizationServer,
    id: &str,
    credential: &Credential<'_>,
) -> Result<AuthenticatedCaller, Error> {
    let client = server.registry().client(id).await?;
    let resources = server.registry().resources().await?;
    let known = Known { client, resources: resources.by_caller(id).cloned().collect() };
    let caller = known.caller().ok_or(Reason::ClientUnknown)?;
    if caller.disabled {
        return Err(Reason::ClientDisabled.into());
    }
    let mut remember = Vec::new();
    match credential {
        Credential::None(_) => known.must_be(ClientAuthMethod::None)?,
        Credential::Basic(basic) => {
            known.must_be(ClientAuthMethod::ClientSecretBasic)?;
            basic.check(server, caller)?;
        }
        Credential::Post { secret, .. } => {
            known.must_be(ClientAuthMethod::ClientSecretPost)?;
            secret::check(server, caller, secret.as_bytes())?;
        }
        Credential::Assertion(presented) => {
            remember.push(assertion::check(server, &known, caller, presented).await?);
        }
    }
    Ok(AuthenticatedCaller {
        id: caller.id.clone(),
        epoch: caller.epoch,
        client: known.client.map(AuthenticatedClient),
        resources: known.resources,
        remember,
    })
}

/// Authenticates a resource by a bearer token with scope `introspection` (django-oauth-toolkit's
/// `RESOURCE_SERVER_AUTH_TOKEN`). Such tokens are issued only to resources.
pub(crate) async fn authenticate_bearer(
    server: &AuthorizationServer,
    incoming: &Incoming,
) -> Result<AuthenticatedCaller, Error> {
    let presented = incoming.head.bearer()?.ok_or(Reason::TokenMissing)?;
    let found = access::find_opaque(server, presented).await?.ok_or(Reason::TokenInactive)?;
    let token = found.live(server.now())?;
    if !token.scopes.contains(scope::INTROSPECTION) || token.grant.is_some() {
        return Err(Reason::ScopeInsufficient.into());
    }
    let resources: Arc<Resources> = server.registry().resources().await?;
    let mut own: Vec<_> = resources.by_caller(token.client.as_str()).cloned().collect();
    if !token.audience.is_empty() {
        own.retain(|resource| token.audience.contains(&resource.identifier));
    }
    if own.is_empty() {
        return Err(Reason::TokenInactive.into());
    }
    Ok(AuthenticatedCaller {
        id: token.client,
        epoch: token.epoch,
        client: None,
        resources: own,
        remember: Vec::new(),
    })
}

fn credential<'a>(headers: &HeaderMap, params: &'a Params<'_>) -> Result<Credential<'a>, Reason> {
    let basic = secret::basic(headers)?;
    let post = params.get("client_secret");
    let assertion = params.get("client_assertion");
    let id = params.get("client_id");
    let offered =
        [basic.is_some(), post.is_some(), assertion.is_some()].into_iter().filter(|some| *some).count();
    if offered > 1 {
        return Err(Reason::ClientMethodRepeated);
    }
    if let Some(basic) = basic {
        if id.is_some_and(|id| !basic.is_called(id)) {
            return Err(Reason::ClientIdMismatch);
        }
        return Ok(Credential::Basic(basic));
    }
    if let Some(text) = assertion {
        let presented = assertion::Presented::parse(text, params.get("client_assertion_type"))?;
        if id.is_some_and(|id| id != presented.client_id()) {
            return Err(Reason::ClientIdMismatch);
        }
        return Ok(Credential::Assertion(presented));
    }
    match (id, post) {
        (Some(id), Some(secret)) => Ok(Credential::Post { id, secret }),
        (Some(id), None) => Ok(Credential::None(id)),
        (None, _) => Err(Reason::ClientSecretMissing),
    }
}
