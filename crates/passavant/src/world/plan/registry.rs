//! Clients, resources and scopes: what differs is put.

use jose::SignatureAlgorithm;
use protocol::ClientId;
use serde_json::{Map, Value};
use server::store::{Caller, Client, Expect, Of, RegistryChange, Resource, Scope, Why};

use super::{
    super::{client::ClientEntry, members, resource::ResourceEntry},
    Planner,
};

/// How a secret that is there is shown.
const KEPT: &str = "(set)";
/// How one that takes its place is shown.
const ANOTHER: &str = "(another one)";

impl Planner<'_> {
    pub(super) fn clients(&mut self) {
        for entry in self.world.clients.iter().flatten() {
            let stored = self.stored.clients.get(&entry.id);
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            if stored.is_none() && self.callers.of_resource(&entry.id).is_some() {
                let text =
                    "is the client_id of a resource already, which comes to a client and not the other way";
                self.refuse(members::at(&entry.pointer, "client_id"), text);
                continue;
            }
            let metadata = &entry.metadata;
            self.warn_of_signature(
                &entry.pointer,
                "id_token_signed_response_alg",
                &metadata.id_token_signed_response_alg,
            );
            self.warn_of_signature(
                &entry.pointer,
                "userinfo_signed_response_alg",
                &metadata.userinfo_signed_response_alg,
            );
            if let Some(caller) = self.client_caller(entry, stored) {
                self.put_client(entry, stored, caller);
            }
        }
    }

    /// Warns of an algorithm for which there is no key. One that nobody knows was told while reading.
    fn warn_of_signature(&mut self, pointer: &str, name: &str, registered: &Option<String>) {
        let algorithm = registered.as_deref().and_then(SignatureAlgorithm::parse);
        let Some(algorithm) = algorithm.filter(|algorithm| !self.stored.signing.contains(algorithm)) else {
            return;
        };
        let text = match algorithm.is_symmetric() {
            true if name != "introspection_signed_response_alg" => return,
            true => format!("`{algorithm}` is kept, and not served here"),
            false => {
                format!("no key signs with {algorithm} yet: passavant key rotate --alg {algorithm} makes one")
            }
        };
        self.warn(members::at(pointer, name), text);
    }

    /// The credentials of a client, or what is wrong with them.
    fn client_caller(&mut self, entry: &ClientEntry, stored: Option<&Client>) -> Option<Caller> {
        let given = entry.secret.as_ref().map(|secret| secret.as_str());
        let at = |name| members::at(&entry.pointer, name);
        let method = entry.metadata.auth_method();
        if given.is_some() && method == "none" {
            self.warn(
                at("client_secret"),
                "is kept, and never asked for: the client authenticates by `none`",
            );
        }
        if method == "private_key_jwt" && entry.metadata.jwks.is_none() && entry.metadata.jwks_uri.is_none() {
            self.refuse(at("token_endpoint_auth_method"), "private_key_jwt needs jwks or jwks_uri");
        }
        let base = stored.map(|client| &client.caller);
        let mut caller = match self.callers.plan(&entry.id, base, given) {
            Ok(caller) => caller,
            Err(text) => {
                self.refuse(at("client_secret"), text);
                return None;
            }
        };
        if entry.needs_secret() && caller.secret.is_none() {
            self.refuse(at("client_secret"), SECRET_MISSING);
            return None;
        }
        if entry.disabled && stored.is_some_and(|client| !client.caller.disabled) {
            caller.epoch = self.installation.server.draw_row_id();
        }
        caller.disabled = entry.disabled;
        Some(caller)
    }

    fn put_client(&mut self, entry: &ClientEntry, stored: Option<&Client>, caller: Caller) {
        let client = Client {
            caller,
            metadata: entry.metadata.clone(),
            require_pkce: entry.require_pkce,
            skip_consent: entry.skip_consent,
            applied: stored.map_or(self.is_applied(), |client| client.applied),
            version: stored.map_or(0, |client| client.version),
        };
        if stored == Some(&client) {
            return;
        }
        let before = stored.map(|client| client_members(client, KEPT));
        let is_same_secret = stored.is_some_and(|stored| stored.caller.secret == client.caller.secret);
        let after = client_members(&client, if is_same_secret || stored.is_none() { KEPT } else { ANOTHER });
        let id = client.caller.id.clone();
        self.plan.difference.note("client", id.as_str(), before.as_ref(), Some(&after));
        let ends = client.caller.disabled && stored.is_some_and(|stored| !stored.caller.disabled);
        let expect = stored.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
        self.plan.commit.push(RegistryChange::PutClient(Box::new(client), expect));
        if ends {
            self.end_grants_of_client(&id, Why::ClientDisabled);
        }
    }

    pub(super) fn end_grants_of_client(&mut self, id: &ClientId, why: Why) {
        let end = self.installation.server.ending(Of::Client(id.clone()), why);
        self.plan.commit.push(end);
    }

    pub(super) fn resources(&mut self) {
        for entry in self.world.resources.iter().flatten() {
            let stored = self.stored.resources.iter().find(|stored| stored.identifier == entry.identifier);
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            let settings = &entry.settings;
            let introspection = &settings.introspection_signed_response_alg;
            self.warn_of_signature(&entry.pointer, "introspection_signed_response_alg", introspection);
            self.warn_of_signature(
                &entry.pointer,
                "access_token_signing_alg",
                &settings.access_token_signing_alg,
            );
            let caller = match &entry.client_id {
                None => None,
                Some(id) => match self.resource_caller(entry, id) {
                    Some(caller) => Some(caller),
                    None => continue,
                },
            };
            self.put_resource(entry, stored, caller);
        }
    }

    /// The credentials of a resource, or what is wrong with them. Those of a client of the same id are used as they
    /// are.
    fn resource_caller(&mut self, entry: &ResourceEntry, id: &ClientId) -> Option<Caller> {
        let given = entry.secret.as_ref().map(|secret| secret.as_str());
        if self.callers.pruned.contains(id) {
            self.refuse(
                entry.at("client_id"),
                "is the client_id of a client that --prune deletes: list that client too",
            );
            return None;
        }
        let stored_client = self.stored.clients.get(id).map(|client| &client.caller);
        let Some(caller) = self.callers.planned(id).or(stored_client).cloned() else {
            return self.own_caller(entry, id, given);
        };
        if self.is_public(id) {
            let text = format!("the client {id} authenticates by `none`, and a resource must authenticate");
            self.refuse(entry.at("client_id"), text);
            return None;
        }
        if given.is_some_and(|given| !self.callers.is_secret_of(&caller, given)) {
            let text = format!("differs from the one that {id} has already; leave it out here");
            self.refuse(entry.at("client_secret"), text);
            return None;
        }
        let has_digest_alone = caller.secret.as_ref().is_some_and(|secret| secret.sealed.is_none());
        if has_digest_alone && entry.needs_secret_itself() {
            let text = format!("this registration needs the secret itself: give it with the client {id}");
            self.refuse(entry.at("client_secret"), text);
            return None;
        }
        Some(caller)
    }

    fn is_public(&self, id: &ClientId) -> bool {
        let listed =
            self.world.clients.iter().flatten().find(|entry| entry.id == *id).map(|entry| &entry.metadata);
        let stored = || self.stored.clients.get(id).map(|client| &client.metadata);
        listed.or_else(stored).is_some_and(|metadata| metadata.auth_method() == "none")
    }

    /// The credentials of a resource that shares them with no client, or what is wrong with them.
    fn own_caller(&mut self, entry: &ResourceEntry, id: &ClientId, given: Option<&str>) -> Option<Caller> {
        let settings = &entry.settings;
        match settings.token_endpoint_auth_method.as_deref() {
            // Whoever knows the id could ask about tokens (RFC 7662 section 2.1).
            Some("none") => {
                self.refuse(
                    entry.at("token_endpoint_auth_method"),
                    "a resource must authenticate to introspect",
                );
                return None;
            }
            Some("private_key_jwt") if settings.jwks.is_none() && settings.jwks_uri.is_none() => {
                self.refuse(entry.at("token_endpoint_auth_method"), "private_key_jwt needs jwks or jwks_uri");
                return None;
            }
            Some(_) | None => {}
        }
        let base = self.callers.of_resource(id).cloned();
        let caller = match self.callers.plan(id, base.as_ref(), given) {
            Ok(caller) => caller,
            Err(text) => {
                self.refuse(entry.at("client_secret"), text);
                return None;
            }
        };
        if entry.needs_secret() && caller.secret.is_none() {
            self.refuse(entry.at("client_secret"), SECRET_MISSING);
            return None;
        }
        Some(caller)
    }

    fn put_resource(&mut self, entry: &ResourceEntry, stored: Option<&Resource>, caller: Option<Caller>) {
        let resource = Resource {
            identifier: entry.identifier.clone(),
            caller,
            settings: entry.settings.clone(),
            applied: stored.map_or(self.is_applied(), |resource| resource.applied),
            version: stored.map_or(0, |resource| resource.version),
        };
        if stored == Some(&resource)
            || stored.is_some_and(|stored| self.differs_by_client_alone(stored, &resource))
        {
            return;
        }
        let before = stored.map(|resource| resource_members(resource, KEPT));
        let old_secret = stored.and_then(|stored| stored.caller.as_ref()).map(|caller| &caller.secret);
        let new_secret = resource.caller.as_ref().map(|caller| &caller.secret);
        let is_kept = stored.is_none() || old_secret == new_secret;
        let after = resource_members(&resource, if is_kept { KEPT } else { ANOTHER });
        self.plan.difference.note("resource", resource.identifier.as_str(), before.as_ref(), Some(&after));
        let expect = stored.map_or(Expect::Absent, |stored| Expect::Version(stored.version));
        self.plan.commit.push(RegistryChange::PutResource(Box::new(resource), expect));
    }

    /// Whether only the credentials differ, and they are a client's, which writes them itself.
    fn differs_by_client_alone(&self, stored: &Resource, wanted: &Resource) -> bool {
        let id = |resource: &Resource| resource.caller.as_ref().map(|caller| caller.id.clone());
        let is_client = |id: &ClientId| {
            self.stored.clients.contains_key(id)
                || self.world.clients.iter().flatten().any(|entry| entry.id == *id)
        };
        id(stored) == id(wanted)
            && stored.settings == wanted.settings
            && id(wanted).as_ref().is_some_and(is_client)
    }

    pub(super) fn scopes(&mut self) {
        for entry in self.world.scopes.iter().flatten() {
            let stored = self.stored.scopes.iter().find(|stored| stored.scope == entry.scope);
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            let scope =
                Scope { applied: stored.map_or(self.is_applied(), |scope| scope.applied), ..entry.clone() };
            if stored == Some(&scope) {
                continue;
            }
            let (before, after) = (stored.map(object), object(&scope));
            self.plan.difference.note("scope", &scope.scope, before.as_ref(), Some(&after));
            self.plan.commit.push(RegistryChange::PutScope(scope));
        }
    }
}

/// What is said to whoever left it out: a file is written by hand, and a drawn secret would be lost in it.
const SECRET_MISSING: &str =
    "is required: give client_secret or client_secret_file (only passavant client create makes one)";

pub(super) fn client_members(client: &Client, secret: &str) -> Map<String, Value> {
    let mut members = without_secret_keys(object(&client.metadata));
    members.insert("require_pkce".to_owned(), client.require_pkce.into());
    members.insert("skip_consent".to_owned(), client.skip_consent.into());
    members.insert("disabled".to_owned(), client.caller.disabled.into());
    if client.caller.secret.is_some() {
        members.insert("client_secret".to_owned(), secret.into());
    }
    members
}

pub(super) fn resource_members(resource: &Resource, secret: &str) -> Map<String, Value> {
    let mut members = without_secret_keys(object(&resource.settings));
    if let Some(caller) = &resource.caller {
        members.insert("client_id".to_owned(), caller.id.as_str().into());
        if caller.secret.is_some() {
            members.insert("client_secret".to_owned(), secret.into());
        }
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

pub(super) fn object(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    }
}
