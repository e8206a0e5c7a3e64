//! The writer thread: it combines the waiting commits into one transaction with one fsync.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::Duration,
};

use accounts::AccountChange;
use protocol::Issuer;
use rusqlite::{Connection, OptionalExtension as _, params};
use server::{
    Fault,
    store::{Change, Commit, Committed, Conflict, RegistryVersion},
};
use tokio::sync::oneshot;

use crate::{
    commit,
    error::{Broken, shared_fault},
    range::Range,
    read_tokens::may_end,
    readers::Readers,
    registry,
    tenant::Tenant,
    transaction::Transaction,
    wal_index::WalIndex,
};

/// Maximum number of waiting jobs. A further one fails with [`Fault::Busy`].
const QUEUE_JOBS_MAX: usize = 4_096;
/// Maximum number of jobs in one transaction.
const BATCH_JOBS_MAX: usize = 512;
/// Frames (pages) in the log at which it is checkpointed.
const CHECKPOINT_FRAMES: u32 = 4_000;
/// Milliseconds without work after which held reads are ended, so that other processes can reset the log.
const IDLE_MILLIS: u64 = 1_000;

const FULL: &str = "too many commits are waiting";
const GONE: &str = "the writer has ended";

/// A job for the writer.
pub(crate) enum Work {
    /// A commit of one decision.
    Commit {
        /// The issuer.
        tenant: Arc<Tenant>,
        /// Changes of accounts.
        people: Vec<AccountChange>,
        /// All other changes.
        commit: Box<Commit>,
    },
    /// Deletes ended rows.
    Sweep(Range),
    /// Ensures that an issuer has a row. The result is its id.
    Issuer(Issuer),
    /// Mends something for an operator. After an error nothing of it is written.
    Upkeep(Upkeep),
}

/// Writes by the writer's connection, inside of its transaction.
pub(crate) type Upkeep = Box<dyn Fn(&Connection) -> Result<Outcome, Broken> + Send>;

/// The result of a job.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// Done, with a number that depends on the job.
    Done(i64),
    /// Committed.
    Committed(Committed),
    /// Nothing was written.
    Conflict(Conflict),
}

type Verdict = Result<Outcome, Fault>;

struct Job {
    work: Work,
    answer: Answer,
}

/// The receiver of the result: a future, or a blocked thread. It may be gone; the job is done all the same.
enum Answer {
    Future(oneshot::Sender<Verdict>),
    Thread(mpsc::Sender<Verdict>),
}

impl Answer {
    fn give(self, verdict: Verdict) {
        match self {
            Self::Future(sender) => drop(sender.send(verdict)),
            Self::Thread(sender) => drop(sender.send(verdict)),
        }
    }
}

/// The bounded queue of the writer.
pub(crate) struct Queue(SyncSender<Job>);

impl Queue {
    /// Runs a job, and waits asynchronously. Dropping the future does not cancel the job.
    pub(crate) async fn ask(&self, work: Work) -> Verdict {
        let (sender, verdict) = oneshot::channel();
        self.put(Job { work, answer: Answer::Future(sender) })?;
        verdict.await.map_err(|_| Fault::new(GONE))?
    }

    /// Runs a job, and blocks until it is done.
    pub(crate) fn wait(&self, work: Work) -> Verdict {
        let (sender, verdict) = mpsc::channel();
        self.put(Job { work, answer: Answer::Thread(sender) })?;
        verdict.recv().map_err(|_| Fault::new(GONE))?
    }

    fn put(&self, job: Job) -> Result<(), Fault> {
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Fault::Busy(FULL),
            TrySendError::Disconnected(_) => Fault::new(GONE),
        })
    }
}

/// The counters of the writer since the file was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Number of durable transactions, each with one fsync.
    pub batches: u64,
    /// Number of commits in them, including those that conflicted.
    pub commits: u64,
}

