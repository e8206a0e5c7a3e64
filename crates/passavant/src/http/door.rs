//! The one door: every request gets its id and its peer, goes to the server or to the pages, and is logged.

use std::{
    any::Any,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use protocol::limits;
use server::{AuthorizationServer, PeerAddress, RequestId, ports::Entropy};
use tokio::time::Instant;
use tower_service::Service as _;

use super::{Answer, Call, body::InTime, mount::Mount};
use crate::config::Network;

/// What leaves: an answer of the server is whole, a page may be anything.
pub(crate) type Body = Either<Full<Bytes>, axum::body::Body>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Longest path in a log line, in bytes.
const LOGGED_BYTES_MAX: usize = 128;

/// What answers requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Door(Arc<Inner>);

struct Inner {
    server: Option<server::HttpService>,
    pages: Router,
    mount: Mount,
    is_https: bool,
    trusted: Vec<Network>,
    requests: AtomicU64,
}

impl Door {
    /// The door of an issuer: its server first, everything else by the router.
    pub(crate) fn new(
        server: &AuthorizationServer,
        pages: Router,
        trusted: Vec<Network>,
        entropy: &dyn Entropy,
    ) -> Self {
        let settings = server.settings();
        Self(Arc::new(Inner {
            server: Some(server.service()),
            pages,
            mount: Mount::of(settings.issuer.as_str()),
            is_https: settings.is_https(),
            trusted,
            requests: first(entropy),
        }))
    }

    /// A door to pages alone.
    pub(crate) fn to_pages(pages: Router, entropy: &dyn Entropy) -> Self {
        let mount = Mount::of("");
        let requests = first(entropy);
        Self(Arc::new(Inner { server: None, pages, mount, is_https: false, trusted: Vec::new(), requests }))
    }
}

impl Answer for Door {
    const PASSES_ON: bool = false;
    type Body = Body;

    async fn answer(&self, request: Request<Incoming>, call: Call) -> Response<Body> {
        let started = Instant::now();
        let id = self.0.request_id();
        let peer = self.0.peer(call.peer, request.headers());
        let told = Told::of(&request);
        let answering = AssertUnwindSafe(self.0.route(request, &id, peer));
        let (mut answer, is_page) =
            answering.catch_unwind().await.unwrap_or_else(|panic| (broken(&panic), true));
        if self.0.is_https {
            answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT_SECURITY);
        }
        told.log(&id, peer, (answer.status(), is_page), started);
        if let Ok(id) = HeaderValue::try_from(id) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }
}

impl Inner {
    /// The server's own endpoints come before everything else, without a layer.
    async fn route(&self, request: Request<Incoming>, id: &str, peer: IpAddr) -> (Response<Body>, bool) {
        let (mut head, body) = request.into_parts();
        head.extensions.insert(RequestId(id.to_owned()));
        let Some(path) = self.mount.below(head.uri.path()) else {
            return (nothing_here().await, true);
        };
        let server = self.server.as_ref().filter(|server| server.serves(&path));
        if path.len() != head.uri.path().len() {
            match Mount::moved(&head.uri, &path) {
                Some(uri) => head.uri = uri,
                None => return (text(StatusCode::BAD_REQUEST, "This is no address.\n"), true),
            }
        }
        let body = InTime::new(body);
        if let Some(server) = server {
            let Ok(answer) = server.clone().call(Request::from_parts(head, body)).await;
            return (answer.map(Either::Left), false);
        }
        head.extensions.insert(PeerAddress(peer));
        if head.uri.path_and_query().is_some_and(|path| path.as_str().len() > limits::URL_BYTES_MAX) {
            return (text(StatusCode::URI_TOO_LONG, "This address is too long.\n"), true);
        }
        let request = Request::from_parts(head, axum::body::Body::new(body));
        let Ok(answer) = self.pages.clone().call(request).await;
        (answer.map(Either::Right), true)
    }

    /// 16 hexadecimal digits: a counter, scattered so that an id says nothing of how many there were.
    fn request_id(&self) -> String {
        let mut id = self.requests.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", id ^ (id >> 31))
    }

