//! `private_key_jwt` and `client_secret_jwt` (RFC 7523 §3, OpenID Connect Core 1.0 §9).

mod explained;

use jose::{Claims, SignatureAlgorithm, VerifyingKey, jws::Unverified};
use protocol::{ClientAuthMethod, Timestamp, display::Shown};

use super::{keys::KeySource, known::Known};
use crate::{
    AuthorizationServer,
    error::{Error, Fault},
    reason::Reason,
    store::{Caller, Remember, Space},
};

/// The only `client_assertion_type` (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The media type of an assertion, without `application/` (RFC 10070 §4).
const TYPE: &str = "client-authentication+jwt";
/// Maximum lifetime of an assertion in seconds, from now until `exp` and since `iat`: many libraries make one for an hour.
const LIFETIME_MAX: i64 = 3600;
/// The same for a client that registered `require_strict_assertions`.
const LIFETIME_MAX_STRICT: i64 = 300;
/// The path of the endpoint that assertions may name as their audience too (RFC 9126 §2).
const PAR_PATH: &str = "/par";
/// Longest `jti` of an assertion, in bytes.
const JTI_BYTES_MAX: usize = 255;

/// An assertion as received: nothing in it is trusted yet.
pub(super) struct Presented<'a> {
    jws: &'a str,
    client_id: String,
}

impl<'a> Presented<'a> {
    pub(super) fn parse(jws: &'a str, assertion_type: Option<&str>) -> Result<Self, Reason> {
        if assertion_type != Some(ASSERTION_TYPE) {
            return Err(Reason::AssertionMalformed);
        }
        let unverified = Unverified::parse(jws).map_err(|_| Reason::AssertionMalformed)?;
        let claims =
            Claims::parse(unverified.payload_unverified()).map_err(|_| Reason::AssertionMalformed)?;
        let client_id = claims
            .string("sub")
            .map_err(|_| Reason::AssertionClaimWrong)?
            .ok_or(Reason::AssertionClaimWrong)?;
        Ok(Self { jws, client_id: client_id.to_owned() })
    }

    /// The client it claims to be from: used only to find the keys that must verify it.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }
}

/// Verifies an assertion and returns the change that makes it single-use, if it has a `jti`.
pub(super) async fn check(
    server: &AuthorizationServer,
    known: &Known,
    caller: &Caller,
    presented: &Presented<'_>,
) -> Result<Option<Remember>, Error> {
    let unverified = Unverified::parse(presented.jws).map_err(|_| Reason::AssertionMalformed)?;
    let algorithm = unverified.algorithm().ok_or(Reason::AssertionMalformed)?;
    if known.signing_alg().is_some_and(|only| only != algorithm.as_str()) {
        return Err(Reason::AssertionMalformed.into());
    }
    // RFC 10070 §4 types assertions, so that no other JWT of the client is taken for one; older clients type none.
    let is_untyped = || unverified.typ().is_none() || unverified.is_type("JWT");
    if !unverified.is_type(TYPE) && (known.is_strict() || !is_untyped()) {
        return Err(Reason::AssertionMalformed.into());
    }
    let keys = verifying_keys(server, known, caller, algorithm, unverified.kid()).await?;
    let verified = unverified.verify_any(&keys).map_err(|_| Reason::AssertionSignatureWrong)?;
    let claims = verified.claims().map_err(|_| Reason::AssertionMalformed)?;
    let until = judge(&claims, caller.id.as_str(), &Expected::of(server, known.is_strict()))?;
    // Without a `jti` two assertions of one second are the same text, so a repetition says nothing.
    let Some(jti) = claims.string("jti").ok().flatten() else { return Ok(None) };
    Ok(Some(Remember::jti(Space::ClientAssertion, caller.id.as_str(), jti, until)))
}

