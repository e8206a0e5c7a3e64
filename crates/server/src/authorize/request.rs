//! Validating an authorization request: a sequence of small checks, each a rule.

use std::sync::Arc;

use protocol::{
    ClientId, ClientMetadata, CodeChallenge, GrantType, Prompt, ResponseType, Scopes, Subject, limits, scope,
};
use serde::{Deserialize, Serialize};

use super::{
    client,
    requested::{Asked, OnceObject, Requested},
    requested_claims::RequestedClaims,
    return_to::{Returnable, StoredReturn},
    source::Parameters,
};
use crate::{
    AuthorizationServer, acr,
    audience::{self, RequestedResources, TokenAudience},
    details,
    error::Error,
    reason::Reason,
    registry::{RegisteredClient, Resources},
    sender,
    settings::{PkcePolicy, Settings},
    tokens::id_token,
};

/// Parameters that are not supported (OpenID Connect Core 1.0 §3.1.2.6).
const UNSUPPORTED: [(&str, Reason); 3] = [
    ("request", Reason::RequestObjectUnsupported),
    ("request_uri", Reason::RequestUriUnsupported),
    ("registration", Reason::RegistrationUnsupported),
];

/// A valid authorization request, with its client as registered today and where that may be answered.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: Arc<RegisteredClient>,
    pub(crate) return_to: Returnable,
    pub(crate) requested: Requested,
}

/// The stored form of an [`AuthorizationRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredRequest {
    client: ClientId,
    #[serde(rename = "returnable")]
    return_to: StoredReturn,
    #[serde(flatten)]
    requested: Requested,
}

impl AuthorizationRequest {
    pub(crate) fn stored(&self) -> StoredRequest {
        StoredRequest {
            client: self.client.id().clone(),
            return_to: self.return_to.stored(),
            requested: self.requested.clone(),
        }
    }

    /// The audience of its tokens, if what is registered now still allows what the client requested.
    pub(crate) fn audience(&self, resources: &Resources) -> Result<TokenAudience, Reason> {
        let Self { client, requested, .. } = self;
        let wanted = requested.wanted();
        let mut audience = allowed(client, resources, &requested.asked(&wanted))?;
        if let Some(asked) = &requested.audience {
            audience.resources.retain(|resource| asked.contains(&resource.identifier));
        }
        Ok(audience)
    }
}

impl StoredRequest {
    /// The client that sent it.
    pub(crate) fn client(&self) -> &ClientId {
        &self.client
    }

    /// Resumes the request, checked against what is registered today: its client may have been disabled or changed
    /// while it was paused. Every refusal here is a page.
    pub(crate) async fn resume(&self, server: &AuthorizationServer) -> Result<AuthorizationRequest, Error> {
        let client = client::find(server, self.client.as_str()).await?;
        let return_to = self.return_to.registered(&client)?;
        Ok(AuthorizationRequest { client, return_to, requested: self.requested.clone() })
    }
}

