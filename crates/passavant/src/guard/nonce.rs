//! The nonce for later DPoP proofs, where the nonce of an accepted request expires soon (RFC 9449 §8.2, §9).

use http::{HeaderMap, HeaderName, HeaderValue};
use resource::Token;

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Writes it into an answer, in place of what an upstream wrote: it is the guard that checks proofs.
pub(super) fn renew(token: &Token, headers: &mut HeaderMap) {
    if let Some(nonce) = token.dpop_nonce().and_then(|nonce| HeaderValue::from_str(nonce).ok()) {
        headers.insert(DPOP_NONCE, nonce);
    }
}
