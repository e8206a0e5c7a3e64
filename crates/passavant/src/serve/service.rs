//! What answers the requests of the server: each gets an id and its client's address, goes to the authorization server
//! or to a page, and is logged.

use std::{
    any::Any,
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::Router;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use protocol::limits;
use server::{AuthorizationServer, MountedEndpoint, RequestContext, SharedAddress, ports::Entropy};
use tokio::time::Instant;
use tower_service::Service as _;

use serving::{Client, Exchange, Handler, PeerCertificate, TimedBody, TrustedProxies};

use crate::client_certificates::{self, ProxiedCertificates};

use super::{
    base_path::BasePath,
    refusals::Refusals,
    request_log::{Outcome, RequestLog},
};

/// The body of an answer: whole where it is the authorization server's; that of a page may be anything.
pub(crate) type Body = Either<Full<Bytes>, axum::body::Body>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// What answers requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct IssuerService(Arc<Inner>);

struct Inner {
    /// Absent where only pages are served: those about the server's health.
    endpoints: Option<Endpoints>,
    pages: Router,
    base_path: BasePath,
    is_https: bool,
    proxies: Proxies,
    /// Whether the log said that a proxy is not declared.
    proxy_reported: AtomicBool,
    requests: AtomicU64,
}

/// The proxies in front of the server.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    /// Those whose forwarding headers are believed.
    pub(crate) trusted: TrustedProxies,
    /// What takes client certificates from their header, if that is wanted.
    pub(crate) certificates: Option<ProxiedCertificates>,
}

/// The endpoints of an authorization server, and what was refused there.
struct Endpoints {
    service: server::HttpService,
    server: AuthorizationServer,
    refusals: Refusals,
}

impl IssuerService {
    /// The service of an issuer: its authorization server first, everything else by the router.
    pub(crate) fn new(
        server: &AuthorizationServer,
        pages: Router,
        proxies: Proxies,
        refusals: Refusals,
        entropy: &dyn Entropy,
    ) -> Self {
        let settings = server.settings();
        Self(Arc::new(Inner {
            endpoints: Some(Endpoints { service: server.service(), server: server.clone(), refusals }),
            pages,
            base_path: BasePath::of(settings.issuer.as_str()),
            is_https: settings.is_https(),
            proxies,
            proxy_reported: AtomicBool::new(false),
            requests: first_request_id(entropy),
        }))
    }

    /// A service of pages only.
    pub(crate) fn pages_only(pages: Router, entropy: &dyn Entropy) -> Self {
        let base_path = BasePath::of("");
        let requests = first_request_id(entropy);
        Self(Arc::new(Inner {
            endpoints: None,
            pages,
            base_path,
            is_https: false,
            proxies: Proxies::default(),
            // Nothing is decided by address here.
            proxy_reported: AtomicBool::new(true),
            requests,
        }))
    }
}

impl Handler for IssuerService {
    const IS_PROXY: bool = false;
    type Body = Body;

    async fn answer(&self, mut request: Request<Incoming>, exchange: Exchange) -> Response<Body> {
        let started = Instant::now();
        if let Some(certificate) = self.0.certificate(&exchange, &request) {
            client_certificates::insert(&mut request, &certificate);
        }
        let client = self.0.client(exchange.peer, &request);
        let context = self.0.context(&client);
        let log = RequestLog::of(&request, context.clone());
        let is_preflight = request.method() == Method::OPTIONS;
        let endpoint = self.0.endpoint(request.uri());
        let (mut answer, is_routine) = match document(endpoint, &request) {
            Some(document) => (document, true),
            None => {
                let answering = AssertUnwindSafe(self.0.route(request, context, endpoint));
                answering.catch_unwind().await.unwrap_or_else(|panic| (broken(&panic), false))
            }
        };
        if self.0.is_https {
            answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
        }
        let is_routine = is_routine || is_preflight;
        let (status, took) = (answer.status(), started.elapsed());
        let outcome = Outcome { client: &client, status, is_routine, took };
        if let Some(refusal) = log.write(&outcome, answer.extensions())
            && let Some(Endpoints { server, refusals, .. }) = &self.0.endpoints
        {
            refusals.keep(|| log.refused(&outcome, refusal, server.now()));
        }
        if let Ok(id) = HeaderValue::from_str(log.context.id()) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }
}

impl Inner {
    /// What is known of a request before it is answered. Its id is 16 hexadecimal digits.
    fn context(&self, client: &Client) -> RequestContext {
        let context = RequestContext::new(self.request_id(), client.address).logged_by_host();
        match client.is_proxy {
            true => context.behind(SharedAddress { claimed: client.claimed }),
            false => context,
        }
    }

