//! Why a file can't be opened as a store.

use std::{io, path::PathBuf};

/// Why a file can't be opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file, and it was not to be made.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// The operating system refused.
    #[error("could not open {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server is running on this file.
    #[error("another server is running on this database: it holds {}", .0.display())]
    Served(PathBuf),
    /// A database, but not one of passavant.
    #[error("this is a database, but not one of passavant")]
    Foreign,
    /// Written by a newer version.
    #[error("the database has schema {found}, and this version of passavant knows {known}: run a newer one")]
    Newer {
        /// The schema in the file.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// Written by an older version, and it was not to be changed.
    #[error("the database has schema {found}, and this version of passavant needs {known}: migrate it first")]
    Older {
        /// The schema in the file.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// The file system can't hold a write-ahead log (a network share, say).
    #[error("the file system does not support a write-ahead log (journal mode is {0})")]
    NoLog(String),
    /// No thread could be started.
    #[error("could not start the writer: {0}")]
    Thread(io::Error),
    /// SQLite refused.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}
