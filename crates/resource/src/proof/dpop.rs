//! Proofs that the sender of a token holds its key (RFC 9449 §4.3, §7): the one header they come in, and everything
//! that must be right of one.

mod nonce;
mod proof;
mod replays;
mod target;

use std::fmt;
use std::sync::Arc;

use fetching::Clock;
use http::HeaderName;
use http::request::Parts;
use jose::{SignatureAlgorithm, Thumbprint};

use crate::reason::Reason;

use proof::Expected;

pub(crate) use nonce::Nonces;
pub use replays::{MemoryReplays, ProofId, Replays, ReplaysError, Seen};
pub(crate) use target::Origin;

/// The header of a proof (RFC 9449 §4.1).
pub(crate) const HEADER: HeaderName = HeaderName::from_static("dpop");

/// The header of a nonce (RFC 9449 §8).
pub(crate) const NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");

/// Whether tokens come with proofs of a key (RFC 9449).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dpop {
    /// Only bearer tokens. A token that is bound to a DPoP key is refused.
    #[default]
    Off,
    /// Bearer tokens and, with their proofs, tokens that are bound to a key. A bound token without is refused.
    Accept,
    /// Only tokens that are bound to a key, each with its proof.
    Require,
}

/// Checks the proofs of one API.
pub(crate) struct Proofs {
    pub(crate) algorithms: Vec<SignatureAlgorithm>,
    pub(crate) origin: Origin,
    pub(crate) nonces: Option<Nonces>,
    pub(crate) replays: Arc<dyn Replays>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Proofs {
    /// Whether the request bears one good proof by the key of its token, never seen before. Gives the nonce for the
    /// proofs to come, where that of this one nears its end.
    pub(crate) async fn check(
        &self,
        head: &Parts,
        token: &str,
        key: &Thumbprint,
    ) -> Result<Option<Box<str>>, Reason> {
        let now = self.clock.now();
        let proof = proof::verify(header(head)?, &self.algorithms)?;
        let target = self.origin.target(head).ok_or(Reason::ProofTargetWrong)?;
        proof.judge(&Expected { method: head.method.as_str(), target: &target, token, now })?;
        let next_nonce = match &self.nonces {
            Some(nonces) => nonces.judge(proof.nonce()?, now)?,
            None => None,
        };
        if !proof.key().is(key) {
            return Err(Reason::ProofKeyWrong);
        }
        match self.replays.remember(proof.id(), proof.remembered_until(), now).await {
            Ok(Seen::First) => Ok(next_nonce),
            Ok(Seen::Before) => Err(Reason::ProofReplayed),
            Err(error) => {
                tracing::warn!(%error, "a proof can't be told from a replay");
                Err(Reason::ReplaysUnavailable)
            }
        }
    }

    /// The names of the algorithms, as a challenge lists them (RFC 9449 §7.1).
    pub(crate) fn algorithm_names(&self) -> Vec<&'static str> {
        self.algorithms.iter().map(|algorithm| algorithm.as_str()).collect()
    }

    /// A nonce to go with a refusal for want of a good one.
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
