//! Client authentication. An [`AuthenticatedClient`] is made only here.

mod assertion;
mod authenticated;
mod certificate;
mod explained;
mod failures;
mod keys;
mod known;
mod proven;
mod secret;
mod self_signed_tls;
mod tls;

use std::sync::Arc;

use http::request::Parts;
use protocol::{ClientAuthMethod, Params, scope};

pub use authenticated::{AuthenticatedCaller, AuthenticatedClient};

pub(crate) use authenticated::Role;

pub(crate) use failures::Failures;
pub(crate) use keys::{KeySource, RemoteKeys};
pub(crate) use proven::Proven;

use known::Known;
use secret::Header;

use crate::{
    AuthorizationServer, access,
    error::Error,
    incoming::{Incoming, RequestHead as _},
    reason::Reason,
    refusal::Difference,
    registry::Resources,
    store::{Caller, Remember},
};

/// The credential of a request (RFC 6749 §2.3: exactly one method).
enum Credential<'a> {
    /// Only an id. Beside it may be an `Authorization` header that is no client credential.
    None {
        id: &'a str,
        is_beside_header: bool,
    },
    Basic(secret::Basic),
    Post {
        id: &'a str,
        secret: &'a str,
    },
    Assertion(assertion::Presented<'a>),
}

/// Authenticates the caller of `/token`, `/introspect` or `/revoke` (RFC 6749 §2.3).
pub(crate) async fn authenticate(
    server: &AuthorizationServer,
    incoming: &Incoming,
    params: &Params<'_>,
) -> Result<AuthenticatedCaller, Error> {
    let Some(name) = server.proven().name(incoming.headers(), params) else {
        return examine(server, incoming, params).await;
    };
    // Read before the registry is: at worst the caller is examined again.
    let version = server.store().registry_version()?.rest;
    if let Some(caller) = server.proven().find(server.registry(), version, &name, params).await? {
        incoming.head.note_client(&caller.id);
        return Ok(caller);
    }
    let caller = examine(server, incoming, params).await?;
    server.proven().keep(version, name, &caller);
    Ok(caller)
}

/// Reads the credential of the request, and proves it.
async fn examine(
    server: &AuthorizationServer,
    incoming: &Incoming,
    params: &Params<'_>,
) -> Result<AuthenticatedCaller, Error> {
    let head = &incoming.head;
    let header = secret::header(incoming.headers());
    let has_basic = matches!(header, Header::Basic(_));
    let credential = credential(header, params).map_err(|reason| {
        head.note_claimed(params.get("client_id"));
        head.differs(reason, || explained::unreadable(reason, has_basic, params))
    })?;
    let ids = match &credential {
        Credential::None { id, .. } | Credential::Post { id, .. } => vec![*id],
        Credential::Basic(basic) => basic.ids.iter().map(String::as_str).collect(),
        Credential::Assertion(presented) => vec![presented.client_id()],
    };
    let (mut id, mut verdict) = ("", Err(Reason::ClientUnknown.into()));
    for reading in ids {
        let read = prove(server, head, reading, &credential).await;
        let is_refused = matches!(read, Err(Error::Refused(_)));
        // That another reading is not registered says nothing about the first.
        if id.is_empty() || !matches!(read, Err(Error::Refused(Reason::ClientUnknown))) {
            (id, verdict) = (reading, read);
        }
        if !is_refused {
            break;
        }
    }
    match &verdict {
        Ok(caller) => head.note_client(&caller.id),
        Err(_) => head.note_claimed(Some(id)),
    }
    match verdict {
        Err(Error::Refused(
            Reason::ClientUnknown | Reason::ClientSecretWrong | Reason::AssertionSignatureWrong,
        )) if server.failures().count(id, server.now()) => Err(Reason::ClientFailuresTooMany.into()),
        verdict => verdict,
    }
}