/// The checks whose refusals are sent to the client.
pub(crate) async fn validate(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    params: &Parameters,
) -> Result<Requested, Error> {
    check_form(server.settings(), client, params)?;
    let response_type = response_type(server, client, params.get("response_type"))?;
    client::response_mode(server, Some(response_type), params.get("response_mode"))?;
    let scopes = scopes(client, params.get("scope"))?;
    let nonce = bounded("nonce", params.get("nonce"), limits::NONCE_BYTES_MAX)?;
    if response_type.has_id_token() {
        id_token_in_front(&scopes, nonce.as_deref())?;
    }
    let challenge = match response_type.has_code() {
        true => challenge(server.settings().pkce, client, params, &scopes)?,
        false => None,
    };
    let prompt = prompt(params.get("prompt"))?;
    let max_age = max_age(params.get("max_age"))?.or(client.metadata.default_max_age);
    let wanted = RequestedResources::read(params.all("resource"))?;
    let resources = server.registry().resources().await?;
    let authorization_details = match params.get("authorization_details") {
        Some(text) => details::read(text, client, &resources)?,
        None => Vec::new(),
    };
    let asked = Asked { response_type, scopes: &scopes, wanted: &wanted, details: &authorization_details };
    let audience = allowed(client, &resources, &asked)?;
    let claims = claims(params.get("claims"), client, &resources)?;
    let expected = expected(server, params, &prompt, claims.as_ref()).await?;
    let names_acr = params.get("acr_values").is_some()
        || claims.as_ref().is_some_and(|claims| claims.names_acr)
        || !client.metadata.default_acr_values.is_empty();
    let login_hint = params.get("login_hint").filter(|hint| hint.len() <= limits::SUBJECT_BYTES_MAX);
    Ok(Requested {
        response_type,
        scopes,
        resources: wanted.0.iter().map(ToString::to_string).collect(),
        audience: Some(audience.identifiers()),
        challenge,
        dpop_jkt: sender::key_of_code(params.get("dpop_jkt"), params.proven())?,
        nonce,
        prompt,
        max_age,
        login_hint: login_hint.map(Into::into),
        expected,
        claims: claims.map(Box::new),
        authorization_details,
        names_acr,
        pushed: params.pushed().cloned(),
        object: params.once().map(|once| OnceObject { key: once.key.clone(), until: once.until }),
    })
}

/// Checks what does not depend on what is asked for: the length of `state`, and that the request is signed and pushed where
/// it must be.
fn check_form(settings: &Settings, client: &RegisteredClient, params: &Parameters) -> Result<(), Reason> {
    if params.get("state").is_some_and(|state| state.len() > limits::STATE_BYTES_MAX) {
        return Err(Reason::ParameterTooLong("state"));
    }
    if let Some((_, reason)) = UNSUPPORTED.into_iter().find(|(name, _)| params.get(name).is_some()) {
        return Err(reason);
    }
    if must_sign(settings, client) && !params.is_signed() {
        return Err(Reason::RequestObjectMissing);
    }
    let must_push = client.metadata.require_pushed_authorization_requests == Some(true)
        || settings.requires_pushed_requests();
    if must_push && !params.is_pushed() {
        return Err(Reason::PushedRequestMissing);
    }
    Ok(())
}

/// The claims that are requested by name (OpenID Connect Core 1.0 §5.5). An essential `acr` must be one that a sign-in here
/// can have (§5.5.1.1).
fn claims(
    sent: Option<&str>,
    client: &RegisteredClient,
    resources: &Resources,
) -> Result<Option<RequestedClaims>, Reason> {
    let Some(text) = sent else { return Ok(None) };
    let claims = RequestedClaims::read(text, &client.user_scopes(), resources)?;
    let is_known = |asked: &str| acr::ALL.contains(&asked);
    if !claims.acr.is_empty() && !claims.acr.iter().any(|asked| is_known(asked)) {
        return Err(Reason::AuthenticationWeak);
    }
    Ok(Some(claims))
}

/// The only user that the client accepts: that of its `id_token_hint`, or the `sub` that it names (OpenID Connect Core 1.0
/// §3.1.2.1, §5.5.1).
async fn expected(
    server: &AuthorizationServer,
    params: &Parameters,
    prompt: &[Box<str>],
    claims: Option<&RequestedClaims>,
) -> Result<Option<Subject>, Error> {
    let is_silent = prompt.iter().any(|asked| **asked == *Prompt::None.as_str());
    let hinted = match params.get("id_token_hint") {
        Some(hint) => match id_token::read_hint(server, hint).await? {
            Some(hint) => Some(hint.subject),
            // Whoever asks silently learns what it asked: that this user is not known to be signed in (§3.1.2.1).
            None if is_silent => return Err(Reason::LoginRequired.into()),
            None => return Err(Reason::HintInvalid.into()),
        },
        None => None,
    };
    let Some(named) = claims.map(|claims| &claims.subjects).filter(|named| !named.is_empty()) else {
        return Ok(hinted);
    };
    // One session has one user: of several values, that of the hint.
    match (hinted, named.as_slice()) {
        (Some(hinted), named) if named.contains(&hinted) => Ok(Some(hinted)),
        (None, [only]) => Ok(Some(only.clone())),
        (_, _) => Err(Reason::LoginRequired.into()),
    }
}

