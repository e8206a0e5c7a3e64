//! The keys of a test's authorization server.

use jose::{SignatureAlgorithm, SigningKey, base64url, primitives};

/// One key for each algorithm.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) es256: SigningKey,
    pub(super) rs256: SigningKey,
}

impl Keys {
    pub(super) fn generate() -> Self {
        let key = |algorithm| SigningKey::generate(algorithm).expect("fails without entropy only");
        Self { es256: key(SignatureAlgorithm::Es256), rs256: key(SignatureAlgorithm::Rs256) }
    }

    pub(super) fn all(&self) -> [&SigningKey; 2] {
        [&self.es256, &self.rs256]
    }
}

/// 128 random bits, as base64url.
pub(super) fn random_id() -> String {
    let mut bytes = [0; 16];
    primitives::random(&mut bytes);
    base64url::encode(&bytes)
}
