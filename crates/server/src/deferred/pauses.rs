//! When pings that failed are tried again. The pauses are kept in memory: after a restart, each is tried at once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::{DeferredId, Timestamp};

/// Longest pause between two attempts, in seconds.
const PAUSE_MAX: i64 = 60;

/// When each ping that failed is tried again. Each process has its own.
#[derive(Debug, Default)]
pub(crate) struct Pauses(Mutex<HashMap<DeferredId, (u32, Timestamp)>>);

impl Pauses {
    pub(super) fn is_due(&self, id: DeferredId, now: Timestamp) -> bool {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.get(&id).is_none_or(|(_, until)| *until <= now)
    }

    /// After 1, 2, 4 .. seconds, at most [`PAUSE_MAX`].
    pub(super) fn failed(&self, id: DeferredId, now: Timestamp) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (tries, until) = pauses.entry(id).or_insert((0, now));
        *until = now + (1_i64 << (*tries).min(6)).min(PAUSE_MAX);
        *tries += 1;
    }

    pub(super) fn forget(&self, id: DeferredId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
