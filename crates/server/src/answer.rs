//! Answers: JSON, a challenge, a redirect, a page. Each way of delivering a refusal has one renderer.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use protocol::{Challenge, ErrorCode, TokenType, proof::PROOF_ALGORITHMS};
use serde::Serialize;

use crate::{
    error::{Error, Fault},
    reason::Reason,
};

/// An answer of this server. A refusal has its [`Reason`] among the extensions of the response, so that a host can log
/// and count it; extensions never leave the process.
pub type Answer = Response<Full<Bytes>>;

/// Seconds in `Retry-After` when the server is overloaded.
pub(crate) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
/// Seconds in `Retry-After` when a client failed to authenticate, or pushed a request, too often.
const RETRY_AFTER_FAILURES: HeaderValue = HeaderValue::from_static("60");
/// Seconds in `Retry-After` where a limit of ten minutes is reached.
const RETRY_AFTER_TEN_MINUTES: HeaderValue = HeaderValue::from_static("600");

/// Room for the fields of an answer, so that they are not moved while it is made.
pub(crate) const FIELDS_USUAL: usize = 12;
/// Room for the JSON of an answer, in bytes.
const JSON_BYTES_USUAL: usize = 512;

/// A JSON answer that is not to be cached (RFC 6749 §5.1).
pub(crate) fn json(value: &impl Serialize) -> Result<Answer, Error> {
    let mut body = Vec::with_capacity(JSON_BYTES_USUAL);
    serde_json::to_writer(&mut body, value).map_err(Fault::new)?;
    Ok(with_body(StatusCode::OK, HeaderValue::from_static("application/json"), body))
}

/// An answer whose body is a JWT.
pub(crate) fn jwt(content_type: &'static str, token: String) -> Answer {
    with_body(StatusCode::OK, HeaderValue::from_static(content_type), token.into_bytes())
}

/// An answer without a body that is not to be cached.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    forbid_caching(answer.headers_mut());
    answer
}

/// A redirect that turns any method into GET (RFC 9700 §4.12) and sends no `Referer`.
pub(crate) fn see_other(location: &str) -> Result<Answer, Error> {
    let location = HeaderValue::from_str(location).map_err(Fault::new)?;
    let mut answer = empty(StatusCode::SEE_OTHER);
    answer.headers_mut().insert(header::LOCATION, location);
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(answer)
}

/// The answer to a method that this endpoint does not support (RFC 9110 §15.5.6).
pub(crate) fn method_not_allowed(allow: &str) -> Answer {
    let mut answer = error_body(&Error::Refused(Reason::MethodNotAllowed));
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    if let Ok(allow) = HeaderValue::from_str(allow) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    answer
}

/// A refusal at `/token`, `/introspect` or `/revoke` (RFC 6749 §5.2, RFC 7662 §2.3).
pub(crate) fn json_error(error: &Error, scheme: Scheme) -> Answer {
    let mut answer = error_body(error);
    if matches!(scheme, Scheme::Token(_)) {
        refuse_proof(&mut answer, error);
    }
    if let Error::Refused(reason) = error
        && answer.status() == StatusCode::UNAUTHORIZED
    {
        match scheme {
            Scheme::Basic => set_challenge(&mut answer, &Challenge::basic("passavant")),
            Scheme::Token(tried) => set_token_challenges(&mut answer, *reason, tried, ""),
        }
    }
    answer
}

/// A refusal with a description of its own, which says more than that of its reason.
pub(crate) fn described_refusal(reason: Reason, description: &str) -> Answer {
    let code = reason.code();
    let wire = serde_json::json!({ "error": code.as_str(), "error_description": description });
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = wire.to_string().into_bytes();
    let mut answer = with_body(status, HeaderValue::from_static("application/json"), body);
    name_reason(&mut answer, reason);
    answer
}

/// A refusal at a protected endpoint (RFC 6750 §3, RFC 9449 §7.1).
///
/// A refusal for lack of scope names the required scopes if the caller passes them.
pub(crate) fn token_error(error: &Error, wanted: &str, tried: TokenType) -> Answer {
    let mut answer = error_body(error);
    refuse_proof(&mut answer, error);
    if let Error::Refused(reason) = error {
        set_token_challenges(&mut answer, *reason, tried, wanted);
    }
    answer
}

