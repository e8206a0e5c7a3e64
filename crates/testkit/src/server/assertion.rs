//! Client assertions that are valid unless a test changes something.

use std::sync::atomic::{AtomicU64, Ordering};

use jose::{SigningKey, jws};
use serde_json::{Map, Value, json};

/// Builds a client assertion (RFC 7523 §3) with a lifetime of a minute and a unique `jti`.
#[derive(Clone, Debug)]
pub struct Assertion {
    key: SigningKey,
    header: jws::Header,
    claims: Map<String, Value>,
}

impl Assertion {
    pub(super) fn new(client: &str, audience: &str, now: i64, key: SigningKey) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let jti = format!("assertion-{}", LAST.fetch_add(1, Ordering::Relaxed));
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": jti, "iat": now, "exp": now + 60,
        });
        let Value::Object(claims) = claims else { unreachable!("it is an object") };
        let kid = key.public_jwk().map(|_| key.kid().to_owned());
        Self { header: jws::Header { kid, ..jws::Header::default() }, key, claims }
    }

    /// Sets a claim; null removes it.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => self.claims.remove(name),
            value => self.claims.insert(name.to_owned(), value),
        };
        self
    }

    /// Signs with this key, under its `kid`.
    #[must_use]
    pub fn key(mut self, key: &SigningKey) -> Self {
        self.header.kid = key.public_jwk().map(|_| key.kid().to_owned());
        self.key = key.clone();
        self
    }

    /// Sets the `kid`, independent of the signing key.
    #[must_use]
    pub fn kid(mut self, kid: Option<&str>) -> Self {
        self.header.kid = kid.map(str::to_owned);
        self
    }

    /// Sets the `typ`.
    #[must_use]
    pub fn typ(mut self, typ: &str) -> Self {
        self.header.typ = Some(typ.to_owned());
        self
    }

    /// Signs it.
    ///
    /// # Panics
    /// If the key fails to sign.
    pub fn sign(&self) -> String {
        let payload = serde_json::to_vec(&self.claims).expect("an object can be written");
        jws::sign(&self.header, &payload, &self.key).expect("a good key signs")
    }
}
