//! Registrations, counted by hour: from one address, and in all. Anybody can send one where registration is open.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::Timestamp;

use crate::origin::{AddressBlock, Origin};

/// Length of a window, in seconds.
const WINDOW_SECONDS: i64 = 3_600;

/// The registrations of this hour. Each process counts its own. The number of addresses is no more than twice the most
/// registrations of all.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<Hour>);

#[derive(Debug, Default)]
struct Hour {
    number: i64,
    all: u32,
    of_addresses: HashMap<AddressBlock, u32>,
}

impl Counts {
    /// Counts one more; returns whether it is permitted: at most `most` from one address, and `all_max` from all. One that
    /// is not permitted is not counted.
    pub(crate) fn admit(&self, origin: Origin, most: u32, all_max: u32, now: Timestamp) -> bool {
        let mut hour = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(WINDOW_SECONDS);
        if hour.number != number {
            *hour = Hour { number, ..Hour::default() };
        }
        let is_over = |block| hour.of_addresses.get(&block).is_some_and(|count| *count >= most);
        if hour.all >= all_max || most == 0 || origin.counted().any(is_over) {
            return false;
        }
        hour.all += 1;
        for block in origin.counted() {
            *hour.of_addresses.entry(block).or_default() += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        Origin::at(address.parse().expect("an address"))
    }

    #[test]
    fn an_address_has_its_number_in_each_hour() {
        let counts = Counts::default();
        let admits = |address: &str, at: i64| counts.admit(origin(address), 2, 9, Timestamp(at));
        assert!(admits("192.0.2.1", 0) && admits("192.0.2.1", 1) && !admits("192.0.2.1", 3_599));
        assert!(admits("192.0.2.2", 3_599), "another one has its own");
        assert!(admits("192.0.2.1", 3_600));
    }

    #[test]
    fn all_addresses_together_have_a_number_too() {
        let counts = Counts::default();
        let admitted =
            (0..9).filter(|n| counts.admit(origin(&format!("2001:db8:{n}::1")), 2, 3, Timestamp(5)));
        assert_eq!(admitted.count(), 3);
        let shared = (0..9).filter(|_| counts.admit(origin("127.0.0.1"), 2, 3, Timestamp(7_200)));
        assert_eq!(shared.count(), 3, "where many share an address, only the total counts");
    }

    #[test]
    fn a_block_of_ipv6_addresses_is_one() {
        let counts = Counts::default();
        assert!(counts.admit(origin("2001:db8::1"), 1, 9, Timestamp(5)));
        assert!(!counts.admit(origin("2001:db8::2"), 1, 9, Timestamp(5)));
        assert!(!counts.admit(origin("2001:db8:0:1::1"), 1, 9, Timestamp(5)), "the same /48");
    }
}
