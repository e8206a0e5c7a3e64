//! One endpoint, one file. Each turns a request into an [`Answer`](crate::Answer); none of them routes.

pub(crate) mod end_session;
pub(crate) mod introspection;
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod revocation;
pub(crate) mod token;
pub(crate) mod userinfo;

use http::{HeaderMap, header};
use protocol::{Params, limits, params::ParamsError};

use crate::reason::Reason;

/// Reads a form body (RFC 6749 §3.2, Appendix B).
pub(crate) fn form<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<Params<'b>, Reason> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Reason::BodyType);
    }
    parse(body)
}

/// Reads parameters, from wherever they came.
pub(crate) fn parse(text: &[u8]) -> Result<Params<'_>, Reason> {
    Params::parse(text).map_err(|error| match error {
        ParamsError::Malformed => Reason::BodyMalformed,
        ParamsError::Repeated => Reason::ParameterRepeated,
        ParamsError::TooLarge => Reason::BodyTooLarge,
    })
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1), if the header has that scheme.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Reason> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Reason::TokenSentTwice);
    }
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let token = token.trim_matches(' ');
    let b64token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || token.len() > limits::TOKEN_BYTES_MAX || !token.bytes().all(b64token) {
        return Err(Reason::TokenRejected);
    }
    Ok(Some(token))
}
