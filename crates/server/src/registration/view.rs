//! The existing registrations that a new one is checked against.

use std::collections::{HashMap, HashSet};

use jose::SignatureAlgorithm;
use protocol::{ClientId, Subject};

use crate::{
    error::Fault,
    ports::{Accounts, Standing},
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
    /// Those of the ids that are the `sub` of a user.
    pub users: HashSet<ClientId>,
    /// The algorithms of the active keys, and of those that the first start creates.
    pub signing: Vec<SignatureAlgorithm>,
}

impl RegistryView {
    /// Reads the clients and users with these ids, and everything that is needed for any registration.
    ///
    /// # Errors
    /// The store's.
    pub async fn look(store: &dyn Store, accounts: &dyn Accounts, ids: &[ClientId]) -> Result<Self, Fault> {
        let active = store.keys().await?.into_iter().filter(|key| key.state == KeyState::Active);
        let mut signing = FIRST_ALGORITHMS.to_vec();
        signing.extend(active.map(|key| key.algorithm));
        let mut view = Self { resources: store.resources().await?, signing, ..Self::default() };
        for id in ids {
            if let Some(client) = store.client(id).await? {
                view.clients.insert(id.clone(), client);
            }
            let Some(subject) = Subject::parse(id.as_str()) else { continue };
            match accounts.standing(&subject).await? {
                Standing::Active | Standing::Disabled => drop(view.users.insert(id.clone())),
                Standing::Gone => {}
            }
        }
        Ok(view)
    }
}
