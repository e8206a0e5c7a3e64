//! What the upstream is told of an accepted token: the `X-Auth-*` headers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use resource::{Guard, Token};

use super::{error::GuardError, limits::IDENTITY_BYTES_MAX};

const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
const KIND: HeaderName = HeaderName::from_static("x-auth-kind");
const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");
const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");
const USERNAME: HeaderName = HeaderName::from_static("x-auth-username");
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");
const AUDIENCE: HeaderName = HeaderName::from_static("x-auth-audience");
const ISSUER: HeaderName = HeaderName::from_static("x-auth-issuer");
const CLAIMS: HeaderName = HeaderName::from_static("x-auth-claims");

/// How much the upstream is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    /// All claims as well, as base64url of their JSON.
    pub(super) with_claims: bool,
}

/// The headers of one token, those without a value included.
pub(super) struct IdentityHeaders([(HeaderName, HeaderValue); 9]);

impl IdentityHeaders {
    /// Of a request without a token: all are empty.
    pub(super) fn of_nobody() -> Self {
        let names = [SUBJECT, KIND, CLIENT, SCOPE, ROLES, USERNAME, AUDIENCE, ISSUER, CLAIMS];
        Self(names.map(|name| (name, HeaderValue::from_static(""))))
    }

    /// Writes those that have a value, in place of any that are there.
    pub(super) fn write_known(self, headers: &mut HeaderMap) {
        for (name, value) in self.0 {
            headers.remove(&name);
            if !value.is_empty() {
                headers.insert(name, value);
            }
        }
    }

    /// Writes all of them. A proxy that copies headers from the answer may keep what the caller sent, or write a placeholder,
    /// where one is absent.
    pub(super) fn write_all(self, headers: &mut HeaderMap) {
        for (name, value) in self.0 {
            headers.insert(name, value);
        }
    }
}

impl Identity {
    /// What the upstream is told of this token.
    ///
    /// # Errors
    /// [`GuardError::IdentityTooLarge`]: a part of what is known of a token would be worse than nothing.
    pub(super) fn of(self, guard: &Guard, token: &Token) -> Result<IdentityHeaders, GuardError> {
        let issuer = token.claims().string("iss").ok().flatten().unwrap_or_else(|| guard.issuer().as_str());
        let scope: Vec<String> = token.scopes().iter().map(encoded).collect();
        let roles: Vec<String> = token.roles().map(encoded).collect();
        let claims = match self.with_claims {
            true => URL_SAFE_NO_PAD.encode(serde_json::to_vec(token.claims().as_map()).unwrap_or_default()),
            false => String::new(),
        };
        Ok(IdentityHeaders([
            (SUBJECT, value(encoded(token.subject()))?),
            (KIND, HeaderValue::from_static(if token.is_user() { "user" } else { "client" })),
            (CLIENT, value(encoded(token.client().unwrap_or_default()))?),
            (SCOPE, value(scope.join(" "))?),
            (ROLES, value(roles.join(" "))?),
            (USERNAME, value(encoded(token.username().unwrap_or_default()))?),
            (AUDIENCE, value(encoded(guard.audience().as_str()))?),
            (ISSUER, value(encoded(issuer))?),
            (CLAIMS, value(claims)?),
        ]))
    }
}

fn value(text: String) -> Result<HeaderValue, GuardError> {
    if text.len() > IDENTITY_BYTES_MAX {
        return Err(GuardError::IdentityTooLarge);
    }
    HeaderValue::try_from(text).map_err(|_| GuardError::IdentityTooLarge)
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
        let long = |length| "x".repeat(length);
        assert!(value(long(IDENTITY_BYTES_MAX)).is_ok());
        assert_eq!(value(long(IDENTITY_BYTES_MAX + 1)), Err(GuardError::IdentityTooLarge));
    }

    #[test]
    fn absent_values_are_empty_or_omitted_and_replace_existing_headers() {
        let before: HeaderMap = [(SUBJECT, HeaderValue::from_static("root"))].into_iter().collect();
        let (mut known, mut all) = (before.clone(), before);
        IdentityHeaders::of_nobody().write_known(&mut known);
        assert!(known.is_empty());
        IdentityHeaders::of_nobody().write_all(&mut all);
        assert_eq!((all.len(), all[SUBJECT].as_bytes()), (9, &b""[..]));
    }
}
