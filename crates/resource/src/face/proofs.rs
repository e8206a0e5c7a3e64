//! The settings of DPoP (RFC 9449), from which the check of proofs, the schemes and the metadata are made.

use std::sync::Arc;

use fetching::Clock;
use jose::SignatureAlgorithm;
use protocol::proof::{Nonces, PROOF_ALGORITHMS};
use zeroize::Zeroizing;

use crate::answer::challenge::Accepted;
use crate::face::error::GuardError;
use crate::proof::bearer::Scheme;
use crate::proof::dpop::{ApiOrigin, Dpop, MemoryReplays, Proofs, Replays};

/// The settings of DPoP.
#[derive(Default)]
pub(super) struct DpopSettings {
    pub(super) mode: Dpop,
    pub(super) algorithms: Option<Vec<SignatureAlgorithm>>,
    pub(super) origin: Option<String>,
    pub(super) nonce_secret: Option<Zeroizing<Vec<u8>>>,
    pub(super) replays: Option<Arc<dyn Replays>>,
}

impl DpopSettings {
    /// Checks proofs; `None` if they are not accepted. Invalid settings are an error even then.
    pub(super) fn proofs(
        &self,
        audience: &str,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Proofs>, GuardError> {
        let algorithms = self.algorithms.clone().unwrap_or_else(|| PROOF_ALGORITHMS.to_vec());
        if algorithms.is_empty() || algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(GuardError::Algorithms);
        }
        let nonces = match &self.nonce_secret {
            Some(secret) => Some(Nonces::new(secret, audience).ok_or(GuardError::NonceKey)?),
            None => None,
        };
        let origin = match &self.origin {
            Some(url) => Some(ApiOrigin::parse(url).ok_or(GuardError::Origin)?),
            None => ApiOrigin::of_audience(audience),
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

/// The accepted schemes, each with the parameters of its challenge.
pub(super) fn accepted(mode: Dpop, proofs: Option<&Proofs>) -> Vec<Accepted> {
    let names = proofs.map(Proofs::algorithm_names).unwrap_or_default();
    let accepted = |scheme: &Scheme| match scheme {
        Scheme::Bearer => Accepted::BEARER,
        Scheme::Dpop => Accepted::dpop(&names),
    };
    Scheme::taken(mode).iter().map(accepted).collect()
}

/// The algorithms of proofs, for the metadata (RFC 9728 §2).
pub(super) fn algorithm_names(proofs: Option<&Proofs>) -> Vec<String> {
    proofs.map(Proofs::algorithm_names).unwrap_or_default().into_iter().map(str::to_owned).collect()
}