/// The counters.
#[derive(Default)]
pub(crate) struct Counters {
    batches: AtomicU64,
    commits: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Statistics {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics { batches: of(&self.batches), commits: of(&self.commits) }
    }

    fn count(&self, commits: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.commits.fetch_add(commits as u64, Ordering::Relaxed);
    }
}

/// The running thread. Dropping it waits until the thread has finished the waiting jobs, and closes its connection:
/// the queue must be closed before.
pub(crate) struct WriterThread(Option<JoinHandle<Connection>>);

impl Drop for WriterThread {
    fn drop(&mut self) {
        if self.0.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread panicked");
        }
    }
}

/// The state of the thread.
pub(crate) struct Writer {
    connection: Connection,
    readers: Arc<Readers>,
    /// If present, this thread checkpoints the log.
    index: Option<Arc<WalIndex>>,
    counters: Arc<Counters>,
}

/// Why a transaction failed to commit.
struct Failure {
    broken: Arc<Broken>,
    /// One job failed, and the others may still succeed.
    by_one: bool,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        readers: Arc<Readers>,
        index: Option<Arc<WalIndex>>,
        counters: Arc<Counters>,
    ) -> Self {
        Self { connection, readers, index, counters }
    }

    /// Starts the thread.
    pub(crate) fn start(self) -> io::Result<(Queue, WriterThread)> {
        let (sender, jobs) = mpsc::sync_channel(QUEUE_JOBS_MAX);
        let thread = std::thread::Builder::new().name("sqlite-writer".into());
        let thread = thread.spawn(move || self.run(&jobs))?;
        Ok((Queue(sender), WriterThread(Some(thread))))
    }

    fn run(self, jobs: &mpsc::Receiver<Job>) -> Connection {
        loop {
            match jobs.recv_timeout(Duration::from_millis(IDLE_MILLIS)) {
                Ok(first) => {
                    let mut batch = vec![first];
                    batch.extend(jobs.try_iter().take(BATCH_JOBS_MAX - 1));
                    self.work_off(batch);
                }
                Err(RecvTimeoutError::Timeout) => self.readers.let_go(),
                Err(RecvTimeoutError::Disconnected) => return self.connection,
            }
            self.checkpoint();
        }
    }

    /// Runs all jobs in one transaction. If one of them fails, each is run in its own, so that only that one fails.
    fn work_off(&self, batch: Vec<Job>) {
        match self.together(&batch) {
            Ok(outcomes) => {
                for (job, outcome) in batch.into_iter().zip(outcomes) {
                    job.answer.give(Ok(outcome));
                }
            }
            Err(failure) if failure.by_one && batch.len() > 1 => {
                for job in batch {
                    self.work_off(vec![job]);
                }
            }
            Err(failure) => {
                for job in batch {
                    job.answer.give(Err(shared_fault(&failure.broken)));
                }
            }
        }
    }

    fn together(&self, batch: &[Job]) -> Result<Vec<Outcome>, Failure> {
        let all = |error: rusqlite::Error| self.give_up(error.into(), false);
        self.run_sql("BEGIN IMMEDIATE").map_err(all)?;
        let before = self.readers.mark();
        let mut outcomes = Vec::with_capacity(batch.len());
        for job in batch {
            outcomes.push(self.one(&job.work).map_err(|broken| self.give_up(broken, true))?);
        }
        let moved = self.note(batch).map_err(all)?;
        self.run_sql("COMMIT").map_err(all)?;
        self.readers.tokens.committed(
            before,
            self.readers.mark(),
            batch.iter().any(|job| job.work.may_end()),
        );
        for (tenant, newest, registry) in moved {
            tenant.committed(newest, registry);
        }
        self.counters.count(batch.iter().filter_map(|job| job.work.commit()).count());
        Ok(outcomes)
    }

    fn one(&self, work: &Work) -> Result<Outcome, Broken> {
        match work {
            Work::Commit { tenant, people, commit } => {
                let transaction =
                    Transaction { connection: &self.connection, issuer: tenant.id, now: commit.now };
                let held = commit::apply(&transaction, people, commit)?;
                Ok(held.map_or_else(Outcome::Conflict, Outcome::Committed))
            }
            Work::Sweep(range) => Ok(Outcome::Done(range.delete(&self.connection)?)),
            Work::Issuer(url) => Ok(Outcome::Done(self.add_issuer(url)?)),
            Work::Upkeep(job) => job(&self.connection),
        }
    }

    /// Writes the newest time of each issuer in the batch if it changed, and reads its registry version if that
    /// changed.
    fn note<'a>(&self, batch: &'a [Job]) -> rusqlite::Result<Vec<Moved<'a>>> {
        let mut moved: Vec<Moved<'a>> = Vec::new();
        for (tenant, commit) in batch.iter().filter_map(|job| job.work.commit()) {
            let registry = commit.guards.iter().chain(&commit.writes).any(is_registry);
            let registry = registry.then(RegistryVersion::default);
            match moved.iter_mut().find(|(known, ..)| known.id == tenant.id) {
                Some((_, newest, known)) => {
                    *newest = commit.now.0.max(*newest);
                    *known = known.or(registry);
                }
                None => moved.push((tenant, commit.now.0, registry)),
            }
        }
        for (tenant, newest, registry) in &mut moved {
            if *newest > tenant.newest() {
                let set = "UPDATE issuer SET newest = ?2 WHERE id = ?1 AND newest < ?2";
                self.connection.prepare_cached(set)?.execute([tenant.id, *newest])?;
            }
            if let Some(version) = registry {
                *version = registry::version(&self.connection, tenant.id)?;
            }
        }
        Ok(moved)
    }

    fn add_issuer(&self, url: &Issuer) -> rusqlite::Result<i64> {
        let add = "INSERT INTO issuer (url) VALUES (?1) ON CONFLICT DO NOTHING RETURNING id";
        let mut add = self.connection.prepare_cached(add)?;
        if let Some(id) = add.query_row([url.as_str()], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        let find = "SELECT id FROM issuer WHERE url = ?1";
        self.connection.query_row(find, params![url.as_str()], |row| row.get(0))
    }

    /// Rolls the batch back.
    fn give_up(&self, broken: Broken, by_one: bool) -> Failure {
        if !self.connection.is_autocommit()
            && let Err(error) = self.run_sql("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        tracing::error!(error = %broken, "a transaction failed to commit");
        Failure { broken: Arc::new(broken), by_one }
    }

    fn run_sql(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    /// Checkpoints the log once it is long. Held reads are ended before, so that all frames can be copied, and after,
    /// so that the log can be reset.
    fn checkpoint(&self) {
        let Some(index) = &self.index else { return };
        if index.frames() < CHECKPOINT_FRAMES {
            return;
        }
        self.readers.let_go();
        let copied = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = copied {
            tracing::warn!(%error, "the write-ahead log could not be checkpointed");
        }
        self.readers.let_go();
    }
}

/// An issuer, the newest time of its commits, and its registry version if that changed.
type Moved<'a> = (&'a Tenant, i64, Option<RegistryVersion>);

impl Work {
    fn commit(&self) -> Option<(&Tenant, &Commit)> {
        match self {
            Self::Commit { tenant, commit, .. } => Some((tenant, commit)),
            Self::Sweep(_) | Self::Issuer(_) | Self::Upkeep(_) => None,
        }
    }

    /// Whether an access token that was read may read differently afterwards.
    fn may_end(&self) -> bool {
        match self {
            Self::Commit { people, commit, .. } => {
                !people.is_empty() || commit.guards.iter().chain(&commit.writes).any(may_end)
            }
            Self::Sweep(_) | Self::Issuer(_) | Self::Upkeep(_) => true,
        }
    }
}

fn is_registry(change: &Change) -> bool {
    matches!(change, Change::Registry(_) | Change::Key(_))
}
