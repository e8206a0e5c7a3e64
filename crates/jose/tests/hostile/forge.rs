//! Makes tokens that the crate itself never makes.

use std::sync::OnceLock;

use aws_lc_rs::{aead, cipher, hmac, iv};
use passavant_jose::base64url::{decode, encode};
use passavant_jose::{SignatureAlgorithm, SigningKey};

/// A key of each type, generated once.
pub(crate) fn key(algorithm: SignatureAlgorithm) -> SigningKey {
    static RSA: OnceLock<SigningKey> = OnceLock::new();
    static EC: OnceLock<SigningKey> = OnceLock::new();
    static OKP: OnceLock<SigningKey> = OnceLock::new();
    static HMAC: OnceLock<SigningKey> = OnceLock::new();
    let (place, made) = match algorithm {
        SignatureAlgorithm::Es256 => (&EC, algorithm),
        SignatureAlgorithm::EdDsa => (&OKP, algorithm),
        SignatureAlgorithm::Hs256 => (&HMAC, algorithm),
        SignatureAlgorithm::Rs256 => (&RSA, algorithm),
        _ => {
            let rsa = key(SignatureAlgorithm::Rs256).to_private_jwk().expect("a JWK");
            let rsa = rsa.replace("\"alg\":\"RS256\",", "");
            return SigningKey::from_private_jwk(rsa.as_bytes(), algorithm).expect("an RSA key");
        }
    };
    place.get_or_init(|| SigningKey::generate(made).expect("a key")).clone()
}

/// Any header and payload, with a valid signature.
pub(crate) fn sign(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    let signature = key.sign(input.as_bytes()).expect("signs");
    format!("{input}.{}", encode(&signature))
}

/// The parts of a token, decoded or not.
pub(crate) fn split(token: &str) -> Vec<String> {
    token.split('.').map(str::to_owned).collect()
}

/// The token with one part decoded, changed and encoded again.
pub(crate) fn with_part(token: &str, part: usize, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut parts = split(token);
    let mut bytes = decode(&parts[part]).expect("base64url");
    change(&mut bytes);
    parts[part] = encode(&bytes);
    parts.join(".")
}

/// The token with the text of one part changed.
pub(crate) fn with_text(token: &str, part: usize, change: impl FnOnce(&mut String)) -> String {
    let mut parts = split(token);
    change(&mut parts[part]);
    parts.join(".")
}

/// Sets the lowest of the unused bits in the last character.
pub(crate) fn set_spare_bit(text: &mut String) {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert!(!text.len().is_multiple_of(4), "a whole group has no spare bits");
    let last = text.pop().expect("not empty");
    let at = ALPHABET.find(last).expect("base64url");
    assert_eq!(at % 2, 0, "the spare bit was zero");
    text.push(ALPHABET.as_bytes()[at + 1].into());
}

/// A token of `dir` with A256GCM, any header, and a valid tag.
pub(crate) fn direct_gcm(header: &str, key: &[u8], iv: &[u8; 12], plaintext: &[u8]) -> String {
    let header = encode(header.as_bytes());
    let mut ciphertext = plaintext.to_vec();
    let nonce = aead::Nonce::assume_unique_for_key(*iv);
    let tag = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key).expect("a key"))
        .seal_in_place_separate_tag(nonce, aead::Aad::from(header.as_bytes()), &mut ciphertext)
        .expect("seals");
    format!("{header}..{}.{}.{}", encode(iv), encode(&ciphertext), encode(tag.as_ref()))
}

/// A token of `dir` with A128CBC-HS256, with the given padded blocks, and a valid tag.
pub(crate) fn direct_cbc(key: &[u8; 32], padded: &[u8]) -> String {
    let header = encode(br#"{"alg":"dir","enc":"A128CBC-HS256"}"#);
    let vector = [7; 16];
    let mut ciphertext = padded.to_vec();
    if !ciphertext.is_empty() {
        let block = cipher::UnboundCipherKey::new(&cipher::AES_128, &key[16..]).expect("a key");
        cipher::EncryptingKey::cbc(block)
            .expect("a key")
            .less_safe_encrypt(
                &mut ciphertext,
                cipher::EncryptionContext::Iv128(iv::FixedLength::from(vector)),
            )
            .expect("encrypts");
    }
    let bits = (header.len() as u64) * 8;
    let input = [header.as_bytes(), &vector, &ciphertext, &bits.to_be_bytes()].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key[..16]), &input);
    format!("{header}..{}.{}.{}", encode(&vector), encode(&ciphertext), encode(&tag.as_ref()[..16]))
}
