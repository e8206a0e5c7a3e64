//! Refusals of the admin API as problem details (RFC 9457). Never a secret.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use server::{
    Denied, Fault,
    registration::{Finding, RegistrationError},
};

use crate::error::ApplyError;

/// `Retry-After` of a 503, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request changed nothing.
pub(super) enum Problem {
    /// Its token does not open this API.
    Denied(Denied),
    /// It can't be done.
    Details {
        /// The status of the answer.
        status: StatusCode,
        /// A sentence for the operator.
        detail: String,
        /// Where in the document, and what is wrong there.
        wrongs: Vec<Finding>,
    },
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Details { status, detail: detail.into(), wrongs: Vec::new() }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<RegistrationError> for Problem {
    fn from(RegistrationError(wrongs): RegistrationError) -> Self {
        let detail = "nothing was changed".to_owned();
        Self::Details { status: StatusCode::UNPROCESSABLE_ENTITY, detail, wrongs }
    }
}

impl From<ApplyError> for Problem {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Wrongs(wrongs) => wrongs.into(),
            ApplyError::Contended => Self::new(StatusCode::CONFLICT, error.to_string()),
            ApplyError::Fault(Fault::Busy(what)) => {
                tracing::warn!(what, "busy");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is busy: try again")
            }
            ApplyError::Fault(fault) => {
                tracing::error!(%fault, "failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed to do it")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, detail, wrongs) = match self {
            Self::Denied(denied) => return denied.answer().into_response(),
            Self::Details { status, detail, wrongs } => (status, detail, wrongs),
        };
        let mut problem =
            json!({ "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
        if !wrongs.is_empty() {
            let error = |wrong: Finding| json!({ "pointer": wrong.pointer, "detail": wrong.message() });
            problem["errors"] = wrongs.into_iter().map(error).collect::<Vec<Value>>().into();
        }
        let mut answer = (status, problem.to_string()).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        answer
    }
}
