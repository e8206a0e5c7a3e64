//! Authorization codes.

use jose::Thumbprint;
use protocol::{CodeChallenge, GrantId, Timestamp};

/// An authorization code (RFC 6749 §4.1.2). What was approved is in its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The grant that it redeems.
    pub grant: GrantId,
    /// The redirect URI of the authorization request, which the token request must repeat (RFC 6749 §4.1.3).
    pub redirect_uri: Box<str>,
    /// The PKCE code challenge (RFC 7636 §4.2).
    pub challenge: Option<CodeChallenge>,
    /// The `nonce` for the ID token.
    pub nonce: Option<Box<str>>,
    /// The key that must redeem it, which the authorization request named as `dpop_jkt` (RFC 9449 §10).
    pub dpop_jkt: Option<Thumbprint>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether it was redeemed.
    pub used: bool,
    /// Number of wrong verifiers so far.
    pub tries: u32,
}
