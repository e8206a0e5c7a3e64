//! Opens the file: locks, settings, and connections.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use protocol::Issuer;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use server::Fault;

use crate::{
    error::Broken,
    issuer::SqliteIssuer,
    migrations,
    open_error::OpenError,
    readers::Readers,
    shared::Core,
    tenant::Tenant,
    wal_index::WalIndex,
    writer::{Counters, Outcome, Statistics, Work, Writer},
};

/// How long a statement waits for a lock of another process, in milliseconds.
const BUSY_TIMEOUT_MILLIS: u64 = 5_000;
/// Minimum number of connections for reads.
const READERS_MIN: usize = 4;
/// Compiled statements that each connection caches; there are fewer different ones.
const STATEMENTS_KEPT: usize = 128;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// Page cache of each reader, in KiB.
const READER_CACHE_KIB: i64 = 4 * 1024;
/// Maximum size of the write-ahead log after a reset, in bytes.
const LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;
/// Frames (pages) after which SQLite checkpoints automatically, unless the writer does it.
const CHECKPOINT_FRAMES: i64 = 4_000;

/// Serializes opening: creating a file closes a descriptor of it, which drops the POSIX locks that another store of
/// this process may hold on it.
static OPENING: Mutex<()> = Mutex::new(());

/// One open file with the data of any number of issuers. Cheap to clone. Dropping the last handle closes the file,
/// after the writer has finished all waiting jobs.
#[derive(Clone)]
pub struct SqliteStore {
    core: Arc<Core>,
}

/// How a file is opened. The default is for a tool that runs beside a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether to create the file and to migrate its schema if necessary. Otherwise both are errors.
    pub migrate: bool,
    /// Whether this is the server, of which there can be one for each file at a time. Its reads are faster, because
    /// only it checkpoints the log.
    pub server: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { migrate: true, server: false }
    }
}

impl SqliteStore {
    /// Opens the file, creates it (mode 0600) if there is none, and migrates its schema. It may be used beside a
    /// running server; a server itself sets [`Options::server`].
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, Options::default())
    }

    /// Opens the file.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open_with(path: &Path, options: Options) -> Result<Self, OpenError> {
        let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = locate(path, options.migrate)?;
        let lock = options.server.then(|| lock_beside(&path)).transpose()?;
        let mut connection = connect_writer(&path)?;
        if options.migrate {
            migrations::migrate(&mut connection)?;
        }
        migrations::check(&connection)?;
        let readers = (0..readers_count()).map(|_| connect_reader(&path)).collect::<Result<Vec<_>, _>>()?;
        let index = if options.server { watch(&path, &connection)?.map(Arc::new) } else { None };
        let readers = Arc::new(Readers::new(readers, index.clone()));
        let counters = Arc::new(Counters::default());
        let writer = Writer::new(connection, Arc::clone(&readers), index.clone(), Arc::clone(&counters));
        let (queue, writer) = writer.start().map_err(OpenError::Thread)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the age of a cached version is unrelated to the time of decisions"
        )]
        let opened = Instant::now();
        let tenants = Mutex::new(HashMap::new());
        let core =
            Core { queue, readers, tenants, counters, opened, _writer: writer, _index: index, _lock: lock };
        Ok(Self { core: Arc::new(core) })
    }

    /// The store of one issuer. The issuers in one file are isolated from each other.
    ///
    /// # Errors
    /// [`Fault`] if the issuer is new and could not be written. Blocks for a few milliseconds to write it.
    pub fn issuer(&self, url: &Issuer) -> Result<SqliteIssuer, Fault> {
        let mut tenants = self.core.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = tenants.get(url) {
            return Ok(SqliteIssuer::new(Arc::clone(&self.core), Arc::clone(tenant)));
        }
        let id = match self.core.readers.read(|connection| find_issuer(connection, url))? {
            Some(id) => id,
            None => match self.core.queue.wait(Work::Issuer(url.clone()))? {
                Outcome::Done(id) => id,
                Outcome::Committed(_) | Outcome::Conflict(_) => {
                    return Err(Fault::new("the writer returned no id of an issuer"));
                }
            },
        };
        let tenant = Arc::new(Tenant::new(id));
        tenants.insert(url.clone(), Arc::clone(&tenant));
        Ok(SqliteIssuer::new(Arc::clone(&self.core), tenant))
    }

    /// The state that all handles share.
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// The counters of the writer.
    pub fn statistics(&self) -> Statistics {
        self.core.counters.read()
    }
}

/// The absolute path of the file, so that neither a change of directory nor a special name (`:memory:`) matters.
fn locate(path: &Path, make: bool) -> Result<PathBuf, OpenError> {
    let failed = |source| OpenError::Io { path: path.to_owned(), source };
    if make {
        make_private(path).map_err(failed)?;
    }
    path.canonicalize().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing(path.to_owned()),
        _ => failed(source),
    })
}

