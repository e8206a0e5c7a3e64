//! The handle for one issuer.

use std::sync::{Arc, atomic::Ordering};

use accounts::AccountChange;
use protocol::Timestamp;
use rusqlite::Connection;
use server::{
    Fault,
    store::{Commit, Committed, Conflict, RegistryVersion},
};

use crate::{
    error::Broken,
    readers::Readers,
    registry,
    shared::Core,
    sweep::Sweeper,
    tenant::Tenant,
    writer::{Outcome, Work},
};

/// Maximum delay, in milliseconds, until a new registry version of another process is seen.
const REGISTRY_STALE_MILLIS: u64 = 250;

/// The store and the directory of one issuer. Cheap to clone.
#[derive(Clone)]
pub struct SqliteIssuer {
    core: Arc<Core>,
    tenant: Arc<Tenant>,
    sweeper: Arc<Sweeper>,
}

impl SqliteIssuer {
    pub(crate) fn new(core: Arc<Core>, tenant: Arc<Tenant>) -> Self {
        Self { core, tenant, sweeper: Arc::default() }
    }

    /// The id of the issuer in all of its rows.
    pub(crate) fn id(&self) -> i64 {
        self.tenant.id
    }

    /// Deletes rows that ended long ago; see [`Sweeper`].
    pub(crate) async fn sweep_rows(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        self.sweeper.sweep(&self.core, self.id(), now, limit).await
    }

    /// Runs one read on the current thread.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Broken>) -> Result<T, Fault> {
        self.core.readers.read(question).map_err(Fault::from)
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.core.readers
    }

    /// Sends a job to the writer.
    pub(crate) async fn have(&self, work: Work) -> Result<Outcome, Fault> {
        self.core.queue.ask(work).await
    }

    /// Commits changes of accounts and all others together. The future holds the job, not its parts.
    pub(crate) fn commit_all(
        &self,
        people: Vec<AccountChange>,
        commit: Commit,
    ) -> impl Future<Output = Result<Result<Committed, Conflict>, Fault>> + Send + '_ {
        let is_empty = people.is_empty() && commit.is_empty();
        let work = Work::Commit { tenant: Arc::clone(&self.tenant), people, commit: Box::new(commit) };
        async move {
            if is_empty {
                return Ok(Ok(Committed::default()));
            }
            match self.core.queue.ask(work).await? {
                Outcome::Committed(committed) => Ok(Ok(committed)),
                Outcome::Done(_) => Err(Fault::new("the writer returned no result of a commit")),
                Outcome::Conflict(conflict) => Ok(Err(conflict)),
            }
        }
    }

    /// The version in memory, read again if it is too old. `PRAGMA data_version` is unsuitable: it changes with every
    /// token that is written.
    pub(crate) fn known_registry_version(&self) -> Result<RegistryVersion, Fault> {
        let now = u64::try_from(self.core.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now >= self.tenant.look_again_at.load(Ordering::Acquire) {
            let found = self.ask(|connection| Ok(registry::version(connection, self.id())?))?;
            self.tenant.registered(found);
            self.tenant.look_again_at.store(now.saturating_add(REGISTRY_STALE_MILLIS), Ordering::Release);
        }
        Ok(self.tenant.registry())
    }
}
