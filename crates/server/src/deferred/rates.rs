//! How often something may be done within a time, counted in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::{ClientId, Subject, Timestamp, limits};

use crate::origin::AddressBlock;

/// Most counters. Beyond it those that count the least are dropped.
const COUNTERS_MAX: usize = 32 * 1024;

/// What is counted, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rate {
    /// Wrong user codes of an address.
    CodesOfAddress(AddressBlock),
    /// Wrong user codes of a signed-in user.
    CodesOfSubject(Subject),
    /// Device authorizations of an address.
    DevicesOfAddress(AddressBlock),
    /// Backchannel authentication requests of a client for a user.
    RequestsOf(ClientId, Subject),
}

impl Rate {
    /// How many within how many seconds.
    const fn limit(&self) -> (u32, i64) {
        match self {
            Self::CodesOfAddress(_) | Self::CodesOfSubject(_) => {
                (limits::WRONG_USER_CODES_PER_HOUR_MAX, 3_600)
            }
            Self::RequestsOf(..) => (limits::USER_REQUESTS_PER_CLIENT_MAX, 600),
            Self::DevicesOfAddress(_) => (limits::DEVICE_AUTHORIZATIONS_PER_ADDRESS_MAX, 600),
        }
    }
}

/// The counters: each counts within a window that begins with its first event.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<Rate, Counter>>);

#[derive(Clone, Copy, Debug)]
struct Counter {
    count: u32,
    since: Timestamp,
}

impl Rates {
    /// Counts one more of each, unless one of them is at its limit: then nothing is counted.
    pub(crate) fn take(&self, rates: &[Rate], now: Timestamp) -> bool {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |rate: &Rate| {
            let (most, window) = rate.limit();
            let counter = counters.get(rate).filter(|counter| now.since(counter.since) < window);
            counter.is_some_and(|counter| counter.count >= most)
        };
        if rates.iter().any(is_over) {
            return false;
        }
        for rate in rates {
            let (_, window) = rate.limit();
            let counter = counters.entry(rate.clone()).or_insert(Counter { count: 0, since: now });
            if now.since(counter.since) >= window {
                *counter = Counter { count: 0, since: now };
            }
            counter.count += 1;
        }
        if counters.len() > COUNTERS_MAX {
            counters.retain(|rate, counter| now.since(counter.since) < rate.limit().1);
            let mut least = 1;
            while counters.len() > COUNTERS_MAX {
                counters.retain(|_, counter| counter.count > least);
                least += 1;
            }
        }
        true
    }

    /// Takes one count back: it was no event of its kind.
    pub(crate) fn give_back(&self, rates: &[Rate]) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for rate in rates {
            if let Some(counter) = counters.get_mut(rate) {
                counter.count = counter.count.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_within_its_window_and_counts_nothing_beyond() {
        let rates = Rates::default();
        let of = |name: &str| [Rate::CodesOfSubject(Subject::new(name))];
        let taken = |name, at| rates.take(&of(name), Timestamp(at));
        let most = limits::WRONG_USER_CODES_PER_HOUR_MAX;
        assert_eq!((0..most + 5).filter(|_| taken("alice", 0)).count(), usize::try_from(most).expect("few"));
        assert!(taken("bob", 0) && !taken("alice", 3_599) && taken("alice", 3_600));
        let both = [of("alice")[0].clone(), of("bob")[0].clone()];
        rates.give_back(&both);
        assert_eq!((0..most + 5).filter(|_| rates.take(&both, Timestamp(3_600))).count(), 20);
    }

    #[test]
    fn the_number_of_counters_is_bounded() {
        let rates = Rates::default();
        for number in 0..COUNTERS_MAX + 10 {
            let subject = Subject::new(format!("u-{number}"));
            rates.take(&[Rate::CodesOfSubject(subject)], Timestamp(0));
        }
        assert!(rates.0.lock().expect("no test panicked").len() <= COUNTERS_MAX);
    }
}
