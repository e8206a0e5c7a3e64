//! Authorization codes.

use protocol::{CodeChallenge, GrantId, Timestamp};

/// An authorization code (RFC 6749 §4.1.2). What was approved stands in its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What it redeems.
    pub grant: GrantId,
    /// The redirect URI of the authorization request, to be repeated (RFC 6749 §4.1.3).
    pub redirect_uri: Box<str>,
    /// The promise to be kept (RFC 7636).
    pub challenge: Option<CodeChallenge>,
    /// For the ID token.
    pub nonce: Option<Box<str>>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was redeemed.
    pub used: bool,
    /// Wrong verifiers so far.
    pub tries: u32,
}
