//! Why a request is not served though no token was refused: a closed list, with its status and what the caller is
//! told.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use resource::Denied;

/// Why a request is not served. Refused tokens have their [`resource::Reason`] instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No single host, or a target that can't be passed on (RFC 9112 §3.2).
    RequestMalformed,
    /// A path that two parsers may read differently, where one of them could take it for a public one.
    PathAmbiguous,
    /// `CONNECT` and `TRACE` are not passed on.
    MethodUnsupported,
    /// The body is longer than the limit, or than it said.
    BodyTooLarge,
    /// The body stopped coming.
    BodyStalled,
    /// The body is not framed as it must be, or broke off.
    BodyBroken,
    /// As many tunnels as there may be are open.
    TunnelsFull,
    /// What is said of the token does not fit into a header.
    IdentityTooLarge,
    /// Nobody takes connections at the upstream, or its certificate is not trusted.
    UpstreamUnreachable,
    /// The upstream's answer is none.
    UpstreamBroken,
    /// The upstream did not answer in time.
    UpstreamLate,
    /// The question at `/check` is not one.
    CheckMalformed,
    /// The question at `/check` names an audience that is not configured.
    AudienceUnknown,
    /// Nothing is served at this path.
    NothingHere,
}

impl Trouble {
    /// A name for logs and for the answer, stable over versions.
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

    /// What the caller is told.
    const fn description(self) -> &'static str {
        match self {
            Self::RequestMalformed => "The request can not be passed on",
            Self::PathAmbiguous => "The path can be read in more than one way",
            Self::MethodUnsupported => "The method is not passed on",
            Self::BodyTooLarge => "The body is too long",
            Self::BodyStalled => "The body did not come in time",
            Self::BodyBroken => "The body broke off",
            Self::TunnelsFull => "Too many connections of this kind are open",
            Self::IdentityTooLarge => "The claims of the token are too long to be passed on",
            Self::UpstreamUnreachable => "The service behind this address can not be reached",
            Self::UpstreamBroken => "The service behind this address did not answer as it must",
            Self::UpstreamLate => "The service behind this address did not answer in time",
            Self::CheckMalformed => "The question is not understood",
            Self::AudienceUnknown => "The audience is not one that is guarded here",
            Self::NothingHere => "Nothing is served here",
        }
    }

    /// The whole answer.
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

/// A request that is not served: its token was refused, or something else is in the way.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The guard refuses the token.
    Denied(Denied),
    /// Something else.
    Trouble(Trouble),
}

impl Refusal {
    /// The name for the log.
    pub(super) fn slug(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.reason().slug(),
            Self::Trouble(trouble) => trouble.slug(),
        }
    }

    /// The whole answer.
    pub(super) fn response(&self) -> Response<Full<Bytes>> {
        match self {
            Self::Denied(denied) => denied.response(),
            Self::Trouble(trouble) => trouble.response(),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}
