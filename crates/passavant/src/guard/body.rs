//! Bodies that are passed on as they arrive: bounded in length and in how long they may pause, never buffered whole.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use serving::{InFlight, Progress};
use tokio::time::Sleep;

use super::headers;

/// Why a body did not arrive whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It is longer than allowed.
    TooLarge,
    /// It paused for too long.
    Stalled,
    /// Its sender aborted it, or its framing is invalid.
    Broken,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too long",
            Self::Stalled => "the body paused for too long",
            Self::Broken => "the body is incomplete",
        })
    }
}

impl std::error::Error for BodyError {}

/// A body that is being passed on.
pub(super) struct StreamingBody<B = Incoming> {
    body: B,
    /// How many bytes may still arrive.
    left: u64,
    pause: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
    progress: Option<Progress>,
    /// The trailers of a request are filtered as its headers are.
    is_request: bool,
    /// Held until the body has been passed on.
    _in_flight: Option<InFlight>,
}

impl<B: Body<Data = Bytes>> StreamingBody<B> {
    /// The body of a request; `progress` moves with it.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] where its declared length is.
    pub(super) fn request(
        body: B,
        bytes_max: u64,
        pause: Duration,
        progress: Progress,
    ) -> Result<Self, BodyError> {
        if body.size_hint().lower() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        let progress = Some(progress);
        Ok(Self { body, left: bytes_max, pause, alarm: None, progress, is_request: true, _in_flight: None })
    }

    /// The body of an answer, of any length.
    pub(super) fn answer(body: B, pause: Duration, in_flight: InFlight) -> Self {
        let _in_flight = Some(in_flight);
        Self { body, left: u64::MAX, pause, alarm: None, progress: None, is_request: false, _in_flight }
    }

    fn pass(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, BodyError> {
        self.alarm = None;
        if let Some(progress) = &self.progress {
            progress.moved();
        }
        match frame.into_data() {
            Ok(data) => {
                self.left = self.left.checked_sub(data.len() as u64).ok_or(BodyError::TooLarge)?;
                Ok(Frame::data(data))
            }
            Err(frame) if self.is_request => Ok(match frame.into_trailers() {
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

impl<B: Body<Data = Bytes, Error: fmt::Display> + Unpin> Body for StreamingBody<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| match frame {
                Ok(frame) => self.pass(frame),
                Err(error) => {
                    tracing::debug!(%error, "a body is incomplete");
                    Err(BodyError::Broken)
                }
            }));
        }
        let pause = self.pause;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        alarm.as_mut().poll(cx).map(|()| Some(Err(BodyError::Stalled)))
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
    use tokio::time::Instant;

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
        let began = Instant::now();
        let body = endless(vec![data("ab")]);
        let mut streaming =
            StreamingBody::request(body, 9, PAUSE, Progress::new()).expect("within its bound");
        assert!(streaming.frame().await.is_some_and(|frame| frame.is_ok()));
        let end = streaming.frame().await.and_then(Result::err);
        assert_eq!((end, began.elapsed()), (Some(BodyError::Stalled), PAUSE));
    }

    #[tokio::test]
    async fn body_over_its_limit_ends_at_the_excess_frame() {
        let body = endless(vec![data("ab"), data("c"), data("d")]);
        let mut streaming =
            StreamingBody::request(body, 3, PAUSE, Progress::new()).expect("it does not say so");
        for expected in [None, None, Some(BodyError::TooLarge)] {
            assert_eq!(streaming.frame().await.and_then(Result::err), expected);
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
        let mut streaming =
            StreamingBody::request(body, 3, PAUSE, Progress::new()).expect("within its bound");
        let frame = streaming.frame().await.and_then(Result::ok).expect("a frame");
        let names: Vec<_> = frame.trailers_ref().expect("trailers").keys().map(ToString::to_string).collect();
        assert_eq!(names, ["x-sum"]);
    }
}
