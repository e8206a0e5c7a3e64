//! Builder methods for DPoP (RFC 9449).

use std::sync::Arc;

use jose::SignatureAlgorithm;
use zeroize::Zeroizing;

use crate::face::builder::GuardBuilder;
use crate::proof::dpop::{Dpop, Replays};

impl GuardBuilder {
    /// Whether DPoP-bound tokens are accepted or required (RFC 9449); [`Dpop::Off`] by default.
    ///
    /// A proof names the URL that it is for (`htu`): see [`GuardBuilder::origin`]. It is accepted once, within 60
    /// seconds: if several processes serve this API, they must share [`GuardBuilder::replays`].
    pub fn dpop(mut self, mode: Dpop) -> Self {
        self.dpop.mode = mode;
        self
    }

    /// The origin at which clients reach this API, `https://host[:port]`, which proofs must name. Append a path if a
    /// proxy strips one before it forwards requests.
    ///
    /// By default it is the origin of the audience, if that is a URL. `Host` and `X-Forwarded-*` are never used: the
    /// sender controls them.
    pub fn origin(mut self, url: &str) -> Self {
        self.dpop.origin = Some(url.to_owned());
        self
    }

    /// The algorithms of proofs, instead of ES256, EdDSA, PS256 and RS256.
    pub fn dpop_algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.dpop.algorithms = Some(algorithms.to_vec());
        self
    }

    /// Requires a nonce of this API in every proof, so that proofs can't be made in advance (RFC 9449 §9). The secret
    /// must have at least 32 random bytes; nodes that share it accept each other's nonces.
    pub fn dpop_nonces(mut self, secret: &[u8]) -> Self {
        self.dpop.nonce_secret = Some(Zeroizing::new(secret.to_vec()));
        self
    }

    /// Where used proofs are remembered, instead of in the memory of this guard.
    pub fn replays(mut self, replays: Arc<dyn Replays>) -> Self {
        self.dpop.replays = Some(replays);
        self
    }
}
