//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use protocol::{limits, params};
use zeroize::Zeroizing;

use crate::{AuthorizationServer, reason::Reason, store::Caller};

/// What the `Authorization` header holds for client authentication.
pub(super) enum Header {
    /// There is none.
    Absent,
    /// An id and a secret.
    Basic(Basic),
    /// One of another scheme, which is no client credential: some HTTP clients send a bearer token with every request.
    OtherScheme,
    /// Neither the base64 of `id:secret` nor of another scheme, or several headers.
    Malformed,
}

/// An `Authorization: Basic` header, decoded both ways: RFC 6749 §2.3.1 requires both parts to be form-encoded, and
/// django-oauth-toolkit and others send them raw.
pub(super) struct Basic {
    /// The id decoded, and raw where that differs.
    pub(super) ids: Vec<String>,
    secrets: [Option<Zeroizing<Vec<u8>>>; 2],
}

impl Basic {
    /// Whether there is no secret: clients without one send an empty one.
    pub(super) fn has_no_secret(&self) -> bool {
        self.secrets.iter().flatten().all(|secret| secret.is_empty())
    }

    /// The secret in each of its readings.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        self.secrets.iter().flatten().map(|secret| secret.as_slice())
    }

    pub(super) fn check(&self, server: &AuthorizationServer, caller: &Caller) -> Result<(), Reason> {
        let mut verdict = Err(Reason::ClientSecretWrong);
        for secret in self.secrets.iter().flatten() {
            verdict = verdict.or_else(|_| check(server, caller, secret));
        }
        verdict
    }
}

/// Parses the header.
pub(super) fn header(headers: &HeaderMap) -> Header {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Header::Absent };
    if values.next().is_some() {
        return Header::Malformed;
    }
    let bytes = value.as_bytes();
    let at = bytes.iter().position(|b| *b == b' ').unwrap_or(bytes.len());
    let (scheme, rest) = bytes.split_at(at);
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Header::OtherScheme;
    }
    basic(rest).map_or(Header::Malformed, Header::Basic)
}

/// Parses what follows the scheme (RFC 7617 §2).
fn basic(encoded: &[u8]) -> Option<Basic> {
    let encoded = encoded.trim_ascii();
    if encoded.len() > 2 * (limits::CLIENT_ID_BYTES_MAX + limits::CLIENT_SECRET_BYTES_MAX) * 3 {
        return None;
    }
    let pair = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let at = pair.iter().position(|b| *b == b':')?;
    let (id, secret) = (&pair[..at], &pair[at + 1..]);
    let raw_id = std::str::from_utf8(id).ok()?.to_owned();
    if pair.contains(&0) || raw_id.is_empty() {
        return None;
    }
    let decoded_id = params::decode(id).ok().map(|id| id.into_owned());
    let mut ids: Vec<String> = decoded_id.into_iter().filter(|id| !id.is_empty()).collect();
    if !ids.contains(&raw_id) {
        ids.push(raw_id);
    }
    let decoded = params::decode(secret).ok().map(|secret| Zeroizing::new(secret.as_bytes().to_vec()));
    let raw = Some(Zeroizing::new(secret.to_vec())).filter(|raw| decoded.as_ref() != Some(raw));
    Some(Basic { ids, secrets: [decoded, raw] })
}

/// Compares with the stored secret in constant time.
pub(super) fn check(server: &AuthorizationServer, caller: &Caller, secret: &[u8]) -> Result<(), Reason> {
    if secret.len() > limits::CLIENT_SECRET_BYTES_MAX {
        return Err(Reason::ClientSecretWrong);
    }
    let stored = caller.secret.as_ref().ok_or(Reason::ClientSecretWrong)?;
    if server.master().is_secret(&caller.id, secret, stored) {
        Ok(())
    } else {
        Err(Reason::ClientSecretWrong)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(value: &str) -> Header {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).expect("visible"));
        super::header(&headers)
    }

    fn basic(pair: &str) -> Basic {
        match read(&format!("bAsIc {}", STANDARD.encode(pair))) {
            Header::Basic(basic) => basic,
            Header::Absent | Header::OtherScheme | Header::Malformed => panic!("{pair} is not read"),
        }
    }

    fn secrets(basic: &Basic) -> Vec<&[u8]> {
        basic.secrets.iter().flatten().map(|secret| secret.as_slice()).collect()
    }

    #[test]
    fn an_id_and_a_secret_are_tried_decoded_and_then_raw() {
        let both = basic("sh%2Bop+1:a%2Bb+c");
        assert_eq!(both.ids, ["sh+op 1", "sh%2Bop+1"]);
        assert_eq!(secrets(&both), [&b"a+b c"[..], &b"a%2Bb+c"[..]]);
        let plain = basic("shop:a:b");
        assert_eq!((plain.ids.as_slice(), secrets(&plain)), (&["shop".to_owned()][..], vec![&b"a:b"[..]]));
        let broken = basic("50%:100%");
        assert_eq!((broken.ids.as_slice(), secrets(&broken)), (&["50%".to_owned()][..], vec![&b"100%"[..]]));
    }

    #[test]
    fn a_header_that_is_not_basic_is_not_read_as_one() {
        let nul = STANDARD.encode("a:b\0");
        for value in ["Basic", "Basic ", "Basic !!!", "Basic YQ==", &format!("Basic {nul}"), "Basic OmE="] {
            assert!(matches!(read(value), Header::Malformed), "{value}");
        }
        for value in ["Digest x", "Bearer a.b.c", "x"] {
            assert!(matches!(read(value), Header::OtherScheme), "{value}");
        }
    }
}
