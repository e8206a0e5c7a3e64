//! `private_key_jwt` and `client_secret_jwt` (RFC 7523 §3, OpenID Connect Core 1.0 §9).

use jose::{Claims, SignatureAlgorithm, VerifyingKey, jws::Unverified};
use protocol::{ClientAuthMethod, Timestamp};

use super::known::Known;
use crate::{
    AuthorizationServer,
    error::{Error, Fault},
    reason::Reason,
    store::{Caller, Remember, Space},
};

/// The only `client_assertion_type` (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Maximum time until `exp` of an assertion, in seconds.
const EXPIRY_AHEAD_MAX: i64 = 300;
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

/// Verifies an assertion and returns the change that makes it single-use.
pub(super) async fn check(
    server: &AuthorizationServer,
    known: &Known,
    caller: &Caller,
    presented: &Presented<'_>,
) -> Result<Remember, Error> {
    let unverified = Unverified::parse(presented.jws).map_err(|_| Reason::AssertionMalformed)?;
    let algorithm = unverified.algorithm().ok_or(Reason::AssertionMalformed)?;
    if known.signing_alg().is_some_and(|only| only != algorithm.as_str()) {
        return Err(Reason::AssertionMalformed.into());
    }
    if !matches!(unverified.typ(), None | Some("JWT" | "client-authentication+jwt")) {
        return Err(Reason::AssertionMalformed.into());
    }
    let key = verifying_key(server, known, caller, algorithm, unverified.kid()).await?;
    let verified = unverified.verify(&key).map_err(|_| Reason::AssertionSignatureWrong)?;
    let claims = verified.claims().map_err(|_| Reason::AssertionMalformed)?;
    let until = judge(&claims, caller.id.as_str(), &Expected::of(server))?;
    let jti = claims.string("jti").ok().flatten().ok_or(Reason::AssertionClaimWrong)?;
    let key = jose::primitives::sha256(format!("{}\n{jti}", caller.id).as_bytes());
    Ok(Remember {
        space: Space::ClientAssertion,
        key: jose::base64url::encode(&key).into(),
        until,
        replayed: Reason::AssertionReplayed,
    })
}

async fn verifying_key(
    server: &AuthorizationServer,
    known: &Known,
    caller: &Caller,
    algorithm: SignatureAlgorithm,
    kid: Option<&str>,
) -> Result<VerifyingKey, Error> {
    if algorithm.is_symmetric() {
        known.must_be(ClientAuthMethod::ClientSecretJwt)?;
        let secret =
            caller.secret.as_ref().and_then(|stored| server.master().recover_secret(&caller.id, stored));
        let secret = secret.ok_or(Reason::ClientMethodNotRegistered)?;
        return VerifyingKey::hmac(algorithm, &secret).map_err(|_| Reason::AssertionMalformed.into());
    }
    known.must_be(ClientAuthMethod::PrivateKeyJwt)?;
    let (by_value, by_reference) = known.jwks();
    let keys = server.remote_keys().of(by_value, by_reference, kid).await;
    let keys = keys.map_err(|error| keys_unavailable(&error))?;
    keys.verifying_key(kid, algorithm).map_err(|_| Reason::AssertionSignatureWrong.into())
}

/// Turns a failed key lookup into the refusal that the client reads.
fn keys_unavailable(error: &Fault) -> Reason {
    tracing::warn!(%error, "a client's keys could not be fetched");
    Reason::AssertionKeysUnavailable
}

/// The values that an assertion must have.
struct Expected<'a> {
    audiences: [&'a str; 2],
    now: Timestamp,
    skew: i64,
}

impl<'a> Expected<'a> {
    /// The issuer; and the token endpoint, which RFC 7523 §3 names and clients older than RFC 10070 send.
    fn of(server: &'a AuthorizationServer) -> Self {
        let settings = server.settings();
        Self {
            audiences: [settings.issuer.as_str(), server.token_endpoint()],
            now: server.now(),
            skew: settings.clock_skew,
        }
    }
}

/// The rule of RFC 7523 §3. Returns until when the `jti` must be remembered.
fn judge(claims: &Claims, client_id: &str, expected: &Expected<'_>) -> Result<Timestamp, Reason> {
    let text = |name| claims.string(name).map_err(|_| Reason::AssertionClaimWrong);
    let time = |name| claims.time(name).map_err(|_| Reason::AssertionClaimWrong);
    if text("iss")? != Some(client_id) || text("sub")? != Some(client_id) {
        return Err(Reason::AssertionClaimWrong);
    }
    let audiences = claims.strings("aud").map_err(|_| Reason::AssertionClaimWrong)?;
    let [audience] = audiences.as_slice() else { return Err(Reason::AssertionClaimWrong) };
    if !expected.audiences.contains(audience) {
        return Err(Reason::AssertionClaimWrong);
    }
    if !text("jti")?.is_some_and(|jti| !jti.is_empty() && jti.len() <= JTI_BYTES_MAX) {
        return Err(Reason::AssertionClaimWrong);
    }
    let expires = time("exp")?.ok_or(Reason::AssertionClaimWrong)?;
    let now = expected.now.0;
    let too_far = expires > now.saturating_add(EXPIRY_AHEAD_MAX + expected.skew);
    let too_early = |at: Option<i64>| at.is_some_and(|at| at > now.saturating_add(expected.skew));
    if expires.saturating_add(expected.skew) <= now
        || too_far
        || too_early(time("nbf")?)
        || too_early(time("iat")?)
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

    fn jwks(&self) -> (Option<&serde_json::Value>, Option<&str>) {
        match (&self.client, self.resources.first()) {
            (Some(client), _) => (client.metadata.jwks.as_ref(), client.metadata.jwks_uri.as_deref()),
            (None, Some(resource)) => {
                (resource.settings.jwks.as_ref(), resource.settings.jwks_uri.as_deref())
            }
            (None, None) => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(changes: &[(&str, serde_json::Value)]) -> Result<Timestamp, Reason> {
        let mut claims = serde_json::json!({
            "iss": "c", "sub": "c", "aud": "https://as.example", "jti": "1", "exp": 1_060, "iat": 1_000,
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        let claims = Claims::parse(claims.to_string().as_bytes()).expect("an object");
        let audiences = ["https://as.example", "https://as.example/token"];
        judge(&claims, "c", &Expected { audiences, now: Timestamp(1_000), skew: 30 })
    }

    #[test]
    fn an_assertion_speaks_of_the_client_to_this_server_alone() {
        assert_eq!(verdict(&[]), Ok(Timestamp(1_090)));
        assert_eq!(
            verdict(&[("aud", serde_json::json!(["https://as.example/token"]))]),
            Ok(Timestamp(1_090))
        );
        for (name, value) in [
            ("iss", serde_json::json!("d")),
            ("sub", serde_json::json!("d")),
            ("aud", serde_json::json!("https://other.example")),
            ("aud", serde_json::json!(["https://as.example", "https://other.example"])),
            ("jti", serde_json::json!("")),
            ("jti", serde_json::json!(7)),
            ("exp", serde_json::json!("1060")),
            ("exp", serde_json::Value::Null),
        ] {
            assert_eq!(verdict(&[(name, value.clone())]), Err(Reason::AssertionClaimWrong), "{name} {value}");
        }
    }

    #[test]
    fn an_assertion_is_short_lived() {
        for (name, value) in [("exp", 970), ("exp", 1_331), ("nbf", 1_031), ("iat", 1_031)] {
            assert_eq!(verdict(&[(name, value.into())]), Err(Reason::AssertionExpired), "{name} {value}");
        }
    }
}
