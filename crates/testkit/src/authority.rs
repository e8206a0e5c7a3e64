//! An issuer in a test's own process: keys, and tokens that are right until a test makes them wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use jose::{
    ContentEncryption, Jwk, JwkSet, KeyManagement, SignatureAlgorithm, SigningKey, base64url, jwe, jws,
    primitives,
};
use protocol::Timestamp;
use serde_json::{Map, Value, json};

/// Seconds that a token lives where a test says nothing.
const LIFETIME_SECONDS: i64 = 600;

/// An issuer for an API's own tests: it has one ES256 and one RS256 key, publishes them, and signs access tokens
/// and introspection answers. It answers no requests; a test puts [`Authority::jwks`] where its guard looks.
///
/// ```
/// use passavant_testkit::Authority;
///
/// let authority = Authority::start();
/// let token = authority.token("https://api.example").subject("alice").scope("orders").sign();
/// let stale = authority.token("https://api.example").expires_in(-1).sign();
/// # assert_ne!(token, stale);
/// ```
#[derive(Clone, Debug)]
pub struct Authority {
    issuer: String,
    es256: SigningKey,
    rs256: SigningKey,
    time: Option<Timestamp>,
}

impl Authority {
    /// An issuer by the name of `https://issuer.example`, with keys of its own.
    pub fn start() -> Self {
        Self::new("https://issuer.example")
    }

    /// An issuer by this name, compared byte for byte with `iss`, with keys of its own.
    pub fn new(issuer: impl Into<String>) -> Self {
        let key = |algorithm| SigningKey::generate(algorithm).expect("fails without entropy only");
        Self {
            issuer: issuer.into(),
            es256: key(SignatureAlgorithm::Es256),
            rs256: key(SignatureAlgorithm::Rs256),
            time: None,
        }
    }

    /// Issues everything at this time instead of the system's, for guards with a clock that stands still.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// `iss` of what it signs.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public keys, as they stand at `jwks_uri` (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        let keys =
            [&self.es256, &self.rs256].map(|key| key.public_jwk().expect("it is no shared secret").clone());
        JwkSet::new(keys.to_vec()).expect("two keys by two names").to_value()
    }

    /// The authorization server's metadata (RFC 8414 §2), with the members that a resource looks for: `jwks_uri` is
    /// `/jwks` under the issuer, `introspection_endpoint` is `/introspect`.
    pub fn metadata(&self) -> Value {
        let base = self.issuer.trim_end_matches('/');
        json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{base}/jwks"),
            "introspection_endpoint": format!("{base}/introspect"),
            "response_types_supported": ["code"],
        })
    }

    /// An access token for this audience (RFC 9068 §2): signed with ES256, of the client `client` on nobody's
    /// behalf, without scope, from now on for ten minutes.
    pub fn token(&self, audience: &str) -> TokenBuilder {
        let claims = json!({ "iss": self.issuer, "aud": audience, "client_id": "client", "jti": chance() });
        TokenBuilder {
            envelope: Envelope::new(self, &self.es256, "at+jwt", claims),
            issued_at: self.now(),
            lifetime_seconds: LIFETIME_SECONDS,
        }
    }

    /// A signed answer of the introspection endpoint (RFC 9701 §5) to the caller with this `client_id`. `answer` is
    /// what stands in `token_introspection`: at least `active` (RFC 7662 §2.2).
    pub fn introspection_answer(&self, caller: &str, answer: Value) -> AnswerBuilder {
        let claims =
            json!({ "iss": self.issuer, "aud": caller, "iat": self.now().0, "token_introspection": answer });
        AnswerBuilder { envelope: Envelope::new(self, &self.rs256, "token-introspection+jwt", claims) }
    }

    #[expect(clippy::disallowed_methods, reason = "the guard under test reads the same clock")]
    fn now(&self) -> Timestamp {
        self.time.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        })
    }
}

/// What every signed token has: who signs it, how it says so, and what it claims.
#[derive(Clone, Debug)]
struct Envelope {
    keys: [SigningKey; 2],
    key: SigningKey,
    header: jws::Header,
    claims: Map<String, Value>,
}

impl Envelope {
    fn new(authority: &Authority, key: &SigningKey, typ: &str, claims: Value) -> Self {
        let Value::Object(claims) = claims else { unreachable!("claims are an object") };
        let mut envelope = Self {
            keys: [authority.es256.clone(), authority.rs256.clone()],
            key: key.clone(),
            header: jws::Header { typ: Some(typ.to_owned()), ..jws::Header::default() },
            claims,
        };
        envelope.sign_with(key);
        envelope
    }

    fn sign_with(&mut self, key: &SigningKey) {
        self.key = key.clone();
        self.header.kid = Some(key.kid().to_owned());
    }

    fn choose(&mut self, algorithm: SignatureAlgorithm) {
        let key = self.keys.iter().find(|key| key.algorithm() == algorithm).cloned();
        self.sign_with(&key.expect("an authority has one ES256 and one RS256 key; others come by `key`"));
    }

