//! Changes of signing keys.

use protocol::Timestamp;

use crate::store::records::{KeyRecord, KeyState};

/// Changes of signing keys. Each of them increases [`Store::registry_version`](crate::store::Store::registry_version).
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// Guard: the `kid` is new.
    Add(KeyRecord),
    /// No guard.
    SetState {
        /// Which key.
        kid: String,
        /// The new state.
        state: KeyState,
        /// When it left `Active`.
        retired_at: Option<Timestamp>,
    },
    /// No guard.
    Delete(String),
}

impl KeyChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(_))
    }
}