    /// Whose request it is. What stands in `X-Forwarded-For` is believed of trusted proxies alone: the last address
    /// that is not itself a trusted proxy.
    fn peer(&self, socket: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_trusted = |address: IpAddr| self.trusted.iter().any(|network| network.contains(address));
        if self.trusted.is_empty() || !is_trusted(socket) {
            return socket;
        }
        let mut peer = socket;
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            for hop in line.to_str().unwrap_or_default().rsplit(',') {
                let Some(address) = address(hop.trim()) else { return peer };
                peer = address;
                if !is_trusted(peer) {
                    return peer;
                }
            }
        }
        peer
    }
}

/// An address, or one with its port, as proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address =
        bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

fn first(entropy: &dyn Entropy) -> AtomicU64 {
    let mut chance = [0; 8];
    entropy.fill(&mut chance);
    AtomicU64::new(u64::from_ne_bytes(chance))
}

/// What an unknown path is answered.
pub(crate) async fn nothing_here() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "Nothing is served here.\n")
}

/// A plain text that is not to be kept.
fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut answer = Response::new(Either::Left(Full::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// A handler panicked: this request failed, and nothing else.
fn broken(panic: &(dyn Any + Send)) -> Response<Body> {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = words.unwrap_or("without words"), "a request panicked");
    text(StatusCode::INTERNAL_SERVER_ERROR, "The server could not answer.\n")
}

/// What is logged of a request. Nothing is written out unless the line is wanted: an endpoint that answers as usual
/// is told at `debug`, a page or a failure at `info`.
struct Told {
    method: Method,
    uri: Uri,
}

impl Told {
    fn of(request: &Request<Incoming>) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }

    fn log(self, id: &str, peer: IpAddr, (status, is_page): (StatusCode, bool), started: Instant) {
        let Self { method, uri } = self;
        // Never the query: it may hold what nobody but its owner should read.
        let route = uri.path().get(..LOGGED_BYTES_MAX).unwrap_or(uri.path());
        let (status, ms) = (status.as_u16(), started.elapsed().as_secs_f64() * 1e3);
        if status >= 500 || is_page {
            tracing::info!(request_id = id, peer = %peer, %method, route, status, ms, "http.request");
        } else {
            tracing::debug!(request_id = id, peer = %peer, %method, route, status, ms, "http.request");
        }
    }
}

#[cfg(test)]
mod tests {
    use server::ports::SystemEntropy;

    use super::*;

    fn door(trusted: &[&str]) -> Door {
        let trusted = trusted.iter().map(|text| Network::parse(text).expect("a network")).collect();
        let Door(inner) = Door::to_pages(Router::new(), &SystemEntropy);
        let inner = Arc::into_inner(inner).expect("the only one");
        Door(Arc::new(Inner { trusted, ..inner }))
    }

    fn peer(door: &Door, socket: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).expect("visible"));
        }
        door.0.peer(socket.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_as_far_as_it_looked_itself() {
        let nobody = door(&[]);
        assert_eq!(peer(&nobody, "127.0.0.1", &["192.0.2.1"]), "127.0.0.1");
        let proxied = door(&["127.0.0.1", "10.0.0.0/8"]);
        assert_eq!(peer(&proxied, "192.0.2.9", &["192.0.2.1"]), "192.0.2.9");
        assert_eq!(peer(&proxied, "127.0.0.1", &["192.0.2.66, 192.0.2.1"]), "192.0.2.1");
        assert_eq!(peer(&proxied, "127.0.0.1", &["192.0.2.66", "192.0.2.1, 10.1.1.1"]), "192.0.2.1");
        assert_eq!(peer(&proxied, "127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(peer(&proxied, "127.0.0.1", &["192.0.2.1:99"]), "192.0.2.1");
        assert_eq!(peer(&proxied, "127.0.0.1", &["192.0.2.66, unknown"]), "127.0.0.1");
        assert_eq!(peer(&proxied, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn every_request_has_an_id_of_its_own() {
        let door = door(&[]);
        let ids: std::collections::HashSet<_> = (0..1_000).map(|_| door.0.request_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }
}