/// Whether the requests of this client must be signed (RFC 9101 §10.5).
pub(super) fn must_sign(settings: &Settings, client: &RegisteredClient) -> bool {
    settings.requires_signed_requests() || client.metadata.require_signed_request_object == Some(true)
}

/// What has to be registered for a request to be granted: the flow, each scope, each resource. Returns the audience.
fn allowed(
    client: &RegisteredClient,
    resources: &Resources,
    asked: &Asked<'_>,
) -> Result<TokenAudience, Reason> {
    let Asked { response_type, scopes, wanted, details } = *asked;
    flow(client, response_type)?;
    if !scopes.is_subset(&client.user_scopes()) {
        return Err(Reason::ScopeNotRegistered);
    }
    let mut audience = audience::of(resources, client, scopes, wanted)?;
    if details.is_empty() {
        return Ok(audience);
    }
    if wanted.0.is_empty() {
        audience.add(details::owners(details, resources));
    } else if !details
        .iter()
        .all(|one| audience.resources.iter().any(|resource| details::is_for(one, resource)))
    {
        return Err(Reason::ResourceNotAllowed);
    }
    Ok(audience)
}

/// RFC 9700 §2.1.2: those with tokens are served only where a setting says so.
fn response_type(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    sent: Option<&str>,
) -> Result<ResponseType, Reason> {
    let response_type = ResponseType::read(sent.ok_or(Reason::ResponseTypeMissing)?);
    let is_served = |known: &ResponseType| server.installed().response_types.contains(known);
    let response_type = response_type.filter(is_served).ok_or(Reason::ResponseTypeUnsupported)?;
    flow(client, response_type)?;
    Ok(response_type)
}

/// RFC 7591 §2.1: the response type, and the grant types that correspond to it.
fn flow(client: &RegisteredClient, asked: ResponseType) -> Result<(), Reason> {
    let ClientMetadata { dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens, .. } =
        &client.metadata;
    let is_bound =
        [dpop_bound_access_tokens, tls_client_certificate_bound_access_tokens].contains(&&Some(true));
    if asked.has_token() && is_bound {
        return Err(Reason::ResponseTypeUnbound);
    }
    let mut registered = client.metadata.response_types().filter_map(ResponseType::read);
    let has_grants = (!asked.has_code() || client.may_use(GrantType::AuthorizationCode))
        && (!asked.has_tokens() || client.may_use(GrantType::Implicit));
    if registered.any(|known| known == asked) && has_grants {
        Ok(())
    } else {
        Err(Reason::ResponseTypeNotRegistered)
    }
}

/// OpenID Connect Core 1.0 §3.2.2.1, §3.3.2.11: an ID token that comes through the browser holds a nonce, so that the
/// client can tell it from one of another sign-in.
fn id_token_in_front(scopes: &Scopes, nonce: Option<&str>) -> Result<(), Reason> {
    if !scopes.contains(scope::OPENID) {
        return Err(Reason::ScopeOpenidMissing);
    }
    nonce.map(|_| ()).ok_or(Reason::NonceMissing)
}

/// RFC 6749 §3.3: what is not registered to the client is refused, not dropped.
pub(crate) fn scopes(client: &RegisteredClient, sent: Option<&str>) -> Result<Scopes, Reason> {
    let allowed = client.user_scopes();
    let Some(text) = sent else { return Ok(client.default_scopes().filter(|token| allowed.contains(token))) };
    let scopes = Scopes::parse(text).map_err(|_| Reason::ScopeMalformed)?;
    if scopes.is_subset(&allowed) { Ok(scopes) } else { Err(Reason::ScopeNotRegistered) }
}

