//! The handle for one issuer.

use std::sync::{Arc, atomic::Ordering};

use accounts::AccountChange;
use protocol::Timestamp;
use rusqlite::Connection;
use server::{
    Fault,
    store::{Commit, Committed, Conflict},
};

use crate::{
    error::Broken,
    shared::Core,
    sweep::Sweeper,
    tenant::Tenant,
    writer::{Outcome, Work},
};

/// Milliseconds for which the registry version of another process may go unseen.
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

    /// The key that leads all rows of this issuer.
    pub(crate) fn id(&self) -> i64 {
        self.tenant.id
    }

    /// Deletes what ended long ago; see [`Sweeper`].
    pub(crate) async fn sweep_rows(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        self.sweeper.sweep(&self.core, self.id(), now, limit).await
    }

    /// Asks one question, inline.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Broken>) -> Result<T, Fault> {
        self.core.readers.read(question).map_err(Fault::from)
    }

    /// Has the writer do something.
    pub(crate) async fn have(&self, work: Work) -> Result<Outcome, Fault> {
        self.core.queue.ask(work).await
    }

    pub(crate) async fn commit_all(
        &self,
        people: Vec<AccountChange>,
        commit: Commit,
    ) -> Result<Result<Committed, Conflict>, Fault> {
        if people.is_empty() && commit.is_empty() {
            return Ok(Ok(Committed::default()));
        }
        let work = Work::Commit { tenant: Arc::clone(&self.tenant), people, commit: Box::new(commit) };
        match self.have(work).await? {
            Outcome::Committed(committed) => Ok(Ok(committed)),
            Outcome::Done(_) => Err(Fault::new("a commit is answered by what it ended")),
            Outcome::Conflict(conflict) => Ok(Err(conflict)),
        }
    }

    /// The version in memory, renewed where it is too old. `PRAGMA data_version` would not do: it moves with every
    /// token that is written.
    pub(crate) fn known_registry_version(&self) -> Result<i64, Fault> {
        let now = u64::try_from(self.core.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now >= self.tenant.look_again_at.load(Ordering::Acquire) {
            let read = "SELECT registry FROM issuer WHERE id = ?1";
            let found = self.ask(|connection| {
                Ok(connection.prepare_cached(read)?.query_row([self.id()], |row| row.get(0))?)
            })?;
            self.tenant.registry.fetch_max(found, Ordering::AcqRel);
            self.tenant.look_again_at.store(now.saturating_add(REGISTRY_STALE_MILLIS), Ordering::Release);
        }
        Ok(self.tenant.registry.load(Ordering::Acquire))
    }
}
