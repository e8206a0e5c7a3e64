//! Another protocol over the same connection, once the request for it was accepted.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::{
    place::{PATIENCE, Place, exchange, status},
    upstream::Upstream,
};

fn handshake(token: &str, protocol: &str) -> String {
    format!(
        "GET /socket HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

#[tokio::test]
async fn websocket_is_tunneled_after_the_check() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let stream = TcpStream::connect(place.address()).await.expect("a connection");
    let mut stream = BufReader::new(stream);
    stream.write_all(handshake(&token, "websocket").as_bytes()).await.expect("sent");
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = timeout(PATIENCE, stream.read_line(&mut head)).await.expect("in time").expect("a line");
        assert_ne!(read, 0, "{head}");
    }
    assert_eq!(status(&head), Some(101), "{head}");
    let mut greeting = String::new();
    stream.read_line(&mut greeting).await.expect("a line");
    assert_eq!(greeting, "hello demo-cli\n", "the upstream knows who it is");
    // What looks like a request in there is none: nobody reads it but the upstream.
    let message =
        b"\x81\x05hello GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".repeat(1_000);
    let (mut read, mut write) = tokio::io::split(stream);
    let sent = message.clone();
    let writing = tokio::spawn(async move {
        write.write_all(&sent).await.expect("sent");
        write.shutdown().await.expect("closed");
    });
    let mut echo = Vec::new();
    timeout(PATIENCE, read.read_to_end(&mut echo)).await.expect("in time").expect("the echo");
    writing.await.expect("written");
    assert_eq!(echo, message);
}

#[tokio::test]
async fn a_websocket_without_a_good_token_is_refused_and_the_connection_ends() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let answer = exchange(place.address(), handshake("garbage", "websocket").as_bytes()).await;
    assert_eq!(status(&answer), Some(401), "{answer}");
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test]
async fn no_other_protocol_is_tunneled() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    for protocol in ["h2c", "tls/1.0", "anything"] {
        let answer = exchange(place.address(), handshake(&token, protocol).as_bytes()).await;
        assert_eq!(status(&answer), Some(200), "{protocol}: {answer}");
    }
}

#[tokio::test]
async fn unrequested_upstream_upgrade_is_an_error() {
    let raw = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nraw";
    let place = Place::guarding(Upstream::raw(raw).await, &[]);
    let answer = place.get("/x", Some(&place.token().await)).await;
    assert_eq!(answer.status(), 502);
}
