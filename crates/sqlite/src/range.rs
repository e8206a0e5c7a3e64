//! A set of ended rows that the writer deletes in one step.

use rusqlite::{Connection, params};

use crate::error::Broken;

/// Ended rows to delete.
pub(crate) enum Range {
    /// The rows of a hot table within a range of keys.
    Keys { sql: &'static str, issuer: i64, after: i64, upto: i64, before: i64 },
    /// At most a number of rows of another table.
    Due { sql: &'static str, issuer: i64, before: i64, limit: u32 },
}

impl Range {
    /// Deletes the rows, and returns their number.
    pub(crate) fn delete(&self, connection: &Connection) -> Result<i64, Broken> {
        let deleted = match *self {
            Self::Keys { sql, issuer, after, upto, before } => {
                connection.prepare_cached(sql)?.execute([issuer, after, upto, before])?
            }
            Self::Due { sql, issuer, before, limit } => {
                connection.prepare_cached(sql)?.execute(params![issuer, before, limit])?
            }
        };
        Ok(deleted as i64)
    }
}
