//! Changes of authorization codes.

use protocol::{AuthorizationCode, Handle};

use crate::store::records::Code;

/// Changes of authorization codes.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeChange {
    /// Guard: the id is new.
    Add(Handle<AuthorizationCode>, Box<Code>),
    /// Guard: the code is unused.
    Use(Handle<AuthorizationCode>),
    /// No guard: counts a wrong verifier; at `protocol::limits::CODE_TRIES_MAX` the code is marked as used.
    CountTry(Handle<AuthorizationCode>),
}

impl CodeChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(..) | Self::Use(_))
    }
}
