//! The textual encoding of private keys (RFC 7468 §10, §13).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::KeyError;
use crate::limits::PEM_BYTES;

/// What a private key is labeled with that is not encrypted: PKCS#8, PKCS#1, SEC 1.
const LABELS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// The DER of the first private key in the text. Other blocks, as curve parameters, are passed over.
pub(super) fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if text.len() > PEM_BYTES {
        return Err(KeyError::Pem);
    }
    let body = LABELS.iter().find_map(|label| block(text, label)).ok_or(KeyError::Pem)?;
    let compact: Zeroizing<Vec<u8>> = {
        let mut compact = Zeroizing::new(Vec::with_capacity(body.len()));
        compact.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        compact
    };
    STANDARD.decode(&*compact).map(Zeroizing::new).map_err(|_| KeyError::Pem)
}

fn block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_between_others_and_with_either_line_end() {
        let text = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n\
                    -----BEGIN EC PRIVATE KEY-----\r\nAQ\r\nID\r\n-----END EC PRIVATE KEY-----\n";
        assert_eq!(private_key(text).expect("a key").as_slice(), [1, 2, 3]);
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
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
