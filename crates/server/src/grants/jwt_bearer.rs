//! `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 §2.1): an assertion of a trusted issuer speaks for a
//! user of this server.

use async_trait::async_trait;
use jose::{Claims, jws::Unverified};
use protocol::{GrantType, Scopes, Subject, Timestamp, scope};

use crate::{
    AuthorizationServer,
    clients::KeySource,
    context::{GrantHandler, Installed, TokenRequest},
    error::Error,
    grants::Minting,
    incoming::RequestHead as _,
    reason::Reason,
    registry::RegisteredClient,
    settings::{JwtBearer, TrustedIssuer},
    settle::Decision,
    store::{Commit, GrantChange, Remember, Space},
    tokens::{Issued, issue::Issue},
};

/// Longest lifetime of an assertion, in seconds, from now until `exp` and since `iat`.
const LIFETIME_MAX: i64 = 3600;
/// Longest `jti`, in bytes.
const JTI_BYTES_MAX: usize = 255;

/// Redeems an assertion (RFC 7523 §2.1).
#[derive(Clone, Debug)]
pub struct JwtBearerGrant {
    issuers: Vec<TrustedIssuer>,
}

pub(crate) fn install(installed: &mut Installed, bearer: &JwtBearer) {
    installed.grant(JwtBearerGrant { issuers: bearer.issuers.clone() });
}

#[async_trait]
impl GrantHandler for JwtBearerGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::JwtBearer
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let client = &request.client;
        // Whoever finds an assertion must at least be somebody.
        if client.is_public() {
            return Err(Reason::BearerAssertionNotAllowed.into());
        }
        let asserted = self.verify(server, request.require("assertion")?, request.now).await?;
        request.incoming.head.note_subject(&asserted.subject);
        let scopes = scopes(client, request.params.get("scope"))?;
        let minting = Minting {
            subject: asserted.subject,
            scopes,
            authenticated_at: asserted.authenticated_at,
            amr: "".into(),
            lifetime: 0,
        };
        let (mut grant, audience, basis) = minting.grant(server, request).await?;
        // Its only token.
        grant.expires_at = request.now + audience.lifetime(server.settings().access_token_lifetime);
        let mut commit = Commit::new(request.now).with(asserted.once);
        commit.push(GrantChange::Add(Box::new(grant.clone()), basis));
        let confirmation = request.confirmation();
        let issue = Issue { server, client, grant: &grant, nonce: None, confirmation };
        let access = issue.access(audience, &mut commit).await?;
        // RFC 7521 §4.1: no refresh token, the issuer is asked again.
        let issued = Issued { access, refresh_token: None, id_token: None, issued_token_type: None };
        Ok(Decision { commit, answer: Ok(issued) })
    }
}

/// What a client registered, but neither an ID token nor a refresh token: the user did not sign in here.
fn scopes(client: &RegisteredClient, sent: Option<&str>) -> Result<Scopes, Reason> {
    let allowed =
        client.user_scopes().filter(|token| token != scope::OPENID && token != scope::OFFLINE_ACCESS);
    let Some(text) = sent else { return Ok(allowed) };
    let scopes = Scopes::parse(text).map_err(|_| Reason::ScopeMalformed)?;
    if scopes.is_subset(&allowed) { Ok(scopes) } else { Err(Reason::ScopeNotRegistered) }
}

/// What a verified assertion says.
#[derive(Debug, PartialEq)]
struct Asserted {
    subject: Subject,
    authenticated_at: Timestamp,
    once: Remember,
}

impl JwtBearerGrant {
    /// Verifies an assertion by the keys of the issuer that it names, if that is trusted.
    async fn verify(
        &self,
        server: &AuthorizationServer,
        assertion: &str,
        now: Timestamp,
    ) -> Result<Asserted, Error> {
        let unverified = Unverified::parse(assertion).map_err(|_| Reason::BearerAssertionInvalid)?;
        let algorithm = unverified.algorithm().filter(|algorithm| !algorithm.is_symmetric());
        let algorithm = algorithm.ok_or(Reason::BearerAssertionInvalid)?;
        // No token of another kind that the issuer signs is an assertion (RFC 8725 §3.11).
        if unverified.typ().is_some() && !unverified.is_type("JWT") {
            return Err(Reason::BearerAssertionInvalid.into());
        }
        let claims = Claims::parse(unverified.payload_unverified());
        let claims = claims.map_err(|_| Reason::BearerAssertionInvalid)?;
        let issuer = claims.string("iss").ok().flatten().ok_or(Reason::BearerAssertionInvalid)?;
        let trusted = self.issuers.iter().find(|trusted| trusted.issuer == issuer);
        let trusted = trusted.ok_or(Reason::BearerAssertionInvalid)?;
        let keys = server.remote_keys();
        let keys =
            keys.verifying(KeySource::configured(&trusted.jwks_uri), unverified.kid(), algorithm).await;
        let keys = keys.map_err(|error| {
            tracing::warn!(issuer = %trusted.issuer, %error, "the keys of a trusted issuer could not be fetched");
            Reason::BearerAssertionKeysUnavailable
        })?;
        let keys = keys.map_err(|_| Reason::BearerAssertionInvalid)?;
        let verified = unverified.verify_any(&keys).map_err(|_| Reason::BearerAssertionInvalid)?;
        let claims = verified.claims().map_err(|_| Reason::BearerAssertionInvalid)?;
        let settings = server.settings();
        let expected = Expected {
            audiences: [settings.issuer.as_str(), server.token_endpoint()],
            now: now.0,
            skew: settings.clock_skew,
        };
        Ok(judge(&claims, trusted, &expected)?)
    }
}

