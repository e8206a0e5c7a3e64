//! A request body with a deadline.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::limits::BODY_SECONDS_MAX;

/// Fails when the body has not arrived [`BODY_SECONDS_MAX`] after it was first waited for. A body that arrived with its
/// head sets no timer.
#[derive(Debug)]
pub struct TimedBody {
    body: Incoming,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    /// A body whose time starts when it is first waited for.
    pub fn new(body: Incoming) -> Self {
        Self { body, alarm: None }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let due =
            || Box::pin(tokio::time::sleep_until(Instant::now() + Duration::from_secs(BODY_SECONDS_MAX)));
        let alarm = self.alarm.get_or_insert_with(due);
        alarm.as_mut().poll(cx).map(|()| Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
