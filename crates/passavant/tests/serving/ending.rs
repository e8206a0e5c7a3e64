//! How the server ends: soon, and with what it accepted answered.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::Instant,
};

use super::process::{Server, folder};

/// A server ends within so many seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

const HEAD: &str = "POST /introspect HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                    authorization: Basic bm90ZXMtcnM6bm90ZXMtc2VjcmV0LW9mLTIyLWNoYXJhY3RlcnM=\r\ncontent-length: 7\r\n\r\n";

#[tokio::test]
async fn a_request_that_was_accepted_is_answered_and_an_idle_connection_closed() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    idle.write_all(b"GET /jwks HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let mut byte = [0; 16];
    idle.read_exact(&mut byte).await.expect("an answer has begun");

    let mut accepted = TcpStream::connect(server.address).await.expect("a connection");
    accepted.write_all(HEAD.as_bytes()).await.expect("sent");
    accepted.write_all(b"tok").await.expect("sent");
    // An answer to another connection that came later: by then the first request is accepted.
    let mut other = TcpStream::connect(server.address).await.expect("a connection");
    other.write_all(b"GET /jwks HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    other.read_exact(&mut byte).await.expect("an answer has begun");

    let begun = Instant::now();
    server.terminate();
    accepted.write_all(b"en=x").await.expect("sent");
    let mut answer = Vec::new();
    accepted.read_to_end(&mut answer).await.expect("an answer, and the end");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"active":false}"#), "{answer}");
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.expect("the rest, and the end");
    let (code, log) = server.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(begun.elapsed() < ENDS_WITHIN);
    assert!(log.contains("SIGTERM"), "{log}");
}

#[tokio::test]
async fn unfinished_request_does_not_block_shutdown() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let mut stalled = TcpStream::connect(server.address).await.expect("a connection");
    stalled.write_all(HEAD.as_bytes()).await.expect("sent");
    let mut other = TcpStream::connect(server.address).await.expect("a connection");
    other.write_all(b"GET /jwks HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let mut byte = [0; 16];
    other.read_exact(&mut byte).await.expect("an answer has begun");
    let begun = Instant::now();
    server.terminate();
    let (code, _) = server.wait();
    assert_eq!(code, Some(0));
    assert!(begun.elapsed() < ENDS_WITHIN, "{:?}", begun.elapsed());
}
