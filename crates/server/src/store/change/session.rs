//! Changes of sessions.

use protocol::{Handle, SessionId, SessionToken, Timestamp};

use crate::store::records::Session;

/// Changes of sessions.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionChange {
    /// Guard: the id is new, and its subject was not ended since it was seen at this version
    /// ([`SeenSubject`](crate::store::SeenSubject)): an account that was disabled while its password was checked is not
    /// signed in.
    Add(Handle<SessionToken>, Session, i64),
    /// Guard: this subject has a session with this id that has not ended, and, as for [`Self::Add`], the subject was
    /// not ended since it was seen at this version. Replaces the secret and the data of the session: the old secret
    /// becomes invalid, and the grants stay with the session.
    Renew(Handle<SessionToken>, Session, i64),
    /// No guard: records its use.
    Touch(SessionId, Timestamp),
}

impl SessionChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(..) | Self::Renew(..))
    }
}
