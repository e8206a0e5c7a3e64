//! Builders of signed tokens and introspection responses. They are valid unless a test changes something.

use jose::{ContentEncryption, Jwk, KeyManagement, SignatureAlgorithm, SigningKey, jwe, jws};
use protocol::Timestamp;
use serde_json::{Map, Value};

use super::{
    Authority,
    keys::{Keys, random_id},
};

/// Default lifetime of a token, in seconds.
pub(super) const LIFETIME_SECONDS: i64 = 600;

/// What every signed token has: a key, a header, and claims.
#[derive(Clone, Debug)]
struct Envelope {
    keys: Keys,
    key: SigningKey,
    header: jws::Header,
    claims: Map<String, Value>,
}

impl Envelope {
    fn new(keys: Keys, algorithm: SignatureAlgorithm, typ: &str, claims: Value) -> Self {
        let Value::Object(claims) = claims else { unreachable!("claims are an object") };
        let header = jws::Header { typ: Some(typ.to_owned()), ..jws::Header::default() };
        let mut envelope = Self { key: keys.es256.clone(), keys, header, claims };
        envelope.choose(algorithm);
        envelope
    }

    fn sign_with(&mut self, key: &SigningKey) {
        self.key = key.clone();
        self.header.kid = Some(key.kid().to_owned());
    }

    fn choose(&mut self, algorithm: SignatureAlgorithm) {
        let key = self.keys.all().into_iter().find(|key| key.algorithm() == algorithm).cloned();
        self.sign_with(&key.expect("an authority has one ES256 and one RS256 key; others come by `key`"));
    }

    fn sign(&self) -> String {
        let payload = Value::Object(self.claims.clone()).to_string();
        jws::sign(&self.header, payload.as_bytes(), &self.key).expect("the library signs")
    }
}

macro_rules! envelope_setters {
    () => {
        /// Sets or replaces a claim.
        pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
            self.envelope.claims.insert(name.to_owned(), value.into());
            self
        }

        /// Sets the `typ` (RFC 7515 §4.1.9), or removes it.
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

        /// Signs with a foreign key, under that key's `kid`.
        pub fn key(mut self, key: &SigningKey) -> Self {
            self.envelope.sign_with(key);
            self
        }

        /// Sets a `kid` other than that of the signing key, or removes it. Call it after `algorithm` and `key`.
        pub fn kid(mut self, kid: Option<&str>) -> Self {
            self.envelope.header.kid = kid.map(str::to_owned);
            self
        }
    };
}

/// Builds a JWT access token (RFC 9068), which is valid unless something is changed.
#[derive(Clone, Debug)]
#[must_use = "`sign` makes the token"]
pub struct TokenBuilder {
    authority: Authority,
    envelope: Envelope,
    issued_at: Timestamp,
    lifetime_seconds: i64,
}

impl TokenBuilder {
    pub(super) fn new(authority: Authority, claims: Value) -> Self {
        Self {
            envelope: Envelope::new(authority.keys(), SignatureAlgorithm::Es256, "at+jwt", claims),
            issued_at: authority.now(),
            lifetime_seconds: LIFETIME_SECONDS,
            authority,
        }
    }

    envelope_setters!();

    /// The user (`sub`). Without one `sub` is the client (RFC 9068 §2.2).
    pub fn subject(self, subject: &str) -> Self {
        self.claim("sub", subject)
    }

    /// The client that it was issued to (`client_id`).
    pub fn client(self, client: &str) -> Self {
        self.claim("client_id", client)
    }

    /// The scope, separated by spaces (RFC 9068 §2.2.3).
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// When it was issued (`iat`).
    pub const fn issued_at(mut self, at: Timestamp) -> Self {
        self.issued_at = at;
        self
    }

    /// Seconds from `iat` to `exp`; negative for a token that has expired. A guard tolerates clocks that differ
    /// by 30 seconds, so use -31 or less.
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
        self.settle(names);
        self.envelope.sign()
    }

    /// An opaque token instead: the authority stores the claims, and returns them at `/introspect`.
    pub fn opaque(mut self) -> String {
        self.settle(&[]);
        let token = random_id();
        let mut claims = self.envelope.claims;
        claims.insert("token_type".to_owned(), "Bearer".into());
        self.authority.state().opaque.insert(token.clone(), claims);
        token
    }

    fn settle(&mut self, without: &[&str]) {
        let claims = &mut self.envelope.claims;
        claims.entry("iat").or_insert_with(|| self.issued_at.0.into());
        claims.entry("exp").or_insert_with(|| (self.issued_at + self.lifetime_seconds).0.into());
        let client = claims.get("client_id").cloned().unwrap_or_default();
        claims.entry("sub").or_insert(client);
        claims.retain(|name, _| !without.contains(&name.as_str()));
    }
}

/// Builds an introspection response (RFC 9701), which is valid unless something is changed.
#[derive(Clone, Debug)]
#[must_use = "`sign` or `encrypt` makes the answer"]
pub struct AnswerBuilder {
    envelope: Envelope,
}

impl AnswerBuilder {
    pub(super) fn new(keys: Keys, claims: Value) -> Self {
        Self { envelope: Envelope::new(keys, SignatureAlgorithm::Rs256, "token-introspection+jwt", claims) }
    }

    envelope_setters!();

    /// The signed answer in compact serialization, to be sent as `application/token-introspection+jwt`.
    pub fn sign(self) -> String {
        self.envelope.sign()
    }

    /// The signed answer, encrypted to the caller's key: nested, with `cty` and the key's `kid` in the outer header.
    ///
    /// # Panics
    /// If the key is not for this algorithm.
    pub fn encrypt(self, to: &Jwk, algorithm: KeyManagement, content: ContentEncryption) -> String {
        let key = to.encryption_key(algorithm).expect("a key for this algorithm");
        let header = jwe::Header { typ: None, cty: Some("JWT".to_owned()), kid: to.kid().map(str::to_owned) };
        jwe::encrypt(&header, self.envelope.sign().as_bytes(), &key, content).expect("the library encrypts")
    }
}
