//! Observes the index of the write-ahead log, to detect commits of any process.
//!
//! A read transaction that is held across requests is fast, but it sees the state at its beginning, and `PRAGMA
//! data_version` does not change inside of it either. SQLite has the necessary information in the file `-shm`, which
//! all processes map: its first 48 bytes (<https://www.sqlite.org/walformat.html>, "The WAL-Index Header") hold a
//! counter of commits and the checksum of the last frame, and COMMIT returns only after they were written. So if they
//! are the same before a held transaction began and now, there was no commit in between. One `pread` of 48 bytes
//! costs a fraction of the locking of a new transaction.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

const HEADER_BYTES: usize = 48;

/// The header at one moment. Equal marks: no commit in between.
pub(crate) type Mark = [u8; HEADER_BYTES];

/// The counter of commits.
fn commits(mark: &Mark) -> u32 {
    u32::from_ne_bytes([mark[8], mark[9], mark[10], mark[11]])
}

/// Whether at most one commit is between two marks.
pub(crate) fn follows(before: &Mark, after: &Mark) -> bool {
    before == after || commits(after) == commits(before).wrapping_add(1)
}

/// The `-shm` file beside a database that is open in this process.
pub(crate) struct WalIndex {
    file: Option<File>,
}

impl WalIndex {
    /// Opens the index that belongs to this database. A connection must have read from it before, and some
    /// connection must stay open while the index is in use.
    pub(crate) fn open(database: &Path) -> io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        Ok(Self { file: Some(File::open(PathBuf::from(path))?) })
    }

    /// The current mark; `None` if it could not be read, so that nothing can be concluded.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let mut mark = [0; HEADER_BYTES];
        self.file.as_ref()?.read_exact_at(&mut mark, 0).ok()?;
        Some(mark)
    }

    /// Number of frames (pages) in the log, including those that a checkpoint has copied.
    pub(crate) fn frames(&self) -> u32 {
        let count = |mark: Mark| u32::from_ne_bytes([mark[16], mark[17], mark[18], mark[19]]);
        self.mark().map_or(0, count)
    }
}

/// POSIX drops *all* locks that a process has on a file as soon as it closes any descriptor of it, and SQLite's locks
/// are on this file. So it is closed only after SQLite has deleted it, with the last connection. If other connections
/// remain, the descriptor is leaked until the end of the process.
impl Drop for WalIndex {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        if file.metadata().is_ok_and(|metadata| metadata.nlink() == 0) {
            return;
        }
        std::mem::forget(file);
    }
}
