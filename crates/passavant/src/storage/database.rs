//! What the binary needs of a kind of database.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use accounts::Directory;
use async_trait::async_trait;
use protocol::{Issuer, Timestamp};
use server::{
    Fault,
    store::{Committed, Store},
};

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
    async fn open(&self, issuer: &Issuer, opening: Opening) -> Result<Storage, StorageError>;

    /// Gives the data of one issuer to another, which has none. No server may run.
    ///
    /// # Errors
    /// [`StorageError`]
    async fn rename_issuer(&self, rename: &Rename) -> Result<(), StorageError>;

    /// Makes this the newest time of what is stored, and ends what began later. No server may run. Answers the newest
    /// time before, and how much ended.
    ///
    /// # Errors
    /// [`StorageError`]
    async fn reset_time(
        &self,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<(Timestamp, Committed), StorageError>;
}

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    /// Who opens it.
    pub(crate) role: Role,
    /// Whether an issuer without data is added to a database that has data of others.
    pub(crate) new_issuer: bool,
}

impl Opening {
    /// By this role, for an issuer that the database knows, or an empty database.
    pub(crate) fn by(role: Role) -> Self {
        Self { role, new_issuer: false }
    }
}

/// An issuer that gets another URL.
#[derive(Clone, Debug)]
pub(crate) struct Rename {
    /// Its URL so far.
    pub(crate) from: Issuer,
    /// Its new URL.
    pub(crate) to: Issuer,
    /// Audiences that are named after the issuer, and what they become.
    pub(crate) audiences: Vec<(String, String)>,
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
    /// The database has data of other issuers only.
    #[error(
        "{database} has no data of the issuer {issuer}, but of {}: with another issuer, no account, client or key is \
         found. If the server has got another URL, run passavant db rename-issuer {}; if this is one more issuer in \
         the same database, start it once with passavant serve --new-issuer",
        stored.join(", "),
        stored.first().map_or("", |first| first)
    )]
    OtherIssuer {
        /// The database.
        database: String,
        /// The issuer of the configuration.
        issuer: String,
        /// The issuers in the database.
        stored: Vec<String>,
    },
    /// There is no data of the issuer that is to be renamed, or there is some of the one that it is to become.
    #[error("{0}")]
    NotRenamed(String),
    /// The database refuses: another server runs on it, or it has another schema.
    #[error("{database}: {why}")]
    Refused {
        /// The database.
        database: String,
        /// Why. Not its source, which would be printed a second time.
        why: Box<dyn Error + Send + Sync>,
    },
    /// The database fails.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl StorageError {
    /// Whether the configuration is at fault.
    pub(crate) fn is_configuration(&self) -> bool {
        match self {
            Self::Exposed { .. } | Self::Unreadable { .. } | Self::OtherIssuer { .. } => true,
            Self::NotRenamed(_) | Self::Refused { .. } | Self::Fault(_) => false,
        }
    }
}
