//! The protected header (RFC 7515 §4, RFC 7516 §4) of signed and encrypted tokens, read strictly.

use serde_json::{Map, Value};

use crate::{
    base64url,
    error::JoseError,
    json,
    limits::{HEADER_BYTES, KEY_ID_BYTES},
};

/// Members that would take a key from the token itself or from a URL in it (`jwk`, `jku`, `x5u`, `x5c`; only a proof
/// has a `jwk`), critical extensions, of which none is supported (`crit`), and members that change how the content is
/// read (`b64`, `zip`).
const FORBIDDEN: [&str; 7] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"];

/// A header whose members are unique, none of them forbidden.
#[derive(Clone, Debug)]
pub(crate) struct Protected {
    pub(crate) members: Map<String, Value>,
    pub(crate) algorithm: String,
    pub(crate) typ: Option<String>,
    pub(crate) cty: Option<String>,
    pub(crate) kid: Option<String>,
}

impl Protected {
    /// Reads the header from its base64url.
    pub(crate) fn parse(encoded: &str) -> Result<Self, JoseError> {
        Self::from_members(members(encoded)?)
    }

    /// Reads the header of a proof, and its required `jwk`. Every other forbidden member is refused here too.
    pub(crate) fn parse_with_key(encoded: &str) -> Result<(Self, Value), JoseError> {
        let mut members = members(encoded)?;
        let key = members.remove("jwk").ok_or(JoseError::Header("jwk"))?;
        Ok((Self::from_members(members)?, key))
    }

    fn from_members(mut members: Map<String, Value>) -> Result<Self, JoseError> {
        if let Some(name) = FORBIDDEN.iter().find(|name| members.contains_key(**name)) {
            return Err(JoseError::HeaderForbidden(name));
        }
        let algorithm = take_text(&mut members, "alg")?.ok_or(JoseError::Header("alg"))?;
        let typ = take_text(&mut members, "typ")?;
        let cty = take_text(&mut members, "cty")?;
        let kid = take_text(&mut members, "kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > KEY_ID_BYTES) {
            return Err(JoseError::Header("kid"));
        }
        Ok(Self { members, algorithm, typ, cty, kid })
    }

    /// Whether `typ` is this media type, compared without case and without `application/` (RFC 7515 §4.1.9).
    pub(crate) fn is_type(&self, expected: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| short(typ).eq_ignore_ascii_case(short(expected)))
    }
}

fn members(encoded: &str) -> Result<Map<String, Value>, JoseError> {
    if encoded.len() > HEADER_BYTES.div_ceil(3) * 4 {
        return Err(JoseError::TooLong(HEADER_BYTES));
    }
    Ok(json::object(&base64url::decode(encoded)?)?)
}

/// Removes a member that must be a string if it is present.
pub(crate) fn take_text(
    members: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, JoseError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JoseError::Header(name)),
    }
}

/// Appends `,"name":"value"` to a JSON object that is being written.
pub(crate) fn push_member(text: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":");
        text.push_str(&serde_json::to_string(value).expect("a string is always JSON"));
    }
}

/// The parts of a compact token between its dots, if their number is `N` and the header is not empty.
pub(crate) fn parts<const N: usize>(token: &str, limit: usize) -> Result<[&str; N], JoseError> {
    if token.len() > limit {
        return Err(JoseError::TooLong(limit));
    }
    let mut found = [""; N];
    let mut rest = token.split('.');
    for part in &mut found {
        *part = rest.next().ok_or(JoseError::Parts)?;
    }
    if rest.next().is_some() || found[0].is_empty() {
        return Err(JoseError::Parts);
    }
    Ok(found)
}

fn short(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(typ: &str) -> Protected {
        let header = format!("{{\"alg\":\"ES256\",\"typ\":\"{typ}\"}}");
        Protected::parse(&base64url::encode(header.as_bytes())).expect("a header")
    }

    #[test]
    fn a_type_is_compared_as_a_media_type() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
            assert!(typed(typ).is_type("at+jwt"), "{typ}");
        }
        for typ in ["jwt", "at+jwt ", "application/at+jwt/", "text/at+jwt", ""] {
            assert!(!typed(typ).is_type("at+jwt"), "{typ}");
        }
    }

    #[test]
    fn header_size_is_limited() {
        let header = format!("{{\"alg\":\"ES256\",\"x\":\"{}\"}}", "a".repeat(HEADER_BYTES));
        let encoded = base64url::encode(header.as_bytes());
        assert_eq!(Protected::parse(&encoded).err(), Some(JoseError::TooLong(HEADER_BYTES)));
    }
}