/// Creates the file with access for its owner only, unless there is one. SQLite gives the files beside it the same
/// mode.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    let folder = path.canonicalize()?.parent().map(Path::to_owned);
    // Without a sync of the directory, the new file may be missing after a power failure.
    folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Takes the server lock, which the operating system releases when the process ends.
fn lock_beside(database: &Path) -> Result<File, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| OpenError::Io { path: path.clone(), source };
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Served(path)),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

pub(crate) fn connect_writer(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags, WRITER_CACHE_KIB)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::NoLog(mode));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES_KEPT)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_FRAMES)?;
    Ok(connection)
}

fn connect_reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, flags, READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: i64) -> Result<Connection, OpenError> {
    #[cfg_attr(not(test), expect(unused_mut, reason = "a test records what is run"))]
    let mut connection = Connection::open_with_flags(path, flags)?;
    #[cfg(test)]
    crate::plans::record(&mut connection)?;
    connection.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MILLIS))?;
    // A plan that depends on bound values is thrown away with them, when its statement goes back to the cache: it would
    // be compiled again at every use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn readers_count() -> usize {
    std::thread::available_parallelism().map_or(READERS_MIN, |cores| (2 * cores.get()).max(READERS_MIN))
}

/// The index of the log, if commits can be observed in it: on Linux, reads of a file agree with its mapping, and one
/// commit without changes tests whether that holds on this file system. If so, the writer checkpoints the log.
fn watch(path: &Path, writer: &Connection) -> Result<Option<WalIndex>, OpenError> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let Ok(index) = WalIndex::open(path) else { return Ok(None) };
    let before = index.mark();
    // Nothing is lost with this commit, so it need not be synced.
    writer.pragma_update(None, "synchronous", "OFF")?;
    let probed = writer.pragma_update(None, "user_version", migrations::KNOWN);
    writer.pragma_update(None, "synchronous", "FULL")?;
    probed?;
    if before.is_none() || index.mark() == before {
        tracing::warn!(
            "reads are slower: the index of the write-ahead log can't be observed on this file system"
        );
        return Ok(None);
    }
    writer.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(Some(index))
}

fn find_issuer(connection: &Connection, url: &Issuer) -> Result<Option<i64>, Broken> {
    use rusqlite::OptionalExtension as _;
    let mut find = connection.prepare_cached("SELECT id FROM issuer WHERE url = ?1")?;
    Ok(find.query_row([url.as_str()], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(connection: &Connection, name: &str) -> i64 {
        connection.pragma_query_value(None, name, |row| row.get(0)).expect("it is a number")
    }

    #[test]
    fn every_commit_of_the_writer_is_synced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = locate(&folder.path().join("passavant.db"), true).expect("it is made");
        let mut writer = connect_writer(&path).expect("it opens");
        assert_eq!(pragma(&writer, "synchronous"), 2, "FULL");
        migrations::migrate(&mut writer).expect("it migrates");
        watch(&path, &writer).expect("it is asked");
        assert_eq!(pragma(&writer, "synchronous"), 2, "FULL again");
        assert_eq!(pragma(&writer, "foreign_keys"), 1);
        assert_eq!(pragma(&writer, "trusted_schema"), 0);
        assert_eq!(pragma(&writer, "busy_timeout"), 5_000);
    }

    #[test]
    fn reader_cannot_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = locate(&folder.path().join("passavant.db"), true).expect("it is made");
        let writer = connect_writer(&path).expect("it opens");
        writer.execute_batch("CREATE TABLE t (a)").expect("it writes");
        let reader = connect_reader(&path).expect("it opens");
        assert_eq!(pragma(&reader, "query_only"), 1);
        reader.execute_batch("INSERT INTO t VALUES (1)").expect_err("it is refused");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn commit_of_another_connection_is_visible_in_the_wal_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = locate(&folder.path().join("passavant.db"), true).expect("it is made");
        let mut writer = connect_writer(&path).expect("it opens");
        migrations::migrate(&mut writer).expect("it migrates");
        let index = watch(&path, &writer).expect("it is asked").expect("it can be watched");
        let other = connect_writer(&path).expect("it opens");
        for _ in 0..1_000 {
            let before = index.mark();
            assert!(before.is_some() && index.mark() == before, "no commit yet");
            other.execute_batch("UPDATE issuer SET newest = 1 WHERE false").expect("it writes");
            assert_eq!(index.mark(), before, "nothing was changed");
            other.execute_batch("INSERT INTO issuer (url) VALUES (random())").expect("it writes");
            assert_ne!(index.mark(), before, "a commit");
        }
    }
}
