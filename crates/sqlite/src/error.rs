//! Errors of this crate and the database, and the faults they become.

use std::sync::Arc;

use rusqlite::ErrorCode;
use server::Fault;

/// An internal error, before it becomes a [`Fault`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// SQLite returned an error.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A record is not valid JSON.
    #[error("a record is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A column contains a value that this version does not know.
    #[error("column {0} contains an unknown value")]
    Word(&'static str),
    /// A kind of change that this store does not implement.
    #[error("this store does not support this kind of change")]
    UnknownChange,
}

impl Broken {
    /// Whether another process held the write lock for longer than the busy timeout.
    pub(crate) fn is_busy(&self) -> bool {
        let Self::Sql(rusqlite::Error::SqliteFailure(failure, _)) = self else { return false };
        matches!(failure.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    }
}

impl From<rusqlite::types::FromSqlError> for Broken {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Sql(error.into())
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        shared_fault(&Arc::new(broken))
    }
}

/// The fault of one of several requests that failed for the same reason.
pub(crate) fn shared_fault(broken: &Arc<Broken>) -> Fault {
    if broken.is_busy() {
        return Fault::Busy("another process has locked the database");
    }
    Fault::new(Arc::clone(broken))
}
