//! How long a connection may wait: for the head of a request, between requests, and for a peer that does not read.
//!
//! One timer a connection, set only when there is really something to wait for: a request that arrives in one piece
//! costs none.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Instant, Sleep},
};

use super::{HEAD_SECONDS_MAX, IDLE_SECONDS_MAX};

/// No head of a request has begun.
const NOTHING: u64 = u64::MAX;

/// Where a connection stands.
pub(super) struct Pulse {
    connected: Instant,
    is_http2: bool,
    requests: AtomicU32,
    /// Milliseconds after connecting.
    idle_since: AtomicU64,
    /// Milliseconds after connecting, or [`NOTHING`].
    head_since: AtomicU64,
}

impl Pulse {
    /// A connection that was just made: the head of its first request is awaited.
    pub(super) fn new(is_http2: bool) -> Self {
        Self {
            connected: Instant::now(),
            is_http2,
            requests: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
        }
    }

    /// A request is being answered until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Answering {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(NOTHING, Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.connected.elapsed().as_millis()).unwrap_or(NOTHING - 1)
    }

    /// Bytes came: between requests they begin a head.
    fn came(&self) {
        let waits = self.requests.load(Ordering::Relaxed) == 0;
        if waits && self.head_since.load(Ordering::Relaxed) == NOTHING {
            self.head_since.store(self.millis(), Ordering::Relaxed);
        }
    }

    /// When to give up; `None` while a request is being answered.
    fn due(&self) -> Option<Instant> {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let idle = self.idle_since.load(Ordering::Relaxed).saturating_add(IDLE_SECONDS_MAX * 1000);
        let head = self.head_since.load(Ordering::Relaxed).saturating_add(HEAD_SECONDS_MAX * 1000);
        let millis = if self.is_http2 { idle } else { idle.min(head) };
        self.connected.checked_add(Duration::from_millis(millis))
    }
}

/// A request that is being answered.
pub(crate) struct Answering(Arc<Pulse>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.millis(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that fails with `TimedOut` when its [`Pulse`] gives up.
pub(super) struct Watched {
    stream: TokioIo<TcpStream>,
    pulse: Arc<Pulse>,
    /// Since when the peer takes nothing of what is to be written.
    stuck_since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { stream: TokioIo::new(stream), pulse, stuck_since: None, alarm: None }
    }

    /// Ready when the connection waited for too long. An alarm that was set for an earlier time is left to ring: then
    /// it is set again.
    fn give_up(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let stuck = self.stuck_since.map(|since| since + Duration::from_secs(IDLE_SECONDS_MAX));
            let Some(due) = [self.pulse.due(), stuck].into_iter().flatten().min() else {
                return Poll::Pending;
            };
            if due <= Instant::now() {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
            if alarm.is_elapsed() || alarm.deadline() > due {
                alarm.as_mut().reset(due);
            }
            ready!(alarm.as_mut().poll(cx));
        }
    }

    /// Whoever reads an answer may be slow, but has to read: an answer that is made as it is read never ends otherwise.
    fn is_stuck(&mut self, stuck: bool) {
        self.stuck_since = stuck.then(|| self.stuck_since.unwrap_or_else(Instant::now));
    }

    fn or_give_up<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match done {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => self.give_up(cx).map(Err),
        }
    }
}

impl Read for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            self.pulse.came();
        }
        self.or_give_up(cx, read)
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.is_stuck(written.is_pending());
        self.or_give_up(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.is_stuck(written.is_pending());
        self.or_give_up(cx, written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_in(pulse: &Pulse) -> Option<u64> {
        pulse.due().map(|due| (due - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_and_a_pause_sixty() {
        let pulse = Arc::new(Pulse::new(false));
        tokio::time::advance(Duration::from_secs(4)).await;
        pulse.came();
        assert_eq!(due_in(&pulse), Some(6), "ten seconds after connecting, whatever trickles in");
        let request = pulse.request();
        assert_eq!(due_in(&pulse), None, "an answer may take its time");
        tokio::time::advance(Duration::from_secs(30)).await;
        pulse.came();
        drop(request);
        assert_eq!(due_in(&pulse), Some(60));
        tokio::time::advance(Duration::from_secs(20)).await;
        pulse.came();
        assert_eq!(due_in(&pulse), Some(10), "the next head has begun");
        tokio::time::advance(Duration::from_secs(3)).await;
        pulse.came();
        assert_eq!(due_in(&pulse), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_read_its_answer_is_given_up_after_sixty_seconds() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let _silent = TcpStream::connect(address).await.expect("a connection");
        let (stream, _) = listener.accept().await.expect("accepted");
        let pulse = Arc::new(Pulse::new(false));
        let _request = pulse.request();
        let begun = Instant::now();
        let mut watched = TokioIo::new(Watched::new(stream, pulse));
        let mut zeros = tokio::io::repeat(0);
        let endless = tokio::io::copy(&mut zeros, &mut watched);
        let ended = tokio::time::timeout(Duration::from_secs(600), endless).await.expect("it gives up");
        assert_eq!(ended.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= Duration::from_secs(60), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_http2_connection_may_idle_for_sixty_seconds_whatever_frames_come() {
        let pulse = Arc::new(Pulse::new(true));
        pulse.came();
        assert_eq!(due_in(&pulse), Some(60));
    }
}
