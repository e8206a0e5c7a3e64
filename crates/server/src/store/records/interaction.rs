//! Interactions.

use protocol::{BrowserSecret, Digest, Timestamp};

/// One pause of an authorization request for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// The browser that may continue it.
    pub browser: Digest<BrowserSecret>,
    /// The paused request, as the server wrote it (JSON).
    pub request: Box<str>,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether it was answered.
    pub used: bool,
}
