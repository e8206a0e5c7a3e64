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

#[cfg(test)]
mod tests {
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    /// What a parser behind the check reads of this stream.
    async fn passed(stream: &[u8]) -> Vec<u8> {
        let (mut client, server) = duplex(stream.len());
        client.write_all(stream).await.expect("room for all of it");
        drop(client);
        let mut read = Vec::new();
        TokioIo::new(check_framing(TokioIo::new(server))).read_to_end(&mut read).await.expect("an end");
        read
    }

    #[tokio::test]
    async fn an_ambiguous_head_never_reaches_the_parser_and_nothing_is_read_after_it() {
        let good = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(passed(good).await, good);
        let bad = b"POST /x HTTP/1.1\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n";
        let read = passed(&[&good[..], bad].concat()).await;
        let began = read.strip_prefix(&good[..]).and_then(|rest| rest.strip_suffix(POISON)).expect("poison");
        // What came before the second length may have been read, but never the end of the head.
        assert!(bad.starts_with(began) && !began.windows(4).any(|bytes| bytes == b"\r\n\r\n"), "{began:?}");
    }
}
