//! The accept loop, and its graceful end.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{
    connection::connection,
    handler::Handler,
    limits::{ACCEPT_PAUSE_MILLIS, CONNECTIONS_MAX, DRAIN_SECONDS_MAX},
};

/// A listening socket, and what answers its requests.
#[derive(Debug)]
pub struct Listener<H> {
    /// Where connections are accepted.
    pub socket: TcpListener,
    /// What answers them.
    pub handler: H,
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
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = Arc::new(GracefulShutdown::new());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(listener, Arc::clone(&places), Arc::clone(&graceful), stop.clone()));
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
    Listener { socket, handler }: Listener<H>,
    places: Arc<Semaphore>,
    graceful: Arc<GracefulShutdown>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, socket.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            next = next => next,
        };
        match (place, accepted) {
            (Some(place), Ok((stream, peer))) => {
                tokio::spawn(connection(stream, peer, handler.clone(), place, graceful.watcher()));
            }
            (_, Err(error)) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MILLIS)).await;
            }
            (None, Ok(_)) => return,
        }
    }
}
