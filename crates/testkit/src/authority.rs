//! An authorization server for the tests of an API: keys, valid and invalid tokens, and responses that fail on
//! demand.

mod answers;
mod keys;
mod listening;
mod malfunction;
mod minting;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use jose::{ContentEncryption, Jwk, JwkSet, KeyManagement};
use protocol::Timestamp;
use serde_json::{Map, Value, json};

use keys::{Keys, random_id};
use listening::Listening;
pub use malfunction::Malfunction;
pub use minting::{AnswerBuilder, TokenBuilder};

/// An authorization server for the tests of an API. It has one ES256 and one RS256 key, signs access tokens, and
/// answers on its own loopback port: metadata (RFC 8414), `/jwks`, `/introspect` (RFC 7662, RFC 9701) for its own
/// tokens, and `/token` for `client_credentials` (RFC 6749 §4.4). A guard uses [`Authority::issuer`] as its issuer.
/// Clones share one authority; the port closes with the last of them.
///
/// ```
/// use passavant_testkit::Authority;
///
/// let authority = Authority::start();
/// let token = authority.token("https://api.example").subject("alice").scope("orders").sign();
/// let stale = authority.token("https://api.example").expires_in(-60).sign();
/// let opaque = authority.token("https://api.example").opaque();
/// # assert_ne!(token, stale);
/// # assert!(!opaque.contains('.'));
/// ```
///
/// Methods simulate what happens to a real server: [`rotate`](Self::rotate), [`retire`](Self::retire),
/// [`revoke`](Self::revoke), [`go_down`](Self::go_down), [`misbehave`](Self::misbehave). The chapter `guide::testing`
/// of `passavant-resource` has whole tests of an API.
#[derive(Clone, Debug)]
pub struct Authority {
    issuer: String,
    state: Arc<Mutex<State>>,
    _listening: Option<Arc<Listening>>,
}

/// State that changes during a test.
#[derive(Debug)]
struct State {
    time: Option<Timestamp>,
    /// The current keys, which sign.
    current: Keys,
    /// The former keys, which are still published.
    former: Vec<Keys>,
    /// Opaque tokens and their introspection responses.
    opaque: HashMap<String, Map<String, Value>>,
    revoked: HashSet<String>,
    /// The key and algorithms that JWT answers are encrypted with.
    recipient: Option<(Jwk, KeyManagement, ContentEncryption)>,
    malfunction: Option<Malfunction>,
    requests: HashMap<String, usize>,
}

