//! The deadlines of a connection: for the head of a request, between requests, and for a peer that does not read.
//!
//! One timer per connection, set only where something has to be waited for: a request that arrives in one piece sets
//! none.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor};
use tokio::time::{Instant, Sleep};

use crate::{
    limits::{HEAD_SECONDS_MAX, IDLE_SECONDS_MAX},
    stream::Filter,
};

/// No head of a request has begun.
const NO_HEAD: u64 = u64::MAX;
/// The connection ends, and begins no further request.
const ENDED: u32 = u32::MAX;

/// The state of a connection, from which its deadlines follow.
#[derive(Debug)]
pub(crate) struct Deadlines {
    connected: Instant,
    is_http2: AtomicBool,
    /// How many are being answered, or [`ENDED`].
    requests: AtomicU32,
    /// Milliseconds after connecting.
    idle_since: AtomicU64,
    /// Whether bytes of a head have arrived. When that was is only noted once the rest of it has to be waited for.
    head_begun: AtomicBool,
    /// Milliseconds after connecting, or [`NO_HEAD`].
    head_since: AtomicU64,
}

impl Deadlines {
    /// A new connection: the head of its first request is awaited.
    pub(crate) fn new() -> Self {
        Self {
            connected: Instant::now(),
            is_http2: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            head_begun: AtomicBool::new(false),
            head_since: AtomicU64::new(0),
        }
    }

    /// The connection turned out to speak HTTP/2.
    pub(crate) fn speaks_http2(&self) {
        self.is_http2.store(true, Ordering::Relaxed);
    }

    /// Begins a request, which is being answered until the returned value is dropped; `None` where the connection ends.
    pub(crate) fn begin_request(self: &Arc<Self>) -> Option<InFlight> {
        let more = |requests: u32| (requests != ENDED).then(|| requests + 1);
        self.requests.fetch_update(Ordering::AcqRel, Ordering::Relaxed, more).ok()?;
        self.head_begun.store(false, Ordering::Relaxed);
        self.head_since.store(NO_HEAD, Ordering::Relaxed);
        Some(InFlight(Arc::clone(self)))
    }

    /// Since when it waits for a request, or for the rest of its head.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let idle = Duration::from_millis(self.idle_since.load(Ordering::Relaxed));
        (self.requests.load(Ordering::Acquire) == 0).then(|| self.connected + idle)
    }

    /// Has it begin no further request, unless one is being answered.
    pub(crate) fn end_if_idle(&self) -> bool {
        self.requests.compare_exchange(0, ENDED, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.connected.elapsed().as_millis()).unwrap_or(NO_HEAD - 1)
    }

    /// Bytes arrived: between requests they begin a head.
    fn bytes_arrived(&self) {
        if self.requests.load(Ordering::Relaxed) == 0 {
            self.head_begun.store(true, Ordering::Relaxed);
        }
    }

    /// The next deadline, now that something has to be waited for; `None` while a request is being answered.
    fn due(&self) -> Option<Instant> {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return None;
        }
        if self.head_begun.load(Ordering::Relaxed) && self.head_since.load(Ordering::Relaxed) == NO_HEAD {
            self.head_since.store(self.millis(), Ordering::Relaxed);
        }
        let idle = self.idle_since.load(Ordering::Relaxed).saturating_add(IDLE_SECONDS_MAX * 1000);
        let head = self.head_since.load(Ordering::Relaxed).saturating_add(HEAD_SECONDS_MAX * 1000);
        let millis = if self.is_http2.load(Ordering::Relaxed) { idle } else { idle.min(head) };
        self.connected.checked_add(Duration::from_millis(millis))
    }
}

/// A request that is being answered. The deadlines of its connection rest until this is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Deadlines>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.millis(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Makes a stream fail with `TimedOut` when a deadline of its connection passes.
pub(crate) struct DeadlineFilter {
    deadlines: Arc<Deadlines>,
    /// Since when the peer has read nothing of what is to be written.
    stuck_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl DeadlineFilter {
    pub(crate) fn new(deadlines: Arc<Deadlines>) -> Self {
        Self { deadlines, stuck_since: None, alarm: None }
    }

    /// Ready once a deadline has passed. An alarm that was set for an earlier time is left to ring, and then set again.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let stuck = self.stuck_since.map(|since| since + Duration::from_secs(IDLE_SECONDS_MAX));
            let Some(due) = [self.deadlines.due(), stuck].into_iter().flatten().min() else {
                return Poll::Pending;
            };
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if alarm.is_elapsed() || alarm.deadline() > due {
                if due <= Instant::now() {
                    return Poll::Ready(io::ErrorKind::TimedOut.into());
                }
                alarm.as_mut().reset(due);
            }
            ready!(alarm.as_mut().poll(cx));
        }
    }

    fn or_deadline<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match done {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => self.poll_deadline(cx).map(Err),
        }
    }
}

impl Filter for DeadlineFilter {
    fn poll_read<S: Read + Unpin>(
        &mut self,
        stream: Pin<&mut S>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = stream.poll_read(cx, buffer);
        if read.is_ready() {
            self.deadlines.bytes_arrived();
        }
        self.or_deadline(cx, read)
    }

    /// A peer may read slowly, but must read: an answer that is made as it is read would never end otherwise.
    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.stuck_since = written.is_pending().then(|| self.stuck_since.unwrap_or_else(Instant::now));
        self.or_deadline(cx, written)
    }
}

#[cfg(test)]
mod tests {
    use hyper_util::rt::TokioIo;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::stream::Filtered;

    fn due_in(deadlines: &Deadlines) -> Option<u64> {
        deadlines.due().map(|due| (due - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_and_a_pause_sixty() {
        let deadlines = Arc::new(Deadlines::new());
        tokio::time::advance(Duration::from_secs(4)).await;
        deadlines.bytes_arrived();
        assert_eq!(due_in(&deadlines), Some(6), "ten seconds after connecting, whatever trickles in");
        let request = deadlines.begin_request().expect("it lives");
        assert_eq!(due_in(&deadlines), None, "an answer may take its time");
        tokio::time::advance(Duration::from_secs(30)).await;
        deadlines.bytes_arrived();
        drop(request);
        assert_eq!(due_in(&deadlines), Some(60));
        tokio::time::advance(Duration::from_secs(20)).await;
        deadlines.bytes_arrived();
        assert_eq!(due_in(&deadlines), Some(10), "the next head has begun");
        tokio::time::advance(Duration::from_secs(3)).await;
        deadlines.bytes_arrived();
        assert_eq!(due_in(&deadlines), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_its_answer_times_out_after_sixty_seconds() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let _silent = TcpStream::connect(address).await.expect("a connection");
        let (stream, _) = listener.accept().await.expect("accepted");
        let deadlines = Arc::new(Deadlines::new());
        let _request = deadlines.begin_request().expect("it lives");
        let began = Instant::now();
        let mut limited = TokioIo::new(Filtered::new(TokioIo::new(stream), DeadlineFilter::new(deadlines)));
        let mut zeros = tokio::io::repeat(0);
        let endless = tokio::io::copy(&mut zeros, &mut limited);
        let ended = tokio::time::timeout(Duration::from_secs(600), endless).await.expect("it gives up");
        assert_eq!(ended.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= Duration::from_secs(60), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_http2_connection_may_idle_for_sixty_seconds_whatever_frames_come() {
        let deadlines = Arc::new(Deadlines::new());
        deadlines.speaks_http2();
        deadlines.bytes_arrived();
        assert_eq!(due_in(&deadlines), Some(60));
    }
}