struct Expected<'a> {
    /// RFC 7523 §3: this server, by its issuer or its token endpoint.
    audiences: [&'a str; 2],
    now: i64,
    skew: i64,
}

/// The rules of RFC 7523 §3, as a function of its arguments only.
fn judge(claims: &Claims, trusted: &TrustedIssuer, expected: &Expected<'_>) -> Result<Asserted, Reason> {
    let text = |name| claims.string(name).map_err(|_| Reason::BearerAssertionInvalid);
    let time = |name| claims.time(name).map_err(|_| Reason::BearerAssertionInvalid);
    let audiences = claims.strings("aud").map_err(|_| Reason::BearerAssertionInvalid)?;
    let is_own = |audience: &&str| expected.audiences.contains(audience);
    if audiences.is_empty() || !audiences.iter().all(is_own) {
        return Err(Reason::BearerAssertionInvalid);
    }
    let subject = text(&trusted.subject_claim)?.and_then(Subject::parse);
    let subject = subject.ok_or(Reason::BearerAssertionInvalid)?;
    let jti = text("jti")?.filter(|jti| !jti.is_empty() && jti.len() <= JTI_BYTES_MAX);
    let jti = jti.ok_or(Reason::BearerAssertionInvalid)?;
    let expires = time("exp")?.ok_or(Reason::BearerAssertionInvalid)?;
    let issued = time("iat")?;
    let (reach, skew, now) = (LIFETIME_MAX + expected.skew, expected.skew, expected.now);
    let too_early = |at: Option<i64>| at.is_some_and(|at| at > now.saturating_add(skew));
    if expires.saturating_add(skew) <= now
        || expires > now.saturating_add(reach)
        || issued.is_some_and(|at| at < now.saturating_sub(reach))
        || too_early(issued)
        || too_early(time("nbf")?)
    {
        return Err(Reason::BearerAssertionExpired);
    }
    let authenticated_at = time("auth_time")?.or(issued).unwrap_or(now).min(now);
    let until = Timestamp(expires) + skew;
    let once = Remember::jti(Space::BearerAssertion, &trusted.issuer, jti, until);
    Ok(Asserted { subject, authenticated_at: Timestamp(authenticated_at), once })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn verdict(changes: &[(&str, Value)]) -> Result<Asserted, Reason> {
        let mut claims = json!({
            "iss": "https://idp.example", "sub": "alice", "aud": "https://as.example", "jti": "1",
            "exp": 10_060, "iat": 10_000, "email": "a@example.org",
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let claims = Claims::parse(claims.to_string().as_bytes()).expect("an object");
        let trusted = TrustedIssuer::parse("https://idp.example https://idp.example/jwks").expect("two URLs");
        let audiences = ["https://as.example", "https://as.example/token"];
        judge(&claims, &trusted, &Expected { audiences, now: 10_000, skew: 30 })
    }

    /// RFC 7523 §3
    #[test]
    fn an_assertion_speaks_of_one_user_to_this_server_only() {
        let asserted = verdict(&[]).expect("valid");
        assert_eq!((asserted.subject.as_str(), asserted.authenticated_at), ("alice", Timestamp(10_000)));
        assert_eq!(asserted.once.until, Timestamp(10_090));
        assert!(verdict(&[("aud", json!(["https://as.example/token"]))]).is_ok());
        assert_eq!(
            verdict(&[("auth_time", json!(9_000))]).map(|said| said.authenticated_at),
            Ok(Timestamp(9_000))
        );
        for (name, value) in [
            ("sub", Value::Null),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("aud", Value::Null),
            ("aud", json!("https://other.example")),
            ("aud", json!(["https://as.example", "https://other.example"])),
            ("jti", Value::Null),
            ("jti", json!("x".repeat(256))),
            ("exp", Value::Null),
            ("exp", json!("10060")),
        ] {
            assert_eq!(
                verdict(&[(name, value.clone())]),
                Err(Reason::BearerAssertionInvalid),
                "{name} {value}"
            );
        }
    }

    /// RFC 7523 §3: `exp`, `nbf` and `iat` bound its life.
    #[test]
    fn an_assertion_is_short_lived() {
        for (name, good, bad) in [
            ("exp", 10_000 - 29, 10_000 - 30),
            ("exp", 13_630, 13_631),
            ("iat", 10_000 - 3_630, 10_000 - 3_631),
            ("iat", 10_030, 10_031),
            ("nbf", 10_030, 10_031),
        ] {
            assert!(verdict(&[(name, good.into())]).is_ok(), "{name} {good}");
            assert_eq!(verdict(&[(name, bad.into())]), Err(Reason::BearerAssertionExpired), "{name} {bad}");
        }
    }
}
