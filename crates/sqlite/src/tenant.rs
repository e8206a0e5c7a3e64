//! Cached state of one issuer.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// One issuer in the open file.
pub(crate) struct Tenant {
    pub(crate) id: i64,
    /// The newest time that this process wrote. Only the writer uses it.
    newest: AtomicI64,
    /// Only increases, so that a late update can't restore an older version.
    pub(crate) registry: AtomicI64,
    /// Milliseconds since the file was opened.
    pub(crate) look_again_at: AtomicU64,
}

impl Tenant {
    pub(crate) fn new(id: i64) -> Self {
        Self {
            id,
            newest: AtomicI64::new(i64::MIN),
            registry: AtomicI64::new(i64::MIN),
            look_again_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Records the new versions of a transaction of this process, before its commits return.
    pub(crate) fn committed(&self, newest: i64, registry: Option<i64>) {
        self.newest.fetch_max(newest, Ordering::Relaxed);
        if let Some(version) = registry {
            self.registry.fetch_max(version, Ordering::AcqRel);
        }
    }
}