    fn sign(&self) -> String {
        let payload = Value::Object(self.claims.clone()).to_string();
        jws::sign(&self.header, payload.as_bytes(), &self.key).expect("the library signs")
    }
}

macro_rules! envelope_setters {
    () => {
        /// Sets a claim, also one that stands there already.
        pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
            self.envelope.claims.insert(name.to_owned(), value.into());
            self
        }

        /// Says another `typ` (RFC 7515 §4.1.9), or none.
        pub fn typ(mut self, typ: Option<&str>) -> Self {
            self.envelope.header.typ = typ.map(str::to_owned);
            self
        }

        /// Signs with the authority's key for this algorithm: ES256 or RS256.
        ///
        /// # Panics
        /// For any other algorithm; see `key`.
        pub fn algorithm(mut self, algorithm: SignatureAlgorithm) -> Self {
            self.envelope.choose(algorithm);
            self
        }

        /// Signs with a key that is none of the authority's, under that key's own `kid`.
        pub fn key(mut self, key: &SigningKey) -> Self {
            self.envelope.sign_with(key);
            self
        }

        /// Says another `kid` than the signing key's, or none. Comes after `algorithm` and `key`.
        pub fn kid(mut self, kid: Option<&str>) -> Self {
            self.envelope.header.kid = kid.map(str::to_owned);
            self
        }
    };
}

/// A JWT access token in the making (RFC 9068), right until something of it is changed.
#[derive(Clone, Debug)]
#[must_use = "`sign` makes the token"]
pub struct TokenBuilder {
    envelope: Envelope,
    issued_at: Timestamp,
    lifetime_seconds: i64,
}

impl TokenBuilder {
    envelope_setters!();

    /// On whose behalf (`sub`). Without one `sub` is the client (RFC 9068 §2.2).
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// Whom it was issued to (`client_id`).
    pub fn client(self, client: &str) -> Self {
        self.claim("client_id", client)
    }

    /// What it allows: scope tokens separated by spaces (RFC 9068 §2.2.3).
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// When it was issued (`iat`).
    pub const fn issued_at(mut self, at: Timestamp) -> Self {
        self.issued_at = at;
        self
    }

    /// Seconds from `iat` to `exp`; negative for a token that has expired.
    pub const fn expires_in(mut self, seconds: i64) -> Self {
        self.lifetime_seconds = seconds;
        self
    }

    /// The token in compact serialization.
    pub fn sign(self) -> String {
        self.sign_without(&[])
    }

    /// The token without these claims, required or not.
    pub fn sign_without(mut self, names: &[&str]) -> String {
        let claims = &mut self.envelope.claims;
        claims.entry("iat").or_insert_with(|| self.issued_at.0.into());
        claims.entry("exp").or_insert_with(|| (self.issued_at + self.lifetime_seconds).0.into());
        let client = claims.get("client_id").cloned().unwrap_or_default();
        claims.entry("sub").or_insert(client);
        claims.retain(|name, _| !names.contains(&name.as_str()));
        self.envelope.sign()
    }
}

/// An introspection answer in the making (RFC 9701), right until something of it is changed.
#[derive(Clone, Debug)]
#[must_use = "`sign` or `encrypt` makes the answer"]
pub struct AnswerBuilder {
    envelope: Envelope,
}

impl AnswerBuilder {
    envelope_setters!();

    /// The signed answer in compact serialization, to be sent as `application/token-introspection+jwt`.
    pub fn sign(self) -> String {
        self.envelope.sign()
    }

    /// The signed answer, encrypted to the caller's key: nested, with `cty` and the key's `kid` in the outer header.
    ///
    /// # Panics
    /// When the key is not for this algorithm.
    pub fn encrypt(self, to: &Jwk, algorithm: KeyManagement, content: ContentEncryption) -> String {
        let key = to.encryption_key(algorithm).expect("a key for this algorithm");
        let header = jwe::Header { typ: None, cty: Some("JWT".to_owned()), kid: to.kid().map(str::to_owned) };
        jwe::encrypt(&header, self.envelope.sign().as_bytes(), &key, content).expect("the library encrypts")
    }
}

/// 128 bits of chance, as base64url.
fn chance() -> String {
    let mut bytes = [0; 16];
    primitives::random(&mut bytes);
    base64url::encode(&bytes)
}

#[cfg(test)]
mod tests {
    use jose::{Claims, DecryptionKey, JoseError, Unverified, Verified};

    use super::*;

    const API: &str = "https://api.example";
    const NOW: Timestamp = Timestamp(1_750_000_000);

    /// The token, verified with a key that the authority publishes by the token's `kid`.
    fn verified(authority: &Authority, token: &str) -> Verified {
        let token = Unverified::parse(token).expect("a token");
        let keys = JwkSet::from_value(&authority.jwks()).expect("a key set");
        let algorithm = token.algorithm().expect("a known algorithm");
        let key = keys.verifying_key(token.kid(), algorithm).expect("a published key");
        token.verify(&key).expect("a good signature")
    }

