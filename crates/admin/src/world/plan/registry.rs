//! Clients, resources and scopes: what differs is put.

use protocol::ClientId;
use serde_json::{Map, Value};
use server::store::{Client, Resource, Scope};

use super::{Planner, makes_applied};
use crate::record;

/// How a secret that is there is shown.
pub(super) const SET: &str = "(set)";
/// How one that takes its place is shown.
const ANOTHER: &str = "(another one)";

impl Planner<'_> {
    pub(super) fn clients(&mut self) {
        for entry in self.world.clients() {
            let stored = self.stored.view.clients.get(entry.id());
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            if let Some(mut client) = self.credentials.client(entry, &mut self.findings) {
                client.version = self.world.base.unwrap_or(client.version);
                self.put_client(&client, stored);
                self.plan.clients.push(client);
            }
        }
    }

    fn put_client(&mut self, client: &Client, stored: Option<&Client>) {
        if stored == Some(client) {
            return;
        }
        let before = stored.map(|client| client_members(client, SET));
        let is_kept = stored.is_none_or(|stored| stored.caller.secret == client.caller.secret);
        let after = client_members(client, if is_kept { SET } else { ANOTHER });
        self.plan.difference.note("client", client.caller.id.as_str(), before.as_ref(), Some(&after));
        self.plan.changes.put_client(client.clone(), stored);
    }

    pub(super) fn resources(&mut self) {
        for entry in self.world.resources() {
            let stored = self.resources.get(entry.identifier()).copied();
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            if let Some(mut resource) = self.credentials.resource(entry, &mut self.findings) {
                resource.version = self.world.base.unwrap_or(resource.version);
                self.put_resource(&resource, stored);
                self.plan.resources.push(resource);
            }
        }
    }

    fn put_resource(&mut self, resource: &Resource, stored: Option<&Resource>) {
        if stored.is_some_and(|stored| stored == resource || self.differs_only_by_client(stored, resource)) {
            return;
        }
        let before = stored.map(|resource| resource_members(resource, SET));
        let old_secret = stored.and_then(|stored| stored.caller.as_ref()).map(|caller| &caller.secret);
        let new_secret = resource.caller.as_ref().map(|caller| &caller.secret);
        let is_kept = stored.is_none() || old_secret == new_secret;
        let after = resource_members(resource, if is_kept { SET } else { ANOTHER });
        self.plan.difference.note("resource", resource.identifier.as_str(), before.as_ref(), Some(&after));
        self.plan.changes.put_resource(resource.clone());
    }

    /// Whether only the credentials differ, and they are a client's, which writes them itself.
    fn differs_only_by_client(&self, stored: &Resource, wanted: &Resource) -> bool {
        let id = |resource: &Resource| resource.caller.as_ref().map(|caller| caller.id.clone());
        let is_client =
            |id: &ClientId| self.stored.view.clients.contains_key(id) || self.listed.clients.contains(id);
        id(stored) == id(wanted)
            && stored.settings == wanted.settings
            && id(wanted).as_ref().is_some_and(is_client)
    }

    pub(super) fn scopes(&mut self) {
        for entry in self.world.scopes.iter().flatten() {
            let stored = self.scopes.get(entry.scope.scope.as_str()).copied();
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            let applied = stored.map_or(makes_applied(self.mode), |scope| scope.applied);
            let scope = Scope { applied, ..entry.scope.clone() };
            if stored == Some(&scope) {
                continue;
            }
            let (before, after) = (stored.map(record::object), record::object(&scope));
            self.plan.difference.note("scope", &scope.scope, before.as_ref(), Some(&after));
            self.plan.changes.put_scope(scope);
        }
    }
}

pub(super) fn client_members(client: &Client, secret: &str) -> Map<String, Value> {
    let mut members = without_secret_keys(record::client_members(client));
    if client.caller.secret.is_some() {
        members.insert("client_secret".to_owned(), secret.into());
    }
    members
}

pub(super) fn resource_members(resource: &Resource, secret: &str) -> Map<String, Value> {
    let mut members = without_secret_keys(record::resource_members(resource));
    if resource.caller.as_ref().is_some_and(|caller| caller.secret.is_some()) {
        members.insert("client_secret".to_owned(), secret.into());
    }
    members
}

/// Members as they may be shown: of a symmetric key everything but the key.
fn without_secret_keys(mut members: Map<String, Value>) -> Map<String, Value> {
    let keys = members.get_mut("jwks").and_then(|jwks| jwks.get_mut("keys")).and_then(Value::as_array_mut);
    for key in keys.into_iter().flatten().filter_map(Value::as_object_mut) {
        key.remove("k");
    }
    members
}