async fn verifying_keys(
    server: &AuthorizationServer,
    known: &Known,
    caller: &Caller,
    algorithm: SignatureAlgorithm,
    kid: Option<&str>,
) -> Result<Vec<VerifyingKey>, Error> {
    if algorithm.is_symmetric() {
        known.must_be(ClientAuthMethod::ClientSecretJwt)?;
        let secret =
            caller.secret.as_ref().and_then(|stored| server.master().recover_secret(&caller.id, stored));
        let secret = secret.ok_or(Reason::ClientMethodNotRegistered)?;
        let key = VerifyingKey::hmac(algorithm, &secret).map_err(|_| Reason::AssertionMalformed)?;
        return Ok(vec![key]);
    }
    known.must_be(ClientAuthMethod::PrivateKeyJwt)?;
    let source = known.keys().ok_or(Reason::AssertionSignatureWrong)?;
    let keys = server.remote_keys().verifying(source, kid, algorithm).await;
    let keys = keys.map_err(|error| keys_unavailable(&error))?;
    keys.map_err(|error| {
        let kid = Shown(kid.unwrap_or_default());
        tracing::info!(client = %caller.id, %kid, %algorithm, %error, "no registered key fits the assertion");
        Reason::AssertionSignatureWrong.into()
    })
}

/// Turns a failed key lookup into the refusal that the client reads.
fn keys_unavailable(error: &Fault) -> Reason {
    tracing::warn!(%error, "a client's keys could not be fetched");
    Reason::AssertionKeysUnavailable
}

/// The values that an assertion must have.
struct Expected<'a> {
    issuer: &'a str,
    /// RFC 7523 §3 names it, and clients older than RFC 10070 send it.
    token_endpoint: &'a str,
    /// RFC 10070: the issuer is the only audience, the assertion is typed, for one request, and short-lived.
    strict: bool,
    now: Timestamp,
    skew: i64,
}

impl<'a> Expected<'a> {
    fn of(server: &'a AuthorizationServer, strict: bool) -> Self {
        let settings = server.settings();
        Self {
            issuer: settings.issuer.as_str(),
            token_endpoint: server.token_endpoint(),
            strict,
            now: server.now(),
            skew: settings.clock_skew,
        }
    }

    /// Whether an assertion is for this server and no other, which could present it here.
    /// RFC 10070 §3.1 and FAPI 2.0 Security Profile §5.3.2.1 take only the issuer, as a string.
    fn has_audience(&self, claims: &Claims) -> bool {
        match (self.strict, claims.strings("aud")) {
            (true, _) => matches!(claims.string("aud"), Ok(Some(audience)) if audience == self.issuer),
            (false, Err(_)) => false,
            (false, Ok(audiences)) => {
                let is_own = |audience: &&str| {
                    [self.issuer, self.token_endpoint].contains(audience)
                        || audience.strip_prefix(self.issuer) == Some(PAR_PATH)
                };
                !audiences.is_empty() && audiences.iter().all(is_own)
            }
        }
    }

    /// Whether the `jti`, which RFC 7523 §3 makes optional, is acceptable.
    fn is_jti(&self, jti: Option<&str>) -> bool {
        jti.map_or(!self.strict, |jti| !jti.is_empty() && jti.len() <= JTI_BYTES_MAX)
    }
}

/// The rule of RFC 7523 §3. Returns until when the `jti` must be remembered.
fn judge(claims: &Claims, client_id: &str, expected: &Expected<'_>) -> Result<Timestamp, Reason> {
    let text = |name| claims.string(name).map_err(|_| Reason::AssertionClaimWrong);
    let time = |name| claims.time(name).map_err(|_| Reason::AssertionClaimWrong);
    if text("iss")? != Some(client_id) || text("sub")? != Some(client_id) {
        return Err(Reason::AssertionClaimWrong);
    }
    if !expected.has_audience(claims) || !expected.is_jti(text("jti")?) {
        return Err(Reason::AssertionClaimWrong);
    }
    let expires = time("exp")?.ok_or(Reason::AssertionClaimWrong)?;
    let (now, issued) = (expected.now.0, time("iat")?);
    let reach = if expected.strict { LIFETIME_MAX_STRICT } else { LIFETIME_MAX } + expected.skew;
    let too_far = expires > now.saturating_add(reach);
    let too_old = issued.is_some_and(|at| at < now.saturating_sub(reach));
    let too_early = |at: Option<i64>| at.is_some_and(|at| at > now.saturating_add(expected.skew));
    if expires.saturating_add(expected.skew) <= now
        || too_far
        || too_old
        || too_early(time("nbf")?)
        || too_early(issued)
    {
        return Err(Reason::AssertionExpired);
    }
    Ok(Timestamp(expires) + expected.skew)
}

