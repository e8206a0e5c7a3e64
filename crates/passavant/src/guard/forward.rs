//! Forwarding: makes the request for the upstream of one that was let through, and our answer of its answer.

use std::{net::IpAddr, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header, request::Parts,
    uri::Authority,
};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, upgrade::OnUpgrade};
use protocol::fields;
use serving::{Exchange, Progress, TrustedProxies};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    body::{BodyError, StreamingBody},
    error::GuardError,
    headers,
    limits::{ANSWER_PAUSE_SECONDS_MAX, BODY_PAUSE_SECONDS_MAX, TUNNELS_MAX},
    response::Body,
    tunnel,
    upstream::Upstream,
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// How requests are passed on.
#[derive(Clone, Debug)]
pub(super) struct ForwardOptions {
    /// Whether the upstream gets the token.
    pub(super) keep_authorization: bool,
    /// Whether `Host` is the upstream's own rather than the one that the client used.
    pub(super) upstream_host: bool,
    /// Whose `X-Forwarded-*` are believed.
    pub(super) trusted_proxies: TrustedProxies,
    /// Longest request body, in bytes.
    pub(super) body_bytes_max: u64,
}

/// Passes requests on to the upstream.
pub(super) struct Forwarder {
    upstream: Upstream,
    options: ForwardOptions,
    tunnels: Arc<Semaphore>,
}

/// What becomes a tunnel if the upstream agrees.
struct WantedTunnel {
    client: OnUpgrade,
    permit: OwnedSemaphorePermit,
}

impl Forwarder {
    pub(super) fn new(upstream: Upstream, options: ForwardOptions) -> Self {
        Self { upstream, options, tunnels: Arc::new(Semaphore::new(TUNNELS_MAX)) }
    }

    /// Removes from the head what the upstream must not see, and adds the forwarding headers. Those of the token are
    /// added afterwards.
    ///
    /// # Errors
    /// [`GuardError::RequestMalformed`] where it has no single host.
    pub(super) fn prepare(&self, head: &Parts, peer: IpAddr) -> Result<Parts, GuardError> {
        let host = host(head)?;
        let wants_trailers = headers::options(&head.headers, header::TE).any(|option| option == "trailers");
        let forwarded = self.forwarded(&head.headers, host.as_ref(), peer);
        let (mut sent, ()) = Request::new(()).into_parts();
        sent.method = head.method.clone();
        sent.uri = self.upstream.origin.target(&head.uri).ok_or(GuardError::RequestMalformed)?;
        sent.version = Version::HTTP_11;
        sent.headers = head.headers.clone();
        let headers = &mut sent.headers;
        headers::clean_request(headers);
        // We send 100 (Continue) ourselves, once the body is read.
        headers.remove(header::EXPECT);
        if !self.options.keep_authorization {
            headers.remove(header::AUTHORIZATION);
            headers.remove(DPOP);
        }
        let own = if self.options.upstream_host { None } else { host };
        let own = own.as_ref().unwrap_or(&self.upstream.origin.authority);
        headers.insert(
            header::HOST,
            HeaderValue::from_str(own.as_str()).map_err(|_| GuardError::RequestMalformed)?,
        );
        headers.extend(forwarded);
        if wants_trailers {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
        }
        headers::add_via(headers, head.version);
        Ok(sent)
    }

