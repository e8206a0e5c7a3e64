//! The members of an introspection answer.

use protocol::{Audience, ClientId, Confirmation, JwtId, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// The introspection response (RFC 7662 §2.2). Members without a value are omitted, never null: Django peers fail with
/// 500 on a null.
#[derive(Serialize)]
pub(super) struct IntrospectionResponse {
    pub(super) active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_type: Option<&'static str>,
    /// `refresh_token` for one: no API may take it for an access token. Absent for access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token_use: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iat: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jti: Option<JwtId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aud: Option<AudienceClaim>,
    /// RFC 9449 §6.2, RFC 8705 §3.2
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cnf: Option<Box<Confirmation>>,
    /// RFC 8693 §4.1
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<Box<Value>>,
    /// RFC 9396 §9.2
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authorization_details: Vec<Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum AudienceClaim {
    One(String),
    Many(Vec<String>),
}

impl AudienceClaim {
    /// One as a string, several as an array (RFC 7519 §4.1.3).
    pub(super) fn of<'a>(audience: impl IntoIterator<Item = &'a Audience>) -> Self {
        let mut names: Vec<_> = audience.into_iter().map(|one| one.as_str().to_owned()).collect();
        match (names.pop(), names.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => Self::Many(names.into_iter().chain(last).collect()),
        }
    }
}

pub(super) const INACTIVE: IntrospectionResponse = IntrospectionResponse {
    active: false,
    scope: None,
    client_id: None,
    username: None,
    sub: None,
    token_type: None,
    token_use: None,
    exp: None,
    iat: None,
    iss: None,
    jti: None,
    aud: None,
    cnf: None,
    act: None,
    authorization_details: Vec::new(),
};
