//! The connections for reads: a few that all threads share, each in a transaction that outlives the read.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, TryLockError,
    atomic::{AtomicUsize, Ordering},
};

use rusqlite::Connection;

use crate::{
    error::Broken,
    read_tokens::ReadTokens,
    wal_index::{Mark, WalIndex},
};

/// All connections for reads.
pub(crate) struct Readers {
    pool: Vec<Mutex<Reader>>,
    /// The one to wait for if all are busy.
    turn: AtomicUsize,
    /// If present, transactions are held until the next commit. If absent, each statement is its own transaction.
    index: Option<Arc<WalIndex>>,
    /// The access tokens that were read.
    pub(crate) tokens: ReadTokens,
}

struct Reader {
    connection: Connection,
    /// The mark of the index at the last read. A held transaction began no earlier.
    seen: Option<Mark>,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>, index: Option<Arc<WalIndex>>) -> Self {
        let pool =
            connections.into_iter().map(|connection| Mutex::new(Reader { connection, seen: None })).collect();
        Self { pool, turn: AtomicUsize::new(0), index, tokens: ReadTokens::default() }
    }

    /// Runs one read, which sees every commit that returned before this call.
    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        self.read_at(self.mark(), question)
    }

    /// The mark of the newest commit, if it can be read.
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.index.as_ref()?.mark()
    }

    /// Runs one read, which sees the commit of this mark and every one before it.
    pub(crate) fn read_at<T>(
        &self,
        mark: Option<Mark>,
        question: impl FnOnce(&Connection) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let mut reader = self.free();
        if self.index.is_some() {
            reader.hold(mark)?;
        }
        let answer = question(&reader.connection);
        if answer.is_err() {
            reader.let_go();
        }
        answer
    }

    /// Ends all held transactions: a checkpoint can't copy beyond the oldest one, and the log can't be reset before
    /// it.
    pub(crate) fn let_go(&self) {
        for reader in &self.pool {
            reader.lock().unwrap_or_else(PoisonError::into_inner).let_go();
        }
    }

    fn free(&self) -> MutexGuard<'_, Reader> {
        for reader in &self.pool {
            match reader.try_lock() {
                Ok(reader) => return reader,
                Err(TryLockError::Poisoned(reader)) => return reader.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.pool.len();
        self.pool[turn].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Ensures that a held transaction sees the newest state. The mark is taken *before* the transaction begins, so
    /// at worst a current transaction is discarded. The first read after a commit holds no transaction: if every read
    /// follows a commit, holding one has no benefit.
    fn hold(&mut self, mark: Option<Mark>) -> Result<(), Broken> {
        if mark.is_none() || self.seen != mark {
            self.let_go();
            self.seen = mark;
            return Ok(());
        }
        if self.connection.is_autocommit() {
            self.connection.prepare_cached("BEGIN")?.execute([])?;
        }
        Ok(())
    }

    /// Ends a held read-only transaction. Even if that fails, the connection is back in autocommit mode.
    fn let_go(&mut self) {
        self.seen = None;
        if self.connection.is_autocommit() {
            return;
        }
        let ended = self.connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        if let Err(error) = ended {
            tracing::warn!(%error, "a read transaction could not be ended");
        }
    }
}
