//! A place on this machine to which a browser brings the answer (RFC 8252 §7.3): one GET, and no more.

use std::{net::Ipv4Addr, time::Duration};

use protocol::Params;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::terminal::{Failure, failed};

/// Longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long a browser may take to say what it wants, in seconds. It also opens connections only in case.
const HEAD_SECONDS_MAX: u64 = 5;

const DONE: &str =
    "<!doctype html><html lang=\"en\"><title>Done</title><p>Done. Go back to the terminal.</p></html>";

/// A listener on a loopback port.
pub(super) struct Loopback {
    listener: TcpListener,
    path: String,
}

/// What the authorization server sent by the browser (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) code: Option<String>,
    pub(super) state: Option<String>,
    pub(super) iss: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

impl Loopback {
    /// Listens; port 0 takes any that is free.
    pub(super) async fn open(port: u16, path: &str) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener =
            listener.map_err(|error| failed(format_args!("could not listen on port {port}: {error}")))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// The redirect URI that leads here.
    pub(super) fn redirect_uri(&self) -> Result<String, Failure> {
        Ok(format!("http://{}{}", self.listener.local_addr()?, self.path))
    }

    /// Waits for the answer. Whatever else a browser asks for, an icon say, is not there.
    pub(super) async fn wait(&self) -> Result<Arrived, Failure> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            let head = timeout(Duration::from_secs(HEAD_SECONDS_MAX), read_head(&mut stream)).await;
            let arrived = head.ok().flatten().and_then(|head| arrived(&head, &self.path));
            let (status, body) = match &arrived {
                Some(_) => ("200 OK", DONE),
                None => ("404 Not Found", ""),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
                 cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            // The browser may have gone; the answer is here all the same.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            if let Some(arrived) = arrived {
                return Ok(arrived);
            }
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let length = stream.read(&mut chunk).await.ok()?;
        if length == 0 || head.len() + length > HEAD_BYTES_MAX {
            return None;
        }
        head.extend_from_slice(&chunk[..length]);
    }
    Some(head)
}

/// Reads the first line, if it is a GET of this path with an answer in its query.
fn arrived(head: &[u8], path: &str) -> Option<Arrived> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let target = std::str::from_utf8(line).ok()?.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1")?;
    let (asked, query) = target.split_once('?')?;
    if asked != path {
        return None;
    }
    let params = Params::parse(query.as_bytes()).ok()?;
    let take = |name: &str| params.get(name).map(str::to_owned);
    let arrived = Arrived {
        code: take("code"),
        state: take("state"),
        iss: take("iss"),
        error: take("error"),
        error_description: take("error_description"),
    };
    (arrived.code.is_some() || arrived.error.is_some()).then_some(arrived)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_to_the_redirect_uri_is_one() {
        let read = |line: &str| arrived(format!("{line}\r\nHost: x\r\n\r\n").as_bytes(), "/callback");
        let found =
            read("GET /callback?code=a%2Bb&state=s&iss=https%3A%2F%2Fid.example HTTP/1.1").expect("it is");
        assert_eq!(found.code.as_deref(), Some("a+b"));
        assert_eq!(found.iss.as_deref(), Some("https://id.example"));
        let refused = read("GET /callback?error=access_denied&state=s HTTP/1.1").expect("it is");
        assert_eq!((refused.code, refused.error.as_deref()), (None, Some("access_denied")));
        for other in [
            "GET /favicon.ico HTTP/1.1",
            "GET /callback HTTP/1.1",
            "GET /callback?state=s HTTP/1.1",
            "GET /other?code=a HTTP/1.1",
            "POST /callback?code=a HTTP/1.1",
            "GET /callback?code=a&code=b HTTP/1.1",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
