//! HTTP: the accept loop, what a connection may take, and the one door that every request comes through.

mod body;
mod door;
mod framing;
mod mount;
mod pulse;

use std::{
    convert::Infallible,
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

pub(crate) use door::{Door, nothing_here};
use framing::OneFrame;
pub(crate) use pulse::Answering;
use pulse::{Pulse, Watched};

/// Connections at one time; more of them wait in the backlog of the operating system.
pub(crate) const CONNECTIONS_MAX: usize = 1_000;
/// The head of a request must be there so many seconds after its first byte, and the first one after connecting.
pub(crate) const HEAD_SECONDS_MAX: u64 = 10;
/// The body of a request must be there so many seconds after its head.
pub(crate) const BODY_SECONDS_MAX: u64 = 10;
/// A connection may idle so many seconds.
pub(crate) const IDLE_SECONDS_MAX: u64 = 60;
/// Longest head of a request, in bytes.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most header fields in one request.
const HEADERS_MAX: usize = 100;
/// Requests at one time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;
/// Seconds that are left to answer what was accepted, once the server is told to end.
const DRAIN_SECONDS_MAX: u64 = 8;
/// Milliseconds to wait when the operating system has no file descriptor left.
const ACCEPT_PAUSE_MILLIS: u64 = 50;

/// How HTTP/2 without TLS begins (RFC 9113 §3.4). No method of HTTP/1.1 does.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// A socket that listens, and the door behind it.
pub(crate) struct Entrance<D = Door> {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// What answers them.
    pub(crate) door: D,
}

/// What answers the requests of a listener.
pub(crate) trait Answer: Clone + Send + Sync + 'static {
    /// Whether requests go on to somebody else. Then an answer may turn the connection into something else (RFC 9110
    /// §7.8), and each request must have one frame.
    const PASSES_ON: bool;
    /// What an answer carries.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static;

    /// Answers, whatever happens behind it.
    fn answer(
        &self,
        request: Request<Incoming>,
        call: Call,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// What is known of a request beside itself.
pub(crate) struct Call {
    /// The other end of the connection.
    pub(crate) peer: IpAddr,
    /// The connection waits for nothing else as long as this is held.
    pub(crate) answering: Answering,
}

/// Listens on an address.
///
/// # Errors
/// The operating system's, with the address.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("can't listen on {address}: {error}")))
}

/// Serves until `stop` says so, then answers what was accepted, for at most [`DRAIN_SECONDS_MAX`].
pub(crate) async fn serve<D: Answer>(entrances: Vec<Entrance<D>>, stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = Arc::new(GracefulShutdown::new());
    let mut accepting = JoinSet::new();
    for entrance in entrances {
        accepting.spawn(accept(entrance, Arc::clone(&places), Arc::clone(&graceful), stop.clone()));
    }
    accepting.join_all().await;
    // Nobody accepts any longer, so this is the only handle.
    let Some(graceful) = Arc::into_inner(graceful) else { return };
    if timeout(Duration::from_secs(DRAIN_SECONDS_MAX), graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

/// Takes connections until it is told to stop. The listener closes with it.
async fn accept<D: Answer>(
    Entrance { listener, door }: Entrance<D>,
    places: Arc<Semaphore>,
    graceful: Arc<GracefulShutdown>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            next = next => next,
        };
        match (place, accepted) {
            (Some(place), Ok((stream, peer))) => {
                tokio::spawn(connection(stream, peer, door.clone(), place, graceful.watcher()));
            }
            (_, Err(error)) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MILLIS)).await;
            }
            (None, Ok(_)) => return,
        }
    }
}

/// One connection, until it ends.
async fn connection<D: Answer>(
    stream: TcpStream,
    peer: SocketAddr,
    door: D,
    place: OwnedSemaphorePermit,
    watcher: Watcher,
) {
    let _place = place;
    let _ = stream.set_nodelay(true);
    let Some(is_http2) = begins_as_http2(&stream).await else { return };
    let pulse = Arc::new(Pulse::new(is_http2));
    let io = Watched::new(stream, Arc::clone(&pulse));
    let peer: IpAddr = peer.ip().to_canonical();
    let service = service_fn(move |request: Request<Incoming>| {
        let (door, call) = (door.clone(), Call { peer, answering: pulse.request() });
        async move { Ok::<_, Infallible>(door.answer(request, call).await) }
    });
    if is_http2 {
        told(watcher.watch(http2_builder().serve_connection(io, service)).await);
    } else if D::PASSES_ON {
        let io = OneFrame::new(io);
        told(watcher.watch(upgrading_builder().serve_connection_with_upgrades(io, service)).await);
    } else {
        told(watcher.watch(http1_builder().serve_connection(io, service)).await);
    }
}

fn told<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Which protocol the peer speaks; `None` where it says nothing in time, or goes.
async fn begins_as_http2(stream: &TcpStream) -> Option<bool> {
    let mut start = [0; HTTP2_PREFACE.len()];
    let peeked = timeout(Duration::from_secs(HEAD_SECONDS_MAX), stream.peek(&mut start)).await;
    match peeked {
        Ok(Ok(length)) if length > 0 => Some(start[..length] == *HTTP2_PREFACE),
        Ok(Ok(_) | Err(_)) | Err(_) => None,
    }
}

/// Deadlines are the [`Pulse`]'s: those of hyper know no difference between waiting for a request and reading one.
fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None);
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    builder
}

/// The same for connections that may become something else: only this builder can end those with grace.
fn upgrading_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder.http1().max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    builder
}

fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).max_concurrent_streams(STREAMS_MAX);
    builder.max_header_list_size(HEAD_BYTES_MAX as u32).max_pending_accept_reset_streams(20);
    builder.keep_alive_interval(Duration::from_secs(HEAD_SECONDS_MAX));
    builder.keep_alive_timeout(Duration::from_secs(HEAD_SECONDS_MAX));
    builder
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};
    use server::ports::SystemEntropy;

    use super::*;

    async fn boom() -> &'static str {
        panic!("a handler broke")
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_a_500_and_the_server_lives_on() {
        let pages = Router::new().route("/boom", get(boom)).route("/fine", get(async || "fine"));
        let listener = listen((std::net::Ipv4Addr::LOCALHOST, 0).into()).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let entrance = Entrance { listener, door: Door::to_pages(pages, &SystemEntropy) };
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(serve(vec![entrance], stopped));
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
}
