//! Who is calling. An [`AuthenticatedClient`] can be made only here.

mod assertion;
mod failures;
mod keys;
mod secret;

use std::sync::Arc;

use http::HeaderMap;
use protocol::{ClientAuthMethod, ClientId, Params, scope};

pub(crate) use failures::Failures;
pub(crate) use keys::RemoteKeys;

use crate::{
    AuthorizationServer, access,
    error::{Error, Fault},
    incoming::{Head as _, Incoming},
    reason::Reason,
    registry::{RegisteredClient, RegisteredResource, Resources},
    store::{Caller, Remember},
};

/// Proof, as a type, that the client authenticated as it registered to.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<RegisteredClient>);

impl std::ops::Deref for AuthenticatedClient {
    type Target = RegisteredClient;

    fn deref(&self) -> &RegisteredClient {
        &self.0
    }
}

/// Who authenticated: a client, the resources behind an id, or both at once.
#[derive(Debug)]
pub struct AuthenticatedCaller {
    /// The id in the shared namespace of clients and resources.
    pub id: ClientId,
    /// Its [`Caller::epoch`].
    pub epoch: i64,
    /// The client with this id.
    pub client: Option<AuthenticatedClient>,
    /// The resources with this id.
    pub resources: Vec<Arc<RegisteredResource>>,
    /// What must be remembered of this authentication, whatever is decided (the `jti` of an assertion, say).
    pub remember: Vec<Remember>,
}

impl AuthenticatedCaller {
    /// The client, for endpoints that serve no resources.
    pub(crate) fn into_client(self) -> Result<(AuthenticatedClient, Vec<Remember>), Reason> {
        Ok((self.client.ok_or(Reason::ClientUnknown)?, self.remember))
    }
}

/// What a request offers to prove who is calling (RFC 6749 §2.3: one of them, never two).
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

/// Who has this id, if the credential shows it.
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
/// `RESOURCE_SERVER_AUTH_TOKEN`). Such tokens are issued to resources alone.
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

/// What is registered under the id that a caller names.
pub(crate) struct Known {
    client: Option<Arc<RegisteredClient>>,
    resources: Vec<Arc<RegisteredResource>>,
}

impl Known {
    fn caller(&self) -> Option<&Caller> {
        match &self.client {
            Some(client) => Some(&client.caller),
            None => self.resources.first()?.caller.as_ref(),
        }
    }

    /// A client authenticates by its one registered method. A resource that registered none may use any method
    /// that shows its secret.
    fn must_be(&self, method: ClientAuthMethod) -> Result<(), Reason> {
        if self.registered().map_or(method != ClientAuthMethod::None, |registered| registered == Some(method))
        {
            return Ok(());
        }
        Err(match method {
            ClientAuthMethod::None => Reason::ClientSecretMissing,
            _ => Reason::ClientMethodNotRegistered,
        })
    }

    /// `None`: any method with the secret will do. `Some(None)`: one that is not served here.
    fn registered(&self) -> Option<Option<ClientAuthMethod>> {
        match &self.client {
            Some(client) => Some(client.method),
            // A resource has no public kind (RFC 7662 §2.1): where it registered `none`, it must show its secret.
            None => {
                self.resources.first()?.method.filter(|method| *method != ClientAuthMethod::None).map(Some)
            }
        }
    }
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

/// Turns what a key lookup could not do into the refusal that the client reads.
fn keys_unavailable(error: &Fault) -> Reason {
    tracing::warn!(%error, "a client's keys are not to be had");
    Reason::AssertionKeysUnavailable
}
