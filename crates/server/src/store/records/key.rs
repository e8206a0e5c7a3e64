//! Signing keys of the server.

use protocol::Timestamp;

/// A signing key of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The `kid`: the RFC 7638 thumbprint.
    pub kid: String,
    /// The one algorithm it signs with.
    pub algorithm: jose::SignatureAlgorithm,
    /// Its state.
    pub state: KeyState,
    /// The private JWK, sealed under the master key.
    pub sealed: Vec<u8>,
    /// When it was created, and published.
    pub created_at: Timestamp,
    /// When it began to sign. In the state `Next`: when it will.
    pub active_at: Timestamp,
    /// When it left the state `Active`; it is published until its last signature has long expired.
    pub retired_at: Option<Timestamp>,
}

/// The state of a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published, not used yet.
    Next,
    /// Signs.
    Active,
    /// Published, no longer used.
    Retiring,
}

impl KeyState {
    /// Its name in the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
        }
    }

    /// Parses the name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retiring].into_iter().find(|state| state.as_str() == text)
    }
}
