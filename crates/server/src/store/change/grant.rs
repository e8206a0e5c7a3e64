//! Changes of grants and of remembered consent.

use protocol::{ClientId, Subject};

use crate::store::records::{Consent, Grant};

/// Changes of grants and of remembered consent.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantChange {
    /// Guard: the id is new.
    Add(Box<Grant>),
    /// No guard: the newest answer stands.
    Consent(Consent),
    /// No guard: forgets what this subject allowed this client.
    ForgetConsent(Subject, ClientId),
}

impl GrantChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(_))
    }
}