impl Known {
    fn signing_alg(&self) -> Option<&str> {
        match &self.client {
            Some(client) => client.metadata.token_endpoint_auth_signing_alg.as_deref(),
            None => self.resources.first()?.settings.token_endpoint_auth_signing_alg.as_deref(),
        }
    }

    fn keys(&self) -> Option<KeySource<'_>> {
        match &self.client {
            Some(client) => Some(KeySource::client(client)),
            None => self.resources.first().map(|resource| KeySource::resource(resource)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(strict: bool, changes: &[(&str, serde_json::Value)]) -> Result<Timestamp, Reason> {
        let mut claims = serde_json::json!({
            "iss": "c", "sub": "c", "aud": "https://as.example", "jti": "1", "exp": 10_060, "iat": 10_000,
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let claims = Claims::parse(claims.to_string().as_bytes()).expect("an object");
        let (issuer, token_endpoint) = ("https://as.example", "https://as.example/token");
        let expected = Expected { issuer, token_endpoint, strict, now: Timestamp(10_000), skew: 30 };
        judge(&claims, "c", &expected)
    }

    #[test]
    fn an_assertion_speaks_of_the_client_to_this_server_only() {
        let (issuer, endpoint) = ("https://as.example", "https://as.example/token");
        for strict in [false, true] {
            assert_eq!(verdict(strict, &[]), Ok(Timestamp(10_090)));
        }
        for (name, value) in [
            ("aud", serde_json::json!([issuer])),
            ("aud", serde_json::json!(endpoint)),
            ("aud", serde_json::json!([issuer, endpoint])),
            ("jti", serde_json::Value::Null),
        ] {
            assert_eq!(verdict(false, &[(name, value.clone())]), Ok(Timestamp(10_090)), "{value}");
            assert_eq!(verdict(true, &[(name, value.clone())]), Err(Reason::AssertionClaimWrong), "{value}");
        }
        for (name, value) in [
            ("iss", serde_json::json!("d")),
            ("sub", serde_json::json!("d")),
            ("aud", serde_json::json!([])),
            ("aud", serde_json::json!("https://other.example")),
            ("aud", serde_json::json!([issuer, "https://other.example"])),
            ("jti", serde_json::json!("")),
            ("jti", serde_json::json!(7)),
            ("exp", serde_json::json!("10060")),
            ("exp", serde_json::Value::Null),
        ] {
            let verdict = verdict(false, &[(name, value.clone())]);
            assert_eq!(verdict, Err(Reason::AssertionClaimWrong), "{name} {value}");
        }
    }

    #[test]
    fn an_assertion_is_short_lived() {
        const YEAR: i64 = 365 * 24 * 3600;
        for strict in [false, true] {
            let reach = if strict { 300 } else { 3600 } + 30;
            for (name, good, bad) in [
                ("exp", 10_000 - 29, 10_000 - 30),
                ("exp", 10_000 + reach, 10_001 + reach),
                ("iat", 10_000 - reach, 9_999 - reach),
                ("iat", 10_030, 10_031),
                ("iat", 10_000, 10_000 - YEAR),
                ("nbf", 10_030, 10_031),
            ] {
                assert!(verdict(strict, &[(name, good.into())]).is_ok(), "{name} {good}");
                let refused = verdict(strict, &[(name, bad.into())]);
                assert_eq!(refused, Err(Reason::AssertionExpired), "{name} {bad}");
            }
        }
    }
}
