//! The one place that turns what an operator wants into changes of the store.

use accounts::{Account, AccountChange};
use protocol::{Audience, ClientId, Subject};
use server::{
    AuthorizationServer,
    store::{Change, Client, Commit, End, Expect, Of, RegistryChange, Resource, Scope, Why},
};

/// What one operation writes, all of it or nothing.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Changes of accounts.
    pub(crate) people: Vec<AccountChange>,
    /// All other changes.
    pub(crate) commit: Commit,
    logout_ends_offline: bool,
}

impl Changes {
    /// Nothing yet.
    pub(crate) fn new(server: &AuthorizationServer) -> Self {
        let logout_ends_offline = server.settings().logout_ends_offline;
        Self { people: Vec::new(), commit: Commit::new(server.now()), logout_ends_offline }
    }

    /// Whether nothing is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.commit.is_empty()
    }

    /// Adds a change that has no rule of its own.
    pub(crate) fn push(&mut self, change: impl Into<Change>) {
        self.commit.push(change);
    }

    /// Registers a client, or replaces the one that is stored in the version of the record. One that is disabled by it
    /// loses its grants.
    pub(crate) fn put_client(&mut self, client: Client, stored: Option<&Client>) {
        let id = client.caller.id.clone();
        let ends = client.caller.disabled && stored.is_some_and(|stored| !stored.caller.disabled);
        let expect = expect(client.version);
        self.push(RegistryChange::PutClient(Box::new(client), expect));
        if ends {
            self.push(self.ending(Of::Client(id), Why::ClientDisabled));
        }
    }

    /// Deletes a client; its grants and tokens end.
    pub(crate) fn delete_client(&mut self, id: &ClientId) {
        self.push(RegistryChange::DeleteClient(id.clone()));
        self.push(self.ending(Of::Client(id.clone()), Why::ClientDeleted));
    }

    /// Registers a resource, or replaces the one that is stored in the version of the record.
    pub(crate) fn put_resource(&mut self, resource: Resource) {
        let expect = expect(resource.version);
        self.push(RegistryChange::PutResource(Box::new(resource), expect));
    }

    /// Deletes a resource; its credentials end.
    pub(crate) fn delete_resource(&mut self, identifier: Audience) {
        self.push(RegistryChange::DeleteResource(identifier));
    }

    /// Registers or replaces a scope.
    pub(crate) fn put_scope(&mut self, scope: Scope) {
        self.push(RegistryChange::PutScope(scope));
    }

    /// Deletes a scope.
    pub(crate) fn delete_scope(&mut self, scope: String) {
        self.push(RegistryChange::DeleteScope(scope));
    }

    /// Adds an account, or replaces the one that is stored. One that is disabled by it loses its sessions and grants.
    pub(crate) fn put_account(&mut self, account: Account, stored: Option<&Account>) {
        let subject = account.subject.clone();
        let ends = account.disabled && stored.is_some_and(|stored| !stored.disabled);
        self.people.push(match stored {
            Some(stored) => AccountChange::Replace(Box::new(account), stored.version),
            None => AccountChange::Add(Box::new(account)),
        });
        if ends {
            self.push(self.ending(Of::Subject(subject), Why::AccountDisabled));
        }
    }

    /// Deletes an account; its sessions and grants end.
    pub(crate) fn delete_account(&mut self, subject: Subject) {
        self.push(self.ending(Of::Subject(subject.clone()), Why::AccountDeleted));
        self.people.push(AccountChange::Delete(subject));
    }

    /// What ends for a reason, to be pushed.
    pub(crate) fn ending(&self, of: Of, why: Why) -> End {
        End::new(of, why, self.logout_ends_offline)
    }
}

/// What must be stored for a record of this version to be put. Stored versions count from 1.
fn expect(version: i64) -> Expect {
    match version {
        0 => Expect::Absent,
        version => Expect::Version(version),
    }
}
