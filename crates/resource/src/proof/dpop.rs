//! DPoP proofs (RFC 9449 §4.3, §7): proofs that the sender of a token holds its key.

mod replays;
mod target;

use std::fmt;
use std::sync::Arc;

use fetching::Clock;
use http::HeaderName;
use http::request::Parts;
use jose::{SignatureAlgorithm, Thumbprint};
use protocol::proof::{ExpectedProof, Nonces, Proof, ProofError};

use crate::reason::Reason;

pub use protocol::proof::ProofId;
pub use replays::{MemoryReplays, Replays, ReplaysError, Seen};
pub(crate) use target::ApiOrigin;

/// The header of a proof (RFC 9449 §4.1).
pub(crate) const HEADER: HeaderName = HeaderName::from_static("dpop");

/// The header of a nonce (RFC 9449 §8).
pub(crate) const NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");

/// Whether DPoP-bound tokens are accepted or required (RFC 9449).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dpop {
    /// Only bearer tokens. A token that is bound to a DPoP key is refused.
    #[default]
    Off,
    /// Bearer tokens, and tokens that are bound to a key, with their proofs. A bound token without proof is refused.
    Accept,
    /// Only tokens that are bound to a key, each with its proof.
    Require,
}

/// Checks the proofs of one API.
pub(crate) struct Proofs {
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    pub(crate) origin: ApiOrigin,
    pub(crate) nonces: Option<Nonces>,
    pub(crate) replays: Arc<dyn Replays>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Proofs {
    /// Checks that the request has one valid proof by the key of its token, which has not been used before. Returns a
    /// nonce for later proofs if that of this one expires soon.
    pub(crate) async fn check(
        &self,
        head: &Parts,
        token: &str,
        key: &Thumbprint,
    ) -> Result<Option<Box<str>>, Reason> {
        let now = self.clock.now();
        let proof = Proof::verify(header(head)?, &self.algorithms).map_err(broken)?;
        let targets = [self.origin.target(head).ok_or(Reason::ProofTargetWrong)?];
        let expected =
            ExpectedProof { method: head.method.as_str(), targets: &targets, token: Some(token), now };
        proof.judge(&expected).map_err(broken)?;
        let next_nonce = match &self.nonces {
            Some(nonces) => proof.nonce().and_then(|nonce| nonces.judge(nonce, now)).map_err(broken)?,
            None => None,
        };
        if !proof.key().is(key) {
            return Err(Reason::ProofKeyWrong);
        }
        match self.replays.remember(proof.id(), proof.remembered_until(), now).await {
            Ok(Seen::First) => Ok(next_nonce),
            Ok(Seen::Before) => Err(Reason::ProofReplayed),
            Err(error) => {
                tracing::warn!(%error, "a proof could not be checked for replay");
                Err(Reason::ReplaysUnavailable)
            }
        }
    }

    /// The names of the algorithms, as a challenge lists them (RFC 9449 §7.1).
    pub(crate) fn algorithm_names(&self) -> Vec<&'static str> {
        self.algorithms.iter().map(|algorithm| algorithm.as_str()).collect()
    }

    /// A nonce for a refusal that asks for one.
    pub(crate) fn fresh_nonce(&self) -> Option<Box<str>> {
        self.nonces.as_ref().map(|nonces| nonces.fresh(self.clock.now()))
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proofs").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

/// The one proof of a request (RFC 9449 §4.3, point 1).
fn header(head: &Parts) -> Result<&str, Reason> {
    let mut headers = head.headers.get_all(HEADER).iter();
    let header = headers.next().ok_or(Reason::ProofMissing)?;
    if headers.next().is_some() {
        return Err(Reason::ProofRepeated);
    }
    header.to_str().map_err(|_| Reason::ProofMalformed)
}

/// The reason for a proof that breaks a rule.
fn broken(error: ProofError) -> Reason {
    tracing::debug!(%error, "invalid proof");
    match error {
        ProofError::Malformed => Reason::ProofMalformed,
        ProofError::TypeWrong => Reason::ProofTypeWrong,
        ProofError::AlgorithmNotAllowed => Reason::ProofAlgorithmNotAllowed,
        ProofError::KeyInvalid => Reason::ProofKeyInvalid,
        ProofError::SignatureWrong => Reason::ProofSignatureWrong,
        ProofError::ClaimMissing(_) => Reason::ProofClaimMissing,
        ProofError::ClaimMalformed(_) => Reason::ProofClaimMalformed,
        ProofError::MethodWrong => Reason::ProofMethodWrong,
        ProofError::TargetWrong => Reason::ProofTargetWrong,
        ProofError::Expired(_) => Reason::ProofExpired,
        ProofError::ClockSkewed(_) => Reason::ProofClockSkewed,
        ProofError::TokenWrong => Reason::ProofTokenWrong,
        ProofError::NonceMissing => Reason::NonceMissing,
        ProofError::NonceWrong => Reason::NonceWrong,
    }
}
