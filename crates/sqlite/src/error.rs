//! What can go wrong between this crate and the database, and as what it is told.

use std::sync::Arc;

use rusqlite::ErrorCode;
use server::Fault;

/// Our fault, before it is told.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The database refused or failed.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A record is not the JSON that it should be.
    #[error("a record is no valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A column holds what this version never writes.
    #[error("column {0} holds what this version does not know")]
    Word(&'static str),
    /// A change that was added to the server after this store was written.
    #[error("this store does not know how to write such a change")]
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

/// The fault of one of several requests that failed by the same cause.
pub(crate) fn shared_fault(broken: &Arc<Broken>) -> Fault {
    if broken.is_busy() {
        return Fault::Busy("another process holds the database");
    }
    Fault::new(Arc::clone(broken))
}
