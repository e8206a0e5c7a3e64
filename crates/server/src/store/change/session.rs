//! Changes of sessions.

use protocol::{Handle, SessionId, SessionToken, Timestamp};

use crate::store::records::Session;

/// Changes of sessions.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionChange {
    /// Guard: the id is new, and its subject was not ended since it was seen at this version
    /// ([`SeenSubject`](crate::store::SeenSubject)): an account that was disabled while its password was checked is not
    /// signed in to.
    Add(Handle<SessionToken>, Session, i64),
    /// Guard: this subject has a session with this id that has not ended. It goes on under another secret, and what
    /// is known of it is replaced: the secret of before opens nothing any longer, its grants stay its own. And, as of
    /// [`Self::Add`], its subject was not ended since it was seen at this version.
    Renew(Handle<SessionToken>, Session, i64),
    /// No guard: it was used just now.
    Touch(SessionId, Timestamp),
}

impl SessionChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(..) | Self::Renew(..))
    }
}
