//! What time it is: a port, so that tests set it, and the system's clock as the default.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use protocol::Timestamp;

/// What time it is. It never goes back.
pub trait Clock: Send + Sync + 'static {
    /// Seconds since 1970, rounded down.
    fn now(&self) -> Timestamp;
}

/// The system's clock, held still while the system turns it back.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock's own file")]
    fn now(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let wall = i64::try_from(wall).unwrap_or(i64::MAX);
        Timestamp(self.latest.fetch_max(wall, Ordering::Relaxed).max(wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_never_goes_back() {
        let clock = SystemClock::default();
        assert!(clock.now() > Timestamp(1_700_000_000));
        clock.latest.store(i64::MAX - 1, Ordering::Relaxed);
        assert_eq!(clock.now(), Timestamp(i64::MAX - 1));
    }
}
