//! The settings of DPoP proofs (RFC 9449), and what is made of them: the check, the schemes, the metadata.

use std::sync::Arc;

use fetching::Clock;
use jose::SignatureAlgorithm;
use protocol::Audience;
use zeroize::Zeroizing;

use crate::answer::challenge::Accepted;
use crate::face::error::GuardError;
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
    pub(super) algorithms: Option<Vec<SignatureAlgorithm>>,
    pub(super) origin: Option<String>,
    pub(super) nonce_secret: Option<Zeroizing<Vec<u8>>>,
    pub(super) replays: Option<Arc<dyn Replays>>,
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
