//! The accept loop, and its graceful end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

use crate::{
    connection::{Accepted, connection},
    handler::Handler,
    limits::{ACCEPT_PAUSE_MILLIS, DRAIN_SECONDS_MAX},
    places::Places,
    tls::Tls,
};

/// A listening socket, and what answers its requests.
#[derive(Debug)]
pub struct Listener<H> {
    /// Where connections are accepted.
    pub socket: TcpListener,
    /// What answers them.
    pub handler: H,
    /// The places that its connections take.
    pub places: Places,
    /// TLS; without, connections are as they come, from a proxy in front or on loopback.
    pub tls: Option<Tls>,
}

/// Listens on an address.
///
/// # Errors
/// The operating system's, with the address.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("can't listen on {address}: {error}")))
}

/// Serves until `stop` turns true; then answers what was accepted, for at most [`DRAIN_SECONDS_MAX`].
pub async fn serve<H: Handler>(listeners: Vec<Listener<H>>, stop: watch::Receiver<bool>) {
    let graceful = Arc::new(GracefulShutdown::new());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(listener, Arc::clone(&graceful), stop.clone()));
    }
    accepting.join_all().await;
    // Nothing accepts anymore, so this is the only handle.
    let Some(graceful) = Arc::into_inner(graceful) else { return };
    if timeout(Duration::from_secs(DRAIN_SECONDS_MAX), graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

/// Accepts connections until `stop` turns true, then closes the listener.
async fn accept<H: Handler>(
    Listener { socket, handler, places, tls }: Listener<H>,
    graceful: Arc<GracefulShutdown>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let next = async {
            let (stream, peer) = socket.accept().await?;
            io::Result::Ok(places.take(peer.ip()).await.map(|place| (place, stream, peer)))
        };
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            next = next => next,
        };
        match accepted {
            Ok(Some((place, stream, peer))) => {
                let accepted = Accepted { stream, peer, tls: tls.clone() };
                tokio::spawn(connection(accepted, handler.clone(), place, graceful.watcher()));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                // Mostly, the process has no file descriptor left.
                places.make_room();
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MILLIS)).await;
            }
        }
    }
}
