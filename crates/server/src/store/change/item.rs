//! Short-lived values, compared and set.

use protocol::Timestamp;

/// Guard: the stored value is `expect` (`None`: there is none, or it expired before the commit's `now`).
/// Compare-and-set, for extension grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// A namespace that the extension grant chooses.
    pub space: Box<str>,
    /// The key within the namespace.
    pub key: Box<str>,
    /// The new value; `None` deletes it.
    pub value: Option<Vec<u8>>,
    /// The value that must be stored now.
    pub expect: Option<Vec<u8>>,
    /// When it expires.
    pub until: Timestamp,
}
