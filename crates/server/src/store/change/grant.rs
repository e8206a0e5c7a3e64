//! Changes of grants and of remembered consent.

use protocol::{ClientId, GrantId, SessionId, Subject};

use crate::store::records::{Consent, Grant};

/// Changes of grants and of remembered consent.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantChange {
    /// Guard: the id is new.
    Add(Box<Grant>),
    /// No guard: revoking twice is revoking.
    Revoke(GrantId),
    /// No guard. Ends every grant of this session, subject or client, but those with `offline_access` where
    /// `keep_offline` says so.
    RevokeAll {
        /// Whose.
        of: Of,
        /// Whether grants with `offline_access` live on.
        keep_offline: bool,
    },
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

/// Whose grants are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those approved in this session.
    Session(SessionId),
    /// Those that this subject approved.
    Subject(Subject),
    /// Those approved for this client.
    Client(ClientId),
}
