//! Requests to one endpoint, again and again, on connections that are kept.
//!
//! It asks for events without ever waiting for them. A generator that waits has to be woken for an answer, on another core,
//! and the kernel charges the server for that: the slower a server, the more often its generator waits, so that ratios
//! would be too large.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream as Stream,
    time::Duration,
};

use anyhow::Context as _;
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{load::Requests, servers::now};

/// Longest response, in bytes.
const RESPONSE_BYTES_MAX: usize = 256 * 1024;

/// What a run came to.
pub(super) struct Run {
    pub(super) requests: u64,
    pub(super) time: Duration,
    /// Answers other than 2xx and 3xx, and connections that the server closed.
    pub(super) refused: u64,
}

/// A connection that waits for a response.
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    length: usize,
}

/// Sends the requests in turn for some seconds.
pub(super) fn run(requests: &Requests, connections: usize, seconds: u32) -> anyhow::Result<Run> {
    let texts = requests.texts();
    let mut turn = (0..texts.len()).cycle();
    let mut next = || turn.next().map_or(&[][..], |at| texts[at].as_bytes());
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(connections));
    let mut open = Vec::with_capacity(connections);
    for at in 0..connections {
        let mut connection = Connection::open(requests.port)?;
        poll.registry().register(&mut connection.stream, Token(at), Interest::READABLE)?;
        open.push(connection);
    }
    let started = now();
    for connection in &mut open {
        connection.send(next())?;
    }
    let duration = Duration::from_secs(seconds.into());
    let (mut answered, mut refused) = (0, 0);
    while started.elapsed() < duration {
        poll.poll(&mut events, Some(Duration::ZERO))?;
        for event in &events {
            let connection = &mut open[event.token().0];
            match connection.response()? {
                Response::Whole(status) => {
                    answered += 1;
                    refused += u64::from(!(200..400).contains(&status));
                }
                Response::Closed => {
                    refused += 1;
                    poll.registry().deregister(&mut connection.stream)?;
                    *connection = Connection::open(requests.port)?;
                    poll.registry().register(&mut connection.stream, event.token(), Interest::READABLE)?;
                }
                Response::Incomplete => continue,
            }
            connection.send(next())?;
        }
    }
    Ok(Run { requests: answered, time: started.elapsed(), refused })
}

impl Connection {
    fn open(port: u16) -> anyhow::Result<Self> {
        let stream = Stream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let received = vec![0; RESPONSE_BYTES_MAX];
        Ok(Self { stream: TcpStream::from_std(stream), received, length: 0 })
    }

    /// Sends a request. That the server closed the connection is seen when the response is read.
    fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        match self.stream.write_all(request) {
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                Ok(())
            }
            sent => Ok(sent?),
        }
    }

    /// What has been received of the response.
    fn response(&mut self) -> anyhow::Result<Response> {
        loop {
            anyhow::ensure!(self.length < self.received.len(), "a response is too long");
            match self.stream.read(&mut self.received[self.length..]) {
                Ok(0) => return Ok(Response::Closed),
                Ok(length) => self.length += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Response::Incomplete),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Response::Closed),
                Err(error) => return Err(error.into()),
            }
            let Some((status, length)) = whole(&self.received[..self.length])? else { continue };
            anyhow::ensure!(length == self.length, "more than one response to one request");
            self.length = 0;
            return Ok(Response::Whole(status));
        }
    }
}

/// What has been received of a response.
enum Response {
    /// All of it; its status.
    Whole(u16),
    /// Nothing yet, or a part.
    Incomplete,
    /// The server closed the connection.
    Closed,
}

/// Status and length of a response, if all of it is here.
fn whole(received: &[u8]) -> anyhow::Result<Option<(u16, usize)>> {
    let Some(head) = received.windows(4).position(|end| end == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&received[..head]).context("a head that is not text")?;
    let status = text.get(9..12).and_then(|status| status.parse().ok()).context("no status")?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let body: usize = length.map_or(Ok(0), |(_, length)| length.trim().parse()).context("no length")?;
    let end = head + 4 + body;
    Ok((received.len() >= end).then_some((status, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_whole_with_its_body() {
        let text = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\nx: y\r\n\r\nabc";
        for part in 0..text.len() {
            assert_eq!(whole(&text[..part]).expect("well-formed"), None, "{part}");
        }
        assert_eq!(whole(text).expect("well-formed"), Some((401, text.len())));
        let without_a_body = b"HTTP/1.1 304 Not Modified\r\nx: y\r\n\r\n";
        let status_and_length = whole(without_a_body).expect("well-formed");
        assert_eq!(status_and_length, Some((304, without_a_body.len())));
    }
}
