//! Changes of grants and of remembered consent.

use protocol::{ClientId, SessionId, Subject};

use crate::store::records::{Consent, Grant};

/// Changes of grants and of remembered consent.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantChange {
    /// Guard: the id is new, and its [`Basis`] still stands: whoever was signed out, or whose account was ended, while
    /// something was approved has approved nothing.
    Add(Box<Grant>, Basis),
    /// No guard: the newest answer stands.
    Consent(Consent),
    /// No guard: forgets what this subject allowed this client.
    ForgetConsent(Subject, ClientId),
}

impl GrantChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(..))
    }
}

/// What a new grant rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Its subject has this session, and it has not ended.
    Session(SessionId),
    /// Its subject was not ended since it was seen at this version: for a grant without a session, and for one whose
    /// session begins in the same commit.
    Subject(i64),
}
