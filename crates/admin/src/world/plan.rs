//! The way from what a document says to one commit: look, compare, collect what differs.

mod people;
mod prune;
mod registry;
mod scopes;
mod stored;

use std::collections::{HashMap, HashSet};

use accounts::{Account, AccountChange, Password, PasswordHash, Passwords, passwords::Verdict};
use protocol::{Audience, ClientId, Subject};
use server::{
    Fault,
    registration::{Batch, Credentials, Finding, Findings, MissingSecret, RegistrationError},
    store::{Client, Resource, Scope},
};
use zeroize::Zeroizing;

use super::{ApplyMode, Difference, World, files};
use crate::{administration::Administration, error::ApplyError, writer::Changes};
use stored::Stored;

/// What is to be written, and what that changes.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) difference: Difference,
    pub(crate) changes: Changes,
    /// The clients as they will be, changed or not.
    pub(crate) clients: Vec<Client>,
    /// The resources as they will be, changed or not.
    pub(crate) resources: Vec<Resource>,
    /// Secrets that were made.
    pub(crate) drawn: HashMap<ClientId, Zeroizing<String>>,
    /// Passwords of accounts that are there already.
    ignored: Vec<Ignored>,
}

/// A password that a document has for an account that is there already.
#[derive(Debug)]
struct Ignored {
    pointer: String,
    username: String,
    password: Password,
    stored: PasswordHash,
}

/// Most passwords that are compared with those of existing accounts: each takes as long as a sign-in.
const COMPARED_MAX: usize = 32;

impl Plan {
    /// Compares a world with what is stored.
    ///
    /// # Errors
    /// [`ApplyError::Wrongs`]: everything, whether it was found while reading or now.
    pub(crate) async fn make(
        administration: &Administration,
        world: &World,
        mode: ApplyMode,
    ) -> Result<Self, ApplyError> {
        let server = &administration.server;
        let stored = Stored::look(administration, world, mode).await?;
        let prunes = mode == ApplyMode::Prune && world.clients.is_some();
        let listed = Listed::of(world);
        let applied = stored.view.clients.values().filter(|client| prunes && client.applied);
        let ids = applied.map(|client| &client.caller.id).filter(|id| !listed.clients.contains(id));
        let deleted = ids.cloned().collect();
        let batch = Batch {
            clients: world.clients(),
            resources: world.resources(),
            subjects: stored.added(world),
            deleted,
            missing_secret: match mode {
                ApplyMode::Edit if world.replaces_secret => MissingSecret::Replace,
                ApplyMode::Edit => MissingSecret::Draw,
                ApplyMode::Replace | ApplyMode::Prune | ApplyMode::Seed => MissingSecret::Refuse,
            },
            applied: makes_applied(mode),
        };
        let mut planner = Planner {
            world,
            listed,
            resources: stored.view.resources.iter().map(|stored| (&stored.identifier, stored)).collect(),
            scopes: stored.scopes.iter().map(|stored| (stored.scope.as_str(), stored)).collect(),
            mode,
            deleted: batch.deleted.clone(),
            credentials: Credentials::new(server.master(), server.draws(), &stored.view, batch),
            stored: &stored,
            findings: world.findings.clone(),
            plan: Self {
                difference: Difference::default(),
                changes: Changes::new(server),
                clients: Vec::new(),
                resources: Vec::new(),
                drawn: HashMap::new(),
                ignored: Vec::new(),
            },
        };
        planner.clients();
        planner.resources();
        planner.users();
        planner.scopes();
        planner.unknown_scopes();
        if mode == ApplyMode::Prune {
            planner.prune();
        }
        planner.finish()
    }

    /// The accounts that are added or changed.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.changes.people.iter().filter_map(|change| match change {
            AccountChange::Add(account) | AccountChange::Replace(account, _) => Some(&**account),
            AccountChange::Delete(_) | AccountChange::Rehash(..) => None,
        })
    }

    /// Warns of passwords that differ from those of existing accounts, which stay as they are. One after the other, so
    /// that sign-ins need not wait, and at most [`COMPARED_MAX`].
    pub(crate) async fn compare_passwords(&mut self, passwords: &Passwords) {
        for ignored in self.ignored.drain(..).take(COMPARED_MAX) {
            let Ignored { pointer, username, password, stored } = ignored;
            // Where it can't be compared, there is nothing to warn of.
            if passwords.verify(password, Some(&stored)).await.is_ok_and(|verdict| verdict == Verdict::Wrong)
            {
                let text = format!(
                    "is not the password of {username}, and has no effect: a document sets only the first password of \
                     an account. To change it, run passavant user passwd {username}"
                );
                self.difference.warnings.push(Finding::new(pointer, text));
            }
        }
    }

    /// Hashes the passwords of accounts that are new. This is what takes time, and only they need it.
    pub(crate) async fn hash_passwords(
        &mut self,
        world: &World,
        administration: &Administration,
    ) -> Result<(), Fault> {
        let entries: HashMap<_, _> =
            world.users.iter().flatten().map(|entry| (&entry.subject, entry)).collect();
        for change in &mut self.changes.people {
            let AccountChange::Add(account) = change else { continue };
            let entry = entries.get(&account.subject);
            if let Some(password) = entry.and_then(|entry| entry.password.clone()) {
                account.password = Some(administration.passwords.hash(password).await?);
            }
        }
        Ok(())
    }
}

/// Whether an object that is made now is one that a later run may prune.
fn makes_applied(mode: ApplyMode) -> bool {
    match mode {
        ApplyMode::Replace | ApplyMode::Prune => true,
        ApplyMode::Seed | ApplyMode::Edit => false,
    }
}

/// The names of what the world lists.
struct Listed<'p> {
    clients: HashSet<&'p ClientId>,
    resources: HashSet<&'p Audience>,
    users: HashSet<&'p Subject>,
    scopes: HashSet<&'p str>,
}

impl<'p> Listed<'p> {
    fn of(world: &'p World) -> Self {
        Self {
            clients: world.clients().iter().map(|entry| entry.id()).collect(),
            resources: world.resources().iter().map(|entry| entry.identifier()).collect(),
            users: world.users.iter().flatten().map(|entry| &entry.subject).collect(),
            scopes: world.scopes.iter().flatten().map(|entry| entry.scope.scope.as_str()).collect(),
        }
    }
}

/// What is at hand while a plan is made.
struct Planner<'p> {
    world: &'p World,
    listed: Listed<'p>,
    /// The stored resources and scopes, by name.
    resources: HashMap<&'p Audience, &'p Resource>,
    scopes: HashMap<&'p str, &'p Scope>,
    mode: ApplyMode,
    stored: &'p Stored,
    credentials: Credentials<'p>,
    /// Clients that this run deletes.
    deleted: HashSet<ClientId>,
    findings: Findings,
    plan: Plan,
}

impl Planner<'_> {
    /// Whether what is stored already stays as it is.
    fn keeps_stored(&self) -> bool {
        self.mode == ApplyMode::Seed
    }

    fn finish(self) -> Result<Plan, ApplyError> {
        let told = |finding| files::told(finding, &self.world.from_files);
        let Findings { wrongs, warnings } = self.findings;
        if !wrongs.is_empty() {
            return Err(RegistrationError(wrongs.into_iter().map(told).collect()).into());
        }
        let mut plan = self.plan;
        plan.difference.warnings = warnings.into_iter().map(told).collect();
        plan.drawn = self.credentials.drawn();
        Ok(plan)
    }
}
