//! What answers the requests of a listener of the guard: the proxy, `/check`, or the health of the process.

use std::sync::Arc;

use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::{Body as _, Incoming};
use serving::{Exchange, Handler, HeadLimits};

use crate::client_certificates::{ProxiedCertificates, insert_for_api};

use super::{
    check::Check,
    cors::CorsOrigins,
    error::GuardError,
    health::Health,
    log::RequestLog,
    proxy::Proxy,
    response::{Body, whole},
};

/// What answers at one listener of the guard. Cheap to clone.
#[derive(Clone)]
pub(super) struct GuardService {
    part: Part,
    surroundings: Arc<Surroundings>,
}

/// What concerns the requests of every listener.
pub(super) struct Surroundings {
    /// Whose pages may read the answers.
    pub(super) cors: CorsOrigins,
    /// How long the head of a request may be.
    pub(super) head: HeadLimits,
    /// What takes client certificates from the header of a trusted proxy (RFC 9440), if that is wanted.
    pub(super) certificates: Option<ProxiedCertificates>,
}

#[derive(Clone)]
enum Part {
    /// Passes accepted requests on to the upstream.
    Proxy(Arc<Proxy>),
    /// Answers whether a request would be let through.
    Check(Arc<Check>),
    /// Answers liveness and readiness.
    Health(Arc<Health>),
}

impl GuardService {
    /// Whether it answers liveness and readiness.
    pub(super) fn is_health(&self) -> bool {
        matches!(self.part, Part::Health(_))
    }

    /// Passes accepted requests on to the upstream.
    pub(super) fn proxy(proxy: Proxy, surroundings: &Arc<Surroundings>) -> Self {
        Self { part: Part::Proxy(Arc::new(proxy)), surroundings: Arc::clone(surroundings) }
    }

    /// Answers whether a request would be let through.
    pub(super) fn check(check: &Arc<Check>, surroundings: &Arc<Surroundings>) -> Self {
        Self { part: Part::Check(Arc::clone(check)), surroundings: Arc::clone(surroundings) }
    }

    /// Answers liveness and readiness.
    pub(super) fn health(health: &Arc<Health>, surroundings: &Arc<Surroundings>) -> Self {
        Self { part: Part::Health(Arc::clone(health)), surroundings: Arc::clone(surroundings) }
    }
}

impl Handler for GuardService {
    const IS_PROXY: bool = true;
    type Body = Body;

    fn head_limits(&self) -> HeadLimits {
        self.surroundings.head
    }

    async fn answer(&self, mut request: Request<Incoming>, exchange: Exchange) -> Response<Body> {
        let proxied = self.surroundings.certificates.as_ref();
        if let Some(certificate) = proxied.and_then(|proxied| proxied.read(exchange.peer, request.headers()))
        {
            insert_for_api(&mut request, &certificate);
        }
        let page = self.surroundings.cors.page(request.headers());
        let mut log = RequestLog::of(request.method(), request.uri().path(), exchange.peer);
        let has_upgrade = request.headers().contains_key(header::UPGRADE);
        let has_body = !request.body().is_end_stream() && request.version() <= Version::HTTP_11;
        let answered = match &self.part {
            Part::Proxy(proxy) => proxy.answer(request, exchange, page.as_ref()).await,
            Part::Check(check) => check.answer(request.into_parts().0, &mut log).await,
            Part::Health(health) => {
                health.answer(request.uri().path()).await.ok_or(GuardError::NothingHere.into())
            }
        };
        let mut answer = answered.unwrap_or_else(|refusal| {
            log.refused(&refusal);
            let mut answer = whole(refusal.response());
            if has_body {
                // The body is left unread, so the connection ends; a client that does not know would send its next request on it.
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            answer
        });
        if let Some(page) = page.filter(|_| answer.status() != StatusCode::SWITCHING_PROTOCOLS) {
            page.allow(answer.headers_mut());
        }
        if has_upgrade && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            // Framing is not checked after a request that may switch the protocol, so it is the last one.
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        answer
    }
}
