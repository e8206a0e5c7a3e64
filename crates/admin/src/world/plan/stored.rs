//! What is stored of everything that a world is about.

use std::collections::{HashMap, HashSet};

use accounts::Account;
use protocol::{ClientId, Subject};
use server::{Fault, registration::RegistryView, store::Scope};

use super::super::{ApplyMode, World};
use crate::administration::Administration;

/// Rows that are read at once where all must be looked at.
const PAGE: u32 = 500;

/// Clients and accounts that the world names, or all of them where it is to be pruned; every resource and scope.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) view: RegistryView,
    pub(super) accounts: HashMap<Subject, Account>,
    /// Who has each username that the world names, by its canonical spelling.
    pub(super) usernames: HashMap<String, Subject>,
    pub(super) scopes: Vec<Scope>,
}

impl Stored {
    pub(super) async fn look(
        administration: &Administration,
        world: &World,
        mode: ApplyMode,
    ) -> Result<Self, Fault> {
        let Administration { server, directory, .. } = administration;
        let mut named: Vec<_> = world.clients().iter().map(|entry| entry.id().clone()).collect();
        named.extend(world.resources().iter().filter_map(|entry| entry.client_id().cloned()));
        // A client must not have the id of a user, nor a user that of a client.
        let subjects = world.users.iter().flatten().map(|entry| entry.subject.as_str());
        named.extend(subjects.filter_map(ClientId::parse));
        let view = RegistryView::look(server.store(), server.accounts(), &named).await?;
        let mut stored = Self { view, scopes: server.store().scopes().await?, ..Self::default() };
        for entry in world.users.iter().flatten() {
            if let Some(account) = directory.by_subject(&entry.subject).await? {
                stored.accounts.insert(entry.subject.clone(), account);
            }
            if let Some(account) = directory.by_username(&entry.username).await? {
                stored.usernames.insert(entry.username.canonical(), account.subject);
            }
        }
        if mode == ApplyMode::Prune {
            stored.look_at_all(administration, world).await?;
        }
        Ok(stored)
    }

    /// The accounts that are added.
    pub(super) fn added(&self, world: &World) -> HashSet<Subject> {
        let users = world.users.iter().flatten().map(|entry| &entry.subject);
        users.filter(|subject| !self.accounts.contains_key(*subject)).cloned().collect()
    }

    async fn look_at_all(&mut self, administration: &Administration, world: &World) -> Result<(), Fault> {
        let Administration { server, directory, .. } = administration;
        let mut after = None;
        while world.clients.is_some() {
            let page = server.store().list_clients(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.caller.id.clone());
            self.view.clients.extend(page.into_iter().map(|client| (client.caller.id.clone(), client)));
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
