//! A circuit breaker: while the server is unavailable, only one probe at a time is sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::Timestamp;

use crate::limits::{BREAKER_FAILURES, BREAKER_SECONDS};

/// The state of a breaker for the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BreakerState {
    /// Requests are sent.
    Closed,
    /// Requests are refused until this time.
    Open(Timestamp),
    /// One request is sent as a probe; `true` while it is running and others are refused.
    HalfOpen(bool),
}

/// Opens after [`BREAKER_FAILURES`] failures in a row, for [`BREAKER_SECONDS`]; then one probe decides.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    failures: u32,
    opened: Option<Timestamp>,
    is_probing: bool,
}

impl Breaker {
    /// The state for the next request.
    pub(crate) fn state(&self, now: Timestamp) -> BreakerState {
        self.lock().state(now)
    }

    /// Permission for one request, if the state allows it.
    pub(super) fn enter(self: &Arc<Self>, now: Timestamp) -> Option<Pass> {
        let mut inner = self.lock();
        let is_probe = match inner.state(now) {
            BreakerState::Closed => false,
            BreakerState::HalfOpen(false) => true,
            BreakerState::HalfOpen(true) | BreakerState::Open(_) => return None,
        };
        inner.is_probing |= is_probe;
        Some(Pass { breaker: Arc::clone(self), is_probe })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn state(&self, now: Timestamp) -> BreakerState {
        match self.opened.map(|opened| opened + BREAKER_SECONDS) {
            None => BreakerState::Closed,
            Some(until) if now < until => BreakerState::Open(until),
            Some(_) => BreakerState::HalfOpen(self.is_probing),
        }
    }
}

/// Permission for one request. If it is dropped, as when all callers went away, nothing is known of the server, and
/// the next request may probe.
pub(super) struct Pass {
    breaker: Arc<Breaker>,
    is_probe: bool,
}

impl Pass {
    /// The server answered, whatever the answer was.
    pub(super) fn succeeded(self) {
        let mut inner = self.breaker.lock();
        if inner.opened.take().is_some() {
            tracing::info!("introspection works again");
        }
        inner.failures = 0;
    }

    /// The server is unavailable.
    pub(super) fn failed(self, now: Timestamp) {
        let mut inner = self.breaker.lock();
        inner.failures = inner.failures.saturating_add(1);
        if self.is_probe || (inner.opened.is_none() && inner.failures >= BREAKER_FAILURES) {
            inner.opened = Some(now);
            let failures = inner.failures;
            tracing::warn!(failures, seconds = BREAKER_SECONDS, "introspection is paused");
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.lock().is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn opened() -> Arc<Breaker> {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..BREAKER_FAILURES {
            breaker.enter(NOW).expect("closed").failed(NOW);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_does_not() {
        let breaker = Arc::new(Breaker::default());
        for _ in 0..3 {
            for _ in 1..BREAKER_FAILURES {
                breaker.enter(NOW).expect("closed").failed(NOW);
            }
            breaker.enter(NOW).expect("closed").succeeded();
        }
        assert_eq!(breaker.state(NOW), BreakerState::Closed);
        assert_eq!(opened().state(NOW), BreakerState::Open(NOW + BREAKER_SECONDS));
        assert!(opened().enter(NOW).is_none());
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        let (breaker, later) = (opened(), NOW + BREAKER_SECONDS);
        let probe = breaker.enter(later).expect("half open");
        assert_eq!(breaker.state(later), BreakerState::HalfOpen(true));
        assert!(breaker.enter(later).is_none(), "a second probe");
        probe.failed(later);
        assert_eq!(breaker.state(later), BreakerState::Open(later + BREAKER_SECONDS));
        let later = later + BREAKER_SECONDS;
        breaker.enter(later).expect("half open").succeeded();
        assert_eq!(breaker.state(later), BreakerState::Closed);
        assert!(breaker.enter(later).is_some() && breaker.enter(later).is_some());
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_room_for_the_next() {
        let (breaker, later) = (opened(), NOW + BREAKER_SECONDS);
        drop(breaker.enter(later).expect("half open"));
        assert_eq!(breaker.state(later), BreakerState::HalfOpen(false));
        assert!(breaker.enter(later).is_some());
    }

    #[test]
    fn what_was_let_through_before_it_opened_does_not_prolong_the_pause() {
        let breaker = Arc::new(Breaker::default());
        let late = breaker.enter(NOW).expect("closed");
        for _ in 0..BREAKER_FAILURES {
            breaker.enter(NOW).expect("closed").failed(NOW);
        }
        late.failed(NOW + 3);
        assert_eq!(breaker.state(NOW + 3), BreakerState::Open(NOW + BREAKER_SECONDS));
    }
}
