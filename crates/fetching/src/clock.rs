//! The time: a port, so that tests set it, and the system's clock, which never goes back.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use protocol::Timestamp;

/// The time, which never goes back.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn millis(&self) -> i64;

    /// Seconds since 1970, rounded down.
    fn now(&self) -> Timestamp {
        Timestamp(self.millis().div_euclid(1000))
    }

    /// Milliseconds by which this time is ahead of the system's, which was set back. Until that has caught up, this
    /// time stands still.
    fn held_millis(&self) -> i64 {
        0
    }
}

/// The system's clock. While the system sets it back, it does not advance.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl SystemClock {
    /// A clock that starts no earlier than the given time, such as the newest time that a store has written.
    pub fn starting_at(newest: Timestamp) -> Self {
        Self { latest: AtomicI64::new(newest.0.saturating_mul(1000)) }
    }

    fn read(&self, wall: i64) -> i64 {
        self.latest.fetch_max(wall, Ordering::Relaxed).max(wall)
    }
}

impl Clock for SystemClock {
    fn millis(&self) -> i64 {
        self.read(wall_millis())
    }

    fn held_millis(&self) -> i64 {
        let wall = wall_millis();
        self.read(wall) - wall
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock's own file")]
fn wall_millis() -> i64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    i64::try_from(wall).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_and_never_below_its_start() {
        let clock = SystemClock::starting_at(Timestamp(1_000));
        assert_eq!(clock.read(999_999), 1_000_000);
        assert_eq!(clock.read(1_000_500), 1_000_500);
        assert_eq!(clock.read(1_000_400), 1_000_500);
        assert!(clock.now() > Timestamp(1_700_000_000));
    }

    #[test]
    fn the_system_clock_never_goes_back() {
        let clock = SystemClock::default();
        assert!(clock.now() > Timestamp(1_700_000_000));
        let far = Timestamp(1 << 40);
        assert_eq!(clock.held_millis(), 0);
        clock.latest.store(far.0 * 1000, Ordering::Relaxed);
        assert_eq!(clock.now(), far);
        assert!(clock.held_millis() > 1_000_000_000);
    }
}
