//! How often a client may poll (RFC 8628 §3.5, CIBA Core 1.0 §7.3).
//!
//! The intervals are kept in memory: they protect the server from load and nothing else, so a poll must not cost a
//! durable write. Another process of the same server, and a restart, begin with the interval that was announced.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::{Timestamp, limits};

/// Seconds that each poll before its time adds to the interval (RFC 8628 §3.5).
const SLOWER_BY: i64 = 5;
/// Seconds that a poll may come early: times are whole seconds, and networks are not even.
const EARLY_BY: i64 = 1;

/// The last polls of the clients that poll.
#[derive(Debug, Default)]
pub(crate) struct Polls(Mutex<HashMap<i64, Poll>>);

#[derive(Clone, Copy, Debug)]
struct Poll {
    at: Timestamp,
    interval: i64,
    until: Timestamp,
}

impl Polls {
    /// Records a poll of the request with this id, which expires at `until`. Returns whether it came too early: then the
    /// interval of this request is five seconds longer from now on.
    pub(crate) fn is_early(&self, id: i64, interval: i64, until: Timestamp, now: Timestamp) -> bool {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !polls.contains_key(&id) && polls.len() >= limits::POLLS_MAX {
            polls.retain(|_, poll| poll.until > now);
            if polls.len() >= limits::POLLS_MAX {
                polls.clear();
            }
        }
        let Some(poll) = polls.get_mut(&id) else {
            polls.insert(id, Poll { at: now, interval, until });
            return false;
        };
        let early = now.since(poll.at) + EARLY_BY < poll.interval;
        poll.at = now;
        poll.interval += if early { SLOWER_BY } else { 0 };
        early
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp(10_000);

    /// RFC 8628 §3.5: slow_down adds 5 seconds for this and all subsequent requests.
    #[test]
    fn each_early_poll_adds_five_seconds_to_the_interval() {
        let polls = Polls::default();
        let early = |at| polls.is_early(1, 5, END, Timestamp(at));
        assert_eq!([0, 5, 7, 12, 17, 27, 36].map(early), [false, false, true, true, true, true, true]);
        let other = |at| polls.is_early(2, 5, END, Timestamp(at));
        assert_eq!([36, 40, 43, 53, 62, 71].map(other), [false, false, true, false, false, false]);
    }

    #[test]
    fn the_number_of_remembered_polls_is_bounded() {
        let polls = Polls::default();
        for id in 0..=i64::try_from(limits::POLLS_MAX).expect("few") {
            polls.is_early(id, 5, Timestamp(id % 2), Timestamp(1));
        }
        let kept = polls.0.lock().expect("no test panicked").len();
        assert!(kept <= limits::POLLS_MAX && kept > 0, "{kept}");
    }
}
