//! Setting up proofs of keys (RFC 9449).

use std::sync::Arc;

use jose::SignatureAlgorithm;
use zeroize::Zeroizing;

use crate::face::builder::GuardBuilder;
use crate::proof::dpop::{Dpop, Replays};

impl GuardBuilder {
    /// Whether tokens come with proofs of a key (RFC 9449); [`Dpop::Off`] unless said otherwise.
    ///
    /// A proof is for one address (`htu`): see [`GuardBuilder::origin`]. It is taken for 60 seconds and once: where
    /// several processes serve this API, give them one [`GuardBuilder::replays`].
    pub fn dpop(mut self, mode: Dpop) -> Self {
        self.dpop.mode = mode;
        self
    }

    /// Where clients reach this program, `https://host[:port]`: what proofs must name in front of the path. Followed
    /// by a path where a proxy takes that off before it passes requests on.
    ///
    /// Unless this is said it is the origin of the audience, if that is a URL. `Host` and `X-Forwarded-*` are never
    /// looked at: the sender may write what it likes there.
    pub fn origin(mut self, url: &str) -> Self {
        self.dpop.origin = Some(url.to_owned());
        self
    }

    /// How proofs may be signed, in place of ES256, EdDSA, PS256 and RS256.
    pub fn dpop_algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.dpop.algorithms = Some(algorithms.to_vec());
        self
    }

    /// Demands a nonce of ours in every proof, so that none can be made long ahead (RFC 9449 §9). The secret has at
    /// least 32 random bytes; nodes that share it take each other's nonces.
    pub fn dpop_nonces(mut self, secret: &[u8]) -> Self {
        self.dpop.nonce_secret = Some(Zeroizing::new(secret.to_vec()));
        self
    }

    /// Where the proofs that were seen are remembered, in place of the memory of this guard.
    pub fn replays(mut self, replays: Arc<dyn Replays>) -> Self {
        self.dpop.replays = Some(replays);
        self
    }
}
