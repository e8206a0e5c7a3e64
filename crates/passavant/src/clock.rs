//! What time it is: the system's clock, except that it never goes back.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use protocol::Timestamp;
use server::ports::Clock;

/// The system's clock, held still while the system turns it back, and never below what the store has seen.
#[derive(Debug)]
pub(crate) struct SystemClock {
    latest: AtomicI64,
}

impl SystemClock {
    /// A clock that starts no earlier than the newest time the store has written.
    pub(crate) fn starting_at(newest: Timestamp) -> Self {
        Self { latest: AtomicI64::new(newest.0.saturating_mul(1000)) }
    }

    fn read(&self, wall: i64) -> i64 {
        self.latest.fetch_max(wall, Ordering::Relaxed).max(wall)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock's own file")]
    fn millis(&self) -> i64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        self.read(i64::try_from(wall).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_never_below_what_the_store_has_seen() {
        let clock = SystemClock::starting_at(Timestamp(1_000));
        assert_eq!(clock.read(999_999), 1_000_000);
        assert_eq!(clock.read(1_000_500), 1_000_500);
        assert_eq!(clock.read(1_000_400), 1_000_500);
        assert!(clock.now() > Timestamp(1_700_000_000));
    }
}
