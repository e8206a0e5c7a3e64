//! The transaction of the writer, as the statements of a commit see it.

use protocol::Timestamp;
use rusqlite::{Connection, Params};

use crate::error::Broken;

/// Where changes are applied: inside of the writer's transaction, for one issuer, at the time of one decision.
pub(crate) struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) issuer: i64,
    pub(crate) now: Timestamp,
}

impl Transaction<'_> {
    /// Runs one statement and answers how many rows it changed.
    pub(crate) fn run(&self, sql: &str, values: impl Params) -> Result<usize, Broken> {
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
    }

    /// Runs a statement that carries its guard: it holds if it changed its row.
    pub(crate) fn guarded(&self, sql: &str, values: impl Params) -> Result<bool, Broken> {
        Ok(self.run(sql, values)? > 0)
    }

    /// Runs a statement without a guard, which always holds.
    pub(crate) fn unguarded(&self, sql: &str, values: impl Params) -> Result<bool, Broken> {
        self.run(sql, values)?;
        Ok(true)
    }

    /// Moves what `Store::registry_version` answers.
    pub(crate) fn move_registry(&self) -> Result<(), Broken> {
        self.run("UPDATE issuer SET registry = registry + 1 WHERE id = ?1", [self.issuer])?;
        Ok(())
    }
}
