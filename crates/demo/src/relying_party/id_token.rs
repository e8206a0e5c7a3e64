//! Whether an ID token is for this client, from its server, and about this sign-in (OpenID Connect Core 1.0 §3.1.3.7).

use jose::{Claims, JoseError, Unverified, VerifyingKey, base64url, primitives};
use protocol::Timestamp;
use serde_json::{Map, Value};

/// How far the clocks of two machines may differ, in seconds.
const LEEWAY_SECONDS: i64 = 30;

/// What it must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// That of the authorization request; a refreshed ID token may have none.
    pub(super) nonce: Option<&'a str>,
    /// The access token that came with it.
    pub(super) access_token: &'a str,
    pub(super) now: Timestamp,
}

/// Why an ID token is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It can't be parsed, or its signature does not verify.
    #[error("The ID token is invalid: {0}")]
    Invalid(JoseError),
    /// Its algorithm is unknown, or a MAC for a client without a secret.
    #[error("The ID token is signed by an algorithm that is not accepted")]
    AlgorithmUnknown,
    /// Rule 2.
    #[error("The ID token is of another issuer")]
    IssuerMismatch,
    /// Rule 3. No audience beside the client is trusted.
    #[error("The ID token is for another client")]
    AudienceMismatch,
    /// Rule 9.
    #[error("The ID token has expired")]
    Expired,
    /// Rule 10.
    #[error("The ID token is from the future")]
    FromTheFuture,
    /// §2
    #[error("The ID token names nobody")]
    SubjectMissing,
    /// Rule 11.
    #[error("The ID token is about another sign-in")]
    NonceMismatch,
    /// §3.1.3.8
    #[error("The ID token came with another access token")]
    AccessTokenMismatch,
}

impl From<JoseError> for IdTokenError {
    fn from(error: JoseError) -> Self {
        Self::Invalid(error)
    }
}

/// Verifies the signature, then the claims; returns the claims.
pub(super) fn verify(
    token: Unverified,
    keys: &[VerifyingKey],
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, IdTokenError> {
    let algorithm = token.algorithm().ok_or(IdTokenError::AlgorithmUnknown)?;
    let claims = token.verify_any(keys)?.claims()?;
    check(&claims, expected)?;
    let half = primitives::left_half_hash(algorithm, expected.access_token.as_bytes());
    if claims.string("at_hash")?.is_some_and(|hash| hash != base64url::encode(&half)) {
        return Err(IdTokenError::AccessTokenMismatch);
    }
    Ok(claims.into_map())
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let now = expected.now.0;
    if claims.string("iss")? != Some(expected.issuer) {
        return Err(IdTokenError::IssuerMismatch);
    }
    if claims.strings("aud")? != [expected.client_id] {
        return Err(IdTokenError::AudienceMismatch);
    }
    if claims.time("exp")?.is_none_or(|expires| expires + LEEWAY_SECONDS <= now) {
        return Err(IdTokenError::Expired);
    }
    if claims.time("iat")?.is_none_or(|issued| issued > now + LEEWAY_SECONDS) {
        return Err(IdTokenError::FromTheFuture);
    }
    if claims.string("sub")?.is_none() {
        return Err(IdTokenError::SubjectMissing);
    }
    if expected.nonce.is_some() && claims.string("nonce")? != expected.nonce {
        return Err(IdTokenError::NonceMismatch);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jose::{JwkSet, SignatureAlgorithm, SigningKey, jws};
    use serde_json::json;

    use super::{super::error::RelyingPartyError, *};

    const EXPECTED: Expected<'static> = Expected {
        issuer: "http://localhost:4000",
        client_id: "demo-web",
        nonce: Some("n-1"),
        access_token: "a-1",
        now: Timestamp(1_000),
    };

    /// A good token but for these claims; null leaves one out.
    fn told(changes: Value, expected: &Expected<'_>) -> Result<Map<String, Value>, RelyingPartyError> {
        let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
        let half = primitives::left_half_hash(SignatureAlgorithm::Es256, b"a-1");
        let mut claims = json!({
            "iss": "http://localhost:4000", "aud": "demo-web", "sub": "alice", "exp": 1_600, "iat": 1_000,
            "nonce": "n-1", "at_hash": base64url::encode(&half),
        });
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let header = jws::Header { kid: Some(key.kid().to_owned()), ..jws::Header::default() };
        let token = jws::sign(&header, claims.to_string().as_bytes(), &key).expect("a token");
        verify_with(&token, &key, expected)
    }

    /// Verifies a token with a set of this one key.
    fn verify_with(
        token: &str,
        key: &SigningKey,
        expected: &Expected<'_>,
    ) -> Result<Map<String, Value>, RelyingPartyError> {
        let keys = JwkSet::new(vec![key.public_jwk().expect("a public one").clone()]).expect("keys");
        let token = Unverified::parse(token)?;
        let keys = keys.verifying_keys(token.kid(), SignatureAlgorithm::Es256)?;
        Ok(verify(token, &keys, expected)?)
    }

    #[test]
    fn a_good_id_token_is_accepted_with_its_claims() {
        let claims = told(json!({}), &EXPECTED).expect("accepted");
        assert_eq!(claims["sub"], "alice");
    }

    #[test]
    fn one_defect_refuses_it() {
        for (defect, why) in [
            (json!({ "iss": "http://localhost:4001" }), "another issuer"),
            (json!({ "iss": null }), "another issuer"),
            (json!({ "aud": "demo-cli" }), "another client"),
            (json!({ "aud": ["demo-web", "demo-cli"] }), "another client"),
            (json!({ "exp": 970 }), "expired"),
            (json!({ "exp": null }), "expired"),
            (json!({ "iat": 1_031 }), "the future"),
            (json!({ "sub": null }), "nobody"),
            (json!({ "nonce": "n-2" }), "another sign-in"),
            (json!({ "nonce": null }), "another sign-in"),
            (json!({ "at_hash": "AAAA" }), "another access token"),
        ] {
            let found = told(defect.clone(), &EXPECTED).expect_err("refused").to_string();
            assert!(found.contains(why), "{defect}: {found}");
        }
    }

    #[test]
    fn a_refreshed_one_may_have_no_nonce() {
        let expected = Expected { nonce: None, ..EXPECTED };
        assert!(told(json!({ "nonce": null }), &expected).is_ok());
    }

    #[test]
    fn signature_of_another_key_is_refused() {
        let (key, other) = (
            SigningKey::generate(SignatureAlgorithm::Es256),
            SigningKey::generate(SignatureAlgorithm::Es256),
        );
        let (key, other) = (key.expect("a key"), other.expect("a key"));
        let header = jws::Header { kid: Some(other.kid().to_owned()), ..jws::Header::default() };
        let token = jws::sign(&header, b"{}", &key).expect("a token");
        let found = verify_with(&token, &other, &EXPECTED).expect_err("refused");
        assert!(matches!(found, RelyingPartyError::IdToken(IdTokenError::Invalid(_))), "{found}");
    }
}