/// RFC 9700 §2.1.1: required, except of a confidential client that the operator excused, or that sends a nonce where the
/// operator lets that be enough. OpenID Connect Core 1.0 §3.1.2.1 makes the nonce optional.
fn challenge(
    policy: PkcePolicy,
    client: &RegisteredClient,
    params: &Parameters,
    scopes: &Scopes,
) -> Result<Option<CodeChallenge>, Reason> {
    let method = params.get("code_challenge_method");
    let Some(text) = params.get("code_challenge") else {
        if method.is_some() {
            return Err(Reason::PkceMissing);
        }
        let has_nonce = scopes.contains(scope::OPENID) && params.get("nonce").is_some();
        return match (client.is_public(), policy) {
            (false, _) if !client.require_pkce => Ok(None),
            (false, PkcePolicy::Public) if has_nonce => Ok(None),
            (false, PkcePolicy::Public) => Err(Reason::PkceOrNonceMissing),
            (true, _) | (false, PkcePolicy::Required) => Err(Reason::PkceMissing),
        };
    };
    // RFC 7636 §4.3: absent means `plain`, which is not served.
    if method != Some("S256") {
        return Err(Reason::PkceMethodUnsupported);
    }
    CodeChallenge::parse(text).map(Some).ok_or(Reason::PkceMalformed)
}

/// OpenID Connect Core 1.0 §3.1.2.1: known words, and `none` with no other.
fn prompt(sent: Option<&str>) -> Result<Vec<Box<str>>, Reason> {
    let words: Vec<&str> = sent.unwrap_or("").split(' ').filter(|word| !word.is_empty()).collect();
    let known = words.iter().all(|word| Prompt::parse(word).is_some());
    if !known || (words.contains(&Prompt::None.as_str()) && words.len() > 1) {
        return Err(Reason::PromptInvalid);
    }
    let mut distinct: Vec<Box<str>> = Vec::new();
    for word in words {
        // They are stored: a word that is repeated means nothing more.
        if !distinct.iter().any(|known| **known == *word) {
            distinct.push(word.into());
        }
    }
    Ok(distinct)
}

fn max_age(sent: Option<&str>) -> Result<Option<i64>, Reason> {
    let Some(text) = sent else { return Ok(None) };
    let digits = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(Reason::MaxAgeInvalid);
    }
    text.parse().map(Some).map_err(|_| Reason::MaxAgeInvalid)
}

fn bounded(name: &'static str, sent: Option<&str>, bytes_max: usize) -> Result<Option<Box<str>>, Reason> {
    match sent {
        Some(text) if text.len() > bytes_max => Err(Reason::ParameterTooLong(name)),
        other => Ok(other.map(Into::into)),
    }
}

#[cfg(test)]
mod tests {
    use protocol::{ClientMetadata, Params};

    use super::*;
    use crate::{authorize::source::Source, store::Client};

    const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn client(method: &str, require_pkce: bool) -> RegisteredClient {
        let metadata = ClientMetadata {
            token_endpoint_auth_method: Some(method.to_owned()),
            scope: Some("openid a introspection passavant.admin passavant.read".to_owned()),
            ..ClientMetadata::default()
        };
        RegisteredClient::read(Client { require_pkce, ..Client::of("c", metadata) })
    }

    fn pkce(policy: PkcePolicy, client: &RegisteredClient, query: &str) -> Result<bool, Reason> {
        let params = Params::parse(query.as_bytes()).expect("fine");
        let params = Parameters::new(Source::Query, params);
        let scopes = Scopes::stored(params.get("scope").unwrap_or(""));
        challenge(policy, client, &params, &scopes).map(|challenge| challenge.is_some())
    }

