//! Short-lived values, compared and set.

use protocol::Timestamp;

/// Guard: the stored value is `expect` (`None`: there is none, or it expired before the commit's `now`).
///
/// For whatever lives shortly and is used once: a pushed request, a challenge, a code of a host's own grant. It needs no
/// family of its own, since it is never listed, ended from elsewhere or read through. It is read with
/// [`Store::item`](crate::store::Store::item), used up by a change from its value to `None`, and swept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The namespace: values of different ones never meet.
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
