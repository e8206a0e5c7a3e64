//! Two connections that speak a protocol of their own: bytes are copied both ways.

use std::{io, time::Duration};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;

use crate::{progress::Progress, stream::Filtered};

/// Copies both ways until both sides end.
///
/// # Errors
/// Where a connection breaks, and [`TimedOut`](io::ErrorKind::TimedOut) where both were silent for `silence_max`.
pub async fn relay(left: Upgraded, right: Upgraded, silence_max: Duration) -> io::Result<()> {
    let progress = Progress::new();
    let mut left = TokioIo::new(Filtered::new(left, progress.clone()));
    let mut right = TokioIo::new(Filtered::new(right, progress.clone()));
    tokio::select! {
        ended = tokio::io::copy_bidirectional(&mut left, &mut right) => ended.map(|_| ()),
        () = progress.stalled_for(silence_max) => Err(io::ErrorKind::TimedOut.into()),
    }
}
