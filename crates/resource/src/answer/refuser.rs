//! Refuses requests on behalf of one guard: the challenge, the nonce that goes with it, and the log line.

use std::sync::Arc;

use fetching::Clock;
use protocol::{Difference, Issuer, Scopes, Timestamp};

use crate::answer::challenge::{Challenger, Denied};
use crate::judging::policy::{Needs, TokenRefusal};
use crate::proof::bearer::Scheme;
use crate::proof::dpop::Proofs;
use crate::reason::Reason;

/// What refusals of one guard are made of. Its tokens share it, so that a handler can refuse as the guard does.
pub(crate) struct Refuser {
    pub(crate) challenger: Challenger,
    /// What checks DPoP proofs, where they are accepted; it makes the nonces.
    pub(crate) proofs: Option<Proofs>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The issuer that is logged if there is no token.
    pub(crate) issuer: Issuer,
}

impl Refuser {
    /// Refuses and logs why: a caller's mistake at debug level, a failure of the server or of ours as a warning.
    pub(crate) fn refuse(&self, refusal: TokenRefusal, issuer: &Issuer, tried: Option<Scheme>) -> Denied {
        let slug = refusal.reason.slug();
        if refusal.reason.status() >= 500 {
            tracing::warn!(reason = slug, %issuer, "a token could not be checked");
        } else {
            let [what, sent, expected] = Difference::fields(refusal.difference.as_deref());
            tracing::debug!(reason = slug, what, sent, expected, "refused");
        }
        let proofs = self.proofs.as_ref().filter(|_| refusal.reason.wants_nonce());
        let nonce = proofs.and_then(Proofs::fresh_nonce);
        self.challenger.deny(refusal, tried).with_nonce(nonce.as_deref())
    }

    /// Refuses a request without a token, or for missing scopes.
    pub(crate) fn deny(&self, reason: Reason, needed: &Scopes) -> Denied {
        let needs = Needs { scopes: needed.clone(), ..Needs::default() };
        self.refuse(TokenRefusal { reason, needs, difference: None }, &self.issuer, None)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
