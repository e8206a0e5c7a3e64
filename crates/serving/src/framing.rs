//! Refuses requests whose framing is ambiguous: a head that states the length of its body twice, or in two ways.
//!
//! RFC 9112 §6.1 allows a server to ignore `Content-Length` beside `Transfer-Encoding`, and hyper does so silently. A
//! server in front or behind may decide otherwise, which is how requests are smuggled, and a proxy stands between two.

mod frames;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use self::frames::Frames;
use crate::stream::{Filter, Filtered};

/// Longest single read, in bytes.
const READ_BYTES_MAX: usize = 16 * 1024;
/// Not valid in any head, so that whoever parses it answers 400 and closes.
const POISON: &[u8] = b"\0\r\n\r\n";

/// Checks the framing of a stream of HTTP/1.1 requests. A head that fails is replaced by bytes that no parser accepts,
/// and nothing is read after it.
pub fn check_framing<S: Read + Write + Unpin>(stream: S) -> impl Read + Write + Unpin {
    let buffer = vec![0; READ_BYTES_MAX].into();
    Filtered::new(stream, FramingFilter { frames: Frames::default(), buffer, is_refused: false })
}

struct FramingFilter {
    frames: Frames,
    buffer: Box<[u8]>,
    is_refused: bool,
}

impl Filter for FramingFilter {
    fn poll_read<S: Read + Unpin>(
        &mut self,
        stream: Pin<&mut S>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_refused {
            return Poll::Ready(Ok(()));
        }
        let room = buffer.remaining();
        let most = if room > 2 * POISON.len() { room - POISON.len() } else { room };
        let mut into = ReadBuf::new(&mut self.buffer[..most.min(READ_BYTES_MAX)]);
        ready!(stream.poll_read(cx, into.unfilled()))?;
        let bytes = into.filled();
        match self.frames.follow(bytes) {
            Ok(()) => buffer.put_slice(bytes),
            Err(good) => {
                tracing::info!(reason = "framing_ambiguous", status = 400, "refused");
                self.is_refused = true;
                buffer.put_slice(&bytes[..good]);
                let poison = &POISON[..POISON.len().min(buffer.remaining())];
                buffer.put_slice(poison);
            }
        }
        Poll::Ready(Ok(()))
    }
}
