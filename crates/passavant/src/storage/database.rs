//! What the binary needs of a kind of database.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use accounts::Directory;
use async_trait::async_trait;
use protocol::Issuer;
use server::{Fault, store::Store};

/// A kind of database.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// The scheme of its URLs.
    pub(super) scheme: &'static str,
    /// What its URLs are, in words.
    pub(super) expected: &'static str,
    /// A URL of it.
    pub(super) example: &'static str,
    /// Reads what follows the scheme; relative paths start at the folder.
    pub(super) parse: fn(&str, Option<&Path>) -> Named,
}

/// The database that a URL names, where it is one.
pub(super) type Named = Option<Arc<dyn Database>>;

/// A database that the configuration names. It displays as its URL, without what is secret in it.
#[async_trait]
pub(crate) trait Database: fmt::Debug + fmt::Display + Send + Sync {
    /// Looks for what the operator must put right first. A database that is not there yet will be created.
    ///
    /// # Errors
    /// [`StorageError`], where it is about the configuration.
    fn check(&self) -> Result<(), StorageError>;

    /// Opens it.
    ///
    /// # Errors
    /// [`StorageError`]
    async fn open(&self, issuer: &Issuer, role: Role) -> Result<Storage, StorageError>;
}

/// Who opens a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The server: the only one on its database.
    Server,
    /// The server, which refuses to bring an older schema up to date.
    ServerAsIs,
    /// A command, beside a running server or without one.
    Tool,
}

/// The state of one issuer: protocol and people, which change in one transaction.
pub(crate) struct Storage {
    /// What the server remembers.
    pub(crate) store: Arc<dyn Store>,
    /// The accounts.
    pub(crate) directory: Arc<dyn Directory>,
}

/// Why a database can't be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    /// Others may read the file: it holds token digests and the claims of all users.
    #[error("{} may be read by others (mode {mode:04o}): chmod 600 it first", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file can't be examined.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database refuses: another server runs on it, or it has another schema.
    #[error(transparent)]
    Refused(Box<dyn Error + Send + Sync>),
    /// The database fails.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl StorageError {
    /// Whether the configuration is at fault.
    pub(crate) fn is_configuration(&self) -> bool {
        match self {
            Self::Exposed { .. } | Self::Unreadable { .. } => true,
            Self::Refused(_) | Self::Fault(_) => false,
        }
    }
}
