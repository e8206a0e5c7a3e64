//! Follows the frames in a stream of requests, to know which bytes are heads. Checks only how often a head states the
//! length of its body; everything else that is invalid is left to the parser behind, which refuses it.

use crate::limits::HEAD_BYTES_MOST;

/// The position in a stream of requests.
#[derive(Default)]
pub(super) struct Frames {
    position: Position,
    head: Head,
    line: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
enum Position {
    /// In a head, or before one.
    #[default]
    Head,
    /// In a body: so many bytes are left.
    Body(u64),
    /// At the line before a chunk.
    Size,
    /// In a chunk: so many bytes are left.
    Chunk(u64),
    /// At the line after a chunk.
    AfterChunk,
    /// After the last chunk.
    Trailers,
    /// Not followed: what comes is not HTTP/1.1, or invalid, so that the parser behind ends it.
    Unfollowed,
}

/// What was read of a head so far.
#[derive(Default)]
struct Head {
    has_begun: bool,
    lengths: u32,
    codings: u32,
    length: Option<u64>,
    has_upgrade: bool,
}

impl Frames {
    /// Follows these bytes. The error: a head in them states two lengths, and this many bytes come before what is left
    /// of it.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let (mut at, mut head_at) = (0, 0);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.position {
                Position::Unfollowed => return Ok(()),
                Position::Body(left) | Position::Chunk(left) => {
                    let passed = left.min(rest.len() as u64);
                    // No more than `rest.len()`, which is a `usize`.
                    at += usize::try_from(passed).unwrap_or(rest.len());
                    self.position = match (self.position, left - passed) {
                        (Position::Chunk(_), 0) => Position::AfterChunk,
                        (Position::Chunk(_), left) => Position::Chunk(left),
                        (_, 0) => Position::Head,
                        (_, left) => Position::Body(left),
                    };
                    head_at = at;
                }
                Position::Head | Position::Size | Position::AfterChunk | Position::Trailers => {
                    let end = rest.iter().position(|byte| *byte == b'\n');
                    self.line.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
                    // No parser behind accepts such a head, whatever its handler allows.
                    if self.line.len() > HEAD_BYTES_MOST {
                        self.position = Position::Unfollowed;
                        return Ok(());
                    }
                    let Some(end) = end else { return Ok(()) };
                    at += end + 1;
                    let line = std::mem::take(&mut self.line);
                    let line = line.strip_suffix(b"\r").unwrap_or(&line);
                    let was_head = matches!(self.position, Position::Head);
                    self.position = self.after(line).ok_or(head_at)?;
                    if !was_head || !self.head.has_begun {
                        head_at = at;
                    }
                }
            }
        }
        Ok(())
    }

    /// The position after a line; `None` after a head that states two lengths.
    fn after(&mut self, line: &[u8]) -> Option<Position> {
        Some(match (self.position, line) {
            (Position::Head, b"") if self.head.has_begun => {
                let head = std::mem::take(&mut self.head);
                return head.end();
            }
            (Position::Head, line) => {
                self.head.read(line);
                Position::Head
            }
            (Position::Size, line) => match chunk_size(line) {
                Some(0) => Position::Trailers,
                Some(size) => Position::Chunk(size),
                None => Position::Unfollowed,
            },
            (Position::AfterChunk, b"") => Position::Size,
            (Position::Trailers, b"") => Position::Head,
            (Position::Trailers, _) => Position::Trailers,
            (Position::AfterChunk | Position::Body(_) | Position::Chunk(_) | Position::Unfollowed, _) => {
                Position::Unfollowed
            }
        })
    }
}

impl Head {
    /// The first line is the request line; empty ones before it do not count (RFC 9112 §2.2).
    fn read(&mut self, line: &[u8]) {
        if !self.has_begun {
            self.has_begun = !line.is_empty();
            return;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            self.lengths += 1;
            self.length = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.codings += 1;
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.has_upgrade = true;
        }
    }

    fn end(&self) -> Option<Position> {
        match (self.lengths, self.codings) {
            (0, 0) if self.has_upgrade => Some(Position::Unfollowed),
            (0, 0) => Some(Position::Head),
            (0, 1) => Some(Position::Size),
            (1, 0) => Some(match self.length {
                Some(_) if self.has_upgrade => Position::Unfollowed,
                Some(0) => Position::Head,
                Some(length) => Position::Body(length),
                None => Position::Unfollowed,
            }),
            _ => None,
        }
    }
}

/// Hexadecimal, up to an extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes come before a head with two frames, however the stream is cut into reads.
    fn refused_at(stream: &str) -> Option<usize> {
        let whole = Frames::default().follow(stream.as_bytes()).err();
        let mut frames = Frames::default();
        let one_by_one = stream.bytes().find_map(|byte| frames.follow(&[byte]).err());
        assert_eq!(whole.is_some(), one_by_one.is_some(), "{stream:?}");
        whole
    }

    const GOOD: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    const CHUNKED: &str = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n\r\n\r\n0\r\nt: content-length: 1\r\n\r\n";

    #[test]
    fn requests_with_valid_framing_are_pipelined() {
        let get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        for stream in [GOOD, CHUNKED, get, "\r\nGET / HTTP/1.1\n\n"] {
            assert_eq!(refused_at(&stream.repeat(3)), None, "{stream:?}");
        }
        assert_eq!(refused_at(&[GOOD, CHUNKED, get, GOOD].concat()), None);
    }

    #[test]
    fn head_with_ambiguous_framing_is_refused_at_any_position() {
        for fields in [
            "content-length: 3\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\nx: y\r\nContent-Length: 3",
            "content-length: 3\r\ncontent-length: 3",
            "content-length: 3\r\ncontent-length: 4",
            "transfer-encoding: chunked\r\ntransfer-encoding: identity",
            "content-length : 3\r\ncontent-length: 3",
        ] {
            let bad = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n");
            assert_eq!(refused_at(&bad), Some(0), "{fields}");
            for before in [GOOD, CHUNKED] {
                assert_eq!(refused_at(&format!("{before}{bad}")), Some(before.len()), "{fields}");
            }
        }
    }

    #[test]
    fn body_bytes_are_not_parsed_as_a_head() {
        let inner = "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n";
        let stream = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n{inner}", inner.len());
        assert_eq!(refused_at(&stream), None);
        let stream = format!(
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{inner}\r\n0\r\n\r\n",
            inner.len()
        );
        assert_eq!(refused_at(&stream), None);
    }
}
