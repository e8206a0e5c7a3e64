//! Setting up proofs of keys (RFC 9449).

use std::sync::Arc;

use fetching::Clock;
use jose::SignatureAlgorithm;
use protocol::Audience;
use zeroize::Zeroizing;

use crate::answer::challenge::Accepted;
use crate::face::builder::{GuardBuilder, GuardError};
use crate::proof::bearer::Scheme;
use crate::proof::dpop::{Dpop, MemoryReplays, Nonces, Origin, Proofs, Replays};

/// The algorithms of proofs unless the builder says otherwise: one or two of each kind of key, none with SHA-1 or a
/// shared secret.
const ALGORITHMS: [SignatureAlgorithm; 4] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::EdDsa,
    SignatureAlgorithm::Ps256,
    SignatureAlgorithm::Rs256,
];

/// What the builder was told of proofs.
#[derive(Default)]
pub(super) struct DpopSettings {
    pub(super) mode: Dpop,
    algorithms: Option<Vec<SignatureAlgorithm>>,
    origin: Option<String>,
    nonce_secret: Option<Zeroizing<Vec<u8>>>,
    replays: Option<Arc<dyn Replays>>,
}

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

impl DpopSettings {
    /// What checks the proofs; nothing where none are taken. What is wrong is told also then.
    pub(super) fn proofs(
        &self,
        audience: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Proofs>, GuardError> {
        let algorithms = self.algorithms.clone().unwrap_or_else(|| ALGORITHMS.to_vec());
        if algorithms.is_empty() || algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(GuardError::Algorithms);
        }
        let nonces = match &self.nonce_secret {
            Some(secret) => Some(Nonces::new(secret, &Audience::new(audience)).ok_or(GuardError::NonceKey)?),
            None => None,
        };
        let origin = match &self.origin {
            Some(url) => Some(Origin::parse(url).ok_or(GuardError::Origin)?),
            None => Origin::of_audience(audience),
        };
        if self.mode == Dpop::Off {
            return Ok(None);
        }
        Ok(Some(Proofs {
            algorithms,
            origin: origin.ok_or(GuardError::Origin)?,
            nonces,
            replays: self.replays.clone().unwrap_or_else(|| Arc::new(MemoryReplays::default())),
            clock: Arc::clone(clock),
        }))
    }
}

/// The schemes that are taken, each with what its challenge says.
pub(super) fn accepted(mode: Dpop, proofs: Option<&Proofs>) -> Vec<Accepted> {
    let names = proofs.map(Proofs::algorithm_names).unwrap_or_default();
    let accepted = |scheme: &Scheme| match scheme {
        Scheme::Bearer => Accepted::BEARER,
        Scheme::Dpop => Accepted::dpop(&names),
    };
    Scheme::taken(mode).iter().map(accepted).collect()
}

/// How proofs may be signed, as the metadata says it (RFC 9728 §2).
pub(super) fn algorithm_names(proofs: Option<&Proofs>) -> Vec<String> {
    proofs.map(Proofs::algorithm_names).unwrap_or_default().into_iter().map(str::to_owned).collect()
}
