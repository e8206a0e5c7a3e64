//! Changes of clients, resources and scopes.

use protocol::ClientId;

use crate::store::records::{Client, Resource, Scope};

/// Changes of clients, resources and scopes. Each of them increases its part of
/// [`Store::registry_version`](crate::store::Store::registry_version): `clients` for a client, and `rest` too where a
/// resource has its credentials.
#[derive(Clone, Debug, PartialEq)]
pub enum RegistryChange {
    /// Guard: [`Expect`] holds, and the id does not belong to a resource without a client. A new client does not have the
    /// `sub` of an account that is stored in the same database either (RFC 9700 §4.15). Replaces the record.
    PutClient(Box<Client>, Expect),
    /// No guard: it is idempotent. Credentials that a resource shares are kept under another epoch, so that the
    /// client's own tokens still end. Remembered consent to the client is forgotten.
    DeleteClient(ClientId),
    /// Guard: the client was to be deleted unless it was used until a time before the commit. Deletes it as
    /// [`Self::DeleteClient`] does.
    DeleteUnused(ClientId),
    /// No guard. The client is in use, and stays; its version increases if it was not kept before.
    KeepClient(ClientId),
    /// Guard: [`Expect`] holds, and an id that no client or resource has yet is not the `sub` of an account that is stored
    /// in the same database. If a client has the same id, its credentials are not changed.
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
        matches!(self, Self::PutClient(..) | Self::PutResource(..) | Self::DeleteUnused(_))
    }
}

/// What must be stored for a change of a registry record to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No record.
    Absent,
    /// A record with this version.
    Version(i64),
}
