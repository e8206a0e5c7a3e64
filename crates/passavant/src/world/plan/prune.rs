//! `--prune`: what an earlier run made and the file no longer lists goes, in the arrays that the file has.

use accounts::{Account, AccountChange};
use server::store::{Client, Expect, RegistryChange, Why};

use super::{
    Planner,
    people::user_members,
    registry::{client_members, object, resource_members},
};

impl Planner<'_> {
    pub(super) fn prune(&mut self) {
        let mut clients: Vec<_> = self.stored.clients.values().collect();
        clients.retain(|client| self.callers.pruned.contains(&client.caller.id));
        clients.sort_by_key(|client| client.caller.id.clone());
        for client in clients {
            self.delete_client(client);
        }
        self.prune_resources();
        self.prune_users();
        self.prune_scopes();
    }

    fn delete_client(&mut self, client: &Client) {
        let (id, version) = (client.caller.id.clone(), client.version);
        self.plan.difference.note("client", id.as_str(), Some(&client_members(client, "(set)")), None);
        // Where a resource shares the credentials they stay, and a new epoch is what ends the client's tokens.
        let mut ended = client.clone();
        ended.caller.epoch = self.installation.server.draw_row_id();
        self.plan.commit.push(RegistryChange::PutClient(Box::new(ended), Expect::Version(version)));
        self.plan.commit.push(RegistryChange::DeleteClient(id.clone()));
        self.end_grants_of_client(&id, Why::ClientDeleted);
    }

    fn prune_resources(&mut self) {
        let Some(entries) = &self.world.resources else { return };
        for stored in self.stored.resources.iter().filter(|stored| stored.applied) {
            if !entries.iter().any(|entry| entry.identifier == stored.identifier) {
                let members = resource_members(stored, "(set)");
                self.plan.difference.note("resource", stored.identifier.as_str(), Some(&members), None);
                self.plan.commit.push(RegistryChange::DeleteResource(stored.identifier.clone()));
            }
        }
    }

    /// Users are disabled: their `sub` must never come to mean somebody else.
    fn prune_users(&mut self) {
        let Some(entries) = &self.world.users else { return };
        let mut accounts: Vec<_> = self.stored.accounts.values().collect();
        accounts.retain(|account| account.applied && !account.disabled);
        accounts.retain(|account| !entries.iter().any(|entry| entry.subject == account.subject));
        accounts.sort_by_key(|account| account.subject.clone());
        for account in accounts {
            let disabled = Account { disabled: true, ..account.clone() };
            let has_password = account.password.is_some();
            let (before, after) =
                (user_members(account, has_password), user_members(&disabled, has_password));
            self.plan.difference.note("user", account.subject.as_str(), Some(&before), Some(&after));
            self.plan.people.push(AccountChange::Replace(Box::new(disabled), account.version));
            self.end_user(&account.subject, Why::AccountDisabled);
        }
    }

    fn prune_scopes(&mut self) {
        let Some(entries) = &self.world.scopes else { return };
        for stored in self.stored.scopes.iter().filter(|stored| stored.applied) {
            if !entries.iter().any(|entry| entry.scope == stored.scope) {
                self.plan.difference.note("scope", &stored.scope, Some(&object(stored)), None);
                self.plan.commit.push(RegistryChange::DeleteScope(stored.scope.clone()));
            }
        }
    }
}
