//! Credentials: what is stored behind each `client_id`, and what the file makes of it. A client and the resources that
//! share its id have one between them.

use std::collections::{HashMap, HashSet};

use protocol::ClientId;
use server::store::{Caller, StoredSecret};

use super::{
    super::{Manner, World, resource},
    stored::Stored,
};
use crate::wiring::Installation;

/// The credentials of every `client_id` in the file.
pub(super) struct Callers<'p> {
    installation: &'p Installation,
    /// Ids whose secret is needed itself, by whoever shares them.
    recoverable: HashSet<ClientId>,
    /// Ids of clients that this run deletes.
    pub(super) pruned: HashSet<ClientId>,
    of_resources: HashMap<ClientId, Caller>,
    planned: HashMap<ClientId, Caller>,
}

impl<'p> Callers<'p> {
    pub(super) fn new(
        installation: &'p Installation,
        world: &World,
        stored: &Stored,
        manner: Manner,
    ) -> Self {
        let listed = |id: &ClientId| world.clients.iter().flatten().any(|entry| entry.id == *id);
        let in_file = |id| world.resources.iter().flatten().any(|entry| entry.identifier == id);
        let mut recoverable = HashSet::new();
        for entry in world.clients.iter().flatten().filter(|entry| entry.needs_secret_itself()) {
            recoverable.insert(entry.id.clone());
        }
        for entry in world.resources.iter().flatten().filter(|entry| entry.needs_secret_itself()) {
            recoverable.extend(entry.client_id.clone());
        }
        let mut of_resources = HashMap::new();
        for kept in &stored.resources {
            let Some(caller) = &kept.caller else { continue };
            if !in_file(kept.identifier.clone()) && resource::needs_secret_itself(&kept.settings) {
                recoverable.insert(caller.id.clone());
            }
            of_resources.insert(caller.id.clone(), caller.clone());
        }
        let prunes = manner == Manner::Prune && world.clients.is_some();
        let pruned =
            stored.clients.values().filter(|client| prunes && client.applied && !listed(&client.caller.id));
        let pruned = pruned.map(|client| client.caller.id.clone()).collect();
        Self { installation, recoverable, pruned, of_resources, planned: HashMap::new() }
    }

    /// The credentials that a resource stored under this id has, alone or with others.
    pub(super) fn of_resource(&self, id: &ClientId) -> Option<&Caller> {
        self.of_resources.get(id)
    }

    /// What was already planned for this id.
    pub(super) fn planned(&self, id: &ClientId) -> Option<&Caller> {
        self.planned.get(id)
    }

    /// Plans the credentials of an id: what is stored, with the secret that is given, kept as its owners need it.
    pub(super) fn plan(
        &mut self,
        id: &ClientId,
        stored: Option<&Caller>,
        given: Option<&str>,
    ) -> Result<Caller, &'static str> {
        let epoch = || self.installation.server.draw_row_id();
        let fresh = || Caller { id: id.clone(), epoch: epoch(), disabled: false, secret: None };
        let mut caller = stored.cloned().unwrap_or_else(fresh);
        let recoverable = self.recoverable.contains(id);
        caller.secret = self.secret(id, caller.secret.take(), given, recoverable)?;
        self.planned.insert(id.clone(), caller.clone());
        Ok(caller)
    }

    /// Whether a given secret is the one of these credentials.
    pub(super) fn is_secret_of(&self, caller: &Caller, given: &str) -> bool {
        let is = |stored| self.installation.master.is_secret(&caller.id, given.as_bytes(), stored);
        caller.secret.as_ref().is_some_and(is)
    }

    fn secret(
        &self,
        id: &ClientId,
        stored: Option<StoredSecret>,
        given: Option<&str>,
        recoverable: bool,
    ) -> Result<Option<StoredSecret>, &'static str> {
        let master = &self.installation.master;
        let is_same = |given: &str| {
            stored.as_ref().is_some_and(|stored| master.is_secret(id, given.as_bytes(), stored))
        };
        if let Some(given) = given
            && !(is_same(given)
                && stored.as_ref().is_some_and(|stored| stored.sealed.is_some() == recoverable))
        {
            return Ok(Some(master.store_secret(id, given, recoverable)));
        }
        match stored {
            Some(stored) if recoverable && stored.sealed.is_none() => {
                Err("this registration needs the secret itself, and only its digest was kept: give it again")
            }
            Some(stored) if !recoverable => Ok(Some(StoredSecret { sealed: None, ..stored })),
            stored => Ok(stored),
        }
    }
}
