//! Changes of requests that their user answers elsewhere.

use protocol::{DeferredCode, DeferredId, GrantId, Handle};

use crate::store::records::Deferred;

/// Changes of requests that their user answers elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum DeferredChange {
    /// Guard: the id is new, and so is the user code, if it has one.
    Add(Handle<DeferredCode>, Box<Deferred>),
    /// Guard: it is unanswered and not expired at the commit's `now`. The grant is added in the same commit.
    Approve(DeferredId, GrantId),
    /// Guard: it is unanswered and not expired at the commit's `now`.
    Deny(DeferredId),
    /// Guard: it is approved, and no tokens were issued for it.
    Use(Handle<DeferredCode>),
}

impl DeferredChange {
    /// Whether the change has a guard: all of them have.
    pub(super) const fn is_guarded(&self) -> bool {
        match self {
            Self::Add(..) | Self::Approve(..) | Self::Deny(_) | Self::Use(_) => true,
        }
    }
}
