//! Random values: ids that a row gets, and secrets that are handed out.

use protocol::UserCode;
use zeroize::Zeroizing;

use crate::ports::{Clock, Entropy};

/// Draws ids and secrets.
#[derive(Clone, Copy)]
pub struct Draw<'p> {
    clock: &'p dyn Clock,
    entropy: &'p dyn Entropy,
}

impl<'p> Draw<'p> {
    /// Draws from these ports.
    pub fn new(clock: &'p dyn Clock, entropy: &'p dyn Entropy) -> Self {
        Self { clock, entropy }
    }

    /// A time-ordered id and 192 random bits, in one call of the generator, and the secret that is made of them.
    pub fn token<S>(self, make: impl FnOnce(i64, [u8; 24]) -> S) -> S {
        let mut random = [0; 32];
        self.entropy.fill(&mut random);
        let secret = std::array::from_fn(|i| random[8 + i]);
        make(time_ordered(self.clock.millis(), std::array::from_fn(|i| random[i])), secret)
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

/// 42 bits of milliseconds in front, 21 random bits behind: rows arrive nearly in order, and stay positive until
/// the year 2109.
fn time_ordered(millis: i64, random: [u8; 8]) -> i64 {
    const RANDOM_BITS: u32 = 21;
    let random = i64::from_be_bytes(random) & ((1 << RANDOM_BITS) - 1);
    (millis << RANDOM_BITS) | random
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
        let draw = Draw::new(&At(0), &SystemEntropy);
        let secret = draw.client_secret();
        assert_eq!((&secret[..4], secret.len()), ("pvs_", 4 + 43));
        assert_ne!(secret, draw.client_secret());
        for bytes in [32, 47, 48, 64, 65, 200] {
            assert!((bytes..bytes + 20).contains(&draw.client_secret_of(bytes).len()), "{bytes}");
        }
    }

    #[test]
    fn an_id_begins_with_a_letter() {
        let draw = Draw::new(&At(0), &SystemEntropy);
        for _ in 0..1_000 {
            let id = draw.id();
            assert!(id.len() == 22 && id.starts_with(|first: char| first.is_ascii_alphabetic()), "{id}");
        }
    }

    #[test]
    fn later_rows_have_larger_ids() {
        let earlier = Draw::new(&At(1_000), &SystemEntropy).row_id();
        assert!(Draw::new(&At(1_001), &SystemEntropy).row_id() > earlier);
    }
}
