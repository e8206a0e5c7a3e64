//! What the upstream is told of an accepted token: the `X-Auth-*` headers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use resource::{Guard, Token};

use super::{error::GuardError, limits::IDENTITY_BYTES_MAX};

const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");
const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");
const USERNAME: HeaderName = HeaderName::from_static("x-auth-username");
const AUDIENCE: HeaderName = HeaderName::from_static("x-auth-audience");
const ISSUER: HeaderName = HeaderName::from_static("x-auth-issuer");
const CLAIMS: HeaderName = HeaderName::from_static("x-auth-claims");

/// How much the upstream is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    /// All claims as well, as base64url of their JSON.
    pub(super) with_claims: bool,
}

impl Identity {
    /// Writes the headers, in place of any that are there.
    ///
    /// # Errors
    /// [`GuardError::IdentityTooLarge`]: a part of what is known of a token would be worse than nothing.
    pub(super) fn write(
        self,
        headers: &mut HeaderMap,
        guard: &Guard,
        token: &Token,
    ) -> Result<(), GuardError> {
        let issuer = token.claims().string("iss").ok().flatten().unwrap_or_else(|| guard.issuer().as_str());
        let scope: Vec<String> = token.scopes().iter().map(encoded).collect();
        put(headers, SUBJECT, encoded(token.subject()))?;
        put(headers, CLIENT, encoded(token.client().unwrap_or_default()))?;
        put(headers, SCOPE, scope.join(" "))?;
        put(headers, USERNAME, encoded(token.username().unwrap_or_default()))?;
        put(headers, AUDIENCE, encoded(guard.audience().as_str()))?;
        put(headers, ISSUER, encoded(issuer))?;
        if self.with_claims {
            let json = serde_json::to_vec(token.claims().as_map()).unwrap_or_default();
            put(headers, CLAIMS, URL_SAFE_NO_PAD.encode(json))?;
        }
        Ok(())
    }
}

/// Writes a header, unless its value is empty.
fn put(headers: &mut HeaderMap, name: HeaderName, value: String) -> Result<(), GuardError> {
    headers.remove(&name);
    if value.is_empty() {
        return Ok(());
    }
    if value.len() > IDENTITY_BYTES_MAX {
        return Err(GuardError::IdentityTooLarge);
    }
    let value = HeaderValue::try_from(value).map_err(|_| GuardError::IdentityTooLarge)?;
    headers.insert(name, value);
    Ok(())
}

/// Percent-encodes all but visible ASCII, and the percent sign itself. So one decoding restores the value, and a claim
/// can neither end a header nor look like two.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut text, byte| {
        match byte {
            b'%' | 0..=0x20 | 0x7f.. => text.push_str(&format!("%{byte:02X}")),
            visible => text.push(char::from(visible)),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_cannot_inject_a_header() {
        for (claim, header) in [
            ("alice", "alice"),
            ("a\r\nX-Auth-Scope: admin", "a%0D%0AX-Auth-Scope:%20admin"),
            ("%0d%0a", "%250d%250a"),
            (" Zoë ", "%20Zo%C3%AB%20"),
            ("\0\t\u{7f}", "%00%09%7F"),
        ] {
            assert_eq!(encoded(claim), header);
            assert!(HeaderValue::from_str(&encoded(claim)).is_ok_and(|value| value.to_str().is_ok()));
        }
    }

    #[test]
    fn too_long_values_are_reported_and_not_truncated() {
        let mut headers = HeaderMap::new();
        let long = |length| "x".repeat(length);
        assert_eq!(put(&mut headers, SUBJECT, long(IDENTITY_BYTES_MAX)), Ok(()));
        let refused = put(&mut headers, SUBJECT, long(IDENTITY_BYTES_MAX + 1));
        assert_eq!(refused, Err(GuardError::IdentityTooLarge));
        assert!(!headers.contains_key(SUBJECT), "and nothing is left of what was there");
    }
}
