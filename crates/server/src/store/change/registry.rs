//! Changes of clients, resources and scopes.

use protocol::ClientId;

use crate::store::records::{Client, Resource, Scope};

/// Changes of clients, resources and scopes. Each of them moves [`Store::registry_version`](crate::store::Store::registry_version).
#[derive(Clone, Debug, PartialEq)]
pub enum RegistryChange {
    /// Guard: as [`Expect`] says, and no client or resource has this id as something else. Replaces the record.
    PutClient(Box<Client>, Expect),
    /// No guard: a client that is gone is gone. Where a resource shares its credentials they stay, under another epoch,
    /// so that the client's own tokens end all the same. What subjects remembered to allow it is forgotten.
    DeleteClient(ClientId),
    /// Guard: as [`Expect`] says. Where a client has the same id its credentials are left alone.
    PutResource(Box<Resource>, Expect),
    /// No guard: by resource identifier.
    DeleteResource(protocol::Audience),
    /// No guard: replaces the record.
    PutScope(Scope),
    /// No guard.
    DeleteScope(String),
}

impl RegistryChange {
    /// Whether the change has a guard.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::PutClient(..) | Self::PutResource(..))
    }
}

/// What a registry record must be for a change to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is none.
    Absent,
    /// There is one with this version.
    Version(i64),
}
