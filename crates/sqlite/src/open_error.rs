//! Why a file can't be opened as a store.

use std::{io, path::PathBuf};

/// Why a file can't be opened as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no file, and [`Options::migrate`](crate::Options::migrate) is not set.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// The operating system returned an error.
    #[error("could not open {}: {source}", path.display())]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// Another server is running on this file.
    #[error("another server is running on this database: it has locked {}", .0.display())]
    Served(PathBuf),
    /// A database of another program.
    #[error("this is not a database of passavant")]
    Foreign,
    /// The schema is newer than this version.
    #[error("the database has schema {found}, and this version of passavant knows {known}: run a newer one")]
    Newer {
        /// The schema in the file.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// The schema is older than this version, and must not be migrated.
    #[error("the database has schema {found}, and this version of passavant needs {known}: migrate it first")]
    Older {
        /// The schema in the file.
        found: i64,
        /// The newest schema of this version.
        known: i64,
    },
    /// The file system does not support a write-ahead log, such as a network share.
    #[error("the file system does not support a write-ahead log (journal mode is {0})")]
    NoLog(String),
    /// The writer thread could not be started.
    #[error("could not start the writer thread: {0}")]
    Thread(io::Error),
    /// SQLite returned an error.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}
