//! The transaction of the writer, for the statements of a commit.

use protocol::Timestamp;
use rusqlite::{Connection, Params, params};
use server::store::CLIENT_CHANGES_KEPT;

use crate::error::Broken;

const MOVE_CLIENT: &str = "UPDATE issuer SET clients = clients + 1, registry = registry + EXISTS \
    (SELECT 1 FROM resource WHERE resource.issuer = ?1 AND resource.client_id = ?2) WHERE id = ?1";

const ADD_CHANGE: &str = "INSERT INTO client_change (issuer, version, client_id) \
    SELECT id, clients, ?2 FROM issuer WHERE id = ?1";

const FORGET_CHANGES: &str = "DELETE FROM client_change WHERE issuer = ?1 \
    AND version <= (SELECT clients FROM issuer WHERE id = ?1) - ?2";

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

    /// Increases the version of resources, scopes and keys that `Store::registry_version` returns.
    pub(crate) fn move_registry(&self) -> Result<(), Broken> {
        self.run("UPDATE issuer SET registry = registry + 1 WHERE id = ?1", [self.issuer])?;
        Ok(())
    }

    /// Increases the version of the clients, and that of the rest if a resource has the credentials of this one, and
    /// remembers which client changed.
    pub(crate) fn move_client(&self, id: &str) -> Result<(), Broken> {
        self.run(MOVE_CLIENT, params![self.issuer, id])?;
        self.run(ADD_CHANGE, params![self.issuer, id])?;
        self.run(FORGET_CHANGES, params![self.issuer, CLIENT_CHANGES_KEPT])?;
        Ok(())
    }
}
