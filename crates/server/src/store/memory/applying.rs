//! Applies changes, once every guard of their commit holds.

use protocol::{ClientId, Timestamp, limits};

use super::state::{AccessRow, GrantRow, ItemRow, SessionRow, State};
use crate::store::{
    Change, Client, CodeChange, Committed, Expect, GrantChange, InteractionChange, Item, KeepRefusals,
    KeyChange, KeyState, RegistryChange, Resource, SessionChange, TokenChange,
};

impl State {
    /// Applies the change unconditionally.
    pub(super) fn apply(&mut self, change: Change, now: Timestamp) -> Committed {
        match change {
            Change::Code(change) => self.apply_code(change),
            Change::Deferred(change) => self.apply_deferred(change),
            Change::Grant(change) => self.apply_grant(change),
            Change::Token(change) => self.apply_token(change),
            Change::Session(change) => self.apply_session(change),
            Change::Interaction(change) => self.apply_interaction(change),
            Change::Registry(change) => self.apply_registry(change),
            Change::Key(change) => self.apply_key(change),
            Change::Once(once) => {
                self.remembered.insert((once.space, once.key), once.until);
            }
            Change::Item(item) => self.apply_item(item),
            Change::End(end) => return self.end(&end, now),
            Change::Refusals(KeepRefusals { refused, most }) => {
                self.refusals.extend(refused);
                let surplus = self.refusals.len().saturating_sub(most as usize);
                self.refusals.drain(..surplus);
            }
        }
        Committed::default()
    }

    fn apply_code(&mut self, change: CodeChange) {
        match change {
            CodeChange::Add(code, row) => {
                self.codes.insert(code.id, (code.digest, *row));
            }
            CodeChange::Use(code) => {
                if let Some((_, row)) = self.codes.get_mut(&code.id) {
                    row.used = true;
                }
            }
            CodeChange::CountTry(code) => {
                if let Some((_, row)) = self.codes.get_mut(&code.id) {
                    row.tries += 1;
                    row.used |= row.tries >= limits::CODE_TRIES_MAX;
                }
            }
        }
    }

    fn apply_grant(&mut self, change: GrantChange) {
        match change {
            GrantChange::Add(row, _) => {
                self.grants.insert(row.id, GrantRow { row: *row, ended_at: None });
            }
            GrantChange::Consent(consent) => {
                self.consents.insert((consent.subject.clone(), consent.client.clone()), consent);
            }
            GrantChange::ForgetConsent(subject, client) => {
                self.consents.remove(&(subject, client));
            }
        }
    }

    fn apply_token(&mut self, change: TokenChange) {
        match change {
            TokenChange::AddAccess(token, row) => {
                self.access.insert(token.id, AccessRow { digest: token.digest, row, ended: false });
            }
            TokenChange::AddRefresh(digest, row) => {
                self.families.insert(row.family, (digest, row));
            }
            TokenChange::Rotate { family, from, to, at, expires_at } => {
                if let Some((digest, row)) = self.families.get_mut(&family) {
                    *digest = to;
                    row.generation = from.saturating_add(1);
                    row.rotated_at = at;
                    row.expires_at = expires_at;
                }
            }
            TokenChange::EndAccess(token) => {
                if let Some(kept) = self.access.get_mut(&token.id) {
                    kept.ended = true;
                }
            }
            TokenChange::RevokeJwt(jti, until) => {
                self.revoked.insert(jti, until);
            }
        }
    }

    fn apply_session(&mut self, change: SessionChange) {
        match change {
            SessionChange::Add(token, row, _) | SessionChange::Renew(token, row, _) => {
                let kept = SessionRow { digest: token.digest, row, ended_at: None };
                self.sessions.insert(protocol::SessionId(token.id), kept);
            }
            SessionChange::Touch(id, at) => {
                if let Some(kept) = self.sessions.get_mut(&id) {
                    kept.row.seen_at = at;
                }
            }
        }
    }

