//! Failed authentications, counted (RFC 6749 §2.3.1: "the authorization server MUST protect any endpoint utilizing it
//! against brute force attacks").
//!
//! Only failures count, and the right credential always works, so nobody can lock a client out by guessing in its name.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use protocol::Timestamp;

/// Failures of one client in one window before further ones are answered with 503.
const FAILURES_MAX: u32 = 30;
/// Length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;
/// Number of counters. Two ids with the same counter share their failures, which only changes the status of their
/// failures; and no counter is evicted, however many ids are made up.
const COUNTERS: usize = 4096;

/// Counts failures by the id that the request claims, registered or not, so that nobody learns which ids exist.
pub(crate) struct Failures {
    hasher: RandomState,
    counters: Mutex<Box<[Counter]>>,
}

#[derive(Clone, Copy, Default)]
struct Counter {
    window: i64,
    failures: u32,
}

impl Failures {
    /// Counts one more; returns whether that is too many.
    pub(crate) fn count(&self, id: &str, now: Timestamp) -> bool {
        let bucket = usize::try_from(self.hasher.hash_one(id) % COUNTERS as u64).unwrap_or_default();
        let window = now.0.div_euclid(WINDOW_SECONDS);
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = &mut counters[bucket];
        if counter.window != window {
            *counter = Counter { window, failures: 0 };
        }
        counter.failures = counter.failures.saturating_add(1);
        counter.failures > FAILURES_MAX
    }
}

impl Default for Failures {
    fn default() -> Self {
        let counters = vec![Counter::default(); COUNTERS].into_boxed_slice();
        Self { hasher: RandomState::new(), counters: Mutex::new(counters) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_failures_in_a_minute_are_not_too_many() {
        let failures = Failures::default();
        assert!((0..30).all(|second| !failures.count("shop", Timestamp(60 + second))));
        assert!(failures.count("shop", Timestamp(119)));
        assert!(!failures.count("shop", Timestamp(120)));
    }
}
