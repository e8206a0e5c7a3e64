//! The textual encoding of private keys (RFC 7468 §10, §13).

use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use zeroize::{Zeroize, Zeroizing};

use crate::{error::KeyError, limits::PEM_BYTES};

/// The DER of the first unencrypted private key in the text: PKCS#8, PKCS#1 or SEC 1. Other blocks, such as
/// curve parameters, are skipped.
pub(super) fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if text.len() > PEM_BYTES {
        return Err(KeyError::Pem);
    }
    let mut key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::Pem)?;
    let der = Zeroizing::new(key.secret_der().to_vec());
    key.zeroize();
    Ok(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_block_is_found_among_others_with_lf_or_crlf() {
        let text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n\
                    -----BEGIN EC PRIVATE KEY-----\r\nAQ\r\nID\r\n-----END EC PRIVATE KEY-----\n";
        assert_eq!(private_key(text).expect("a key").as_slice(), [1, 2, 3]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "-----BEGIN PUBLIC KEY-----\nAQID\n-----END PUBLIC KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAQID\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nAQID",
            "-----BEGIN PRIVATE KEY-----\nA_ID\n-----END PRIVATE KEY-----",
        ] {
            assert_eq!(private_key(text).err(), Some(KeyError::Pem), "{text}");
        }
    }
}
