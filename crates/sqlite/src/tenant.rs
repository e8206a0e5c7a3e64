//! Cached state of one issuer.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use server::store::RegistryVersion;

/// One issuer in the open file.
pub(crate) struct Tenant {
    pub(crate) id: i64,
    /// The newest time that this process wrote. Only the writer uses it.
    newest: AtomicI64,
    /// The parts of the registry version. They only increase, so that a late update can't restore an older one.
    clients: AtomicI64,
    rest: AtomicI64,
    /// Milliseconds since the file was opened.
    pub(crate) look_again_at: AtomicU64,
}

impl Tenant {
    pub(crate) fn new(id: i64) -> Self {
        Self {
            id,
            newest: AtomicI64::new(i64::MIN),
            clients: AtomicI64::new(i64::MIN),
            rest: AtomicI64::new(i64::MIN),
            look_again_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn newest(&self) -> i64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Records the new versions of a transaction of this process, before its commits return.
    pub(crate) fn committed(&self, newest: i64, registry: Option<RegistryVersion>) {
        self.newest.fetch_max(newest, Ordering::Relaxed);
        if let Some(version) = registry {
            self.registered(version);
        }
    }

    /// Records a version of the registry.
    pub(crate) fn registered(&self, version: RegistryVersion) {
        self.clients.fetch_max(version.clients, Ordering::AcqRel);
        self.rest.fetch_max(version.rest, Ordering::AcqRel);
    }

    /// The latest version of the registry that is known.
    pub(crate) fn registry(&self) -> RegistryVersion {
        RegistryVersion {
            clients: self.clients.load(Ordering::Acquire),
            rest: self.rest.load(Ordering::Acquire),
        }
    }
}
