//! The way from what a file says to one commit: look, compare, collect what differs.

mod callers;
mod people;
mod prune;
mod registry;
mod stored;

use accounts::AccountChange;
use server::Fault;
use server::store::{Actor, Commit};

use super::{ApplyError, Difference, Hasher, Manner, World, Wrong, Wrongs};
use crate::wiring::Installation;
use callers::Callers;
use stored::Stored;

/// What is to be written, and what that changes.
pub(super) struct Plan {
    pub(super) difference: Difference,
    pub(super) people: Vec<AccountChange>,
    pub(super) commit: Commit,
}

impl Plan {
    /// Compares a file with what is stored.
    ///
    /// # Errors
    /// [`Wrongs`]: everything, whether it was found while reading or now.
    pub(super) async fn make(
        installation: &Installation,
        world: &World,
        manner: Manner,
    ) -> Result<Self, ApplyError> {
        let stored = Stored::look(installation, world, manner).await?;
        let mut planner = Planner {
            installation,
            world,
            manner,
            callers: Callers::new(installation, world, &stored, manner),
            stored: &stored,
            wrongs: world.findings.wrongs.clone(),
            plan: Self {
                difference: Difference { warnings: world.findings.warnings.clone(), ..Difference::default() },
                people: Vec::new(),
                commit: Commit::new(installation.server.now()).by(Actor::Operator("apply".into())),
            },
        };
        planner.clients();
        planner.resources();
        planner.users();
        planner.scopes();
        if manner == Manner::Prune {
            planner.prune();
        }
        let Planner { wrongs, plan, .. } = planner;
        if wrongs.is_empty() { Ok(plan) } else { Err(Wrongs(wrongs).into()) }
    }

    /// Hashes the passwords of accounts that are new. This is what takes time, and only they need it.
    pub(super) async fn hash_passwords(&mut self, world: &World, hasher: Hasher<'_>) -> Result<(), Fault> {
        for change in &mut self.people {
            let AccountChange::Add(account) = change else { continue };
            let entry = world.users.iter().flatten().find(|entry| entry.subject == account.subject);
            if let Some(password) = entry.and_then(|entry| entry.password.clone()) {
                account.password = Some(hasher()?.hash(password).await?);
            }
        }
        Ok(())
    }
}

/// What is at hand while a plan is made.
struct Planner<'p> {
    installation: &'p Installation,
    world: &'p World,
    manner: Manner,
    stored: &'p Stored,
    callers: Callers<'p>,
    wrongs: Vec<Wrong>,
    plan: Plan,
}

impl Planner<'_> {
    /// Tells what is wrong. What was found wrong there while reading says more.
    fn refuse(&mut self, pointer: String, text: impl Into<String>) {
        if !self.is_wrong(&pointer) {
            self.wrongs.push(Wrong { pointer, text: text.into() });
        }
    }

    /// Whether something is wrong there, or with the file that stands for it.
    fn is_wrong(&self, pointer: &str) -> bool {
        let stands_for =
            |wrong: &Wrong| wrong.pointer.strip_suffix("_file").is_some_and(|stem| stem == pointer);
        self.wrongs.iter().any(|wrong| wrong.pointer == pointer || stands_for(wrong))
    }

    fn warn(&mut self, pointer: String, text: impl Into<String>) {
        self.plan.difference.warnings.push(Wrong { pointer, text: text.into() });
    }

    /// Whether what is stored already stays as it is.
    fn keeps_stored(&self) -> bool {
        self.manner == Manner::Seed
    }

    /// Whether an object that is made now is one that `--prune` may take away.
    fn is_applied(&self) -> bool {
        self.manner != Manner::Seed
    }
}
