//! Content encryption (RFC 7518 §5).

use aws_lc_rs::{
    aead,
    cipher::{
        self, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    hmac,
    iv::FixedLength,
};
use zeroize::Zeroizing;

use crate::{algorithm::ContentEncryption, error::CryptoError, primitives};

impl ContentEncryption {
    /// Bytes of the content encryption key.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// Bytes of the initialization vector: the only length that is accepted.
    pub const fn iv_bytes(self) -> usize {
        match self {
            Self::A128Gcm | Self::A256Gcm => 12,
            Self::A128CbcHs256 | Self::A256CbcHs512 => 16,
        }
    }

    /// Bytes of the authentication tag: the only length that is accepted.
    pub const fn tag_bytes(self) -> usize {
        match self {
            Self::A128Gcm | Self::A256Gcm | Self::A128CbcHs256 => 16,
            Self::A256CbcHs512 => 32,
        }
    }

    fn gcm(self) -> Option<&'static aead::Algorithm> {
        match self {
            Self::A128Gcm => Some(&aead::AES_128_GCM),
            Self::A256Gcm => Some(&aead::AES_256_GCM),
            Self::A128CbcHs256 | Self::A256CbcHs512 => None,
        }
    }
}

/// The result of content encryption.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) iv: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) tag: Vec<u8>,
}

/// Encrypts with a new random IV.
pub(crate) fn seal(
    encryption: ContentEncryption,
    key: &[u8],
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Sealed, CryptoError> {
    if key.len() != encryption.key_bytes() {
        return Err(CryptoError::Algorithm);
    }
    let mut iv = vec![0; encryption.iv_bytes()];
    primitives::random(&mut iv);
    let mut ciphertext = plaintext.to_vec();
    let Some(gcm) = encryption.gcm() else {
        let (mac, block) = halves(encryption, key);
        let iv16: [u8; 16] = iv.as_slice().try_into().expect("the IV of CBC has 16 bytes");
        PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(block.cipher, block.key)?)?
            .less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(FixedLength::from(iv16)))?;
        let tag = mac.tag(associated, &iv, &ciphertext)[..encryption.tag_bytes()].to_vec();
        return Ok(Sealed { iv, ciphertext, tag });
    };
    let nonce = aead::Nonce::try_assume_unique_for_key(&iv)?;
    let tag = aead::LessSafeKey::new(aead::UnboundKey::new(gcm, key)?).seal_in_place_separate_tag(
        nonce,
        aead::Aad::from(associated),
        &mut ciphertext,
    )?;
    Ok(Sealed { iv, ciphertext, tag: tag.as_ref().to_vec() })
}

/// Decrypts; `None` for every defect. The CBC padding is read only after the tag is verified.
pub(crate) fn open(
    encryption: ContentEncryption,
    key: &[u8],
    associated: &[u8],
    sealed: &Sealed,
) -> Option<Zeroizing<Vec<u8>>> {
    let lengths = (key.len(), sealed.iv.len(), sealed.tag.len());
    if lengths != (encryption.key_bytes(), encryption.iv_bytes(), encryption.tag_bytes()) {
        return None;
    }
    let mut plaintext = Zeroizing::new(sealed.ciphertext.clone());
    let Some(gcm) = encryption.gcm() else {
        let (mac, block) = halves(encryption, key);
        let tag = mac.tag(associated, &sealed.iv, &sealed.ciphertext);
        if !primitives::constant_time_eq(&tag[..encryption.tag_bytes()], &sealed.tag) {
            return None;
        }
        let iv: [u8; 16] = sealed.iv.as_slice().try_into().ok()?;
        let key = UnboundCipherKey::new(block.cipher, block.key).ok()?;
        let length = PaddedBlockDecryptingKey::cbc_pkcs7(key)
            .ok()?
            .decrypt(&mut plaintext, DecryptionContext::Iv128(FixedLength::from(iv)))
            .ok()?
            .len();
        plaintext.truncate(length);
        return Some(plaintext);
    };
    let nonce = aead::Nonce::try_assume_unique_for_key(&sealed.iv).ok()?;
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(gcm, key).ok()?);
    plaintext.extend_from_slice(&sealed.tag);
    let length = key.open_in_place(nonce, aead::Aad::from(associated), &mut plaintext).ok()?.len();
    plaintext.truncate(length);
    Some(plaintext)
}

