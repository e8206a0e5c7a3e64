//! The transaction of the writer, for the statements of a commit.

use protocol::Timestamp;
use rusqlite::{Connection, Params};

use crate::error::Broken;

/// The writer's transaction, for one issuer, at the time of one decision.
pub(crate) struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) issuer: i64,
    pub(crate) now: Timestamp,
}

impl Transaction<'_> {
    /// Runs one statement, and returns the number of changed rows.
    pub(crate) fn run(&self, sql: &str, values: impl Params) -> Result<usize, Broken> {
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
    }

    /// Runs a statement that includes its guard, which holds if a row was changed.
    pub(crate) fn guarded(&self, sql: &str, values: impl Params) -> Result<bool, Broken> {
        Ok(self.run(sql, values)? > 0)
    }

    /// Runs a statement without a guard; returns true.
    pub(crate) fn unguarded(&self, sql: &str, values: impl Params) -> Result<bool, Broken> {
        self.run(sql, values)?;
        Ok(true)
    }

    /// Increases the version that `Store::registry_version` returns.
    pub(crate) fn move_registry(&self) -> Result<(), Broken> {
        self.run("UPDATE issuer SET registry = registry + 1 WHERE id = ?1", [self.issuer])?;
        Ok(())
    }
}
