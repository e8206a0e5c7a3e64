//! Base64url as JOSE requires it (RFC 7515 §2): no padding, no white space, no nonzero trailing bits.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Text that is not strict base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct NotBase64Url;

/// Encodes without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding to a string that is being built.
pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes; refuses padding, white space, the other alphabet and trailing bits that are not zero.
///
/// # Errors
///
/// [`NotBase64Url`] for every defect, so that each byte string has exactly one text.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_round_trips() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(37) ^ 0xfb).collect();
            assert_eq!(decode(&encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn rfc7515_appendix_c_example() {
        assert_eq!(encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
    }

    #[test]
    fn only_canonical_base64url_is_accepted() {
        for text in ["AA==", "AA=", "AB", "AAB", "A", "A+AA", "A/AA", "AA A", " AAAA", "AAAA\n", "AA.A", "ÄÖ"]
        {
            assert_eq!(decode(text), Err(NotBase64Url), "{text:?}");
        }
    }
}
