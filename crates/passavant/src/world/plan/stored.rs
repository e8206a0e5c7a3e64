//! What is stored of everything that a file is about.

use std::collections::HashMap;

use accounts::Account;
use jose::SignatureAlgorithm;
use protocol::{ClientId, Subject};
use server::{
    Fault,
    store::{Client, KeyState, Resource, Scope, Store as _},
};

use super::super::{Manner, World};
use crate::wiring::Installation;

/// Rows that are read at once where all must be looked at.
const PAGE: u32 = 500;

/// Clients and accounts that the file names, or all of them where it is to be pruned; every resource and scope.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) clients: HashMap<ClientId, Client>,
    pub(super) resources: Vec<Resource>,
    pub(super) accounts: HashMap<Subject, Account>,
    /// Who has each username that the file names, by its canonical spelling.
    pub(super) usernames: HashMap<String, Subject>,
    pub(super) scopes: Vec<Scope>,
    /// What some key signs with, or will from the first start on.
    pub(super) signing: Vec<SignatureAlgorithm>,
}

impl Stored {
    pub(super) async fn look(
        installation: &Installation,
        world: &World,
        manner: Manner,
    ) -> Result<Self, Fault> {
        let Installation { issuer, directory, .. } = installation;
        let resources = issuer.resources().await?;
        let mut signing = vec![SignatureAlgorithm::Es256, SignatureAlgorithm::Rs256];
        let active = issuer.keys().await?.into_iter().filter(|key| key.state == KeyState::Active);
        signing.extend(active.map(|key| key.algorithm));
        let mut stored = Self { resources, scopes: issuer.scopes().await?, signing, ..Self::default() };
        let of_clients = world.clients.iter().flatten().map(|entry| &entry.id);
        let of_resources = world.resources.iter().flatten().filter_map(|entry| entry.client_id.as_ref());
        for id in of_clients.chain(of_resources) {
            if let Some(client) = issuer.client(id).await? {
                stored.clients.insert(id.clone(), client);
            }
        }
        for entry in world.users.iter().flatten() {
            if let Some(account) = directory.by_subject(&entry.subject).await? {
                stored.accounts.insert(entry.subject.clone(), account);
            }
            if let Some(account) = directory.by_username(&entry.username).await? {
                stored.usernames.insert(entry.username.canonical(), account.subject);
            }
        }
        if manner == Manner::Prune {
            stored.look_at_all(installation, world).await?;
        }
        Ok(stored)
    }

    async fn look_at_all(&mut self, installation: &Installation, world: &World) -> Result<(), Fault> {
        let Installation { issuer, directory, .. } = installation;
        let mut after = None;
        while world.clients.is_some() {
            let page = issuer.list_clients(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.caller.id.clone());
            self.clients.extend(page.into_iter().map(|client| (client.caller.id.clone(), client)));
        }
        let mut after = None;
        while world.users.is_some() {
            let page = directory.list_accounts(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.subject.clone());
            self.accounts.extend(page.into_iter().map(|account| (account.subject.clone(), account)));
        }
        Ok(())
    }
}
