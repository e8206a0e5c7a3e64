//! Nonces that prevent proofs from being made in advance (RFC 9449 §9). Nothing is stored: a nonce is its creation
//! time with a MAC, so that all nodes that share the key accept each other's.

use std::fmt;

use jose::base64url;
use jose::primitives::{HmacKey, constant_time_eq, hkdf_sha256};

use super::dpop::ProofError;
use crate::{
    limits::{CLOCK_SKEW_SECONDS, NONCE_KEY_BYTES_LEAST, NONCE_RENEWED_SECONDS, NONCE_SECONDS},
    time::Timestamp,
};

/// Lengths of the time and the MAC, in bytes.
const TIME_BYTES: usize = 8;
const MAC_BYTES: usize = 16;

/// Makes and verifies the nonces of one server.
pub struct Nonces(HmacKey);

impl Nonces {
    /// Nonces under a secret that several nodes may share; `None` if it has fewer than [`NONCE_KEY_BYTES_LEAST`] bytes.
    /// Each server has its own key, even if it shares the secret.
    pub fn new(secret: &[u8], server: &str) -> Option<Self> {
        let long_enough = secret.len() >= NONCE_KEY_BYTES_LEAST;
        let info = format!("passavant DPoP nonce for {server}");
        long_enough.then(|| Self(HmacKey::new(&hkdf_sha256(secret, &info))))
    }

    /// Nonces under a key that is derived for them.
    pub fn of_key(key: &[u8; 32]) -> Self {
        Self(HmacKey::new(key))
    }

    /// A new nonce.
    pub fn fresh(&self, now: Timestamp) -> Box<str> {
        let time = now.0.to_be_bytes();
        let mac = self.0.sign(&[&time]);
        base64url::encode(&[&time[..], &mac[..MAC_BYTES]].concat()).into()
    }

    /// Checks that the nonce of a proof is ours and recent. Returns a new one if it expires soon.
    ///
    /// # Errors
    /// [`ProofError::NonceMissing`] and [`ProofError::NonceWrong`].
    pub fn judge(&self, nonce: Option<&str>, now: Timestamp) -> Result<Option<Box<str>>, ProofError> {
        let made = self.made(nonce.ok_or(ProofError::NonceMissing)?).ok_or(ProofError::NonceWrong)?;
        let age = now.since(made);
        if !(-CLOCK_SKEW_SECONDS..NONCE_SECONDS).contains(&age) {
            return Err(ProofError::NonceWrong);
        }
        Ok((age >= NONCE_RENEWED_SECONDS).then(|| self.fresh(now)))
    }

    /// When a nonce was made, if it is one of ours.
    fn made(&self, nonce: &str) -> Option<Timestamp> {
        let bytes = base64url::decode(nonce).ok().filter(|bytes| bytes.len() == TIME_BYTES + MAC_BYTES)?;
        let (time, mac) = bytes.split_at(TIME_BYTES);
        let expected = self.0.sign(&[time]);
        let is_ours = constant_time_eq(mac, &expected[..MAC_BYTES]);
        is_ours.then(|| time.try_into().ok().map(i64::from_be_bytes).map(Timestamp)).flatten()
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn nonces(secret: u8, audience: &str) -> Nonces {
        Nonces::new(&[secret; 32], audience).expect("a key")
    }

    #[test]
    fn a_nonce_lives_five_minutes_and_is_renewed_before() {
        let nonces = nonces(7, "https://notes.example");
        let nonce = nonces.fresh(NOW);
        let judged = |seconds| nonces.judge(Some(&nonce), NOW + seconds);
        assert_eq!(judged(0), Ok(None));
        assert_eq!(judged(NONCE_RENEWED_SECONDS - 1), Ok(None));
        for seconds in [NONCE_RENEWED_SECONDS, NONCE_SECONDS - 1] {
            let next = judged(seconds).expect("good").expect("a new one");
            assert_eq!(nonces.judge(Some(&next), NOW + seconds), Ok(None));
        }
        assert_eq!(judged(NONCE_SECONDS), Err(ProofError::NonceWrong));
        assert_eq!(judged(-CLOCK_SKEW_SECONDS), Ok(None), "the clock of another node may be ahead");
        assert_eq!(judged(-CLOCK_SKEW_SECONDS - 1), Err(ProofError::NonceWrong));
    }

    #[test]
    fn nodes_that_share_a_secret_take_each_others_nonces() {
        let (one, other) = (nonces(7, "https://notes.example"), nonces(7, "https://notes.example"));
        assert_eq!(other.judge(Some(&one.fresh(NOW)), NOW), Ok(None));
        for stranger in [nonces(8, "https://notes.example"), nonces(7, "https://other.example")] {
            assert_eq!(stranger.judge(Some(&one.fresh(NOW)), NOW), Err(ProofError::NonceWrong));
        }
    }

    #[test]
    fn what_was_not_made_here_is_no_nonce() {
        let nonces = nonces(7, "https://notes.example");
        let good = nonces.fresh(NOW);
        assert_eq!(nonces.judge(None, NOW), Err(ProofError::NonceMissing));
        let mut bytes = base64url::decode(&good).expect("base64url");
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let changed = base64url::encode(&bytes);
            assert_eq!(nonces.judge(Some(&changed), NOW), Err(ProofError::NonceWrong), "byte {at}");
            bytes[at] ^= 1;
        }
        for text in ["", "x", &good[1..], &format!("{good}="), &format!("{good}AAAA"), &" ".repeat(32)] {
            assert_eq!(nonces.judge(Some(text), NOW), Err(ProofError::NonceWrong), "{text:?}");
        }
    }

    #[test]
    fn a_nonce_has_the_characters_of_rfc_9449() {
        let fits = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(nonces(7, "urn:notes").fresh(NOW).bytes().all(fits));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Nonces::new(&[7; NONCE_KEY_BYTES_LEAST - 1], "urn:notes").is_none());
    }
}
