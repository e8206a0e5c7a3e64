//! The code that a user types from one device into another (RFC 8628 §6.1).

use std::fmt;

use crate::limits::USER_CODE_LETTERS;

/// Consonants only, as RFC 8628 §6.1 recommends: no code is a word, and no letter looks like a digit.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A user code: 8 of 20 letters, which are 34.5 bits. It is shown as `WDJB-MJHT`, and stored without the hyphen.
///
/// It only finds a request for a signed-in user, who is shown what it is: it is a name and no secret, so it prints.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserCode(Box<str>);

impl UserCode {
    /// Makes a code from random bytes, each letter with the same probability. `None` where too many of them had to be
    /// dropped: then others are drawn.
    pub fn from_entropy(entropy: &[u8]) -> Option<Self> {
        // The largest multiple of 20 that a byte holds is 240.
        let fair = entropy.iter().filter(|byte| **byte < 240).map(|byte| usize::from(*byte) % ALPHABET.len());
        let letters: String = fair.take(USER_CODE_LETTERS).map(|at| char::from(ALPHABET[at])).collect();
        (letters.len() == USER_CODE_LETTERS).then(|| Self(letters.into()))
    }

    /// Parses what a user typed: case, hyphens, spaces and other punctuation do not matter (RFC 8628 §6.1).
    pub fn parse(typed: &str) -> Option<Self> {
        const TYPED_BYTES_MAX: usize = 64;
        if typed.len() > TYPED_BYTES_MAX {
            return None;
        }
        let letters: String = typed
            .chars()
            .filter(|typed| typed.is_alphanumeric())
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let is_one = letters.len() == USER_CODE_LETTERS && letters.bytes().all(|b| ALPHABET.contains(&b));
        is_one.then(|| Self(letters.into()))
    }

    /// A code that a store returned.
    pub fn stored(letters: &str) -> Self {
        Self(letters.into())
    }

    /// The letters without the hyphen, as they are stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// With the hyphen, as it is shown.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_at_checked(USER_CODE_LETTERS / 2) {
            Some((first, second)) => write!(f, "{first}-{second}"),
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_code_is_read_however_it_is_typed() {
        let code = UserCode::parse("WDJB-MJHT").expect("a code");
        for typed in ["wdjbmjht", " wdjb mjht ", "W-D-J-B_MJHT", "wdjb\u{2013}mjht"] {
            assert_eq!(UserCode::parse(typed).as_ref(), Some(&code), "{typed}");
        }
        assert_eq!((code.as_str(), code.to_string()), ("WDJBMJHT", "WDJB-MJHT".to_owned()));
        let many = "-".repeat(80) + "WDJBMJHT";
        for other in ["", "WDJB-MJH", "WDJB-MJHTB", "WDJB-MJHA", "WDJB-MJH1", "WDJB-MJH\u{fc}", &many] {
            assert_eq!(UserCode::parse(other), None, "{other}");
        }
    }

    /// RFC 8628 §6.1: every letter has the same probability, so bytes that would favor some are dropped.
    #[test]
    fn every_letter_of_a_user_code_has_the_same_probability() {
        let all: Vec<u8> = (0..=255).collect();
        let mut seen = [0; 20];
        for bytes in all[..240].chunks(USER_CODE_LETTERS) {
            for letter in UserCode::from_entropy(bytes).expect("8 fair bytes").as_str().bytes() {
                seen[ALPHABET.iter().position(|known| *known == letter).expect("a letter")] += 1;
            }
        }
        assert_eq!(seen, [12; 20]);
        assert_eq!(UserCode::from_entropy(&all[240..]), None);
        assert_eq!(UserCode::from_entropy(&all[..7]), None);
    }
}
