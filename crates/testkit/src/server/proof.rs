//! DPoP proofs that are valid unless a test changes something.

use std::sync::atomic::{AtomicU64, Ordering};

use jose::{SelfSigned, SigningKey, base64url, primitives};
use serde_json::{Map, Value, json};

/// Builds a DPoP proof (RFC 9449 §4.2) with a unique `jti`.
#[derive(Clone, Debug)]
pub struct DpopProof {
    key: SigningKey,
    claims: Map<String, Value>,
}

impl DpopProof {
    pub(super) fn new(key: &SigningKey, method: &str, target: &str, now: i64) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let jti = format!("proof-{}", LAST.fetch_add(1, Ordering::Relaxed));
        let claims = json!({ "jti": jti, "htm": method, "htu": target, "iat": now });
        let Value::Object(claims) = claims else { unreachable!("it is an object") };
        Self { key: key.clone(), claims }
    }

    /// Sets `ath` for this access token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.claim("ath", base64url::encode(&primitives::sha256(token.as_bytes())))
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

    /// Signs it.
    ///
    /// # Panics
    /// If the key fails to sign.
    pub fn sign(&self) -> String {
        let claims = serde_json::to_vec(&self.claims).expect("an object can be written");
        SelfSigned::sign(&claims, &self.key).expect("a good key signs")
    }
}
