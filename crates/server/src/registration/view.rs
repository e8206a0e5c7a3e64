//! What is registered already, as far as a registration is weighed against it.

use std::collections::HashMap;

use jose::SignatureAlgorithm;
use protocol::ClientId;

use crate::{
    error::Fault,
    settings::FIRST_ALGORITHMS,
    store::{Client, KeyState, Resource, Store},
};

/// What is registered already: every resource, and those clients that matter.
#[derive(Clone, Debug, Default)]
pub struct RegistryView {
    /// Clients, by id: at least each that a registration names.
    pub clients: HashMap<ClientId, Client>,
    /// Every resource.
    pub resources: Vec<Resource>,
    /// What some key signs with, or will from the first start on.
    pub signing: Vec<SignatureAlgorithm>,
}

impl RegistryView {
    /// Looks up these clients, and everything that is looked at whatever is registered.
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
