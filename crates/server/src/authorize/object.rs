//! Request objects (RFC 9101): the parameters of an authorization request in a JWT that the client signed.
//!
//! Only the object counts: of what is sent beside it, `client_id` finds the keys, and nothing else is read (RFC 9101
//! §6.3). OpenID Connect Core 1.0 §6.1 would merge the parameters of the query into it, unsigned ones into signed ones.

use async_trait::async_trait;
use fetching::{DocumentError, FetchLimits, NamedBy, document};
use jose::{Claims, SignatureAlgorithm, VerifyingKey, jws::Unverified};
use protocol::{Params, Timestamp, limits};
use serde_json::Value;

use super::{client, pushed, request::must_sign};
use crate::{
    AuthorizationServer,
    clients::KeySource,
    context::{FoundParams, Installed, RequestSource},
    endpoints::offer::{Offer, names},
    error::{Error, Fault},
    reason::Reason,
    registry::RegisteredClient,
    settings::RequestObjects,
    store::{Remember, Space},
};

/// The media type of a request object, without `application/` (RFC 9101 §10.8).
const TYPE: &str = "oauth-authz-req+jwt";
/// What is asked for at a `request_uri` (RFC 9101 §5.2.3).
const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt, application/jwt;q=0.9, */*;q=0.1";
/// Most seconds between `nbf` and `exp`, and since `nbf` (FAPI 2.0 Message Signing §5.3.1).
const LIFETIME_MAX: i64 = 3600;
/// Seconds for which the `jti` of an object without `exp` is remembered.
const REMEMBERED_SECONDS: i64 = 3600;
/// Longest `jti`, in bytes.
const JTI_BYTES_MAX: usize = 255;
/// Claims about the JWT itself, which are no parameters (RFC 9101 §4).
const OF_THE_JWT: [&str; 7] = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti"];
/// Parameters that an object must not have (RFC 9101 §4).
const FORBIDDEN: [&str; 2] = ["request", "request_uri"];

pub(crate) fn install(installed: &mut Installed, settings: &RequestObjects) {
    installed.source(ByValue);
    let RequestObjects { required, by_reference } = *settings;
    if by_reference {
        installed.source(ByReference);
    }
    installed.advertise(move |metadata, _: &Offer<'_>| {
        metadata.request_parameter_supported = Some(true);
        metadata.request_uri_parameter_supported = Some(by_reference);
        metadata.require_request_uri_registration = by_reference;
        metadata.require_signed_request_object = required;
        metadata.request_object_signing_alg_values_supported =
            names(SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()));
    });
}

/// An object in the parameter `request` (RFC 9101 §5.1).
#[derive(Debug)]
struct ByValue;

#[async_trait]
impl RequestSource for ByValue {
    fn reads(&self, sent: &Params<'_>) -> bool {
        sent.get("request").is_some()
    }

    async fn read(&self, server: &AuthorizationServer, sent: &Params<'_>) -> Result<FoundParams, Error> {
        if sent.get("request_uri").is_some() {
            return Err(Reason::RequestUriUnexpected.into());
        }
        let id = sent.get("client_id").ok_or(Reason::ParameterMissing("client_id"))?;
        let client = client::find(server, id).await?;
        let object = sent.get("request").unwrap_or_default();
        read(server, &client, object).await
    }
}

/// An object at a `request_uri` of the client (RFC 9101 §5.2), which it registered: no other URL is fetched, and none on
/// behalf of an unknown client (RFC 9101 §10.4.1).
#[derive(Debug)]
struct ByReference;

#[async_trait]
impl RequestSource for ByReference {
    fn reads(&self, sent: &Params<'_>) -> bool {
        sent.get("request_uri").is_some_and(|uri| !uri.starts_with(pushed::URN))
            && sent.get("request").is_none()
    }

    async fn read(&self, server: &AuthorizationServer, sent: &Params<'_>) -> Result<FoundParams, Error> {
        let id = sent.get("client_id").ok_or(Reason::ParameterMissing("client_id"))?;
        let client = client::find(server, id).await?;
        let sent = sent.get("request_uri").unwrap_or_default();
        let is_registered = |known: &String| without_fragment(known) == without_fragment(sent);
        if sent.len() > limits::URI_BYTES_MAX || !client.metadata.request_uris.iter().any(is_registered) {
            return Err(Reason::RequestUriNotRegistered.into());
        }
        let object = fetch(server, &client, without_fragment(sent)).await.map_err(|error| {
            tracing::warn!(client = %client.id(), %error, "a request object could not be fetched");
            Reason::RequestUriUnavailable
        })?;
        read(server, &client, object.trim()).await
    }
}

/// The fragment of a `request_uri` tells one content from the next, for caches (OpenID Connect Core 1.0 §6.2). Nothing is
/// cached here.
fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(before, _)| before)
}

/// Fetches an object, by the rule for who named its URL: the operator, or a client that registered itself.
async fn fetch(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    url: &str,
) -> Result<String, DocumentError> {
    let settings = server.settings();
    let is_loopback_fetched =
        settings.client_documents.as_ref().is_some_and(|documents| documents.danger_loopback);
    let (named_by, port) = match server.fetch_for(client) {
        (NamedBy::Stranger, port) if is_loopback_fetched => {
            (NamedBy::operator_of(settings.issuer.as_str()), port)
        }
        rule_and_port => rule_and_port,
    };
    named_by.check(url).map_err(|error| DocumentError::Url(error.to_string()))?;
    let bounds = FetchLimits { bytes_max: limits::PARAMETER_VALUE_BYTES_MAX, ..FetchLimits::default() };
    let body = document(port, bounds, url, MEDIA_TYPE).await?;
    String::from_utf8(body.to_vec()).map_err(|_| DocumentError::Invalid("it is not text".to_owned()))
}

/// Verifies an object, and returns its parameters.
///
/// # Errors
/// [`Reason::RequestObjectMalformed`], [`Reason::RequestObjectSignatureWrong`], [`Reason::RequestObjectClaimWrong`],
/// [`Reason::RequestObjectExpired`], [`Reason::RequestObjectKeysUnavailable`].
async fn read(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    object: &str,
) -> Result<FoundParams, Error> {
    let unverified = Unverified::parse_within(object, limits::PARAMETER_VALUE_BYTES_MAX);
    let unverified = unverified.map_err(|_| Reason::RequestObjectMalformed)?;
    let expected = Expected::of(server, client);
    let algorithm = expected.header(client, &unverified)?;
    let keys = verifying_keys(server, client, algorithm, unverified.kid()).await?;
    let verified = unverified.verify_any(&keys).map_err(|_| Reason::RequestObjectSignatureWrong)?;
    let is_typed = verified.is_type(TYPE);
    let claims = verified.claims().map_err(|_| Reason::RequestObjectMalformed)?;
    let until = judge(&claims, &expected, is_typed)?;
    let jti = claims.string("jti").ok().flatten();
    let once = jti.map(|jti| Remember::jti(Space::RequestObject, client.id().as_str(), jti, until));
    Ok(FoundParams { params: parameters(claims)?, pushed: None, is_signed: true, once })
}

/// The keys that may have signed: a MAC only if it is registered, since the secret is stored for that only.
pub(crate) async fn verifying_keys(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    algorithm: SignatureAlgorithm,
    kid: Option<&str>,
) -> Result<Vec<VerifyingKey>, Error> {
    if algorithm.is_symmetric() {
        let secret = client.caller.secret.as_ref();
        let secret = secret.and_then(|stored| server.master().recover_secret(client.id(), stored));
        let key = secret.and_then(|secret| VerifyingKey::hmac(algorithm, &secret).ok());
        return Ok(vec![key.ok_or(Reason::RequestObjectSignatureWrong)?]);
    }
    let source = KeySource::client(client);
    if source.is_empty() {
        return Err(Reason::RequestObjectSignatureWrong.into());
    }
    let keys = server.remote_keys().verifying(source, kid, algorithm).await;
    let keys = keys.map_err(|error| keys_unavailable(&error))?;
    Ok(keys.map_err(|_| Reason::RequestObjectSignatureWrong)?)
}

/// Turns a failed key lookup into the refusal that the client reads.
fn keys_unavailable(error: &Fault) -> Reason {
    tracing::warn!(%error, "a client's keys could not be fetched");
    Reason::RequestObjectKeysUnavailable
}

/// What an object must be.
struct Expected<'a> {
    issuer: &'a str,
    client: &'a str,
    /// Whether it must be typed (RFC 9101 §10.8): for a client that registered `require_strict_assertions`.
    is_typed: bool,
    /// Whether `aud`, `nbf` and `exp` are required, and an hour is the longest lifetime (FAPI 2.0 Message Signing
    /// §5.3.1): where every request must be signed, since one without an end could be repeated for ever.
    is_bounded: bool,
    now: Timestamp,
    skew: i64,
}

impl<'a> Expected<'a> {
    fn of(server: &'a AuthorizationServer, client: &'a RegisteredClient) -> Self {
        let settings = server.settings();
        let is_typed = client.metadata.require_strict_assertions == Some(true);
        Self {
            issuer: settings.issuer.as_str(),
            client: client.id().as_str(),
            is_typed,
            is_bounded: is_typed || must_sign(settings, client),
            now: server.now(),
            skew: settings.clock_skew,
        }
    }

    /// The algorithm, if the header is acceptable: `none` is not among the known algorithms, and a MAC only as registered.
    fn header(
        &self,
        client: &RegisteredClient,
        unverified: &Unverified<'_>,
    ) -> Result<SignatureAlgorithm, Reason> {
        let algorithm = unverified.algorithm().ok_or(Reason::RequestObjectMalformed)?;
        let registered = client.metadata.request_object_signing_alg.as_deref();
        if registered.map_or(algorithm.is_symmetric(), |only| only != algorithm.as_str()) {
            return Err(Reason::RequestObjectMalformed);
        }
        let is_untyped = unverified.typ().is_none() || unverified.is_type("JWT");
        if !unverified.is_type(TYPE) && (self.is_typed || !is_untyped) {
            return Err(Reason::RequestObjectMalformed);
        }
        Ok(algorithm)
    }
}

/// The rules for the claims about the object. Returns until when its `jti` is remembered.
fn judge(claims: &Claims, expected: &Expected<'_>, is_typed: bool) -> Result<Timestamp, Reason> {
    let text = |name| claims.string(name).map_err(|_| Reason::RequestObjectClaimWrong);
    let time = |name| claims.time(name).map_err(|_| Reason::RequestObjectClaimWrong);
    // RFC 9101 §5: identical to the one outside. §4: `iss` is the client, `aud` this server.
    let is_client = |found: Option<&str>| found == Some(expected.client);
    if !is_client(text("client_id")?) || text("iss")?.is_some_and(|iss| iss != expected.client) {
        return Err(Reason::RequestObjectClaimWrong);
    }
    // RFC 9101 §10.8: an untyped JWT about the client itself is a client assertion.
    if !is_typed && is_client(text("sub")?) {
        return Err(Reason::RequestObjectClaimWrong);
    }
    let audience = claims.strings("aud").map_err(|_| Reason::RequestObjectClaimWrong)?;
    let is_absent = claims.value("aud").is_none();
    if (is_absent && expected.is_bounded) || (!is_absent && !audience.contains(&expected.issuer)) {
        return Err(Reason::RequestObjectClaimWrong);
    }
    if text("jti")?.is_some_and(|jti| jti.is_empty() || jti.len() > JTI_BYTES_MAX) {
        return Err(Reason::RequestObjectClaimWrong);
    }
    lifetime(time("nbf")?, time("exp")?, time("iat")?, expected)
}

fn lifetime(
    starts: Option<i64>,
    ends: Option<i64>,
    issued: Option<i64>,
    expected: &Expected<'_>,
) -> Result<Timestamp, Reason> {
    let (now, skew) = (expected.now.0, expected.skew);
    let is_early = |at: Option<i64>| at.is_some_and(|at| at > now.saturating_add(skew));
    if ends.is_some_and(|ends| ends.saturating_add(skew) <= now) || is_early(starts) || is_early(issued) {
        return Err(Reason::RequestObjectExpired);
    }
    if expected.is_bounded {
        let (Some(starts), Some(ends)) = (starts, ends) else { return Err(Reason::RequestObjectClaimWrong) };
        let is_long = ends.saturating_sub(starts) > LIFETIME_MAX;
        if is_long || now.saturating_sub(starts) > LIFETIME_MAX + skew {
            return Err(Reason::RequestObjectExpired);
        }
    }
    Ok(ends.map_or(expected.now + REMEMBERED_SECONDS, |ends| Timestamp(ends) + skew))
}

/// The parameters: texts as they are, numbers and flags as text, and what is JSON as JSON (RFC 9101 §4). An array of
/// texts under a name that may be repeated is the parameter repeated.
fn parameters(claims: Claims) -> Result<Params<'static>, Reason> {
    let mut pairs = Vec::new();
    for (name, value) in claims.into_map() {
        if FORBIDDEN.contains(&&*name) {
            return Err(Reason::RequestObjectClaimWrong);
        }
        if OF_THE_JWT.contains(&&*name) {
            continue;
        }
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name, text)),
            Value::Array(values) if name == "resource" => {
                for value in values {
                    let Value::String(text) = value else { return Err(Reason::RequestObjectClaimWrong) };
                    pairs.push((name.clone(), text));
                }
            }
            other => pairs.push((name, other.to_string())),
        }
    }
    Params::of(pairs).map_err(|_| Reason::RequestObjectMalformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(is_bounded: bool, changes: &[(&str, Value)]) -> Result<Timestamp, Reason> {
        let mut claims = json!({
            "iss": "c", "aud": "https://as.example", "client_id": "c", "nbf": 10_000, "exp": 10_060,
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let claims = Claims::parse(claims.to_string().as_bytes()).expect("an object");
        let (issuer, client, now) = ("https://as.example", "c", Timestamp(10_000));
        judge(&claims, &Expected { issuer, client, is_typed: false, is_bounded, now, skew: 30 }, false)
    }

    #[test]
    fn an_object_is_of_its_client_for_this_server() {
        assert_eq!(verdict(true, &[]), Ok(Timestamp(10_090)));
        let several = json!(["https://as.example", "https://other.example"]);
        assert_eq!(verdict(true, &[("aud", several)]), Ok(Timestamp(10_090)));
        for (name, value) in [
            ("client_id", json!("d")),
            ("client_id", Value::Null),
            ("iss", json!("d")),
            ("sub", json!("c")),
            ("aud", json!("https://other.example")),
            ("aud", json!([])),
            ("jti", json!("")),
            ("exp", json!("soon")),
        ] {
            let refused = verdict(false, &[(name, value.clone())]);
            assert_eq!(refused, Err(Reason::RequestObjectClaimWrong), "{name} {value}");
        }
    }

    #[test]
    fn only_where_signing_is_required_an_object_must_have_an_end() {
        for name in ["aud", "nbf", "exp"] {
            assert!(verdict(false, &[(name, Value::Null)]).is_ok(), "{name}");
            let refused = verdict(true, &[(name, Value::Null)]);
            assert_eq!(refused, Err(Reason::RequestObjectClaimWrong), "{name}");
        }
        let late = |nbf: i64, exp: i64| verdict(true, &[("nbf", nbf.into()), ("exp", exp.into())]);
        assert!(late(10_030, 13_630).is_ok() && late(6_400, 9_999).is_ok());
        for (nbf, exp) in [(10_031, 10_060), (10_000, 13_601), (6_369, 9_990), (9_000, 9_970)] {
            assert_eq!(late(nbf, exp), Err(Reason::RequestObjectExpired), "{nbf} {exp}");
        }
    }

    #[test]
    fn claims_become_parameters() {
        let claims = json!({
            "iss": "c", "aud": "a", "exp": 1, "client_id": "c", "max_age": 60, "state": "s",
            "claims": {"userinfo": {"name": null}}, "resource": ["https://a.example", "https://b.example"],
        });
        let read =
            |claims: Value| parameters(Claims::parse(claims.to_string().as_bytes()).expect("an object"));
        let params = read(claims).expect("parameters");
        assert_eq!((params.get("max_age"), params.get("state")), (Some("60"), Some("s")));
        assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"name":null}}"#));
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
        assert_eq!((params.get("iss"), params.get("exp")), (None, None));
        for inside in ["request", "request_uri"] {
            assert_eq!(read(json!({ inside: "x" })).err(), Some(Reason::RequestObjectClaimWrong), "{inside}");
        }
    }
}
