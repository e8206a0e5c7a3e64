//! `--prune`: what an earlier run made and the document no longer lists is deleted, in the arrays that it has.

use accounts::Account;

use super::{
    Planner,
    people::user_members,
    registry::{SET, client_members, resource_members},
};
use crate::record;

impl Planner<'_> {
    pub(super) fn prune(&mut self) {
        self.prune_clients();
        self.prune_resources();
        self.prune_users();
        self.prune_scopes();
    }

    fn prune_clients(&mut self) {
        let mut clients: Vec<_> = self.stored.view.clients.values().collect();
        clients.retain(|client| self.deleted.contains(&client.caller.id));
        clients.sort_by_key(|client| client.caller.id.clone());
        for client in clients {
            let id = &client.caller.id;
            self.plan.difference.note("client", id.as_str(), Some(&client_members(client, SET)), None);
            self.plan.changes.delete_client(id);
        }
    }

    fn prune_resources(&mut self) {
        if self.world.resources.is_none() {
            return;
        }
        for stored in self.stored.view.resources.iter().filter(|stored| stored.applied) {
            if !self.listed.resources.contains(&stored.identifier) {
                let members = resource_members(stored, SET);
                self.plan.difference.note("resource", stored.identifier.as_str(), Some(&members), None);
                self.plan.changes.delete_resource(stored.identifier.clone());
            }
        }
    }

    /// Users are disabled: their `sub` must never become another user's.
    fn prune_users(&mut self) {
        if self.world.users.is_none() {
            return;
        }
        let mut accounts: Vec<_> = self.stored.accounts.values().collect();
        accounts.retain(|account| account.applied && !account.disabled);
        accounts.retain(|account| !self.listed.users.contains(&account.subject));
        accounts.sort_by_key(|account| account.subject.clone());
        for account in accounts {
            let disabled = Account { disabled: true, ..account.clone() };
            let has_password = account.password.is_some();
            let (before, after) =
                (user_members(account, has_password), user_members(&disabled, has_password));
            self.plan.difference.note("user", account.subject.as_str(), Some(&before), Some(&after));
            self.plan.changes.put_account(disabled, Some(account));
        }
    }

    fn prune_scopes(&mut self) {
        if self.world.scopes.is_none() {
            return;
        }
        for stored in self.stored.scopes.iter().filter(|stored| stored.applied) {
            if !self.listed.scopes.contains(stored.scope.as_str()) {
                let members = record::object(stored);
                self.plan.difference.note("scope", &stored.scope, Some(&members), None);
                self.plan.changes.delete_scope(stored.scope.clone());
            }
        }
    }
}
