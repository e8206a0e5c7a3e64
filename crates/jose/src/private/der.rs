//! The subset of DER that is needed to read a private key.

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// `rsaEncryption`, 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// `id-X25519`, 1.3.101.110 (RFC 8410 §3).
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];

/// n, e, d, p, q, dp, dq, qi of an RSA key in PKCS#8 (RFC 5958 §2) or PKCS#1 (RFC 8017 appendix A.1.2).
///
/// The library checks whether they are a valid key.
pub(super) fn rsa_private_key(document: &[u8]) -> Option<[&[u8]; 8]> {
    let inner = pkcs8(document, RSA).unwrap_or(document);
    let mut fields = Reader(only(inner, SEQUENCE)?);
    let version = fields.take(INTEGER)?;
    if version != [0] {
        return None;
    }
    let mut numbers = [&[][..]; 8];
    for number in &mut numbers {
        *number = fields.unsigned()?;
    }
    fields.0.is_empty().then_some(numbers)
}

/// The 32 bytes of an X25519 private key in PKCS#8 (RFC 8410 §7).
pub(super) fn x25519_seed(document: &[u8]) -> Option<&[u8]> {
    only(pkcs8(document, X25519)?, OCTET_STRING)
}

/// The private key inside PKCS#8, if it is of this algorithm.
fn pkcs8<'a>(document: &'a [u8], algorithm: &[u8]) -> Option<&'a [u8]> {
    let mut fields = Reader(only(document, SEQUENCE)?);
    fields.take(INTEGER)?;
    let identifier = Reader(fields.take(SEQUENCE)?).take(OBJECT_IDENTIFIER)?;
    if identifier != algorithm {
        return None;
    }
    fields.take(OCTET_STRING)
}

fn only(document: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader(document);
    let content = reader.take(tag)?;
    reader.0.is_empty().then_some(content)
}

/// The remaining input.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next element, which must have this tag and the shortest encoding of its length.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&[found, first], mut rest) = self.0.split_first_chunk()?;
        if found != tag {
            return None;
        }
        let length = match first {
            0..=0x7f => usize::from(first),
            0x81 => {
                let (&[length], after) = rest.split_first_chunk()?;
                rest = after;
                Some(usize::from(length)).filter(|&length| length >= 0x80)?
            }
            0x82 => {
                let (&length, after) = rest.split_first_chunk()?;
                rest = after;
                Some(usize::from(u16::from_be_bytes(length))).filter(|&length| length >= 0x100)?
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some(content)
    }

    /// A non-negative integer, without its leading zero.
    fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.take(INTEGER)? {
            [0, rest @ ..] if !rest.is_empty() => Some(rest),
            number @ [first, ..] if *first < 0x80 => Some(number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_without_their_sign_byte() {
        let body = [2, 1, 0, 2, 2, 0, 0x81, 2, 1, 3, 2, 1, 4, 2, 1, 5, 2, 1, 6, 2, 1, 7, 2, 1, 8, 2, 1, 9];
        let document = [&[SEQUENCE, 28][..], &body].concat();
        let expected: [&[u8]; 8] = [&[0x81], &[3], &[4], &[5], &[6], &[7], &[8], &[9]];
        assert_eq!(rsa_private_key(&document), Some(expected));
    }

    #[test]
    fn every_truncation_is_refused() {
        let body = [2, 1, 0, 2, 2, 0, 0x81, 2, 1, 3, 2, 1, 4, 2, 1, 5, 2, 1, 6, 2, 1, 7, 2, 1, 8, 2, 1, 9];
        let document = [&[SEQUENCE, 28][..], &body].concat();
        for length in 0..document.len() {
            assert_eq!(rsa_private_key(&document[..length]), None, "{length}");
        }
        assert_eq!(rsa_private_key(&[&document[..], &[0]].concat()), None);
    }

    #[test]
    fn der_lengths_must_be_minimal() {
        assert_eq!(Reader(&[INTEGER, 0x81, 1, 5]).take(INTEGER), None);
        assert_eq!(Reader(&[INTEGER, 0x82, 0, 1, 5]).take(INTEGER), None);
        assert_eq!(Reader(&[INTEGER, 1, 5]).take(INTEGER), Some(&[5][..]));
        assert_eq!(Reader(&[INTEGER, 1, 0x85]).unsigned(), None);
    }
}