impl Authority {
    /// An authority on a free port of 127.0.0.1, whose issuer is `http://127.0.0.1:PORT`. It needs no runtime.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start() -> Self {
        let (listener, issuer) = listening::bind();
        let mut authority = Self::new(issuer);
        authority._listening = Some(Arc::new(Listening::start(listener, authority.clone())));
        authority
    }

    /// An authority with this issuer that answers no requests, for tests that provide its documents to the guard
    /// themselves. The issuer is compared byte for byte with `iss`.
    pub fn new(issuer: impl Into<String>) -> Self {
        let state = State {
            time: None,
            current: Keys::generate(),
            former: Vec::new(),
            opaque: HashMap::new(),
            revoked: HashSet::new(),
            recipient: None,
            malfunction: None,
            requests: HashMap::new(),
        };
        Self { issuer: issuer.into(), state: Arc::new(Mutex::new(state)), _listening: None }
    }

    /// Issues tokens at this time instead of the system's, for guards with a clock that does not advance.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        self.state().time = Some(time);
        self
    }

    /// `iss` of what it signs.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public keys, as served at `jwks_uri` (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        let state = self.state();
        let keys = std::iter::once(&state.current).chain(&state.former).flat_map(Keys::all);
        let keys = keys.map(|key| key.public_jwk().expect("it is no shared secret").clone()).collect();
        JwkSet::new(keys).expect("keys by names of their own").to_value()
    }

    /// The authorization server's metadata (RFC 8414 §2), with the members that a resource reads: `jwks_uri` is
    /// `/jwks` under the issuer, `introspection_endpoint` is `/introspect`, `token_endpoint` is `/token`.
    pub fn metadata(&self) -> Value {
        let base = self.issuer.trim_end_matches('/');
        json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{base}/jwks"),
            "introspection_endpoint": format!("{base}/introspect"),
            "token_endpoint": format!("{base}/token"),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
        })
    }

    /// An access token for this audience (RFC 9068 §2): signed with ES256, for the client `client`
    /// without a user, without scope, and with a lifetime of ten minutes.
    pub fn token(&self, audience: &str) -> TokenBuilder {
        let claims =
            json!({ "iss": self.issuer, "aud": audience, "client_id": "client", "jti": random_id() });
        TokenBuilder::new(self.clone(), claims)
    }

    /// A signed answer of the introspection endpoint (RFC 9701 §5) to the caller with this `client_id`. `answer` is
    /// the value of `token_introspection`: at least `active` (RFC 7662 §2.2).
    pub fn introspection_answer(&self, caller: &str, answer: Value) -> AnswerBuilder {
        let claims =
            json!({ "iss": self.issuer, "aud": caller, "iat": self.now().0, "token_introspection": answer });
        AnswerBuilder::new(self.keys(), claims)
    }

    /// From now on JWT answers of `/introspect` are encrypted to this key (RFC 9701 §5).
    ///
    /// # Panics
    /// At the next such answer, if the key is not for this algorithm.
    pub fn encrypt_to(&self, key: &Jwk, algorithm: KeyManagement, content: ContentEncryption) {
        self.state().recipient = Some((key.clone(), algorithm, content));
    }

    /// From now on, introspection answers that this opaque or signed token is inactive.
    pub fn revoke(&self, token: &str) {
        self.state().revoked.insert(token.to_owned());
    }

    /// From now on, signs with new keys, and publishes the former ones too.
    pub fn rotate(&self) {
        let former = std::mem::replace(&mut self.state().current, Keys::generate());
        self.state().former.push(former);
    }

    /// Stops publishing the former keys.
    pub fn retire(&self) {
        self.state().former.clear();
    }

    /// Closes every connection without an answer, as if the server were down.
    pub fn go_down(&self) {
        self.misbehave(Malfunction::Unreachable);
    }

    /// Answers every request with this failure, until [`behave`](Self::behave).
    pub fn misbehave(&self, malfunction: Malfunction) {
        self.state().malfunction = Some(malfunction);
    }

    /// Answers correctly again.
    pub fn behave(&self) {
        self.state().malfunction = None;
    }

    /// Number of requests to this path, such as `/introspect`, including those answered with a failure.
    pub fn requests(&self, path: &str) -> usize {
        self.state().requests.get(path).copied().unwrap_or_default()
    }

    fn keys(&self) -> Keys {
        self.state().current.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::disallowed_methods, reason = "the guard under test reads the same clock")]
    fn now(&self) -> Timestamp {
        self.state().time.unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        })
    }
}

#[cfg(test)]
mod tests {
    use jose::{Claims, DecryptionKey, JoseError, SignatureAlgorithm, Unverified, Verified};

    use super::*;

    const API: &str = "https://api.example";
    const NOW: Timestamp = Timestamp(1_750_000_000);

    /// The token, verified with a key that the authority publishes by the token's `kid`.
    fn verified(authority: &Authority, token: &str) -> Verified {
        let token = Unverified::parse(token).expect("a token");
        let keys = JwkSet::from_value(&authority.jwks()).expect("a key set");
        let algorithm = token.algorithm().expect("a known algorithm");
        let keys = keys.verifying_keys(token.kid(), algorithm).expect("a published key");
        token.verify_any(&keys).expect("a good signature")
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
            "iss": authority.issuer(), "aud": API, "sub": "alice", "client_id": "shop", "scope": "a b",
            "iat": NOW.0, "exp": NOW.0 + 60,
        });
        assert_eq!(Value::Object(claims), expected);
    }

    #[test]
    fn token_without_a_user_belongs_to_the_client() {
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
    fn deliberate_defects_are_present() {
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
    fn foreign_key_is_not_published_by_the_authority() {
        let (own, other) = (Authority::start().keys().es256, Authority::start().keys().es256);
        let token = Authority::start().token(API).key(&other).kid(Some(own.kid())).sign();
        let token = Unverified::parse(&token).expect("a token");
        let refused = token.verify(&own.verifying_key()).err();
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
            "iss": authority.issuer(), "aud": "api", "iat": NOW.0, "token_introspection": answer,
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