    /// Sends it, and returns the answer with its body still on the way.
    ///
    /// # Errors
    /// [`GuardError`] of the body of the request, or of the upstream.
    pub(super) async fn pass(
        &self,
        mut sent: Parts,
        request: Request<Incoming>,
        exchange: Exchange,
    ) -> Result<Response<Body>, GuardError> {
        let (wanted, body) = self.wanted_tunnel(&mut sent, request)?;
        let progress = Progress::new();
        let pause = Duration::from_secs(BODY_PAUSE_SECONDS_MAX);
        let body = StreamingBody::request(body, self.options.body_bytes_max, pause, progress.clone())?;
        let mut answer = self.upstream.ask(Request::from_parts(sent, body), progress).await?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let agreed = headers::wants_websocket(answer.headers());
            let wanted = wanted.filter(|_| agreed).ok_or(GuardError::UpstreamBroken)?;
            let upstream = hyper::upgrade::on(&mut answer);
            tunnel::open(wanted.client, upstream, wanted.permit, exchange.in_flight);
            let (mut head, body) = answer.into_parts();
            headers::clean_answer(&mut head.headers);
            ask_for_websocket(&mut head.headers);
            return Ok(Response::from_parts(head, body.map_err(|_| BodyError::Broken).boxed_unsync()));
        }
        if headers::has_ambiguous_length(answer.headers()) {
            tracing::warn!("the upstream's answer has both Transfer-Encoding and Content-Length");
            return Err(GuardError::UpstreamBroken);
        }
        let (mut head, body) = answer.into_parts();
        headers::clean_answer(&mut head.headers);
        headers::add_via(&mut head.headers, head.version);
        // The version towards the client is ours to choose.
        head.version = Version::default();
        let pause = Duration::from_secs(ANSWER_PAUSE_SECONDS_MAX);
        Ok(Response::from_parts(head, StreamingBody::answer(body, pause, exchange.in_flight).boxed_unsync()))
    }

    fn wanted_tunnel(
        &self,
        sent: &mut Parts,
        mut request: Request<Incoming>,
    ) -> Result<(Option<WantedTunnel>, Incoming), GuardError> {
        if request.version() != Version::HTTP_11 || !headers::wants_websocket(request.headers()) {
            return Ok((None, request.into_body()));
        }
        let permit = Arc::clone(&self.tunnels).try_acquire_owned().map_err(|_| GuardError::TunnelsFull)?;
        let client = hyper::upgrade::on(&mut request);
        ask_for_websocket(&mut sent.headers);
        Ok((Some(WantedTunnel { client, permit }), request.into_body()))
    }

    /// The forwarding headers: what we see of the client, after what a trusted proxy saw.
    fn forwarded(&self, came: &HeaderMap, host: Option<&Authority>, peer: IpAddr) -> HeaderMap {
        let is_trusted = self.options.trusted_proxies.contains(peer);
        let said = |name: &HeaderName| -> Option<&str> {
            let mut lines = came.get_all(name).iter().filter(|_| is_trusted);
            let line = lines.next()?.to_str().ok()?;
            lines.next().is_none().then_some(line)
        };
        let lines = came.get_all(&FORWARDED_FOR).iter().filter(|_| is_trusted);
        let members = fields::members(lines.map(HeaderValue::as_bytes));
        // What is no text is no address either, and must not hide the addresses beside it.
        let mut hops: Vec<String> = members
            .filter(|hop| hop.is_ascii())
            .filter_map(|hop| str::from_utf8(hop).ok())
            .map(str::to_owned)
            .collect();
        hops.push(peer.to_string());
        let proto =
            said(&FORWARDED_PROTO).filter(|proto| matches!(*proto, "http" | "https")).unwrap_or("http");
        let named = said(&FORWARDED_HOST).filter(|host| authority(host).is_some());
        let named = named.or_else(|| host.map(Authority::as_str));
        let values = [(FORWARDED_FOR, hops.join(", ")), (FORWARDED_PROTO, proto.to_owned())];
        let values = values.into_iter().chain(named.map(|named| (FORWARDED_HOST, named.to_owned())));
        values.filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))).collect()
    }
}

/// The host of a request: the authority of its target where it has one (RFC 9112 §3.2.2, RFC 9113 §8.3.1), else the
/// one `Host`. HTTP/1.0 may leave it out.
fn host(head: &Parts) -> Result<Option<Authority>, GuardError> {
    let mut lines = head.headers.get_all(header::HOST).iter();
    let line = lines.next();
    if lines.next().is_some() {
        return Err(GuardError::RequestMalformed);
    }
    let named = match (head.uri.authority(), line) {
        (Some(authority), _) => Some(authority.as_str()),
        (None, Some(line)) => Some(line.to_str().map_err(|_| GuardError::RequestMalformed)?),
        (None, None) if head.version == Version::HTTP_10 => None,
        (None, None) => return Err(GuardError::RequestMalformed),
    };
    named.map(|named| authority(named).ok_or(GuardError::RequestMalformed)).transpose()
}

fn authority(text: &str) -> Option<Authority> {
    text.parse().ok().filter(|authority: &Authority| !authority.as_str().contains('@'))
}

fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{super::upstream::Origin, *};

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    fn forwarder(change: impl FnOnce(&mut ForwardOptions)) -> Forwarder {
        let mut options = ForwardOptions {
            keep_authorization: false,
            upstream_host: false,
            trusted_proxies: TrustedProxies::default(),
            body_bytes_max: 1,
        };
        change(&mut options);
        let origin = Origin::parse("http://app:3000").expect("an origin");
        Forwarder::new(Upstream::to(&origin, Duration::from_secs(1)).expect("a client"), options)
    }

    fn network(text: &str) -> TrustedProxies {
        vec![serving::Network::parse(text).expect("a network")].into()
    }

    fn head(lines: &[(&str, &str)]) -> Parts {
        let request = lines
            .iter()
            .fold(Request::get("/x?y"), |request, (name, value)| request.header(*name, value.as_bytes()));
        request.body(()).expect("a request").into_parts().0
    }

    fn sent(forwarder: &Forwarder, lines: &[(&str, &str)], name: &str) -> Vec<String> {
        let sent = forwarder.prepare(&head(lines), PEER).expect("prepared");
        sent.headers.get_all(name).iter().map(|value| value.to_str().expect("ASCII").to_owned()).collect()
    }

    #[tokio::test]
    async fn token_is_forwarded_only_if_configured() {
        let lines = [("host", "a"), ("authorization", "Bearer x"), ("dpop", "y")];
        for name in ["authorization", "dpop"] {
            assert_eq!(sent(&forwarder(|_| ()), &lines, name).len(), 0);
            assert_eq!(sent(&forwarder(|options| options.keep_authorization = true), &lines, name).len(), 1);
        }
    }

    #[tokio::test]
    async fn the_host_is_the_clients_or_the_upstreams_own() {
        let lines = [("host", "api.example:8443")];
        let plain = forwarder(|_| ());
        assert_eq!(sent(&plain, &lines, "host"), ["api.example:8443"]);
        assert_eq!(sent(&plain, &lines, "x-forwarded-host"), ["api.example:8443"]);
        let own = forwarder(|options| options.upstream_host = true);
        assert_eq!(sent(&own, &lines, "host"), ["app:3000"]);
        assert_eq!(sent(&own, &lines, "x-forwarded-host"), ["api.example:8443"]);
    }

    #[tokio::test]
    async fn a_request_has_exactly_one_host() {
        let plain = forwarder(|_| ());
        for lines in [
            &[][..],
            &[("host", "a"), ("host", "a")],
            &[("host", "u@a")],
            &[("host", "a b")],
            &[("host", "")],
        ] {
            assert_eq!(
                plain.prepare(&head(lines), PEER).err(),
                Some(GuardError::RequestMalformed),
                "{lines:?}"
            );
        }
        let mut old = head(&[]);
        old.version = Version::HTTP_10;
        let sent = plain.prepare(&old, PEER).expect("HTTP/1.0 needs none");
        assert_eq!(sent.headers[header::HOST], "app:3000");
    }

    #[tokio::test]
    async fn forwarding_headers_come_from_the_connection_or_a_trusted_proxy() {
        let lines = [
            ("host", "api"),
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "outside.example"),
        ];
        let names = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
        let all = |forwarder: &Forwarder| names.map(|name| sent(forwarder, &lines, name).join("|"));
        assert_eq!(all(&forwarder(|_| ())), ["192.0.2.7", "http", "api"]);
        let behind = forwarder(|options| options.trusted_proxies = network("192.0.2.0/24"));
        assert_eq!(all(&behind), ["198.51.100.1, 192.0.2.7", "https", "outside.example"]);
        let beside = forwarder(|options| options.trusted_proxies = network("10.0.0.0/8"));
        assert_eq!(all(&beside), ["192.0.2.7", "http", "api"]);
    }

    #[tokio::test]
    async fn a_hop_that_is_no_text_hides_no_other() {
        let lines =
            [("host", "api"), ("x-forwarded-for", "\u{c6}r\u{f8}, 198.51.100.1"), ("x-forwarded-for", ",,")];
        let behind = forwarder(|options| options.trusted_proxies = network("192.0.2.0/24"));
        assert_eq!(sent(&behind, &lines, "x-forwarded-for"), ["198.51.100.1, 192.0.2.7"]);
    }

    #[tokio::test]
    async fn trailers_are_asked_for_where_the_caller_takes_them() {
        let plain = forwarder(|_| ());
        assert_eq!(sent(&plain, &[("host", "a"), ("te", "gzip, trailers")], "te"), ["trailers"]);
        assert_eq!(sent(&plain, &[("host", "a"), ("te", "gzip")], "te").len(), 0);
    }
}
