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
#[derive(Clone, Debug)]
pub struct AuthenticatedCaller {
    /// The id in the shared namespace of clients and resources.
    pub id: ClientId,
    /// Its [`Caller::epoch`].
    pub epoch: i64,
    /// The client with this id.
    pub client: Option<AuthenticatedClient>,
    /// The resources with this id.
    pub resources: Vec<Arc<RegisteredResource>>,
    /// Whether the id is that of several resources, or of a client and a resource. Then an answer says whom it is about.
    pub has_several_roles: bool,
    /// What this authentication must remember whatever is decided (for example the `jti` of an assertion).
    pub remember: Vec<Remember>,
}

/// As what a caller acts in one request. An id that is a client's and a resource's has the rights of one of them at a
/// time, never of both.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role<'a> {
    /// As the resources with its id.
    Resources(&'a [Arc<RegisteredResource>]),
    /// As the client with its id.
    Client(&'a RegisteredClient),
}

impl AuthenticatedCaller {
    /// As what it asks about tokens: as a resource if it is one.
    pub(crate) fn role(&self) -> Role<'_> {
        match &self.client {
            Some(client) if self.resources.is_empty() => Role::Client(client),
            Some(_) | None => Role::Resources(&self.resources),
        }
    }
}
