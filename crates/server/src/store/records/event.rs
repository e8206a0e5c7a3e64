//! Entries of the outbox.

use protocol::{ClientId, Subject, Timestamp};

/// No guard: an entry of the one outbox, appended in the same commit and read by cursor, at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// The subject it happened to.
    pub subject: Option<Subject>,
    /// The client it happened to.
    pub client: Option<ClientId>,
    /// The row it happened to (grant, session), as text. Never a secret.
    pub detail: Box<str>,
}

/// What others must learn of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An account was made, disabled, enabled, or its password changed.
    AccountChanged,
    /// A client was registered, changed or deleted.
    ClientChanged,
    /// One or more grants ended before their time.
    GrantsRevoked,
    /// A code or refresh token was presented a second time, and its grant was ended.
    ReplayDetected,
    /// A session ended before its time.
    SessionEnded,
}

impl EventKind {
    /// The word for it, in the store and in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountChanged => "account_changed",
            Self::ClientChanged => "client_changed",
            Self::GrantsRevoked => "grants_revoked",
            Self::ReplayDetected => "replay_detected",
            Self::SessionEnded => "session_ended",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::AccountChanged,
            Self::ClientChanged,
            Self::GrantsRevoked,
            Self::ReplayDetected,
            Self::SessionEnded,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}
