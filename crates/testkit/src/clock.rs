//! A clock that advances only when a test advances it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use protocol::Timestamp;
use server::ports::Clock;

/// A clock that advances only when it is told to. Clones share one time, so that the server uses one and the test
/// advances another.
///
/// ```
/// use server::ports::Clock;
/// use passavant_testkit as testkit;
/// let clock = testkit::VirtualClock::new(protocol::Timestamp(1_750_000_000));
/// clock.clone().advance(600);
/// assert_eq!(clock.now(), protocol::Timestamp(1_750_000_600));
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    millis: Arc<AtomicI64>,
}

impl VirtualClock {
    /// A clock that shows this time.
    pub fn new(now: Timestamp) -> Self {
        Self { millis: Arc::new(AtomicI64::new(now.0.saturating_mul(1000))) }
    }

    /// Advances the time by whole seconds.
    ///
    /// # Panics
    /// When `seconds` is negative: a clock never goes back.
    pub fn advance(&self, seconds: i64) {
        self.advance_millis(seconds.saturating_mul(1000));
    }

    /// Advances the time by milliseconds.
    ///
    /// # Panics
    /// When `millis` is negative: a clock never goes back.
    pub fn advance_millis(&self, millis: i64) {
        assert!(millis >= 0, "a clock never goes back");
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }
}

/// 2025-06-15T15:06:40Z, a round number of seconds since 1970.
impl Default for VirtualClock {
    fn default() -> Self {
        Self::new(Timestamp(1_750_000_000))
    }
}

impl Clock for VirtualClock {
    fn millis(&self) -> i64 {
        self.millis.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_until_it_is_moved() {
        let clock = VirtualClock::default();
        let before = clock.millis();
        assert_eq!(clock.millis(), before);
        clock.advance_millis(1);
        assert_eq!(clock.millis(), before + 1);
    }

    #[test]
    #[should_panic(expected = "a clock never goes back")]
    fn time_is_not_moved_back() {
        VirtualClock::default().advance(-1);
    }
}
