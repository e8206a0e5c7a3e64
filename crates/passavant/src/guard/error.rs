//! Why a request is not served though no token was refused: a closed list, with status and public text.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use resource::{Denied, Difference};

use super::{body::BodyError, upstream::UpstreamError};

/// Why a request is not served. Refused tokens have their [`resource::Reason`] instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GuardError {
    /// No single host, or a target that cannot be passed on (RFC 9112 §3.2).
    RequestMalformed,
    /// A path that two parsers may read differently, where one of them could read a public one.
    PathAmbiguous,
    /// `CONNECT` and `TRACE` are not passed on.
    MethodUnsupported,
    /// The body is longer than the limit, or than its declared length.
    BodyTooLarge,
    /// The body stopped arriving.
    BodyStalled,
    /// The framing of the body is invalid, or its sender aborted it.
    BodyBroken,
    /// The maximum of tunnels is open.
    TunnelsFull,
    /// What the upstream is told of the token does not fit into a header.
    IdentityTooLarge,
    /// The upstream accepts no connection, or its certificate is not trusted.
    UpstreamUnreachable,
    /// The upstream's answer is invalid.
    UpstreamBroken,
    /// The upstream did not answer in time.
    UpstreamLate,
    /// The request at `/check` is invalid.
    CheckMalformed,
    /// The request at `/check` has an identity header in a spelling that only the client can have written.
    IdentityDisguised,
    /// The request at `/check` names an audience that is not configured.
    AudienceUnknown,
    /// Nothing is served at this path.
    NothingHere,
}

impl GuardError {
    /// The name in logs and in the answer, stable across versions.
    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::RequestMalformed => "request_malformed",
            Self::PathAmbiguous => "path_ambiguous",
            Self::MethodUnsupported => "method_unsupported",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyStalled => "body_stalled",
            Self::BodyBroken => "body_broken",
            Self::TunnelsFull => "tunnels_full",
            Self::IdentityTooLarge => "identity_too_large",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamBroken => "upstream_broken",
            Self::UpstreamLate => "upstream_late",
            Self::CheckMalformed => "check_malformed",
            Self::IdentityDisguised => "identity_disguised",
            Self::AudienceUnknown => "audience_not_configured",
            Self::NothingHere => "nothing_here",
        }
    }

    /// The HTTP status.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::RequestMalformed
            | Self::PathAmbiguous
            | Self::BodyBroken
            | Self::CheckMalformed
            | Self::IdentityDisguised
            | Self::AudienceUnknown => StatusCode::BAD_REQUEST,
            Self::MethodUnsupported => StatusCode::NOT_IMPLEMENTED,
            Self::NothingHere => StatusCode::NOT_FOUND,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyStalled => StatusCode::REQUEST_TIMEOUT,
            Self::TunnelsFull => StatusCode::SERVICE_UNAVAILABLE,
            Self::IdentityTooLarge | Self::UpstreamUnreachable | Self::UpstreamBroken => {
                StatusCode::BAD_GATEWAY
            }
            Self::UpstreamLate => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The public text.
    const fn description(self) -> &'static str {
        match self {
            Self::RequestMalformed => "The request cannot be passed on",
            Self::PathAmbiguous => "The path is ambiguous",
            Self::MethodUnsupported => "The method is not passed on",
            Self::BodyTooLarge => "The body is too long",
            Self::BodyStalled => "The body did not arrive in time",
            Self::BodyBroken => "The body is incomplete or its framing is invalid",
            Self::TunnelsFull => "Too many connections of this kind are open",
            Self::IdentityTooLarge => "The claims of the token are too long to be passed on",
            Self::UpstreamUnreachable => "The service behind this address is unreachable",
            Self::UpstreamBroken => "The answer of the service behind this address is invalid",
            Self::UpstreamLate => "The service behind this address did not answer in time",
            Self::CheckMalformed => "The request for a check is invalid",
            Self::IdentityDisguised => {
                "A header is spelled like one of X-Auth-*, which only the guard may write"
            }
            Self::AudienceUnknown => "The audience is not configured here",
            Self::NothingHere => "Nothing is served here",
        }
    }

    /// The answer.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let (slug, description) = (self.slug(), self.description());
        let body = format!(r#"{{"error":"{slug}","error_description":"{description}"}}"#);
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl From<BodyError> for GuardError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::BodyTooLarge,
            BodyError::Stalled => Self::BodyStalled,
            BodyError::Broken => Self::BodyBroken,
        }
    }
}

impl From<UpstreamError> for GuardError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Unreachable => Self::UpstreamUnreachable,
            UpstreamError::Broken => Self::UpstreamBroken,
            UpstreamError::Late => Self::UpstreamLate,
            UpstreamError::Body(error) => error.into(),
        }
    }
}

/// Why a request is not served.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The guard refuses the token.
    Denied(Denied),
    /// Another reason.
    Error(GuardError),
}

impl Refusal {
    /// The name for the log.
    pub(super) fn slug(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.reason().slug(),
            Self::Error(error) => error.slug(),
        }
    }

    /// What differs from what was expected, if that is known.
    pub(super) fn difference(&self) -> Option<&Difference> {
        match self {
            Self::Denied(denied) => denied.difference(),
            Self::Error(_) => None,
        }
    }

    /// The answer.
    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Error(error) => error.response(),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<GuardError> for Refusal {
    fn from(error: GuardError) -> Self {
        Self::Error(error)
    }
}
