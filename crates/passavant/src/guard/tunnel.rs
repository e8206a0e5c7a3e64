//! A connection over which both ends have agreed to speak another protocol: bytes are copied both ways, until one side
//! ends or both are silent for too long.

use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use serving::{InFlight, relay};
use tokio::sync::OwnedSemaphorePermit;

use super::limits::TUNNEL_PAUSE_SECONDS_MAX;

/// Opens a tunnel once both connections have switched. `permit` and `in_flight` are held until it ends.
pub(super) fn open(
    client: OnUpgrade,
    upstream: OnUpgrade,
    permit: OwnedSemaphorePermit,
    in_flight: InFlight,
) {
    tokio::spawn(async move {
        let _held = (permit, in_flight);
        let (client, upstream) = match tokio::try_join!(client, upstream) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "a tunnel did not open");
                return;
            }
        };
        if let Err(error) = relay(client, upstream, Duration::from_secs(TUNNEL_PAUSE_SECONDS_MAX)).await {
            tracing::debug!(%error, "a tunnel broke, or was silent for too long");
        }
    });
}