    /// The endpoint of the authorization server that a request is for.
    fn endpoint(&self, uri: &Uri) -> Option<MountedEndpoint<'_>> {
        self.endpoints.as_ref()?.service.at(&self.base_path.below(uri.path())?)
    }

    /// The answer, and whether it is routine. The server's own endpoints come before everything else, without a layer.
    async fn route(
        &self,
        request: Request<Incoming>,
        context: RequestContext,
        endpoint: Option<MountedEndpoint<'_>>,
    ) -> (Response<Body>, bool) {
        let (mut head, body) = request.into_parts();
        head.extensions.insert(context);
        let Some(path) = self.base_path.below(head.uri.path()) else {
            return (nothing_here().await, false);
        };
        if path.len() != head.uri.path().len() {
            match BasePath::moved(&head.uri, &path) {
                Some(uri) => head.uri = uri,
                None => return (text(StatusCode::BAD_REQUEST, "This address is invalid.\n"), false),
            }
        }
        let body = TimedBody::new(body);
        if let Some(endpoint) = endpoint {
            let answer = endpoint.answer(Request::from_parts(head, body)).await;
            return (answer.map(Either::Left), endpoint.is_document());
        }
        if !fits(&head.uri) {
            return (text(StatusCode::URI_TOO_LONG, "This address is too long.\n"), false);
        }
        let request = Request::from_parts(head, axum::body::Body::new(body));
        let Ok(answer) = self.pages.clone().call(request).await;
        (answer.map(Either::Right), self.endpoints.is_none())
    }

    /// Who sent the request. A proxy that is not declared is reported once: all its clients count as one.
    fn client(&self, peer: IpAddr, request: &Request<Incoming>) -> Client {
        let client = self.proxies.trusted.client(peer, request.headers());
        if client.is_undeclared && !self.proxy_reported.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "a proxy that is not trusted sends forwarding headers, which are ignored: if it is yours, add \
                 \"{peer}\" to http.trusted_proxies, so that failed sign-ins are counted by client"
            );
        }
        client
    }

    /// The certificate of the client, from the handshake or from a trusted proxy.
    fn certificate(&self, exchange: &Exchange, request: &Request<Incoming>) -> Option<PeerCertificate> {
        let proxied = || self.proxies.certificates.as_ref()?.read(exchange.peer, request.headers());
        exchange.certificate.clone().or_else(proxied)
    }

    /// A counter, mixed so that an id does not tell how many requests there were.
    fn request_id(&self) -> String {
        let mut id = self.requests.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hexadecimal(id ^ (id >> 31))
    }
}

fn hexadecimal(number: u64) -> String {
    let mut digits = String::with_capacity(16);
    digits.extend(number.to_be_bytes().into_iter().flat_map(|byte| {
        [byte >> 4, byte & 0xf].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16))
    }));
    digits
}

fn first_request_id(entropy: &dyn Entropy) -> AtomicU64 {
    let mut seed = [0; 8];
    entropy.fill(&mut seed);
    AtomicU64::new(u64::from_ne_bytes(seed))
}

/// The answer to a request for a document that anybody may read, if it is at hand.
fn document(endpoint: Option<MountedEndpoint<'_>>, request: &Request<Incoming>) -> Option<Response<Body>> {
    let endpoint = endpoint.filter(|_| fits(request.uri()))?;
    Some(endpoint.document(request.method(), request.headers())?.map(Either::Left))
}

/// Whether a URL is within the limit.
fn fits(uri: &Uri) -> bool {
    uri.path_and_query().is_none_or(|path| path.as_str().len() <= limits::URL_BYTES_MAX)
}

/// What an unknown path is answered.
pub(crate) async fn nothing_here() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "Nothing is served here.\n")
}

/// A plain text that must not be cached.
fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Either::Left(Full::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// The answer where a handler panicked: only this request fails.
fn broken(panic: &(dyn Any + Send)) -> Response<Body> {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = message.unwrap_or("without a message"), "a request panicked");
    text(StatusCode::INTERNAL_SERVER_ERROR, "The server could not answer.\n")
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use server::ports::SystemEntropy;
    use serving::{Listener, Places};
    use tokio::sync::watch;

    use super::*;

    async fn boom() -> &'static str {
        panic!("a handler broke")
    }

    #[tokio::test]
    async fn panicking_handler_is_a_500_and_the_server_continues() {
        let pages = Router::new().route("/boom", get(boom)).route("/fine", get(async || "fine"));
        let socket = serving::bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let handler = IssuerService::pages_only(pages, &SystemEntropy);
        let listener = Listener { socket, handler, places: Places::management(), tls: None };
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(serving::serve(vec![listener], stopped));
        // One connection is kept for all three.
        let client =
            reqwest::Client::builder().no_proxy().pool_max_idle_per_host(1).build().expect("a client");
        for (path, status) in [("fine", 200), ("boom", 500), ("fine", 200)] {
            let answer = client.get(format!("http://{address}/{path}")).send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{path}");
            answer.bytes().await.expect("a whole answer");
        }
        stop.send_replace(true);
        serving.await.expect("it ends");
    }

    #[test]
    fn every_request_has_an_id_of_its_own() {
        let service = IssuerService::pages_only(Router::new(), &SystemEntropy);
        let ids: std::collections::HashSet<_> = (0..1_000).map(|_| service.0.request_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
