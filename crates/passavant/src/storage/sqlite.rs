//! SQLite: one file, readable only by its owner.

use std::{
    fmt, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use protocol::Issuer;
use sqlite::{OpenError, Options, SqliteStore};

use super::database::{Database, Kind, Named, Role, Storage, StorageError};

/// `sqlite:PATH`
pub(super) const KIND: Kind = Kind {
    scheme: "sqlite",
    expected: "`sqlite:` and a path",
    example: "sqlite:/var/lib/passavant/passavant.db",
    parse,
};

fn parse(place: &str, folder: Option<&Path>) -> Named {
    let path = place.strip_prefix("//").unwrap_or(place);
    if path.is_empty() || path.contains(['?', '#']) {
        return None;
    }
    Some(Arc::new(SqliteFile(folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path)))))
}

/// A file, which may not be there yet.
#[derive(Debug)]
struct SqliteFile(PathBuf);

#[async_trait]
impl Database for SqliteFile {
    /// Refuses a file that others than its owner may read. One that is not there yet is created private.
    fn check(&self) -> Result<(), StorageError> {
        match fs::metadata(&self.0) {
            Ok(found) => {
                let mode = found.permissions().mode() & 0o7777;
                if mode & 0o077 != 0 {
                    return Err(StorageError::Exposed { path: self.0.clone(), mode });
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StorageError::Unreadable { path: self.0.clone(), source }),
        }
    }

    async fn open(&self, issuer: &Issuer, role: Role) -> Result<Storage, StorageError> {
        self.check()?;
        let options = Options { migrate: role != Role::ServerAsIs, server: role != Role::Tool };
        let file = SqliteStore::open_with(&self.0, options).map_err(refused)?;
        let store = Arc::new(file.issuer(issuer)?);
        Ok(Storage { directory: store.clone(), store })
    }
}

impl fmt::Display for SqliteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.0.display())
    }
}

fn refused(error: OpenError) -> StorageError {
    StorageError::Refused(Box::new(error))
}
