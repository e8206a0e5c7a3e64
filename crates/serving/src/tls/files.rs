//! What is made of files, and made anew when they change.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use super::TlsError;
use crate::limits::TLS_FILES_SECONDS;

/// A value of these files.
pub(super) struct FromFiles<T> {
    files: Vec<PathBuf>,
    make: Box<dyn Fn() -> Result<T, TlsError> + Send + Sync>,
    current: RwLock<Arc<T>>,
    stamps: Mutex<Vec<Stamp>>,
}

/// When a file was changed, and its length; `None` if it can't be looked at.
type Stamp = Option<(SystemTime, u64)>;

impl<T: Send + Sync + 'static> FromFiles<T> {
    /// Reads them.
    pub(super) fn read(
        files: Vec<PathBuf>,
        make: impl Fn() -> Result<T, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        // Before they are read: a change meanwhile is noticed later.
        let stamps = Mutex::new(stamps(&files));
        let current = RwLock::new(Arc::new(make()?));
        Ok(Self { files, make: Box::new(make), current, stamps })
    }

    /// What was read last.
    pub(super) fn current(&self) -> Arc<T> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads them again whenever one changes.
    pub(super) async fn follow(self: &Arc<Self>) {
        let mut rounds = tokio::time::interval(Duration::from_secs(TLS_FILES_SECONDS));
        loop {
            rounds.tick().await;
            let own = Arc::clone(self);
            if tokio::task::spawn_blocking(move || own.look()).await.is_err() {
                tracing::error!("the files of TLS could not be looked at");
            }
        }
    }

    fn look(&self) {
        let now = stamps(&self.files);
        let mut known = self.stamps.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == now {
            return;
        }
        *known = now;
        match (self.make)() {
            Ok(made) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                tracing::info!(file = %self.files[0].display(), "certificates were read again");
            }
            Err(error) => {
                tracing::error!(%error, "changed certificates can't be used; those read before stay")
            }
        }
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}

/// The bytes of a file, up to a limit.
pub(super) fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| TlsError::new(path, error))?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| TlsError::new(path, error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(TlsError::new(path, format_args!("longer than {bytes_max} bytes")));
    }
    Ok(bytes)
}
