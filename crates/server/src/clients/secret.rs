//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use protocol::{limits, params};
use zeroize::Zeroizing;

use crate::{AuthorizationServer, reason::Reason, store::Caller};

/// An `Authorization: Basic` header, decoded both ways: RFC 6749 §2.3.1 requires both parts to be form-encoded, and
/// django-oauth-toolkit and others send them raw.
pub(super) struct Basic {
    pub(super) id: String,
    raw_id: String,
    secrets: [Option<Zeroizing<Vec<u8>>>; 2],
}

impl Basic {
    /// Whether the `client_id` in the body is the one in the header.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.id == id || self.raw_id == id
    }

    pub(super) fn check(&self, server: &AuthorizationServer, caller: &Caller) -> Result<(), Reason> {
        let mut verdict = Err(Reason::ClientSecretWrong);
        for secret in self.secrets.iter().flatten() {
            verdict = verdict.or_else(|_| check(server, caller, secret));
        }
        verdict
    }
}

/// Parses the header, if there is one with this scheme.
pub(super) fn basic(headers: &HeaderMap) -> Result<Option<Basic>, Reason> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Reason::BasicMalformed);
    }
    let text = value.to_str().map_err(|_| Reason::BasicMalformed)?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Reason::BasicMalformed);
    }
    let encoded = encoded.trim_matches(' ');
    if encoded.len() > 2 * (limits::CLIENT_ID_BYTES_MAX + limits::CLIENT_SECRET_BYTES_MAX) * 3 {
        return Err(Reason::BasicMalformed);
    }
    let pair = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| Reason::BasicMalformed)?);
    let at = pair.iter().position(|b| *b == b':').ok_or(Reason::BasicMalformed)?;
    let (id, secret) = (&pair[..at], &pair[at + 1..]);
    let raw_id = std::str::from_utf8(id).map_err(|_| Reason::BasicMalformed)?.to_owned();
    if pair.contains(&0) || raw_id.is_empty() {
        return Err(Reason::BasicMalformed);
    }
    let decoded_id = params::decode(id).map_or_else(|_| raw_id.clone(), |id| id.into_owned());
    let decoded = params::decode(secret).ok().map(|secret| Zeroizing::new(secret.as_bytes().to_vec()));
    let raw = Some(Zeroizing::new(secret.to_vec())).filter(|raw| decoded.as_ref() != Some(raw));
    Ok(Some(Basic { id: decoded_id, raw_id, secrets: [decoded, raw] }))
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

    fn read(value: &str) -> Result<Option<Basic>, Reason> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).expect("visible"));
        basic(&headers)
    }

    fn secrets(basic: &Basic) -> Vec<&[u8]> {
        basic.secrets.iter().flatten().map(|secret| secret.as_slice()).collect()
    }

    #[test]
    fn a_secret_is_tried_decoded_and_then_raw() {
        let basic =
            read(&format!("Basic {}", STANDARD.encode("shop:a%2Bb+c"))).expect("reads").expect("there");
        assert_eq!(secrets(&basic), [&b"a+b c"[..], &b"a%2Bb+c"[..]]);
        let plain = read(&format!("bAsIc {}", STANDARD.encode("shop:a:b"))).expect("reads").expect("there");
        assert_eq!((plain.id.as_str(), secrets(&plain)), ("shop", vec![&b"a:b"[..]]));
        let broken = read(&format!("Basic {}", STANDARD.encode("shop:100%"))).expect("reads").expect("there");
        assert_eq!(secrets(&broken), [&b"100%"[..]]);
    }

    #[test]
    fn what_is_no_basic_header_is_refused() {
        let nul = STANDARD.encode("a:b\0");
        for value in
            ["Basic", "Basic ", "Basic !!!", "Basic YQ==", "Digest x", &format!("Basic {nul}"), "Basic OmE="]
        {
            assert_eq!(read(value).err(), Some(Reason::BasicMalformed), "{value}");
        }
    }
}
