//! What the server sends back: through the browser, and in the body of an answer.

use protocol::Params;
use serde_json::{Map, Value};

use super::error::RelyingPartyError;

/// An authorization response (RFC 6749 §4.1.2, RFC 9207 §2), as the browser brings it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each member is the registered name")]
pub struct AuthorizationResponse {
    pub code: Option<String>,
    pub state: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

impl AuthorizationResponse {
    /// Reads the query of a redirect URI. `None` where it can't be parsed.
    pub fn parse(query: &str) -> Option<Self> {
        let params = Params::parse(query.as_bytes()).ok()?;
        let take = |name: &str| params.get(name).map(str::to_owned);
        Some(Self {
            code: take("code"),
            state: take("state"),
            iss: take("iss"),
            error: take("error"),
            error_description: take("error_description"),
        })
    }
}

/// A body that must be a JSON object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, RelyingPartyError> {
    jose::json::object(body)
        .map_err(|error| RelyingPartyError::AnswerInvalid(format!("not a JSON object: {error}")))
}
