//! What stands behind a listener: the proxy, the question, or the health. Logs one line for each refusal.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::{Body as _, Incoming};

use super::{
    check::Check,
    flowing::BodyFault,
    health::Health,
    limits::LOGGED_BYTES_MAX,
    proxy::Proxy,
    trouble::{Refusal, Trouble},
};
use crate::http::{Answer, Call};

/// What leaves.
pub(super) type Body = UnsyncBoxBody<Bytes, BodyFault>;

/// What answers at one listener. Cheap to clone.
#[derive(Clone)]
pub(super) enum Desk {
    /// Lets accepted requests through to the upstream.
    Proxy(Arc<Proxy>),
    /// Answers whether a request would be let through.
    Check(Arc<Check>),
    /// Says whether the process lives and can work.
    Health(Arc<Health>),
}

impl Answer for Desk {
    const PASSES_ON: bool = true;
    type Body = Body;

    async fn answer(&self, request: Request<Incoming>, call: Call) -> Response<Body> {
        let mut line = Line::of(request.method(), request.uri().path(), call.peer);
        let has_upgrade = request.headers().contains_key(header::UPGRADE);
        let has_body = !request.body().is_end_stream() && request.version() <= Version::HTTP_11;
        let answered = match self {
            Self::Proxy(proxy) => proxy.answer(request, call).await,
            Self::Check(check) => check.answer(request.into_parts().0, &mut line).await,
            Self::Health(health) => {
                health.answer(request.uri().path()).await.ok_or(Trouble::NothingHere.into())
            }
        };
        let mut answer = answered.unwrap_or_else(|refusal| {
            line.refused(&refusal);
            let mut answer = whole(refusal.response());
            if has_body {
                // It was left unread, so the connection ends here; whoever is not told would send the next request on it.
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            answer
        });
        if has_upgrade && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            // Frames are not followed behind a request that may change the protocol, so it is the last one.
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}

/// An answer that is there already.
pub(super) fn whole(response: Response<Full<Bytes>>) -> Response<Body> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

/// What a log line says of a request: never its query, and no header.
pub(super) struct Line {
    pub(super) method: Method,
    pub(super) route: String,
    peer: IpAddr,
}

impl Line {
    fn of(method: &Method, path: &str, peer: IpAddr) -> Self {
        Self { method: method.clone(), route: path.to_owned(), peer }
    }

    fn refused(&self, refusal: &Refusal) {
        let Self { method, route, peer } = self;
        let route = route.get(..LOGGED_BYTES_MAX).unwrap_or(route);
        let (reason, status) = (refusal.slug(), refusal.response().status().as_u16());
        if status >= 500
            || matches!(refusal, Refusal::Trouble(Trouble::CheckMalformed | Trouble::AudienceUnknown))
        {
            tracing::warn!(reason, status, %method, route, %peer, "refused");
        } else {
            tracing::info!(reason, status, %method, route, %peer, "refused");
        }
    }
}
