//! Changes of signing keys.

use protocol::Timestamp;

use crate::store::records::{KeyRecord, KeyState};

/// Changes of signing keys. Each of them increases [`Store::registry_version`](crate::store::Store::registry_version).
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// Guard: the `kid` is new.
    Add(KeyRecord),
    /// Guard: the key is `Next`. It is `Active` from this time on.
    Activate(String, Timestamp),
    /// Guard: the key is `Active`. It is `Retiring` from this time on.
    Retire(String, Timestamp),
    /// Guard: the key is stored in this state.
    Delete(String, KeyState),
}

impl KeyChange {
    /// What becomes of the key.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Add(_) => "published",
            Self::Activate(..) => "signs",
            Self::Retire(..) => "retired",
            Self::Delete(..) => "deleted",
        }
    }

    /// Which key.
    pub fn kid(&self) -> &str {
        match self {
            Self::Add(key) => &key.kid,
            Self::Activate(kid, _) | Self::Retire(kid, _) | Self::Delete(kid, _) => kid,
        }
    }
}
