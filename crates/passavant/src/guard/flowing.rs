//! Bodies that flow through: bounded in length and in how long they may pause, and never held as a whole.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::headers;
use crate::http::Answering;

/// When something last moved. Cheap to clone, clones share it.
#[derive(Clone)]
pub(super) struct Progress(Arc<Moved>);

struct Moved {
    begun: Instant,
    /// Milliseconds after that.
    last: AtomicU64,
}

impl Progress {
    /// It moves now.
    pub(super) fn begin() -> Self {
        Self(Arc::new(Moved { begun: Instant::now(), last: AtomicU64::new(0) }))
    }

    pub(super) fn moved(&self) {
        let millis = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(millis, Ordering::Relaxed);
    }

    /// Returns once nothing has moved for so long.
    pub(super) async fn rested_for(&self, pause: Duration) {
        loop {
            let due = self.0.begun + Duration::from_millis(self.0.last.load(Ordering::Relaxed)) + pause;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

/// Why a body did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// Longer than it may be.
    TooLarge,
    /// It paused for too long.
    Stalled,
    /// Whoever sends it broke off, or framed it wrong.
    Broken,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too long",
            Self::Stalled => "the body paused for too long",
            Self::Broken => "the body broke off",
        })
    }
}

impl std::error::Error for BodyFault {}

/// A body on its way.
pub(super) struct Flowing<B = Incoming> {
    body: B,
    /// Bytes that may still come.
    left: u64,
    pause: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
    progress: Option<Progress>,
    /// A request's trailers are cleaned as its headers are.
    inwards: bool,
    /// Held until the body has gone.
    _answering: Option<Answering>,
}

impl<B: Body<Data = Bytes>> Flowing<B> {
    /// A request's body, which tells when it moves.
    ///
    /// # Errors
    /// [`BodyFault::TooLarge`] where it says so of itself.
    pub(super) fn request(
        body: B,
        bytes_max: u64,
        pause: Duration,
        progress: Progress,
    ) -> Result<Self, BodyFault> {
        if body.size_hint().lower() > bytes_max {
            return Err(BodyFault::TooLarge);
        }
        let progress = Some(progress);
        Ok(Self { body, left: bytes_max, pause, alarm: None, progress, inwards: true, _answering: None })
    }

    /// An answer's body. It may be as long as it likes.
    pub(super) fn answer(body: B, pause: Duration, answering: Answering) -> Self {
        let _answering = Some(answering);
        Self { body, left: u64::MAX, pause, alarm: None, progress: None, inwards: false, _answering }
    }

    fn passed(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyFault> {
        self.alarm = None;
        if let Some(progress) = &self.progress {
            progress.moved();
        }
        match frame.into_data() {
            Ok(data) => {
                self.left = self.left.checked_sub(data.len() as u64).ok_or(BodyFault::TooLarge)?;
                Ok(Frame::data(data))
            }
            Err(frame) if self.inwards => Ok(match frame.into_trailers() {
                Ok(mut trailers) => {
                    headers::clean_request(&mut trailers);
                    Frame::trailers(trailers)
                }
                Err(frame) => frame,
            }),
            Err(frame) => Ok(frame),
        }
    }
}

impl<B: Body<Data = Bytes, Error: fmt::Display> + Unpin> Body for Flowing<B> {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| match frame {
                Ok(frame) => self.passed(frame),
                Err(error) => {
                    tracing::debug!(%error, "a body broke off");
                    Err(BodyFault::Broken)
                }
            }));
        }
        let pause = self.pause;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        alarm.as_mut().poll(cx).map(|()| Some(Err(BodyFault::Stalled)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt as _, stream};
    use http::HeaderMap;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    const PAUSE: Duration = Duration::from_secs(60);

    /// A body of these frames that has no end.
    fn endless(frames: Vec<Frame<Bytes>>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        StreamBody::new(stream::iter(frames.into_iter().map(Ok)).chain(stream::pending()))
    }

    fn data(text: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_pauses_for_too_long_ends() {
        let begun = Instant::now();
        let body = endless(vec![data("ab")]);
        let mut flowing = Flowing::request(body, 9, PAUSE, Progress::begin()).expect("within its bound");
        assert!(flowing.frame().await.is_some_and(|frame| frame.is_ok()));
        let end = flowing.frame().await.and_then(Result::err);
        assert_eq!((end, begun.elapsed()), (Some(BodyFault::Stalled), PAUSE));
    }

    #[tokio::test]
    async fn a_body_beyond_its_bound_ends_with_the_frame_that_is_too_much() {
        let body = endless(vec![data("ab"), data("c"), data("d")]);
        let mut flowing = Flowing::request(body, 3, PAUSE, Progress::begin()).expect("it does not say so");
        for expected in [None, None, Some(BodyFault::TooLarge)] {
            assert_eq!(flowing.frame().await.and_then(Result::err), expected);
        }
    }

    #[tokio::test]
    async fn trailers_of_a_request_are_cleaned_as_its_headers_are() {
        let lines = [("x-sum", "1"), ("x_auth_subject", "root")];
        let trailers: HeaderMap = lines
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect();
        let body = endless(vec![Frame::trailers(trailers)]);
        let mut flowing = Flowing::request(body, 3, PAUSE, Progress::begin()).expect("within its bound");
        let frame = flowing.frame().await.and_then(Result::ok).expect("a frame");
        let names: Vec<_> = frame.trailers_ref().expect("trailers").keys().map(ToString::to_string).collect();
        assert_eq!(names, ["x-sum"]);
    }

    #[tokio::test(start_paused = true)]
    async fn rest_is_counted_from_the_last_move() {
        let progress = Progress::begin();
        let moving = progress.clone();
        tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                moving.moved();
            }
        });
        let begun = Instant::now();
        progress.rested_for(Duration::from_secs(5)).await;
        assert_eq!(begun.elapsed().as_secs(), 12 + 5);
    }
}
