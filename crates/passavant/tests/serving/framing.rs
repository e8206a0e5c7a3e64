//! Bytes that are no request, or only half of one.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::process::{Server, folder};

/// Longer than any deadline of the server that is waited for here.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends bytes, and reads until the server closes.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    // A server that has seen enough may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap_or_else(|_| panic!("the server does not close after {:?}", String::from_utf8_lossy(bytes)));
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ").or(answer.strip_prefix("HTTP/1.0 "))?.get(..3)?.parse().ok()
}

#[tokio::test]
async fn malformed_requests_are_refused_or_dropped_and_never_a_5xx() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let big = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(140_000));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: 1\r\n".repeat(200));
    let cases: [(&[u8], Option<u16>); 9] = [
        (b"nonsense\r\n\r\n", Some(400)),
        (b"GET / HTTP/9.9\r\n\r\n", Some(400)),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", Some(400)),
        (b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n", Some(400)),
        (b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", Some(400)),
        (b"POST /token HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n", Some(400)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\0\0\0", Some(400)),
        (big.as_bytes(), Some(431)),
        (many.as_bytes(), Some(431)),
    ];
    for (bytes, expected) in cases {
        let answer = exchange(&server, bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert_eq!(status(&answer), expected, "{shown:?}: {answer:?}");
    }
}

#[tokio::test]
async fn short_body_stores_nothing_and_does_not_stop_the_server() {
    let folder = folder();
    let mut server = Server::configured(folder.path());
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream
        .write_all(b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\ngrant_type=")
        .await
        .expect("sent");
    stream.shutdown().await.expect("closed");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    let answer = String::from_utf8_lossy(&answer);
    assert!(status(&answer).is_none_or(|status| (400..500).contains(&status)), "{answer}");
    assert!(!server.has_ended());
}

/// Each of these waits for a deadline of ten seconds, so they wait together.
#[tokio::test]
async fn slow_heads_and_slow_bodies_end_after_ten_seconds() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let begun = Instant::now();
    let head = b"POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\ngrant";
    let (nothing, half_a_head, half_a_body, second_head) = tokio::join!(
        exchange(&server, b""),
        exchange(&server, b"POST /token HTTP/1.1\r\nhost:"),
        exchange(&server, head),
        half_a_second_head(&server),
    );
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(9) && took < PATIENCE, "{took:?}");
    assert_eq!(nothing, "");
    assert_eq!(half_a_head, "");
    assert_eq!(status(&half_a_body), Some(400), "{half_a_body}");
    assert_eq!(second_head, "");
}

/// A whole request, and when it is answered the half of another; what comes after the first answer has begun to come.
async fn half_a_second_head(server: &Server) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"Nothing is served here.\n") {
        answer.push(stream.read_u8().await.expect("an answer"));
    }
    stream.write_all(b"GET /nowhere HT").await.expect("sent");
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("the server closes after half a second head");
    String::from_utf8_lossy(&rest).into_owned()
}

#[tokio::test]
async fn http2_prior_knowledge_is_supported() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, io).await.expect("a handshake");
    tokio::spawn(connection);
    let request = http::Request::get(server.url("/jwks")).body(http_body_util::Empty::<bytes::Bytes>::new());
    let answer = sender.send_request(request.expect("a request")).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
}
