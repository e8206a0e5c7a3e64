//! When something last moved, for timeouts that begin anew with each move.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor};
use tokio::time::Instant;

use crate::stream::Filter;

/// When something last moved. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Progress(Arc<LastMove>);

#[derive(Debug)]
struct LastMove {
    began: Instant,
    /// Milliseconds after `began`.
    last: AtomicU64,
}

impl Progress {
    /// Begins with a move.
    #[expect(clippy::new_without_default, reason = "a default would hide that the clock is read")]
    pub fn new() -> Self {
        Self(Arc::new(LastMove { began: Instant::now(), last: AtomicU64::new(0) }))
    }

    /// Something moved.
    pub fn moved(&self) {
        let millis = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(millis, Ordering::Relaxed);
    }

    /// Returns once nothing has moved for this long.
    pub async fn stalled_for(&self, pause: Duration) {
        loop {
            let due = self.0.began + Duration::from_millis(self.0.last.load(Ordering::Relaxed)) + pause;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

/// A stream behind this filter moves with each read.
impl Filter for Progress {
    fn poll_read<S: Read + Unpin>(
        &mut self,
        stream: Pin<&mut S>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = stream.poll_read(cx, buffer);
        if read.is_ready() {
            self.moved();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_counted_from_the_last_move() {
        let progress = Progress::new();
        let moving = progress.clone();
        tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                moving.moved();
            }
        });
        let began = Instant::now();
        progress.stalled_for(Duration::from_secs(5)).await;
        assert_eq!(began.elapsed().as_secs(), 12 + 5);
    }
}
