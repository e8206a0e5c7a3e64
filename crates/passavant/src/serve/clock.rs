//! Watches the system's clock: says when time is held, and when it was set far ahead.

use std::{sync::Arc, time::Duration};

use server::ports::Clock;
use tokio::time::Instant;

use crate::{config::print_duration, terminal::output::time};

/// Milliseconds that the clock may be held before anybody is told: time services set clocks back by less.
const HELD_MILLIS_MAX: i64 = 1_000;
/// Seconds by which the clock may go forward more than time passes: longer than a time service corrects at once.
const JUMP_SECONDS_MAX: i64 = 5 * 60;
/// How long nothing is deleted after such a jump, so that an operator can undo it.
const PAUSE: Duration = Duration::from_secs(3_600);

/// Whether time is held: it is ahead of the system's clock, which was set back, and stands still.
pub(super) fn is_held(clock: &dyn Clock) -> bool {
    clock.held_millis() > HELD_MILLIS_MAX
}

/// What was seen of the clock so far.
pub(super) struct ClockWatch {
    clock: Arc<dyn Clock>,
    seen: Option<(Instant, i64)>,
    held: bool,
    paused_until: Option<Instant>,
}

impl ClockWatch {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, seen: None, held: false, paused_until: None }
    }

    /// Looks at the clock, says what changed, and answers whether its time may be used to delete what has expired.
    pub(super) fn look(&mut self) -> bool {
        let (instant, now) = (Instant::now(), self.clock.now().0);
        self.look_for_hold(now);
        let passed = self.seen.map(|(at, before)| (instant - at, now - before));
        self.seen = Some((instant, now));
        if let Some((passed, counted)) = passed {
            let ahead = counted - i64::try_from(passed.as_secs()).unwrap_or(i64::MAX);
            if ahead > JUMP_SECONDS_MAX {
                tracing::warn!(
                    seconds = ahead,
                    now = time(now),
                    "the system clock was set ahead, or this machine was suspended: nothing is deleted for an hour. If \
                     the clock is wrong, stop the server, set the clock, and run passavant db reset-time"
                );
                self.paused_until = Some(instant + PAUSE);
            }
        }
        self.paused_until = self.paused_until.filter(|until| instant < *until);
        self.paused_until.is_none()
    }

    fn look_for_hold(&mut self, now: i64) {
        let was_held = std::mem::replace(&mut self.held, is_held(&*self.clock));
        let for_seconds = self.clock.held_millis().unsigned_abs() / 1_000;
        match (was_held, self.held) {
            (false, true) => tracing::warn!(
                seconds = for_seconds,
                now = time(now),
                "time is held: the system clock was set back, or was ahead when the database was written last. Nothing \
                 expires for {}. If the clock was ahead, stop the server and run passavant db reset-time",
                print_duration(Duration::from_secs(for_seconds))
            ),
            (true, false) => tracing::info!(now = time(now), "time is no longer held"),
            (false, false) | (true, true) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A clock whose time and hold are set.
    #[derive(Default)]
    struct Hand {
        millis: AtomicI64,
        held: AtomicI64,
    }

    impl Clock for Hand {
        fn millis(&self) -> i64 {
            self.millis.load(Ordering::Relaxed)
        }

        fn held_millis(&self) -> i64 {
            self.held.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_deleted_for_an_hour_after_the_clock_went_ahead() {
        let clock = Arc::new(Hand::default());
        let mut watch = ClockWatch::new(clock.clone());
        let mut pass = async |seconds: u64, counted: i64| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            clock.millis.fetch_add(counted * 1_000, Ordering::Relaxed);
            watch.look()
        };
        assert!(pass(0, 0).await);
        assert!(pass(5, 5).await, "as time passes");
        assert!(pass(5, 305).await, "corrected by a time service");
        assert!(!pass(5, 306).await, "set ahead");
        assert!(!pass(3_599, 3_599).await);
        assert!(pass(1, 1).await, "an hour later");
    }

    #[test]
    fn a_clock_is_held_when_it_is_more_than_a_second_ahead() {
        let clock = Hand::default();
        for (held, is) in [(0, false), (1_000, false), (1_001, true)] {
            clock.held.store(held, Ordering::Relaxed);
            assert_eq!(is_held(&clock), is, "{held}");
        }
    }
}
