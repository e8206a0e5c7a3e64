//! One request, one frame: a head that says its length twice, or in two ways, is refused before it is read.
//!
//! RFC 9112 §6.1 lets a server take such a message by `Transfer-Encoding` alone, and hyper does, silently. What stands
//! before or behind may take it otherwise, which is how requests are smuggled, and a proxy stands between two.

mod frames;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use self::frames::Frames;

/// What is read at once, in bytes.
const READ_BYTES_MAX: usize = 16 * 1024;
/// What no head may hold, so that whoever parses it answers 400 and closes.
const POISON: &[u8] = b"\0\r\n\r\n";

/// A stream of HTTP/1.1 requests, each with one frame.
pub(super) struct OneFrame<S> {
    stream: S,
    frames: Frames,
    read: Box<[u8]>,
    is_refused: bool,
}

impl<S> OneFrame<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, frames: Frames::default(), read: vec![0; READ_BYTES_MAX].into(), is_refused: false }
    }
}

impl<S: Read + Unpin> Read for OneFrame<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, frames, read, is_refused } = &mut *self;
        if *is_refused {
            return Poll::Ready(Ok(()));
        }
        let room = buffer.remaining();
        let most = if room > 2 * POISON.len() { room - POISON.len() } else { room };
        let mut into = ReadBuf::new(&mut read[..most.min(READ_BYTES_MAX)]);
        ready!(Pin::new(stream).poll_read(cx, into.unfilled()))?;
        let bytes = into.filled();
        match frames.follow(bytes) {
            Ok(()) => buffer.put_slice(bytes),
            Err(good) => {
                tracing::info!(reason = "framing_ambiguous", status = 400, "refused");
                *is_refused = true;
                buffer.put_slice(&bytes[..good]);
                let poison = &POISON[..POISON.len().min(buffer.remaining())];
                buffer.put_slice(poison);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Write + Unpin> Write for OneFrame<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
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
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
