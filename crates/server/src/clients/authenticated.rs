//! Authenticated callers, as types that only `clients.rs` makes.

use std::sync::Arc;

use protocol::ClientId;

use crate::{
    registry::{RegisteredClient, RegisteredResource},
    store::Remember,
};

/// Proof, as a type, that the client authenticated by its registered method.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(pub(super) Arc<RegisteredClient>);

impl std::ops::Deref for AuthenticatedClient {
    type Target = RegisteredClient;

    fn deref(&self) -> &RegisteredClient {
        &self.0
    }
}

/// An authenticated caller: a client, the resources with an id, or both.
#[derive(Debug)]
pub struct AuthenticatedCaller {
    /// The id in the shared namespace of clients and resources.
    pub id: ClientId,
    /// Its [`Caller::epoch`].
    pub epoch: i64,
    /// The client with this id.
    pub client: Option<AuthenticatedClient>,
    /// The resources with this id.
    pub resources: Vec<Arc<RegisteredResource>>,
    /// What this authentication must remember whatever is decided (for example the `jti` of an assertion).
    pub remember: Vec<Remember>,
}
