//! What is logged of a request that is refused: never its query, and no header.

use std::net::IpAddr;

use http::Method;
use resource::Difference;

use super::{
    error::{GuardError, Refusal},
    limits::LOGGED_BYTES_MAX,
};

/// What a log line says of a request.
pub(super) struct RequestLog {
    pub(super) method: Method,
    pub(super) route: String,
    peer: IpAddr,
}

impl RequestLog {
    pub(super) fn of(method: &Method, path: &str, peer: IpAddr) -> Self {
        Self { method: method.clone(), route: path.to_owned(), peer }
    }

    /// Logs that the request is refused, and what differs; louder where the operator can help it.
    pub(super) fn refused(&self, refusal: &Refusal) {
        let Self { method, route, peer } = self;
        let route = route.get(..LOGGED_BYTES_MAX).unwrap_or(route);
        let (reason, status) = (refusal.slug(), refusal.response().status().as_u16());
        let [what, sent, expected] = Difference::fields(refusal.difference());
        let is_misconfigured =
            matches!(refusal, Refusal::Error(GuardError::CheckMalformed | GuardError::AudienceUnknown));
        if status >= 500 || is_misconfigured {
            tracing::warn!(reason, status, %method, route, %peer, what, sent, expected, "refused");
        } else {
            tracing::info!(reason, status, %method, route, %peer, what, sent, expected, "refused");
        }
    }
}
