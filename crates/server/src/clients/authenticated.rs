//! Who authenticated, as types that only `clients.rs` makes.

use std::sync::Arc;

use protocol::ClientId;

use crate::{
    registry::{RegisteredClient, RegisteredResource},
    store::Remember,
};

/// Proof, as a type, that the client authenticated as it registered to.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(pub(super) Arc<RegisteredClient>);

impl std::ops::Deref for AuthenticatedClient {
    type Target = RegisteredClient;

    fn deref(&self) -> &RegisteredClient {
        &self.0
    }
}

/// Who authenticated: a client, the resources behind an id, or both at once.
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
    /// What must be remembered of this authentication, whatever is decided (the `jti` of an assertion, say).
    pub remember: Vec<Remember>,
}
