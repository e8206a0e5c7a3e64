//! `POST /introspect` (RFC 7662), as JSON or as a JWT (RFC 9701).

mod envelope;
mod response;
mod token_state;

pub use token_state::{Inactive, TokenKind, TokenState};

use std::sync::Arc;

use http::request::Parts;
use protocol::{Audience, Scopes, ServerMetadata, TokenType};

use super::{offer::Offer, table::CALL};
use response::{AudienceClaim, INACTIVE, IntrospectionResponse};

use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    audience::{self, RequestedResources},
    clients::{self, AuthenticatedCaller, Role},
    context::{Cors, Endpoint, Installed, Responder},
    details,
    error::{Error, Fault},
    incoming::{Incoming, RequestHead as _},
    pairwise,
    reason::{Reason, Severity},
    refusal::{Difference, Refusal, parameters::list},
    registry::{IntrospectionAudience, RegisteredClient, RegisteredResource},
    sender,
    settle::{Carried, Decision, settle},
    store::Access,
};

pub(crate) fn install(installed: &mut Installed) {
    installed.endpoint(Endpoint {
        path: "/introspect".into(),
        methods: CALL,
        cors: Cors::Forbidden,
        advertise: Box::new(advertise),
        answer: Responder::Introspection,
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.introspection_endpoint = Some(offer.url.to_owned());
    // RFC 8414 §2: the list of authentication methods may contain an access token type.
    let mut methods = offer.client_auth_methods(false);
    methods.extend(TokenType::ALL.iter().map(|scheme| scheme.as_str().to_owned()));
    metadata.introspection_endpoint_auth_methods_supported = methods;
    metadata.introspection_endpoint_auth_signing_alg_values_supported = Offer::assertion_algorithms();
    metadata.introspection_signing_alg_values_supported = offer.signing_algorithms();
    metadata.introspection_encryption_alg_values_supported = Offer::encryption_algorithms();
    metadata.introspection_encryption_enc_values_supported = Offer::content_encryptions();
}

pub(crate) async fn introspect(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let scheme = match incoming.head.access_token() {
        Ok(Some(presented)) => Scheme::Token(presented.scheme),
        Err(Reason::TokenInactive) => Scheme::Token(TokenType::Bearer),
        Ok(None) | Err(_) => Scheme::Basic,
    };
    let answer = match respond(server, incoming, scheme).await {
        Ok(answer) => answer,
        Err(error) => answer::json_error(&error, scheme),
    };
    sender::with_nonce(server, &incoming.head, answer)
}

async fn respond(server: &AuthorizationServer, incoming: &Incoming, scheme: Scheme) -> Result<Answer, Error> {
    let params = incoming.form()?;
    let head = &incoming.head;
    let caller = match scheme {
        Scheme::Token(_) => clients::authenticate_token(server, incoming).await?,
        Scheme::Basic => clients::authenticate(server, incoming, &params).await?,
    };
    if caller.client.as_ref().is_some_and(|client| client.is_public()) {
        let public = || {
            Some(Difference::new("token_endpoint_auth_method", "none", "that of a client with a credential"))
        };
        return Err(head.differs(Reason::IntrospectionNotAllowed, public).into());
    }
    let wanted = envelope::wanted(incoming.headers(), &caller);
    let token = head.require(&params, "token");
    let about = about(&caller, params.all("resource")).map_err(|reason| {
        let own = list(caller.resources.iter().map(|own| &own.identifier));
        head.differs(reason, || Some(Difference::new("resource", list(params.all("resource")), own)))
    });
    let decide = || async {
        wanted?;
        let about = about.as_ref().map_err(|reason| *reason)?;
        Ok(Decision::answer(server.now(), look_for(server, head, &caller, about, token?).await?))
    };
    let wire =
        settle(server.store(), Carried::of(server.now(), &incoming.head, &caller.remember), decide).await?;
    envelope::send(server, &caller, wanted?, &wire).await
}

impl AuthorizationServer {
    /// What a token is, or why it is not active: for the operator, since callers must not learn the reason.
    ///
    /// # Errors
    /// The store's.
    pub async fn token_state(&self, token: &str) -> Result<TokenState, Fault> {
        token_state::find(self, token).await
    }
}

/// For which resources the caller asks: the `resource` parameters (named as in RFC 8707 §2; RFC 7662 §2.1 allows further
/// parameters). Whoever sends one gets an answer about these alone, which says `aud`. A resource may ask only for itself.
///
/// # Errors
/// [`Reason::ResourceNotAllowed`] and [`Reason::AudienceNotRegistered`].
fn about<'a>(
    caller: &AuthenticatedCaller,
    sent: impl IntoIterator<Item = &'a str>,
) -> Result<RequestedResources, Reason> {
    let about = RequestedResources::read(sent)?;
    let is_own = |wanted: &Audience| caller.resources.iter().any(|own| own.identifier == *wanted);
    match caller.role() {
        Role::Resources(_) if !about.0.iter().all(is_own) => Err(Reason::ResourceNotAllowed),
        Role::Resources(_) | Role::Client(_) => Ok(about),
    }
}

/// The introspection answer for this caller.
async fn look_for(
    server: &AuthorizationServer,
    head: &Parts,
    caller: &AuthenticatedCaller,
    about: &RequestedResources,
    token: &str,
) -> Result<IntrospectionResponse, Error> {
    let state = token_state::find(server, token).await?;
    let (access, kind, jti) = match state {
        TokenState::Active { access, kind, jti } => (access, kind, jti),
        TokenState::Inactive(why) => {
            if let Some(notes) = head.context() {
                notes.set_inactive(why.slug());
            }
            return Ok(INACTIVE);
        }
    };
    access.subject.iter().for_each(|subject| head.note_subject(subject));
    let told = match caller.role() {
        Role::Resources(resources) => to_resource(caller, resources, about, &access, kind),
        Role::Client(client) => to_owner(server, client, about, &access, kind),
    };
    let Some(Told { scope, aud }) = told.filter(|_| !access.only_introspects()) else {
        if let Some(notes) = head.context() {
            notes.refuse(not_for(caller, about, &access));
        }
        return Ok(INACTIVE);
    };
    let is_pairwise = matches!(caller.role(), Role::Client(client) if client.sector.is_some());
    let username = match access.subject.as_ref().filter(|_| !is_pairwise) {
        Some(subject) => server.accounts().username(subject).await?,
        None => None,
    };
    let token_type = access.token_type().as_str();
    let mut authorization_details = access.details.map_or_else(Vec::new, |held| held.authorization_details);
    if let Role::Resources(resources) = caller.role() {
        authorization_details.retain(|one| resources.iter().any(|resource| details::is_for(one, resource)));
    }
    Ok(IntrospectionResponse {
        active: true,
        scope: Some(scope.as_str().to_owned()),
        username,
        sub: Some(match (&access.subject, caller.role()) {
            // A client is told the subject of its ID tokens; a resource, which serves many clients, the user.
            (Some(subject), Role::Client(client)) => pairwise::told(server.master(), client, subject),
            (Some(subject), Role::Resources(_)) => subject.to_string(),
            (None, _) => access.client.to_string(),
        }),
        client_id: Some(access.client),
        token_type: (kind == TokenKind::Access).then_some(token_type),
        token_use: (kind == TokenKind::Refresh).then_some("refresh_token"),
        exp: Some(access.expires_at),
        iat: Some(access.issued_at),
        iss: Some(server.settings().issuer.as_str().to_owned()),
        jti,
        aud,
        cnf: access.confirmation,
        act: access.act.map(|act| serde_json::from_str(&act)).transpose().map_err(Fault::new)?,
        authorization_details,
    })
}

/// The slug and the rule where an introspected token is active, but not for its caller to see.
pub const CALLER_NOT_ALLOWED: (&str, &str) = (
    "caller_not_allowed",
    "A resource sees only the access tokens for it, and a client only its own tokens (RFC 7662 §4).",
);

/// Why a caller may not see an active token. It is not told, but the operator is.
fn not_for(caller: &AuthenticatedCaller, about: &RequestedResources, access: &Access) -> Refusal {
    let own = caller.resources.iter().map(|resource| &resource.identifier);
    let own: Vec<_> = if about.0.is_empty() { own.collect() } else { about.0.iter().collect() };
    let expected = match own.as_slice() {
        [] => format!("a token that was issued to {}", caller.id),
        own => list(own),
    };
    let sent = format!("{} of client {}", list(&access.audience), access.client);
    let (slug, rule) = CALLER_NOT_ALLOWED;
    let difference = Some(Difference::new("aud", sent.trim_start(), expected));
    Refusal { slug, rule, severity: Severity::Plain, difference }
}

/// What depends on who asks.
struct Told {
    scope: Scopes,
    aud: Option<AudienceClaim>,
}

/// A resource sees the access tokens for it, with the scopes that they have there (RFC 7662 §2.2), and never a refresh
/// token: not even those of the client with the same id.
fn to_resource(
    caller: &AuthenticatedCaller,
    resources: &[Arc<RegisteredResource>],
    about: &RequestedResources,
    access: &Access,
    kind: TokenKind,
) -> Option<Told> {
    let is_for = |resource: &&Arc<RegisteredResource>| {
        access.audience.contains(&resource.identifier) && is_about(about, &resource.identifier)
    };
    let own: Vec<_> = resources.iter().filter(is_for).cloned().collect();
    let first = own.first().filter(|_| kind == TokenKind::Access)?;
    let scope = audience::scopes_at(&own, &access.scopes);
    let must_say = access.narrowed || caller.has_several_roles;
    let aud = match first.introspection_audience {
        _ if !about.0.is_empty() => Some(AudienceClaim::of(own.iter().map(|resource| &resource.identifier))),
        Some(IntrospectionAudience::ClientId) => Some(AudienceClaim::One(access.client.to_string())),
        // Whoever answers for several can't tell them apart without it.
        Some(IntrospectionAudience::None) if !caller.has_several_roles => None,
        None if !must_say => None,
        Some(IntrospectionAudience::Resource | IntrospectionAudience::None) | None => {
            Some(AudienceClaim::of(own.iter().map(|resource| &resource.identifier)))
        }
    };
    Some(Told { scope, aud })
}

/// A client sees its own access and refresh tokens, and for whom they are: a refresh token, and an access token without a
/// resource, are for this server only.
fn to_owner(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    about: &RequestedResources,
    access: &Access,
    kind: TokenKind,
) -> Option<Told> {
    let is_for = || kind == TokenKind::Access && access.audience.iter().any(|one| is_about(about, one));
    if access.client != *client.id() || !(about.0.is_empty() || is_for()) {
        return None;
    }
    let aud = match (kind, access.audience.as_slice()) {
        (TokenKind::Refresh, _) | (TokenKind::Access, []) => {
            AudienceClaim::One(server.settings().issuer.to_string())
        }
        (TokenKind::Access, audience) => AudienceClaim::of(audience),
    };
    Some(Told { scope: access.scopes.clone(), aud: Some(aud) })
}

fn is_about(about: &RequestedResources, resource: &Audience) -> bool {
    about.0.is_empty() || about.0.contains(resource)
}
