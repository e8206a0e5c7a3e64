//! One connection: which protocol it speaks, and how its requests reach the handler.

use std::{
    convert::Infallible,
    fmt::Display,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::Request;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::Watcher},
};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    deadlines::DeadlineFilter,
    framing::check_framing,
    handler::{Exchange, Handler, HeadLimits},
    limits::{HEAD_SECONDS_MAX, RESET_STREAMS_MAX, STREAMS_MAX},
    places::Place,
    stream::Filtered,
    tls::{PeerCertificate, Tls},
    transport::Transport,
};

/// How HTTP/2 without TLS begins (RFC 9113 §3.4). No method of HTTP/1.1 does.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// One connection, until it ends or makes room for another.
pub(crate) async fn connection<H: Handler>(accepted: Accepted, handler: H, place: Place, watcher: Watcher) {
    tokio::select! {
        biased;
        () = place.ended() => {}
        () = serve(accepted, handler, &place, watcher) => {}
    }
}

/// A connection that was accepted, before anything is read from it.
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    /// TLS, if the listener has it.
    pub(crate) tls: Option<Tls>,
}

/// A connection whose protocol is known.
struct Opened {
    stream: Transport,
    is_http2: bool,
    certificate: Option<PeerCertificate>,
}

impl Accepted {
    /// Finds out which protocol the peer speaks; `None` where it fails to say in time.
    async fn open(self) -> Option<Opened> {
        let _ = self.stream.set_nodelay(true);
        let Some(tls) = self.tls else {
            let is_http2 = starts_as_http2(&self.stream).await?;
            return Some(Opened { stream: Transport::Plain(self.stream), is_http2, certificate: None });
        };
        let stream = tls.accept(self.stream).await;
        let stream = stream.map_err(|error| tracing::debug!(%error, "a TLS handshake failed")).ok()?;
        let (is_http2, certificate) = tls.agreed(&stream);
        Some(Opened { stream: Transport::Tls(Box::new(stream)), is_http2, certificate })
    }
}

async fn serve<H: Handler>(accepted: Accepted, handler: H, place: &Place, watcher: Watcher) {
    let peer = accepted.peer;
    // Boxed: the future of a connection would be as large as a handshake all the time.
    let Some(Opened { stream, is_http2, certificate }) = Box::pin(accepted.open()).await else { return };
    let deadlines = Arc::clone(&place.deadlines);
    if is_http2 {
        deadlines.speaks_http2();
    }
    let io = Filtered::new(TokioIo::new(stream), DeadlineFilter::new(Arc::clone(&deadlines)));
    let peer: IpAddr = peer.ip().to_canonical();
    let limits = handler.head_limits().within();
    let answering = service_fn(move |request: Request<Incoming>| {
        let (handler, in_flight) = (handler.clone(), deadlines.begin_request());
        let certificate = certificate.clone();
        async move {
            // Where the connection makes room, it is dropped before this would return.
            let Some(in_flight) = in_flight else { return std::future::pending().await };
            Ok::<_, Infallible>(handler.answer(request, Exchange { peer, in_flight, certificate }).await)
        }
    });
    if is_http2 {
        log_end(watcher.watch(http2_builder(limits).serve_connection(io, answering)).await);
    } else if H::IS_PROXY {
        let io = check_framing(io);
        log_end(watcher.watch(upgrading_builder(limits).serve_connection_with_upgrades(io, answering)).await);
    } else {
        log_end(watcher.watch(http1_builder(limits).serve_connection(io, answering)).await);
    }
}

fn log_end<E: Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Whether the peer speaks HTTP/2; `None` where it sends nothing in time, or closes.
async fn starts_as_http2(stream: &TcpStream) -> Option<bool> {
    let mut start = [0; HTTP2_PREFACE.len()];
    let peeked = timeout(Duration::from_secs(HEAD_SECONDS_MAX), stream.peek(&mut start)).await;
    match peeked {
        Ok(Ok(length)) if length > 0 => Some(start[..length] == *HTTP2_PREFACE),
        Ok(Ok(_) | Err(_)) | Err(_) => None,
    }
}

/// The deadlines are [`Deadlines`]: hyper's do not distinguish waiting for a request from reading one.
fn http1_builder(limits: HeadLimits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None);
    builder.max_buf_size(limits.bytes_max).max_headers(limits.fields_max);
    // Answers are short: one copy costs less than a list of two buffers.
    builder.writev(false);
    builder
}

/// The same for connections that may switch protocols: only this builder can shut those down gracefully.
fn upgrading_builder(limits: HeadLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http1().max_buf_size(limits.bytes_max).max_headers(limits.fields_max);
    builder
}

fn http2_builder(limits: HeadLimits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
    let bytes_max = u32::try_from(limits.bytes_max).unwrap_or(u32::MAX);
    builder.max_header_list_size(bytes_max).max_pending_accept_reset_streams(RESET_STREAMS_MAX);
    builder.keep_alive_interval(Duration::from_secs(HEAD_SECONDS_MAX));
    builder.keep_alive_timeout(Duration::from_secs(HEAD_SECONDS_MAX));
    builder
}