    fn apply_interaction(&mut self, change: InteractionChange) {
        match change {
            InteractionChange::Add(token, row) => {
                self.interactions.insert(token.id, (token.digest, row));
            }
            InteractionChange::Drop(token) => {
                self.interactions.retain(|id, (digest, _)| *id != token.id || *digest != token.digest);
            }
            InteractionChange::Use(token, answered) => {
                if let Some((_, row)) = self.interactions.get_mut(&token.id) {
                    (row.used, row.request) = (true, answered);
                }
            }
            InteractionChange::Update(token, request) => {
                if let Some((_, row)) = self.interactions.get_mut(&token.id) {
                    row.request = request;
                }
            }
        }
    }

    fn apply_registry(&mut self, change: RegistryChange) {
        match &change {
            RegistryChange::PutClient(client, _) => self.client_changed(&client.caller.id),
            RegistryChange::DeleteClient(id)
            | RegistryChange::DeleteUnused(id)
            | RegistryChange::KeepClient(id) => self.client_changed(id),
            RegistryChange::PutResource(..)
            | RegistryChange::DeleteResource(_)
            | RegistryChange::PutScope(_)
            | RegistryChange::DeleteScope(_) => self.registry_version.rest += 1,
        }
        match change {
            RegistryChange::PutClient(client, expect) => self.put_client(*client, expect),
            RegistryChange::DeleteClient(id) | RegistryChange::DeleteUnused(id) => self.delete_client(&id),
            RegistryChange::KeepClient(id) => {
                if let Some(client) = self.clients.get_mut(&id)
                    && client.registered.unused_until.take().is_some()
                {
                    client.version += 1;
                }
            }
            RegistryChange::PutResource(resource, expect) => self.put_resource(*resource, expect),
            RegistryChange::DeleteResource(identifier) => {
                let caller = self.resources.remove(&identifier).and_then(|resource| resource.caller);
                if let Some(caller) = caller {
                    self.forget_caller(&caller.id);
                }
            }
            RegistryChange::PutScope(scope) => {
                self.scopes.insert(scope.scope.clone(), scope);
            }
            RegistryChange::DeleteScope(scope) => {
                self.scopes.remove(&scope);
            }
        }
    }

    fn delete_client(&mut self, id: &ClientId) {
        self.clients.remove(id);
        self.consents.retain(|(_, client), _| client != id);
        self.forget_caller(id);
        if let Some(caller) = self.callers.get_mut(id) {
            caller.epoch += 1;
        }
    }

    fn put_client(&mut self, mut client: Client, expect: Expect) {
        client.version = next_version(expect);
        let id = client.caller.id.clone();
        self.callers.insert(id.clone(), client.caller.clone());
        self.clients.insert(id, client);
    }

    fn put_resource(&mut self, mut resource: Resource, expect: Expect) {
        resource.version = next_version(expect);
        if let Some(caller) = &resource.caller
            && !self.clients.contains_key(&caller.id)
        {
            self.callers.insert(caller.id.clone(), caller.clone());
        }
        let before = self.resources.insert(resource.identifier.clone(), resource);
        if let Some(caller) = before.and_then(|resource| resource.caller) {
            self.forget_caller(&caller.id);
        }
    }

    /// Deletes credentials that no client and no resource uses any longer.
    fn forget_caller(&mut self, id: &ClientId) {
        if !self.clients.contains_key(id) && !self.resource_shares(id) {
            self.callers.remove(id);
        }
    }

    fn apply_key(&mut self, change: KeyChange) {
        self.registry_version.rest += 1;
        match change {
            KeyChange::Add(key) => {
                self.keys.insert(key.kid.clone(), key);
            }
            KeyChange::Activate(kid, at) => {
                if let Some(key) = self.keys.get_mut(&kid) {
                    (key.state, key.active_at) = (KeyState::Active, at);
                }
            }
            KeyChange::Retire(kid, at) => {
                if let Some(key) = self.keys.get_mut(&kid) {
                    (key.state, key.retired_at) = (KeyState::Retiring, Some(at));
                }
            }
            KeyChange::Delete(kid, _) => {
                self.keys.remove(&kid);
            }
        }
    }

    fn apply_item(&mut self, item: Item) {
        let key = (item.space, item.key);
        let Some(value) = item.value else {
            self.items.remove(&key);
            return;
        };
        self.items.insert(key, ItemRow { value, until: item.until });
    }
}

/// Versions count from 1; the version in the record is ignored.
const fn next_version(expect: Expect) -> i64 {
    match expect {
        Expect::Absent => 1,
        Expect::Version(version) => version + 1,
    }
}
