//! Is this ID token for us, from our server, and about this sign-in? (OpenID Connect Core 1.0 §3.1.3.7)

use jose::{JwkSet, base64url, jws::Unverified, primitives};
use protocol::Timestamp;
use serde_json::{Map, Value};

/// How far the clocks of two machines may differ, in seconds.
const LEEWAY_SECONDS: i64 = 30;

/// What it must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    /// That of the authorization request; a refreshed token may have none.
    pub(super) nonce: Option<&'a str>,
    /// The access token that came with it.
    pub(super) access_token: &'a str,
    pub(super) now: Timestamp,
}

/// Its claims, if everything fits; else what does not.
pub(super) fn verify(
    id_token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, String> {
    let token = Unverified::parse(id_token).map_err(|error| error.to_string())?;
    let algorithm = token.algorithm().filter(|algorithm| !algorithm.is_symmetric());
    let algorithm = algorithm.ok_or("The ID token is signed by an algorithm that is not accepted")?;
    let key = keys.verifying_key(token.kid(), algorithm).map_err(|error| error.to_string())?;
    let verified = token.verify(&key).map_err(|error| error.to_string())?;
    let claims = verified.claims().map_err(|error| error.to_string())?;
    let text = |name: &str| claims.string(name).map_err(|error| error.to_string());
    let time = |name: &str| claims.time(name).map_err(|error| error.to_string());
    if text("iss")? != Some(expected.issuer) {
        return Err("The ID token is of another issuer".to_owned());
    }
    let audience = claims.strings("aud").map_err(|error| error.to_string())?;
    if audience != [expected.client] {
        return Err("The ID token is for another client".to_owned());
    }
    let now = expected.now.0;
    if time("exp")?.is_none_or(|expires| expires + LEEWAY_SECONDS <= now) {
        return Err("The ID token has expired".to_owned());
    }
    if time("iat")?.is_none_or(|issued| issued > now + LEEWAY_SECONDS) {
        return Err("The ID token is from the future".to_owned());
    }
    if text("sub")?.is_none() {
        return Err("The ID token names nobody".to_owned());
    }
    if expected.nonce.is_some() && text("nonce")? != expected.nonce {
        return Err("The ID token is about another sign-in".to_owned());
    }
    let half = primitives::left_half_hash(algorithm, expected.access_token.as_bytes());
    if text("at_hash")?.is_some_and(|hash| hash != base64url::encode(&half)) {
        return Err("The ID token came with another access token".to_owned());
    }
    Ok(claims.into_map())
}

#[cfg(test)]
mod tests {
    use jose::{SignatureAlgorithm, SigningKey, jws};
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'static> = Expected {
        issuer: "http://localhost:4000",
        client: "demo-web",
        nonce: Some("n-1"),
        access_token: "a-1",
        now: Timestamp(1_000),
    };

    /// A good token but for these claims; null leaves one out.
    fn told(changes: Value, expected: &Expected<'_>) -> Result<Map<String, Value>, String> {
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
        let keys = JwkSet::new(vec![key.public_jwk().expect("a public one").clone()]).expect("keys");
        verify(&token, &keys, expected)
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
            let found = told(defect.clone(), &EXPECTED).expect_err("refused");
            assert!(found.contains(why), "{defect}: {found}");
        }
    }

    #[test]
    fn a_refreshed_one_may_have_no_nonce() {
        let expected = Expected { nonce: None, ..EXPECTED };
        assert!(told(json!({ "nonce": null }), &expected).is_ok());
    }

    #[test]
    fn a_signature_of_anybody_else_is_none() {
        let (key, other) = (
            SigningKey::generate(SignatureAlgorithm::Es256),
            SigningKey::generate(SignatureAlgorithm::Es256),
        );
        let (key, other) = (key.expect("a key"), other.expect("a key"));
        let header = jws::Header { kid: Some(other.kid().to_owned()), ..jws::Header::default() };
        let token = jws::sign(&header, b"{}", &key).expect("a token");
        let keys = JwkSet::new(vec![other.public_jwk().expect("a public one").clone()]).expect("keys");
        assert!(verify(&token, &keys, &EXPECTED).is_err());
    }
}
