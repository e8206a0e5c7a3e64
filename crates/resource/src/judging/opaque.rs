//! Tells the operator that tokens arrive that only introspection could check.

use std::sync::atomic::{AtomicI64, Ordering};

use protocol::{Issuer, Timestamp};

use crate::limits::OPAQUE_NOTICE_SECONDS;

/// Says so in the log, but not for each of the tokens that anybody can send.
#[derive(Debug)]
pub(crate) struct OpaqueNotice {
    /// When it is said again.
    next: AtomicI64,
}

impl Default for OpaqueNotice {
    fn default() -> Self {
        Self { next: AtomicI64::new(i64::MIN) }
    }
}

impl OpaqueNotice {
    /// A token that is not a JWT was refused, since nothing introspects.
    pub(crate) fn say(&self, issuer: &Issuer, now: Timestamp) {
        let due = (now + OPAQUE_NOTICE_SECONDS).0;
        let is_due = |next: i64| (now.0 >= next).then_some(due);
        if self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_err() {
            return;
        }
        tracing::warn!(
            %issuer,
            "refused a token that is not a JWT: this guard has no credentials for introspection. If the issuer issues opaque \
             tokens for this API, either have it issue JWTs (passavant: `passavant resource edit RESOURCE \
             --token-format jwt`), or give the guard credentials: `introspect(id, secret)`, PASSAVANT_CLIENT_ID and \
             PASSAVANT_CLIENT_SECRET"
        );
    }
}
