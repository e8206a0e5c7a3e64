//! Signed and encrypted tokens and keys (RFC 7515 to 7518), as untrusted input.

use std::sync::OnceLock;

use jose::{
    Claims, ContentEncryption, DecryptionKey, Encrypted, Jwk, JwkSet, KeyManagement, SignatureAlgorithm,
    SigningKey, Unverified,
};

/// No bytes verify with a key that signed nothing, or decrypt with a key that nothing was encrypted to.
pub fn tokens(bytes: &[u8]) {
    static SIGNING: OnceLock<SigningKey> = OnceLock::new();
    static DECRYPTION: OnceLock<DecryptionKey> = OnceLock::new();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(token) = Unverified::parse(text) {
        let key = SIGNING.get_or_init(|| SigningKey::generate(SignatureAlgorithm::Es256).expect("a key"));
        assert!(token.verify(&key.verifying_key()).is_err(), "a forged token");
    }
    if let Ok(token) = Encrypted::parse(text) {
        let key = DECRYPTION.get_or_init(|| DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key"));
        assert!(token.decrypt(key, ContentEncryption::ALL).is_err(), "a token from nowhere");
    }
    let _ = Claims::parse(bytes);
}

/// A key that is read is written as the same key, without private members.
pub fn keys(bytes: &[u8]) {
    if let Ok(key) = Jwk::parse(bytes) {
        let written = key.to_value();
        assert!(written.get("d").is_none() && written.get("k").is_none(), "a secret is shown");
        if !key.is_symmetric() {
            let again = Jwk::from_value(&written).expect("what was written is read");
            assert_eq!(again, key);
        }
        for &algorithm in SignatureAlgorithm::ALL {
            if let Ok(verifying) = key.verifying_key(algorithm) {
                assert!(verifying.verify(b"message", &[0; 64]).is_err(), "zeros are a signature");
            }
        }
        for &algorithm in KeyManagement::ALL {
            let _ = key.encryption_key(algorithm);
        }
    }
    if let Ok(set) = JwkSet::parse(bytes) {
        assert!(set.keys().len() <= jose::limits::KEYS_PER_SET);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        for algorithm in [SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa] {
            let _ = SigningKey::from_pem(text, algorithm);
        }
    }
}
