//! Changes of grants and of remembered consent.

use protocol::{ClientId, SessionId, Subject};

use crate::store::records::{Consent, Grant};

/// Changes of grants and of remembered consent.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantChange {
    /// Guard: the id is new, and its [`Basis`] still holds: an approval is void if the user was signed out, or the
    /// account was ended, or the client was disabled or deleted, meanwhile.
    Add(Box<Grant>, Basis),
    /// No guard: replaces the remembered consent.
    Consent(Consent),
    /// No guard: forgets the consent of this subject to this client.
    ForgetConsent(Subject, ClientId),
}

impl GrantChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Add(..))
    }
}

/// What a new grant is based on: its user and its client, as they were when it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// Why its subject may have it.
    pub user: UserBasis,
    /// The [epoch](crate::store::Caller::epoch) of its client, which must still have it and not be disabled; 0 where no
    /// client with that id is stored.
    pub client_epoch: i64,
}

/// Where the user of a new grant was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserBasis {
    /// This session of its subject, which must not have ended.
    Session(SessionId),
    /// Its subject at this version, which must not have been ended since: for a grant without a session, and for one
    /// whose session is added in the same commit.
    Subject(i64),
}

impl UserBasis {
    /// The basis of a grant for a client at this epoch.
    pub const fn at(self, client_epoch: i64) -> Basis {
        Basis { user: self, client_epoch }
    }
}
