//! SQLite: one file, which nobody but its owner and its group may open.

use std::{
    fmt, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use protocol::{Issuer, Timestamp};
use server::store::{Committed, Store as _};
use sqlite::{OpenError, Options, SqliteStore};

use super::database::{Database, Kind, Named, Opening, Rename, Role, Storage, StorageError};

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
    /// Refuses a file that others than its owner and its group may open. (Kubernetes gives all files of a volume to the
    /// `fsGroup` of its pod.) One that is not there yet is created with access for its owner only.
    fn check(&self) -> Result<(), StorageError> {
        match fs::metadata(&self.0) {
            Ok(found) => {
                let mode = found.permissions().mode() & 0o7777;
                if mode & 0o007 != 0 {
                    return Err(StorageError::Exposed { path: self.0.clone(), mode });
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StorageError::Unreadable { path: self.0.clone(), source }),
        }
    }

    async fn open(&self, issuer: &Issuer, opening: Opening) -> Result<Storage, StorageError> {
        self.check()?;
        let role = opening.role;
        let options = Options { migrate: role != Role::ServerAsIs, server: role != Role::Tool };
        let file = SqliteStore::open_with(&self.0, options).map_err(|error| self.refused(error))?;
        let stored = file.issuers()?;
        if !opening.new_issuer && !stored.is_empty() && !stored.contains(issuer) {
            return Err(StorageError::OtherIssuer {
                database: self.to_string(),
                issuer: issuer.to_string(),
                stored: stored.iter().map(ToString::to_string).collect(),
            });
        }
        let store = Arc::new(file.issuer(issuer)?);
        Ok(Storage { directory: store.clone(), store })
    }

    async fn rename_issuer(&self, rename: &Rename) -> Result<(), StorageError> {
        let file = self.open_to_mend()?;
        let stored = file.issuers()?;
        let Rename { from, to, audiences } = rename;
        if stored.contains(to) {
            return Err(StorageError::NotRenamed(format!("{self} has data of the issuer {to} already")));
        }
        if !file.rename_issuer(from, to, audiences)? {
            let known: Vec<_> = stored.iter().map(ToString::to_string).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(StorageError::NotRenamed(format!(
                "{self} has no data of an issuer {from}; its issuers: {known}"
            )));
        }
        Ok(())
    }

    async fn reset_time(
        &self,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<(Timestamp, Committed), StorageError> {
        let file = self.open_to_mend()?;
        if !file.issuers()?.contains(issuer) {
            return Ok((Timestamp::default(), Committed::default()));
        }
        let store = file.issuer(issuer)?;
        let newest = store.newest().await?;
        let ended = if newest > now { store.reset_time(now).await? } else { Committed::default() };
        Ok((newest, ended))
    }
}

impl SqliteFile {
    /// Opens a database that is there already, as its only server would.
    fn open_to_mend(&self) -> Result<SqliteStore, StorageError> {
        self.check()?;
        if !self.0.exists() {
            return Err(self.refused(OpenError::Missing(self.0.clone())));
        }
        SqliteStore::open_with(&self.0, Options { migrate: true, server: true })
            .map_err(|error| self.refused(error))
    }

    fn refused(&self, error: OpenError) -> StorageError {
        StorageError::Refused { database: self.to_string(), why: Box::new(error) }
    }
}

impl fmt::Display for SqliteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.0.display())
    }
}
