//! How many requests of strangers are admitted in a window of time: from one network, and in all. Where anybody can have
//! something stored, nobody may take the places of all others.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::Timestamp;

use crate::origin::AddressBlock;

/// Counts the requests of one window. Each process counts its own.
#[derive(Debug)]
pub(crate) struct Window {
    seconds: i64,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// The windows since 1970.
    number: i64,
    all: u32,
    /// No more than a few for each of `all`.
    of_blocks: HashMap<AddressBlock, u32>,
}

/// The most that are admitted in one window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    /// Of one block of addresses.
    pub(crate) of_block: u32,
    /// Of all.
    pub(crate) of_all: u32,
}

impl Window {
    /// A window of so many seconds.
    pub(crate) fn of(seconds: i64) -> Self {
        Self { seconds, counts: Mutex::default() }
    }

    /// Counts one more in each of these blocks and in all, unless one of them is at its most: then nothing is counted.
    pub(crate) fn admit(
        &self,
        blocks: impl IntoIterator<Item = AddressBlock>,
        most: Most,
        now: Timestamp,
    ) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(self.seconds);
        if counts.number != number {
            *counts = Counts { number, ..Counts::default() };
        }
        let blocks: Vec<AddressBlock> = blocks.into_iter().collect();
        let is_over = |block| counts.of_blocks.get(block).is_some_and(|count| *count >= most.of_block);
        if counts.all >= most.of_all || most.of_block == 0 || blocks.iter().any(is_over) {
            return false;
        }
        counts.all += 1;
        for block in blocks {
            *counts.of_blocks.entry(block).or_default() += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    fn admits(window: &Window, address: &str, [of_block, of_all]: [u32; 2], at: i64) -> bool {
        let origin = Origin::at(address.parse().expect("an address"));
        window.admit(origin.counted(), Most { of_block, of_all }, Timestamp(at))
    }

    #[test]
    fn an_address_has_its_number_in_each_window() {
        let window = Window::of(3_600);
        let admits = |address, at| admits(&window, address, [2, 9], at);
        assert!(admits("192.0.2.1", 0) && admits("192.0.2.1", 1) && !admits("192.0.2.1", 3_599));
        assert!(admits("192.0.2.2", 3_599), "another one has its own");
        assert!(admits("192.0.2.1", 3_600));
    }

    #[test]
    fn all_addresses_together_have_a_number_too() {
        let window = Window::of(3_600);
        let admitted = (0..9).filter(|n| admits(&window, &format!("2001:db8:{n}::1"), [2, 3], 5));
        assert_eq!(admitted.count(), 3);
        let shared = (0..9).filter(|_| admits(&window, "127.0.0.1", [2, 3], 7_200));
        assert_eq!(shared.count(), 3, "where many share an address, only the total counts");
    }

    #[test]
    fn a_block_of_ipv6_addresses_is_one() {
        let window = Window::of(3_600);
        let admits = |address| admits(&window, address, [1, 9], 5);
        assert!(admits("2001:db8::1"));
        assert!(!admits("2001:db8::2"));
        assert!(!admits("2001:db8:0:1::1"), "the same /48");
    }
}