/// The half of a key that authenticates.
struct Mac(hmac::Key);

/// The half of a key that encrypts.
struct Block<'a> {
    cipher: &'static cipher::Algorithm,
    key: &'a [u8],
}

/// Splits the key of CBC with HMAC: the first half authenticates, the second encrypts (RFC 7518 §5.2.2.1).
fn halves(encryption: ContentEncryption, key: &[u8]) -> (Mac, Block<'_>) {
    let (mac, key) = key.split_at(key.len() / 2);
    let (hash, cipher) = match encryption {
        ContentEncryption::A256CbcHs512 => (hmac::HMAC_SHA512, &cipher::AES_256),
        _ => (hmac::HMAC_SHA256, &cipher::AES_128),
    };
    (Mac(hmac::Key::new(hash, mac)), Block { cipher, key })
}

impl Mac {
    /// The untruncated HMAC over the associated data, the IV, the ciphertext, and the bits of the first.
    fn tag(&self, associated: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        let bits = (associated.len() as u64) * 8;
        let mut context = hmac::Context::with_key(&self.0);
        for piece in [associated, iv, ciphertext, &bits.to_be_bytes()] {
            context.update(piece);
        }
        context.sign().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips_and_every_changed_bit_is_detected() {
        for &encryption in ContentEncryption::ALL {
            let key: Vec<u8> = (0..).take(encryption.key_bytes()).collect();
            for length in [0, 1, 15, 16, 17, 100] {
                let plaintext = vec![0xa5; length];
                let mut sealed = seal(encryption, &key, b"header", &plaintext).expect("seals");
                assert_eq!(open(encryption, &key, b"header", &sealed).as_deref(), Some(&plaintext));
                assert_eq!(open(encryption, &key, b"Header", &sealed), None);
                sealed.iv[0] ^= 1;
                assert_eq!(open(encryption, &key, b"header", &sealed), None);
                sealed.iv[0] ^= 1;
                sealed.tag[0] ^= 1;
                assert_eq!(open(encryption, &key, b"header", &sealed), None);
            }
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for &encryption in ContentEncryption::ALL {
            let key = vec![0; encryption.key_bytes() - 1];
            assert_eq!(seal(encryption, &key, b"", b"").err(), Some(CryptoError::Algorithm));
        }
    }

    /// RFC 7518 appendix B.1.
    #[test]
    fn rfc7518_appendix_b1_mac_and_ciphertext() {
        let key: Vec<u8> = (0..32).collect();
        let iv =
            [0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd, 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04];
        let plaintext = "A cipher system must not be required to be secret, and it must be able to fall into \
                         the hands of the enemy without inconvenience";
        let associated = "The second principle of Auguste Kerckhoffs";
        let (mac, block) = halves(ContentEncryption::A128CbcHs256, &key);
        let mut ciphertext = plaintext.as_bytes().to_vec();
        PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(block.cipher, block.key).expect("key"))
            .expect("key")
            .less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(FixedLength::from(iv)))
            .expect("encrypts");
        assert_eq!(ciphertext[..8], [0xc8, 0x0e, 0xdf, 0xa3, 0x2d, 0xdf, 0x39, 0xd5]);
        let tag = mac.tag(associated.as_bytes(), &iv, &ciphertext);
        let expected =
            [0x65, 0x2c, 0x3f, 0xa3, 0x6b, 0x0a, 0x7c, 0x5b, 0x32, 0x19, 0xfa, 0xb3, 0xa3, 0x0b, 0xc1, 0xc4];
        assert_eq!(tag[..16], expected);
    }
}
