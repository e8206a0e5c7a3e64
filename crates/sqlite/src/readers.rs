//! The connections that are read from: inline, a few for all, and each in a transaction that outlives its read.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, TryLockError,
    atomic::{AtomicUsize, Ordering},
};

use rusqlite::Connection;

use crate::{
    error::Broken,
    wal_index::{Mark, WalIndex},
};

/// All connections that are read from.
pub(crate) struct Readers {
    pool: Vec<Mutex<Reader>>,
    /// Which one to wait for if all are busy.
    turn: AtomicUsize,
    /// Present: transactions are held until somebody commits. Absent: each statement is its own.
    index: Option<Arc<WalIndex>>,
}

struct Reader {
    connection: Connection,
    /// What the index said at the last read. What is held began no earlier.
    seen: Option<Mark>,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Connection>, index: Option<Arc<WalIndex>>) -> Self {
        let pool =
            connections.into_iter().map(|connection| Mutex::new(Reader { connection, seen: None })).collect();
        Self { pool, turn: AtomicUsize::new(0), index }
    }

    /// Asks one question. The answer knows of every commit that had returned when this was called.
    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, Broken>,
    ) -> Result<T, Broken> {
        let mut reader = self.free();
        if let Some(index) = &self.index {
            reader.hold(index)?;
        }
        let answer = question(&reader.connection);
        if answer.is_err() {
            reader.let_go();
        }
        answer
    }

    /// Ends every held transaction: a checkpoint can't copy beyond the oldest, nor the log start over.
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
    /// Sees to it that what is held is the newest state. The mark is taken *before* the transaction begins, so at
    /// worst a transaction is thrown away that was still good. The first read after a commit is one of its own: where
    /// every read follows a commit, holding would only cost.
    fn hold(&mut self, index: &WalIndex) -> Result<(), Broken> {
        let mark = index.mark();
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

    /// A read-only transaction has nothing to lose, and if even its end fails the connection is in autocommit anyway.
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
