//! `[dpop]`: access tokens that are bound to a key of the client (RFC 9449).

use super::super::kind::Boolean;

section! {
    /// Access tokens that are bound to a key of the client (DPoP, RFC 9449). Every client may send a proof with a token
    /// request; one that registers `dpop_bound_access_tokens` must.
    Dpop at "dpop." {
        /// Whether every proof needs a nonce of this server (RFC 9449 section 8), so that no proof can be made in advance.
        /// It costs a client one more request in five minutes.
        require_nonce: bool = Boolean, default "false";
    }
}
