//! AES key wrap and key agreement for content encryption keys (RFC 7518 §4.4, §4.6).

use aws_lc_rs::{
    agreement, digest,
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap},
};
use zeroize::Zeroizing;

use crate::{error::CryptoError, key::Curve};

/// Bytes that key wrap adds (RFC 3394 §2.2.1).
const WRAP_BYTES: usize = 8;

/// Wraps under a key of 16 or 32 bytes.
pub(crate) fn wrap(kek: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut wrapped = vec![0; key.len() + WRAP_BYTES];
    let length = aes(kek).ok_or(CryptoError::Algorithm)?.wrap(key, &mut wrapped)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

/// Unwraps a key of exactly this length; `None` for every defect.
pub(crate) fn unwrap(kek: &[u8], wrapped: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    if wrapped.len() != length + WRAP_BYTES {
        return None;
    }
    let mut key = Zeroizing::new(vec![0; length]);
    let found = aes(kek)?.unwrap(wrapped, &mut key).ok()?.len();
    (found == length).then_some(key)
}

fn aes(kek: &[u8]) -> Option<AesKek> {
    match kek.len() {
        16 => AesKek::new(&AES_128, kek).ok(),
        32 => AesKek::new(&AES_256, kek).ok(),
        _ => None,
    }
}

/// The inputs of the key derivation (RFC 7518 §4.6.2).
pub(crate) struct Derivation<'a> {
    /// `alg`, or `enc` if the result is the content encryption key itself.
    pub(crate) algorithm: &'static str,
    /// Bytes of the result.
    pub(crate) length: usize,
    /// `apu`, decoded.
    pub(crate) sender: &'a [u8],
    /// `apv`, decoded.
    pub(crate) receiver: &'a [u8],
}

/// Agrees on a key with the holder of a point; `None` if the point is not on the same curve.
pub(crate) fn agree(
    private: &agreement::PrivateKey,
    curve: Curve,
    point: &[u8],
    derivation: &Derivation<'_>,
) -> Option<Zeroizing<Vec<u8>>> {
    let algorithm = curve.agreement().filter(|&algorithm| algorithm == private.algorithm())?;
    let peer = agreement::UnparsedPublicKey::new(algorithm, point);
    agreement::agree(private, peer, (), |secret| Ok(derivation.derive(secret))).ok()
}

impl Derivation<'_> {
    /// The Concat KDF with SHA-256 (NIST SP 800-56A §5.8.1).
    fn derive(&self, secret: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(Vec::with_capacity(self.length + digest::SHA256_OUTPUT_LEN));
        let mut round = 0_u32;
        while key.len() < self.length {
            round += 1;
            let mut hash = digest::Context::new(&digest::SHA256);
            hash.update(&round.to_be_bytes());
            hash.update(secret);
            for field in [self.algorithm.as_bytes(), self.sender, self.receiver] {
                hash.update(&bounded(field.len()));
                hash.update(field);
            }
            hash.update(&bounded(self.length * 8));
            key.extend_from_slice(hash.finish().as_ref());
        }
        key.truncate(self.length);
        key
    }
}

fn bounded(number: usize) -> [u8; 4] {
    u32::try_from(number).expect("names, parties and keys are far below 4 GiB").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    fn bytes(text: &str) -> Vec<u8> {
        base64url::decode(text).expect("base64url")
    }

    /// RFC 7518 appendix C.
    #[test]
    fn rfc7518_appendix_c_agreement() {
        let scalar = bytes("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
        let alice = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &scalar).expect("a key");
        let bob = [
            vec![4],
            bytes("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
            bytes("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
        ]
        .concat();
        let derivation = Derivation { algorithm: "A128GCM", length: 16, sender: b"Alice", receiver: b"Bob" };
        let key = agree(&alice, Curve::P256, &bob, &derivation).expect("agrees");
        assert_eq!(base64url::encode(&key), "VqqN6vgjbSBcIijNcacQGg");
        assert_eq!(agree(&alice, Curve::P384, &bob, &derivation), None);
    }

    #[test]
    fn longer_keys_need_more_rounds() {
        let derive =
            |length| Derivation { algorithm: "x", length, sender: b"", receiver: b"" }.derive(b"secret");
        assert_eq!(derive(64).len(), 64);
        assert_ne!(derive(64)[..32], derive(64)[32..]);
    }

    /// RFC 3394 §4.1.
    #[test]
    fn rfc3394_wrap_with_128_bits() {
        let kek: Vec<u8> = (0..16).collect();
        let key: Vec<u8> = (0..16_u8).map(|at| at * 0x11).collect();
        let wrapped = wrap(&kek, &key).expect("wraps");
        assert_eq!(wrapped[..8], [0x1f, 0xa6, 0x8b, 0x0a, 0x81, 0x12, 0xb4, 0x47]);
        assert_eq!(unwrap(&kek, &wrapped, 16).as_deref(), Some(&key));
        assert_eq!(unwrap(&kek, &wrapped, 24), None);
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(unwrap(&kek, &changed, 16), None);
        }
    }
}
