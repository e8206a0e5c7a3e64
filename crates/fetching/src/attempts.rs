//! The outcomes of repeated attempts, for a health report.

use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::Timestamp;

/// The outcomes of repeated attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempts<E> {
    /// When an attempt last succeeded.
    pub succeeded: Option<Timestamp>,
    /// Whether its result is still in use.
    pub is_usable: bool,
    /// Consecutive failures since then.
    pub failures: u32,
    /// Why the last attempt failed, if it did.
    pub error: Option<E>,
}

/// Records attempts whose results are not kept, so that none is in use after a failure.
#[derive(Debug)]
pub struct AttemptLog<E>(Mutex<Entry<E>>);

#[derive(Debug)]
struct Entry<E> {
    succeeded: Option<Timestamp>,
    failures: u32,
    error: Option<E>,
}

impl<E: Clone> AttemptLog<E> {
    /// Records a success.
    pub fn succeeded(&self, now: Timestamp) {
        *self.lock() = Entry { succeeded: Some(now), failures: 0, error: None };
    }

    /// Records a failure.
    pub fn failed(&self, error: E) {
        let mut entry = self.lock();
        entry.failures = entry.failures.saturating_add(1);
        entry.error = Some(error);
    }

    /// The outcomes so far.
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
