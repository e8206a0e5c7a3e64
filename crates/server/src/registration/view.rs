//! The existing registrations that a new one is checked against.

use std::collections::HashMap;

use jose::SignatureAlgorithm;
use protocol::ClientId;

use crate::{
    error::Fault,
    settings::FIRST_ALGORITHMS,
    store::{Client, KeyState, Resource, Store},
};

/// The existing registrations: every resource, and the clients that are needed.
#[derive(Clone, Debug, Default)]
pub struct RegistryView {
    /// Clients by id, including each that a new registration names.
    pub clients: HashMap<ClientId, Client>,
    /// Every resource.
    pub resources: Vec<Resource>,
    /// The algorithms of the active keys, and of those that the first start creates.
    pub signing: Vec<SignatureAlgorithm>,
}

impl RegistryView {
    /// Reads these clients, and everything that is needed for any registration.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(store: &dyn Store, clients: &[ClientId]) -> Result<Self, Fault> {
        let active = store.keys().await?.into_iter().filter(|key| key.state == KeyState::Active);
        let mut signing = FIRST_ALGORITHMS.to_vec();
        signing.extend(active.map(|key| key.algorithm));
        let mut view = Self { clients: HashMap::new(), resources: store.resources().await?, signing };
        for id in clients {
            if let Some(client) = store.client(id).await? {
                view.clients.insert(id.clone(), client);
            }
        }
        Ok(view)
    }
}
