//! Short-lived values, compared and set.

use protocol::Timestamp;

/// Guard: the stored value is `expect` (`None`: there is none, or it ended before the commit's `now`).
/// Compare-and-set, for grants from outside this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// A name of the outside grant's own.
    pub space: Box<str>,
    /// Which value.
    pub key: Box<str>,
    /// What it becomes; `None` deletes it.
    pub value: Option<Vec<u8>>,
    /// What it must be.
    pub expect: Option<Vec<u8>>,
    /// Until when it is kept.
    pub until: Timestamp,
}
