//! Why a relying party can't go on.

use bytes::Bytes;
use fetching::{EndpointError, FetchError};
use http::Response;
use jose::{JoseError, KeyError};
use protocol::display::Shown;
use serde::Deserialize;

use super::id_token::IdTokenError;

/// Why a relying party can't go on. What others sent is tamed for a terminal.
#[derive(Debug, thiserror::Error)]
pub enum RelyingPartyError {
    /// The server can't be reached.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A request can't be made of what was given.
    #[error("the request is invalid: {0}")]
    RequestInvalid(http::Error),
    /// No discovery document was found.
    #[error("{0} has no metadata: is it an issuer?")]
    MetadataMissing(String),
    /// The discovery document names another issuer (RFC 8414 §3.3).
    #[error("the metadata is that of {}, not of {issuer}", Shown(found))]
    MetadataMismatch {
        /// Whose metadata was asked for.
        issuer: String,
        /// Whose it is.
        found: String,
    },
    /// The server does not offer an endpoint.
    #[error("this server has no {0} endpoint")]
    EndpointMissing(&'static str),
    /// The URL of an endpoint can't be used.
    #[error("the {name} endpoint {why}")]
    EndpointInvalid {
        /// Which endpoint.
        name: &'static str,
        /// What is wrong with it.
        why: EndpointError,
    },
    /// An answer is not what the specification demands.
    #[error("the answer is invalid: {0}")]
    AnswerInvalid(String),
    /// The server refuses (RFC 6749 §5.2).
    #[error("refused: {} ({})", Shown(error), Shown(description.as_deref().unwrap_or("no reason")))]
    Refused {
        /// The registered code.
        error: String,
        /// The server's own words.
        description: Option<String>,
    },
    /// The authorization response is to another request.
    #[error("the state that came back is another: this answers no request of ours")]
    StateMismatch,
    /// The authorization response is by another server (RFC 9207 §2.4).
    #[error("the answer comes from {}", Shown(.0))]
    IssuerMismatch(String),
    /// The authorization response names no server though this server's do.
    #[error("the answer does not say from which server it comes (iss)")]
    IssuerMissing,
    /// The authorization response is a refusal (RFC 6749 §4.1.2.1).
    #[error("refused: {} ({})", Shown(error), Shown(description.as_deref().unwrap_or("no reason")))]
    Denied {
        /// The registered code.
        error: String,
        /// The server's own words.
        description: Option<String>,
    },
    /// The authorization response has neither a code nor an error.
    #[error("no code came")]
    CodeMissing,
    /// The key set or the key that verifies an ID token can't be used.
    #[error("the key set can't be used: {0}")]
    Keys(#[from] KeyError),
    /// The ID token is refused.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// UserInfo is about another subject (OpenID Connect Core 1.0 §5.3.2).
    #[error("UserInfo speaks of another subject than the ID token")]
    SubjectMismatch,
}

impl From<JoseError> for RelyingPartyError {
    fn from(error: JoseError) -> Self {
        Self::AnswerInvalid(error.to_string())
    }
}

impl RelyingPartyError {
    /// What the server says in an answer that is not a success.
    pub(super) fn refused(answer: &Response<Bytes>) -> Self {
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
            error_description: Option<String>,
        }
        match serde_json::from_slice(answer.body()) {
            Ok(Refusal { error, error_description: description }) => Self::Refused { error, description },
            Err(_) => Self::AnswerInvalid(format!("the server answered {}", answer.status())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &'static str) -> String {
        let answer = Response::builder().status(status).body(Bytes::from_static(body.as_bytes()));
        RelyingPartyError::refused(&answer.expect("an answer")).to_string()
    }

    #[test]
    fn server_refusal_is_shown_with_its_description() {
        let body = r#"{"error":"invalid_grant","error_description":"The code was used"}"#;
        assert_eq!(refused(400, body), "refused: invalid_grant (The code was used)");
        assert_eq!(
            refused(500, "oops"),
            "the answer is invalid: the server answered 500 Internal Server Error"
        );
    }
}