    fn claims(authority: &Authority, token: &str) -> Claims {
        verified(authority, token).claims().expect("claims").clone()
    }

    #[test]
    fn a_token_has_every_claim_that_rfc_9068_requires() {
        let authority = Authority::start().at(NOW);
        let token = authority.token(API).subject("alice").client("shop").scope("a b").expires_in(60).sign();
        assert!(verified(&authority, &token).is_type("at+jwt"));
        let mut claims = claims(&authority, &token).into_map();
        assert!(claims.remove("jti").is_some_and(|jti| jti.as_str().is_some_and(|jti| jti.len() == 22)));
        let expected = json!({
            "iss": "https://issuer.example", "aud": API, "sub": "alice", "client_id": "shop", "scope": "a b",
            "iat": NOW.0, "exp": NOW.0 + 60,
        });
        assert_eq!(Value::Object(claims), expected);
    }

    #[test]
    fn a_token_of_nobody_is_the_client_s_own() {
        let authority = Authority::new("https://id.example/tenant");
        let claims = claims(&authority, &authority.token(API).client("cron").sign());
        assert_eq!(claims.string("sub"), Ok(Some("cron")));
        assert_eq!(claims.string("iss"), Ok(Some("https://id.example/tenant")));
    }

    #[test]
    fn no_two_tokens_have_the_same_jti() {
        let authority = Authority::start().at(NOW);
        let jti = || claims(&authority, &authority.token(API).sign()).value("jti").cloned();
        assert_ne!(jti(), jti());
    }

    #[test]
    fn a_token_is_signed_with_the_algorithm_that_was_chosen() {
        let authority = Authority::start();
        for algorithm in [SignatureAlgorithm::Es256, SignatureAlgorithm::Rs256] {
            let token = authority.token(API).algorithm(algorithm).sign();
            assert_eq!(Unverified::parse(&token).expect("a token").algorithm(), Some(algorithm));
            assert!(verified(&authority, &token).is_type("at+jwt"));
        }
    }

    #[test]
    fn what_a_test_makes_wrong_is_wrong() {
        let authority = Authority::start().at(NOW);
        let token = authority.token(API).claim("exp", "soon").typ(None).kid(Some("other")).sign();
        let token = Unverified::parse(&token).expect("a token");
        assert_eq!((token.typ(), token.kid()), (None, Some("other")));
        let expired = claims(&authority, &authority.token(API).expires_in(-1).sign());
        assert_eq!(expired.time("exp"), Ok(Some(NOW.0 - 1)));
        let short = claims(&authority, &authority.token(API).sign_without(&["exp", "aud"]));
        assert_eq!((short.value("exp"), short.value("aud")), (None, None));
    }

    #[test]
    fn another_key_is_not_the_authority_s() {
        let (authority, other) = (Authority::start(), Authority::start());
        let token = authority.token(API).key(&other.es256).kid(Some(authority.es256.kid())).sign();
        let token = Unverified::parse(&token).expect("a token");
        let refused = token.verify(&authority.es256.verifying_key()).err();
        assert_eq!(refused, Some(JoseError::Signature));
    }

    #[test]
    fn an_introspection_answer_is_signed_as_rfc_9701_says() {
        let authority = Authority::start().at(NOW);
        let answer = json!({ "active": true, "scope": "a" });
        let signed = authority.introspection_answer("api", answer.clone()).sign();
        let verified = verified(&authority, &signed);
        assert!(verified.is_type("token-introspection+jwt"));
        let expected = json!({
            "iss": "https://issuer.example", "aud": "api", "iat": NOW.0, "token_introspection": answer,
        });
        assert_eq!(Value::Object(verified.claims().expect("claims").clone().into_map()), expected);
    }

    #[test]
    fn an_encrypted_answer_is_a_signed_one_inside() {
        let authority = Authority::start();
        let (algorithm, content) = (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
        let key = DecryptionKey::generate(algorithm).expect("a key");
        let to = key.public_jwk().expect("a public key");
        let answer = authority.introspection_answer("api", json!({ "active": false }));
        let nested = answer.encrypt(to, algorithm, content);
        let decrypted =
            jose::Encrypted::parse(&nested).expect("a JWE").decrypt(&key, &[content]).expect("ours");
        assert_eq!((decrypted.cty(), decrypted.kid(), decrypted.typ()), (Some("JWT"), to.kid(), None));
        let inner = String::from_utf8(decrypted.plaintext().to_vec()).expect("text");
        assert!(verified(&authority, &inner).is_type("token-introspection+jwt"));
    }

    #[test]
    fn the_metadata_names_where_the_keys_are() {
        let metadata = Authority::new("https://id.example/").metadata();
        assert_eq!(metadata["jwks_uri"], "https://id.example/jwks");
    }
}
