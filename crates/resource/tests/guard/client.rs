//! The HTTP client against real sockets: limits, redirects, deadlines.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use passavant_resource::{Fetch as _, FetchError, FetchLimits, ReqwestFetch};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

/// Answers one connection with these bytes and keeps it open; returns its address.
async fn serve(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = answer.into();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _read = stream.read(&mut request).await;
        let _written = stream.write_all(&answer).await;
        // Until the client closes the connection.
        let _closed = stream.read(&mut request).await;
    });
    format!("http://{address}/introspect")
}

async fn fetch(url: &str, deadline: Duration) -> Result<(u16, Bytes), FetchError> {
    let request = Request::post(url).body(Bytes::from_static(b"token=x")).expect("a request");
    let limits = FetchLimits { deadline, bytes_max: 1000 };
    let answer = ReqwestFetch::new().expect("a client").fetch(request, limits).await?;
    Ok((answer.status().as_u16(), answer.into_body()))
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn an_answer_is_read_whole() {
    let url = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    assert_eq!(fetch(&url, LONG).await, Ok((200, Bytes::from_static(b"{}"))));
}

#[tokio::test]
async fn a_redirect_is_the_answer_and_is_not_followed() {
    let url = serve("HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(fetch(&url, LONG).await, Ok((307, Bytes::new())));
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_given_up() {
    let announced = serve("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\nx").await;
    assert_eq!(fetch(&announced, LONG).await, Err(FetchError::TooLarge));
    let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..100 {
        chunked.extend_from_slice(b"64\r\n");
        chunked.extend_from_slice(&[b'x'; 100]);
        chunked.extend_from_slice(b"\r\n");
    }
    assert_eq!(fetch(&serve(chunked).await, LONG).await, Err(FetchError::TooLarge));
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    assert_eq!(fetch(&serve("").await, SHORT).await, Err(FetchError::Timeout));
    let half = serve("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"active\":").await;
    assert_eq!(fetch(&half, SHORT).await, Err(FetchError::Timeout));
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    // Bound without listening, so that no other test gets the port.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let address = socket.local_addr().expect("an address");
    let found = fetch(&format!("http://{address}/"), LONG).await;
    assert!(matches!(found, Err(FetchError::Unreachable(_))), "{found:?}");
}

/// Runs one test of this program in a process with a proxy. Returns the first request line that the proxy got, if any,
/// and whether the test passed.
async fn behind_a_proxy(test: &str) -> (Option<String>, bool) {
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", test]).env("HTTP_PROXY", &address).env("http_proxy", &address);
    command.env_remove("NO_PROXY").env_remove("no_proxy").stdout(std::process::Stdio::null());
    let mut child = tokio::task::spawn_blocking(move || command.status());
    let asked = async {
        let (mut stream, _) = proxy.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let length = stream.read(&mut request).await.expect("a request");
        String::from_utf8_lossy(&request[..length]).into_owned()
    };
    let finished = |status: std::io::Result<std::process::ExitStatus>| status.expect("a process").success();
    tokio::select! {
        asked = asked => (Some(asked), finished(child.await.expect("no panic"))),
        status = &mut child => (None, finished(status.expect("no panic"))),
    }
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_unreachable() {
    let found = fetch("http://nowhere.invalid/introspect", LONG).await;
    assert!(matches!(found, Err(FetchError::Unreachable(_))), "{found:?}");
}

#[tokio::test]
async fn this_machine_is_never_asked_through_the_systems_proxy() {
    let (asked, passed) = behind_a_proxy("client::an_answer_is_read_whole").await;
    assert_eq!((asked, passed), (None, true));
}

#[tokio::test]
async fn other_hosts_are_asked_through_the_systems_proxy() {
    let (asked, _) = behind_a_proxy("client::a_host_that_does_not_exist_is_unreachable").await;
    let asked = asked.expect("the proxy was asked");
    assert!(asked.starts_with("POST http://nowhere.invalid/introspect HTTP/1.1"), "{asked}");
}