/// The client and resources with this id, if the credential is theirs.
async fn prove(
    server: &AuthorizationServer,
    head: &Parts,
    id: &str,
    credential: &Credential<'_>,
) -> Result<AuthenticatedCaller, Error> {
    let refused = |reason| head.differs(reason, || explained::unknown(reason, id));
    let client = server.registry().client(id).await?;
    let resources = server.registry().resources().await?;
    let known = Known { client, resources: resources.by_caller(id).cloned().collect() };
    // The same for an id that is not registered.
    let malformed = match credential {
        Credential::None { is_beside_header: true, .. } => Some(Reason::BasicMalformed),
        _ => None,
    };
    let caller = known.caller().ok_or_else(|| refused(malformed.unwrap_or(Reason::ClientUnknown)))?;
    if caller.disabled {
        return Err(refused(Reason::ClientDisabled).into());
    }
    let checked = check(server, head, &known, caller, credential).await;
    let remember = checked.map_err(|error| match error {
        Error::Refused(reason) => {
            head.differs(reason, || explained::unproven(server, reason, &known, caller, credential));
            malformed.unwrap_or(reason).into()
        }
        failed @ Error::Failed(_) => failed,
    })?;
    Ok(AuthenticatedCaller {
        id: caller.id.clone(),
        epoch: caller.epoch,
        has_several_roles: usize::from(known.client.is_some()) + known.resources.len() > 1,
        client: known.client.map(AuthenticatedClient),
        resources: known.resources,
        remember,
    })
}

/// Checks the credential, and returns what must be remembered of it.
async fn check(
    server: &AuthorizationServer,
    head: &Parts,
    known: &Known,
    caller: &Caller,
    credential: &Credential<'_>,
) -> Result<Vec<Remember>, Error> {
    match credential {
        // The credential may be in the handshake of the connection.
        Credential::None { .. } if certificate::check(server, head, known).await? => {}
        Credential::None { .. } => known.must_be(ClientAuthMethod::None)?,
        // A library that expects a secret sends an empty one.
        Credential::Basic(basic) if known.is_public() && basic.has_no_secret() => {}
        Credential::Basic(basic) => {
            known.must_be(ClientAuthMethod::ClientSecretBasic)?;
            basic.check(server, caller)?;
        }
        Credential::Post { secret, .. } => {
            known.must_be(ClientAuthMethod::ClientSecretPost)?;
            secret::check(server, caller, secret.as_bytes())?;
        }
        Credential::Assertion(presented) => {
            return Ok(assertion::check(server, known, caller, presented).await?.into_iter().collect());
        }
    }
    Ok(Vec::new())
}

/// Authenticates a resource by an access token with scope `introspection` (django-oauth-toolkit's
/// `RESOURCE_SERVER_AUTH_TOKEN`). Such tokens are issued only to resources.
pub(crate) async fn authenticate_token(
    server: &AuthorizationServer,
    incoming: &Incoming,
) -> Result<AuthenticatedCaller, Error> {
    let head = &incoming.head;
    let presented = head.access_token()?.ok_or(Reason::TokenMissing)?;
    let found = access::find_opaque(server, presented.token).await?;
    let token = access::live(server, head, found, &presented).await?;
    if !token.only_introspects() {
        let expected = || Some(Difference::new("scope", &token.scopes, scope::INTROSPECTION));
        return Err(head.differs(Reason::ScopeInsufficient, expected).into());
    }
    let resources: Arc<Resources> = server.registry().resources().await?;
    let mut own: Vec<_> = resources.by_caller(token.client.as_str()).cloned().collect();
    let is_client = server.registry().client(token.client.as_str()).await?.is_some();
    let has_several_roles = usize::from(is_client) + own.len() > 1;
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
        has_several_roles,
        remember: Vec::new(),
    })
}

fn credential<'a>(header: Header, params: &'a Params<'_>) -> Result<Credential<'a>, Reason> {
    let post = params.get("client_secret");
    let assertion = params.get("client_assertion");
    let id = params.get("client_id");
    let is_basic = matches!(header, Header::Basic(_));
    if [is_basic, post.is_some(), assertion.is_some()].into_iter().filter(|some| *some).count() > 1 {
        return Err(Reason::ClientMethodRepeated);
    }
    if matches!(header, Header::Malformed) && (post.is_some() || assertion.is_some()) {
        return Err(Reason::BasicMalformed);
    }
    let is_beside_header = !matches!(header, Header::Absent);
    if let Header::Basic(mut basic) = header {
        if let Some(id) = id {
            basic.ids.retain(|reading| reading == id);
        }
        return if basic.ids.is_empty() {
            Err(Reason::ClientIdMismatch)
        } else {
            Ok(Credential::Basic(basic))
        };
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
        (Some(id), None) => Ok(Credential::None { id, is_beside_header }),
        (None, _) if is_beside_header => Err(Reason::BasicMalformed),
        (None, _) => Err(Reason::ClientSecretMissing),
    }
}
