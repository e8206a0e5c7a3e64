//! Random values: ids that a row gets, and secrets that are handed out.

use std::sync::atomic::{AtomicI64, Ordering};

use protocol::UserCode;
use zeroize::Zeroizing;

use crate::ports::{Clock, Entropy};

/// Random bits of a row id, behind its milliseconds.
const RANDOM_BITS: u32 = 21;
/// How far, in milliseconds, ids may be ahead of the clock to stay in order.
const AHEAD_MILLIS_MAX: i64 = 1_000;
/// The largest distance between two ids of one millisecond.
const STEP_MAX: i64 = 256;

/// How far, in milliseconds, the clocks of all servers that ever drew an id may have been ahead of this one's.
const AHEAD_MILLIS_OF_OTHERS: i64 = 86_400_000;

/// Whether any server can have drawn this id by now. Made-up tokens mostly have ids of the future, and cost no read.
pub(crate) fn is_drawn(id: i64, millis: i64) -> bool {
    (0..=millis + AHEAD_MILLIS_OF_OTHERS).contains(&(id >> RANDOM_BITS))
}

/// The row id that was drawn last.
#[derive(Debug, Default)]
pub(crate) struct LastId(AtomicI64);

impl LastId {
    /// An id: 42 bits of milliseconds in front, 21 random bits behind. They stay positive until the year 2109.
    ///
    /// Those of one process increase within a millisecond too, by random steps, so that rows are appended to their table:
    /// in any other order each commit writes more pages of it.
    fn next(&self, millis: i64, random: [u8; 8]) -> i64 {
        let random = i64::from_be_bytes(random) & ((1 << RANDOM_BITS) - 1);
        let start = millis << RANDOM_BITS;
        let in_order = start..start + (AHEAD_MILLIS_MAX << RANDOM_BITS);
        let after = |last: i64| match in_order.contains(&last) {
            true => last + 1 + random % STEP_MAX,
            false => start | random,
        };
        let mut last = self.0.load(Ordering::Relaxed);
        loop {
            let id = after(last);
            match self.0.compare_exchange_weak(last, id, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return id,
                Err(newer) => last = newer,
            }
        }
    }
}

/// Draws ids and secrets.
#[derive(Clone, Copy)]
pub struct Draw<'p> {
    clock: &'p dyn Clock,
    entropy: &'p dyn Entropy,
    last: &'p LastId,
}

impl<'p> Draw<'p> {
    /// Draws from these ports, after the last id.
    pub(crate) fn new(clock: &'p dyn Clock, entropy: &'p dyn Entropy, last: &'p LastId) -> Self {
        Self { clock, entropy, last }
    }

    /// A time-ordered id and 192 random bits, in one call of the generator, and the secret that is made of them.
    pub fn token<S>(self, make: impl FnOnce(i64, [u8; 24]) -> S) -> S {
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        let secret = std::array::from_fn(|i| random[8 + i]);
        make(self.last.next(self.clock.millis(), std::array::from_fn(|i| random[i])), secret)
    }

    /// A row id: time-ordered. In the unlikely case that it is taken, the commit conflicts.
    pub fn row_id(self) -> i64 {
        self.token(|id, _| id)
    }

    /// An id of 127 random bits, as text. It begins with a letter, never with a hyphen, which command lines take for an option.
    pub fn id(self) -> String {
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        // The first of six bits that are one character.
        random[0] &= 0x7f;
        jose::base64url::encode(&random)
    }

    /// A code that a user types (RFC 8628 §6.1).
    pub fn user_code(self) -> UserCode {
        loop {
            // Each byte is of use with a probability of 15/16.
            let mut random = [0; 16];
            self.entropy.fill(&mut random);
            if let Some(code) = UserCode::from_entropy(&random) {
                return code;
            }
        }
    }

    /// A secret for a client or resource: 256 random bits, with a prefix by which scanners recognize secrets that leaked.
    pub fn client_secret(self) -> Zeroizing<String> {
        self.client_secret_of(0)
    }

    /// The same with more random bits where the secret must have this many bytes, as the key of a MAC does.
    pub fn client_secret_of(self, bytes_min: usize) -> Zeroizing<String> {
        const PREFIX: &str = "pvs_";
        // Three random bytes are four characters.
        let length = bytes_min.saturating_sub(PREFIX.len()).div_ceil(4) * 3;
        let mut random = Zeroizing::new(vec![0; length.max(32)]);
        self.entropy.fill(&mut random);
        Zeroizing::new(format!("{PREFIX}{}", jose::base64url::encode(&random)))
    }
}

impl std::fmt::Debug for Draw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draw(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemEntropy;

    struct At(i64);

    impl Clock for At {
        fn millis(&self) -> i64 {
            self.0
        }
    }

    #[test]
    fn a_made_secret_has_256_bits_and_the_prefix() {
        let last = LastId::default();
        let draw = Draw::new(&At(0), &SystemEntropy, &last);
        let secret = draw.client_secret();
        assert_eq!((&secret[..4], secret.len()), ("pvs_", 4 + 43));
        assert_ne!(secret, draw.client_secret());
        for bytes in [32, 47, 48, 64, 65, 200] {
            assert!((bytes..bytes + 20).contains(&draw.client_secret_of(bytes).len()), "{bytes}");
        }
    }

    #[test]
    fn an_id_begins_with_a_letter() {
        let last = LastId::default();
        let draw = Draw::new(&At(0), &SystemEntropy, &last);
        for _ in 0..1_000 {
            let id = draw.id();
            assert!(id.len() == 22 && id.starts_with(|first: char| first.is_ascii_alphabetic()), "{id}");
        }
    }

    #[test]
    fn later_rows_have_larger_ids() {
        let last = LastId::default();
        let mut earlier = 0;
        for millis in [1_000, 1_000, 1_000, 1_001, 1_001, 1_000, 1_002] {
            let id = Draw::new(&At(millis), &SystemEntropy, &last).row_id();
            assert!(id > earlier, "{id} after {earlier}");
            earlier = id;
        }
    }

    #[test]
    fn an_id_of_the_future_was_not_drawn() {
        let (last, millis) = (LastId::default(), 1_700_000_000_000);
        let drawn = Draw::new(&At(millis), &SystemEntropy, &last).row_id();
        assert!(is_drawn(drawn, millis));
        // It was drawn by a server whose clock is an hour ahead, or long ago.
        assert!(is_drawn(drawn, millis - 3_600_000) && is_drawn(drawn, millis * 2));
        assert!(!is_drawn(drawn, millis - 2 * AHEAD_MILLIS_OF_OTHERS));
        assert!(!is_drawn(-1, millis) && !is_drawn(i64::MIN, millis) && !is_drawn(i64::MAX, millis));
    }

    #[test]
    fn an_id_has_the_time_of_the_clock_after_it_was_set_back() {
        let last = LastId::default();
        let millis = |at| Draw::new(&At(at), &SystemEntropy, &last).row_id() >> RANDOM_BITS;
        assert_eq!(millis(1_000_000), 1_000_000);
        assert_eq!(millis(1_000), 1_000);
        assert_eq!(millis(1_000_000), 1_000_000);
    }
}
