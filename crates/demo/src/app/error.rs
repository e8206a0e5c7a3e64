//! What the person in front of the browser is told when the demo app can't go on. It holds no secret.

use http::StatusCode;

use crate::relying_party::RelyingPartyError;

/// Why the demo app can't go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AppError {
    pub(super) status: StatusCode,
    /// A code, of the server or of the app.
    pub(super) error: String,
    pub(super) description: String,
}

impl AppError {
    /// The app stops here, or the server's answer came through the browser.
    pub(super) fn own(error: &str, description: impl ToString) -> Self {
        Self::with(StatusCode::BAD_REQUEST, error, description)
    }

    /// The form is not this browser's.
    pub(super) fn forbidden(error: &str, description: impl ToString) -> Self {
        Self::with(StatusCode::FORBIDDEN, error, description)
    }

    /// The server answered what the app can't use.
    pub(super) fn upstream(error: &str, description: impl ToString) -> Self {
        Self::with(StatusCode::BAD_GATEWAY, error, description)
    }

    fn with(status: StatusCode, error: &str, description: impl ToString) -> Self {
        Self { status, error: error.to_owned(), description: description.to_string() }
    }
}

impl From<RelyingPartyError> for AppError {
    fn from(error: RelyingPartyError) -> Self {
        match error {
            RelyingPartyError::Fetch(error) => Self::upstream("server_unreachable", error),
            RelyingPartyError::Refused { error, description } => {
                Self::upstream(&error, description.unwrap_or_default())
            }
            RelyingPartyError::Denied { error, description } => {
                Self::own(&error, description.unwrap_or_else(|| "The server says no more".to_owned()))
            }
            RelyingPartyError::StateMismatch => {
                Self::own("state_mismatch", "The answer is to another request than this browser's")
            }
            RelyingPartyError::IssuerMismatch(_) | RelyingPartyError::IssuerMissing => {
                Self::own("issuer_mismatch", "The answer is of another server than was asked")
            }
            RelyingPartyError::CodeMissing => Self::own("invalid_answer", "The answer has no code"),
            RelyingPartyError::Keys(error) => Self::upstream("keys_unusable", error),
            RelyingPartyError::IdToken(error) => Self::upstream("id_token_invalid", error),
            error @ (RelyingPartyError::RequestInvalid(_)
            | RelyingPartyError::MetadataMissing(_)
            | RelyingPartyError::MetadataMismatch { .. }
            | RelyingPartyError::EndpointMissing(_)
            | RelyingPartyError::EndpointInvalid { .. }
            | RelyingPartyError::AnswerInvalid(_)
            | RelyingPartyError::SubjectMismatch) => Self::upstream("invalid_answer", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_refusal_is_shown_with_its_description() {
        let description = Some("The code was used".to_owned());
        let refused = RelyingPartyError::Refused { error: "invalid_grant".to_owned(), description };
        assert_eq!(AppError::from(refused), AppError::upstream("invalid_grant", "The code was used"));
        let broken =
            RelyingPartyError::AnswerInvalid("the server answered 500 Internal Server Error".to_owned());
        let broken = AppError::from(broken);
        assert_eq!(
            (&*broken.error, &*broken.description),
            ("invalid_answer", "the answer is invalid: the server answered 500 Internal Server Error")
        );
    }
}