/// The scheme that a challenge names first: the one that the client tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Client credentials.
    Basic,
    /// An access token.
    Token(TokenType),
}

/// A proof that is not accepted is a failed authentication where a token is used; 400 is for token requests (RFC 9449 §7.1).
fn refuse_proof(answer: &mut Answer, error: &Error) {
    if let Error::Refused(reason) = error
        && matches!(reason.code(), ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce)
    {
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
    }
}

/// The challenge of the scheme that was tried. A bound token that came as a bearer token is told the scheme that it needs
/// (RFC 9449 §7.2).
fn set_token_challenges(answer: &mut Answer, reason: Reason, tried: TokenType, wanted: &str) {
    let mut challenge = Challenge::of(tried.as_str());
    // RFC 6750 §3.1: if the request had no token, the challenge has no error code.
    if !matches!(reason, Reason::TokenMissing | Reason::RegistrationTokenMissing) {
        challenge =
            challenge.with("error", reason.code().as_str()).with("error_description", reason.description());
    }
    if reason == Reason::ScopeInsufficient && !wanted.is_empty() {
        challenge = challenge.with("scope", wanted);
    }
    let dpop = |challenge: Challenge| {
        let names: Vec<&str> = PROOF_ALGORITHMS.iter().map(|algorithm| algorithm.as_str()).collect();
        challenge.with("algs", &names.join(" "))
    };
    match tried {
        TokenType::Dpop => set_challenge(answer, &dpop(challenge)),
        _ => set_challenge(answer, &challenge),
    }
    if reason == Reason::TokenBound
        && let Ok(other) = HeaderValue::from_str(dpop(Challenge::of(TokenType::Dpop.as_str())).as_str())
    {
        answer.headers_mut().append(header::WWW_AUTHENTICATE, other);
    }
}

fn error_body(error: &Error) -> Answer {
    #[derive(Serialize)]
    struct ErrorResponse {
        error: &'static str,
        error_description: &'static str,
    }
    let (status, wire) = match error {
        Error::Refused(reason) => {
            let code = reason.code();
            (code.status(), ErrorResponse { error: code.as_str(), error_description: reason.description() })
        }
        Error::Failed(fault) => {
            let code = log_fault(fault);
            (
                code.status(),
                ErrorResponse { error: code.as_str(), error_description: "The server could not answer" },
            )
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&wire).unwrap_or_default();
    let mut answer = with_body(status, HeaderValue::from_static("application/json"), body);
    if let Error::Refused(reason) = error {
        name_reason(&mut answer, *reason);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    let retry_after = match error {
        Error::Refused(Reason::ClientFailuresTooMany | Reason::PushedTooMany) => Some(RETRY_AFTER_FAILURES),
        Error::Refused(Reason::DeviceAuthorizationsTooMany | Reason::UserRequestsTooMany) => {
            Some(RETRY_AFTER_TEN_MINUTES)
        }
        _ => None,
    };
    if let Some(retry_after) = retry_after {
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        answer.headers_mut().insert(header::RETRY_AFTER, retry_after);
    }
    answer
}

/// Records the reason of this refusal, for the log of the host.
pub(crate) fn name_reason(answer: &mut Answer, reason: Reason) {
    answer.extensions_mut().insert(reason);
}

pub(crate) fn log_fault(fault: &Fault) -> ErrorCode {
    match fault {
        Fault::Busy(what) => {
            tracing::warn!(what, "busy");
            ErrorCode::TemporarilyUnavailable
        }
        Fault::Broken(source) => {
            tracing::error!(error = %source, "failed");
            ErrorCode::ServerError
        }
    }
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = HeaderMap::with_capacity(FIELDS_USUAL);
    answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    forbid_caching(answer.headers_mut());
    answer
}

fn forbid_caching(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

fn set_challenge(answer: &mut Answer, challenge: &Challenge) {
    if let Ok(value) = HeaderValue::from_str(challenge.as_str()) {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
}
