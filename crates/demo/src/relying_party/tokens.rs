//! An answer of the token endpoint (RFC 6749 §5.1).

use protocol::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::RelyingPartyError;

/// What the token endpoint issued. It does not print its values: they are secrets.
#[derive(Deserialize)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    token_type: String,
    expires_in: Option<i64>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The ID token (OpenID Connect Core 1.0 §3.1.3.3).
    pub id_token: Option<String>,
    /// What the access token is for, where the server says so.
    pub scope: Option<String>,
    /// The whole answer.
    #[serde(skip)]
    pub members: Map<String, Value>,
}

impl Tokens {
    /// Reads the answer. A token of an unknown type is not used (RFC 6749 §7.1).
    pub(super) fn read(members: Map<String, Value>) -> Result<Self, RelyingPartyError> {
        let invalid = |why: String| RelyingPartyError::AnswerInvalid(why);
        let tokens: Self =
            serde_json::from_value(members.clone().into()).map_err(|error| invalid(error.to_string()))?;
        if !tokens.token_type.eq_ignore_ascii_case("bearer") {
            return Err(invalid("the tokens are of an unknown type".to_owned()));
        }
        Ok(Self { members, ..tokens })
    }

    /// When the access token expires, where the server says so.
    pub fn expires_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires_in.map(|seconds| now + seconds)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: Value) -> Result<Tokens, RelyingPartyError> {
        Tokens::read(answer.as_object().expect("an object").clone())
    }

    #[test]
    fn only_a_bearer_token_is_used() {
        let tokens = read(json!({ "access_token": "a", "token_type": "BEARER", "expires_in": 60, "x": 1 }));
        let tokens = tokens.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((tokens.expires_at(Timestamp(1)), &tokens.members["x"]), (Some(Timestamp(61)), &json!(1)));
        for bad in [
            json!({ "access_token": "a", "token_type": "mac" }),
            json!({ "token_type": "bearer" }),
            json!({}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