    #[test]
    fn pkce_is_s256_or_refused() {
        let public = client("none", true);
        let with = |method: &str| pkce(PkcePolicy::Required, &public, &format!("{CHALLENGE}{method}"));
        assert_eq!(with("&code_challenge_method=S256"), Ok(true));
        assert_eq!(with("&code_challenge_method=plain"), Err(Reason::PkceMethodUnsupported));
        assert_eq!(with(""), Err(Reason::PkceMethodUnsupported));
        let short = "code_challenge=abc&code_challenge_method=S256";
        assert_eq!(pkce(PkcePolicy::Required, &public, short), Err(Reason::PkceMalformed));
        assert_eq!(pkce(PkcePolicy::Required, &public, ""), Err(Reason::PkceMissing));
    }

    #[test]
    fn only_a_confidential_client_may_be_excused_from_pkce() {
        let (openid, either) = ("scope=openid&nonce=n", Reason::PkceOrNonceMissing);
        let cases = [
            (PkcePolicy::Required, client("client_secret_basic", true), openid, Err(Reason::PkceMissing)),
            (PkcePolicy::Required, client("client_secret_basic", false), openid, Ok(false)),
            (PkcePolicy::Public, client("client_secret_basic", false), openid, Ok(false)),
            (PkcePolicy::Required, client("client_secret_basic", false), "scope=openid", Ok(false)),
            (PkcePolicy::Required, client("client_secret_basic", false), "", Ok(false)),
            (PkcePolicy::Public, client("client_secret_basic", true), openid, Ok(false)),
            (PkcePolicy::Public, client("client_secret_basic", true), "scope=openid", Err(either)),
            (PkcePolicy::Public, client("client_secret_basic", true), "nonce=n", Err(either)),
            (PkcePolicy::Public, client("none", false), openid, Err(Reason::PkceMissing)),
            (PkcePolicy::Required, client("none", false), openid, Err(Reason::PkceMissing)),
        ];
        for (policy, client, query, verdict) in cases {
            assert_eq!(pkce(policy, &client, query), verdict, "{policy:?} {query}");
        }
    }

    #[test]
    fn scope_is_what_was_registered_and_never_introspection() {
        let client = client("none", true);
        assert_eq!(scopes(&client, Some("openid a")).map(|s| s.to_string()), Ok("openid a".to_owned()));
        assert_eq!(scopes(&client, Some("b")), Err(Reason::ScopeNotRegistered));
        assert_eq!(scopes(&client, Some("introspection")), Err(Reason::ScopeNotRegistered));
        assert_eq!(scopes(&client, Some("a\"b")), Err(Reason::ScopeMalformed));
    }

    #[test]
    fn a_user_makes_no_administrator() {
        let client = client("none", true);
        assert_eq!(scopes(&client, None).map(|s| s.to_string()), Ok("a".to_owned()));
        for administrative in [scope::ADMIN, scope::READ] {
            assert_eq!(scopes(&client, Some(administrative)), Err(Reason::ScopeNotRegistered));
        }
    }

    #[test]
    fn prompt_none_stands_alone() {
        assert!(
            prompt(Some("login consent")).is_ok() && prompt(None).is_ok() && prompt(Some("none")).is_ok()
        );
        assert_eq!(prompt(Some("none login")), Err(Reason::PromptInvalid));
        assert_eq!(prompt(Some("dance")), Err(Reason::PromptInvalid));
    }

    #[test]
    fn a_word_that_is_repeated_is_kept_once() {
        let repeated = "login consent ".repeat(500);
        assert_eq!(prompt(Some(&repeated)), Ok(vec!["login".into(), "consent".into()]));
    }

    #[test]
    fn max_age_is_a_number_of_seconds() {
        assert_eq!(max_age(Some("0")), Ok(Some(0)));
        for text in ["-1", "1.5", "x", "99999999999"] {
            assert_eq!(max_age(Some(text)), Err(Reason::MaxAgeInvalid), "{text}");
        }
    }
}
