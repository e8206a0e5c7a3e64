//! Digests, key derivation, randomness and encryption at rest, for the other crates.

use aws_lc_rs::{aead, constant_time, digest, hkdf, hmac};
use zeroize::Zeroizing;

/// Bytes of the nonce in front of what [`seal`] returns.
pub const NONCE_BYTES: usize = aead::NONCE_LEN;

/// Bytes of the authentication tag at the end of what [`seal`] returns.
pub const TAG_BYTES: usize = 16;

/// SHA-256 (FIPS 180-4) of the bytes.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    fixed(digest::digest(&digest::SHA256, data).as_ref())
}

/// The left half of a digest under the hash that a signature algorithm uses: `at_hash` and `c_hash` (OpenID Connect
/// Core 1.0 §3.1.3.6). Ed25519 hashes with SHA-512.
pub fn left_half_hash(algorithm: crate::SignatureAlgorithm, data: &[u8]) -> Vec<u8> {
    use crate::SignatureAlgorithm as Signature;
    let hash = match algorithm {
        Signature::Hs256 | Signature::Rs256 | Signature::Ps256 | Signature::Es256 => &digest::SHA256,
        Signature::Hs384 | Signature::Rs384 | Signature::Ps384 | Signature::Es384 => &digest::SHA384,
        Signature::Hs512 | Signature::Rs512 | Signature::Ps512 | Signature::Es512 | Signature::EdDsa => {
            &digest::SHA512
        }
    };
    let whole = digest::digest(hash, data);
    whole.as_ref()[..whole.as_ref().len() / 2].to_vec()
}

/// HMAC-SHA-256 (RFC 2104) of the data under a key of any length.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    fixed(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data).as_ref())
}

/// A reusable key for HMAC-SHA-256: what depends only on the key is computed once.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// Prepares a key of any length.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// HMAC-SHA-256 (RFC 2104) of the parts, one after the other, without a copy of them.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        fixed(context.sign().as_ref())
    }
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HmacKey(...)")
    }
}

/// A 32-byte key from a secret by HKDF-SHA-256 without salt (RFC 5869).
///
/// `info` names the purpose of the key; different purposes have different keys.
pub fn hkdf_sha256(secret: &[u8], info: &str) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|derived| derived.fill(&mut key))
        .expect("one block of HKDF output is always within its limit");
    key
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// Fills the buffer from the random generator of the operating system.
///
/// The generator of the cryptographic library keeps a state in this process, which would continue twice where the image of
/// a virtual machine is resumed twice.
///
/// # Panics
///
/// If the operating system provides no entropy, since no secret may be generated then.
#[expect(clippy::disallowed_methods, reason = "the one place that takes randomness from the system")]
pub fn random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system provides entropy");
}

/// Encrypts with AES-256-GCM for storage: 12 bytes of random nonce, the ciphertext, 16 bytes of tag.
///
/// `associated` binds the result to its context, such as a table and a row: [`open`] needs the same bytes. A
/// random nonce is safe for up to 2^32 messages under one key (NIST SP 800-38D §8.3).
pub fn seal(key: &[u8; 32], associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    random(&mut nonce);
    let mut sealed = Vec::with_capacity(NONCE_BYTES + plaintext.len() + TAG_BYTES);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let tag = aes_256_gcm(key)
        .seal_in_place_separate_tag(
            aead::Nonce::assume_unique_for_key(nonce),
            aead::Aad::from(associated),
            &mut sealed[NONCE_BYTES..],
        )
        .expect("a plaintext that fits in memory is below the limit of AES-GCM");
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

/// Decrypts the result of [`seal`]; `None` if the key, the associated bytes or any bit differs.
pub fn open(key: &[u8; 32], associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_BYTES)?;
    let mut plaintext = Zeroizing::new(rest.to_vec());
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length =
        aes_256_gcm(key).open_in_place(nonce, aead::Aad::from(associated), &mut plaintext).ok()?.len();
    plaintext.truncate(length);
    Some(plaintext)
}

fn aes_256_gcm(key: &[u8; 32]) -> aead::LessSafeKey {
    let key = aead::UnboundKey::new(&aead::AES_256_GCM, key).expect("AES-256 takes 32 bytes");
    aead::LessSafeKey::new(key)
}

fn fixed(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().expect("SHA-256 gives 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn sha256_matches_fips_180() {
        let expected = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256(b"abc").to_vec(), expected);
    }

    #[test]
    fn hmac_matches_rfc_4231_case_2() {
        let expected = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert_eq!(hmac_sha256(b"Jefe", b"what do ya want for nothing?").to_vec(), expected);
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(HmacKey::new(b"Jefe").sign(&parts), hmac_sha256(b"Jefe", b"what do ya want for nothing?"));
    }

    #[test]
    fn hkdf_without_salt_is_extract_with_zeros_then_one_block() {
        let extracted = hmac_sha256(&[0; 32], b"secret");
        assert_eq!(hkdf_sha256(b"secret", "purpose"), hmac_sha256(&extracted, b"purpose\x01"));
        assert_ne!(hkdf_sha256(b"secret", "purpose"), hkdf_sha256(b"secret", "other"));
    }

    #[test]
    fn constant_time_eq_needs_equal_length_and_bytes() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"abcd"));
    }

    #[test]
    fn random_bytes_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        random(&mut first);
        random(&mut second);
        assert_ne!(first, second);
    }

    #[test]
    fn sealed_value_opens_only_with_the_same_key_context_and_bytes() {
        let key = [7; 32];
        let sealed = seal(&key, b"place", b"secret");
        assert_eq!(sealed.len(), NONCE_BYTES + 6 + TAG_BYTES);
        assert_eq!(open(&key, b"place", &sealed).expect("opens").as_slice(), b"secret");
        assert!(open(&[8; 32], b"place", &sealed).is_none());
        assert!(open(&key, b"elsewhere", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&key, b"place", &changed).is_none(), "byte {at}");
            assert!(open(&key, b"place", &sealed[..at]).is_none(), "{at} bytes");
        }
    }

    #[test]
    fn sealing_twice_never_repeats_a_nonce() {
        assert_ne!(seal(&[7; 32], b"", b"secret"), seal(&[7; 32], b"", b"secret"));
    }
}
