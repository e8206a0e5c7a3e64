//! How attempts to get something went: what a health report is made of.

use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::Timestamp;

/// How attempts to get something went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts<E> {
    /// When one last succeeded.
    pub succeeded: Option<Timestamp>,
    /// Whether what was got then still serves.
    pub is_usable: bool,
    /// Failures in a row since then.
    pub failures: u32,
    /// Why the last one failed, if it did.
    pub error: Option<E>,
}

/// Records attempts of which nothing is kept: whatever was got serves no longer once one failed.
#[derive(Debug)]
pub struct AttemptLog<E>(Mutex<Entry<E>>);

#[derive(Debug)]
struct Entry<E> {
    succeeded: Option<Timestamp>,
    failures: u32,
    error: Option<E>,
}

impl<E: Clone> AttemptLog<E> {
    /// Records that one succeeded.
    pub fn succeeded(&self, now: Timestamp) {
        *self.lock() = Entry { succeeded: Some(now), failures: 0, error: None };
    }

    /// Records that one failed.
    pub fn failed(&self, error: E) {
        let mut entry = self.lock();
        entry.failures = entry.failures.saturating_add(1);
        entry.error = Some(error);
    }

    /// The record.
    pub fn attempts(&self) -> Attempts<E> {
        let entry = self.lock();
        Attempts {
            succeeded: entry.succeeded,
            is_usable: false,
            failures: entry.failures,
            error: entry.error.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entry<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> Default for AttemptLog<E> {
    fn default() -> Self {
        Self(Mutex::new(Entry { succeeded: None, failures: 0, error: None }))
    }
}
