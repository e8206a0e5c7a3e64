//! An upstream that does not do its part, and bodies that do not keep to the limits.

use tokio::net::TcpSocket;

use super::{
    place::{Place, exchange, json, status},
    upstream::Upstream,
};

#[tokio::test]
async fn unreachable_upstream_is_502_and_not_ready() {
    // Bound without listening: nobody is reached there, and no other test gets the port.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let place =
        Place::guarding(socket.local_addr().expect("an address"), &["--management-listen", "127.0.0.1:0"]);
    let answer = place.get("/x", Some(&place.token().await)).await;
    assert_eq!(answer.status(), 502);
    assert_eq!(json(answer).await["error"], "upstream_unreachable");
    let management = place.guard.address("management");
    let health = async |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        status(&exchange(management, request.as_bytes()).await)
    };
    assert_eq!(health("/health/live").await, Some(200));
    assert_eq!(health("/health/ready").await, Some(503));
    let listener = socket.listen(8).expect("it listens now");
    assert_eq!(health("/health/ready").await, Some(200));
    drop(listener);
    assert_eq!(health("/x").await, Some(404));
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_in_time_is_504() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--upstream-seconds", "1"]);
    let answer = place.get("/never", Some(&place.token().await)).await;
    assert_eq!(answer.status(), 504);
    assert_eq!(json(answer).await["error"], "upstream_late");
}

#[tokio::test]
async fn invalid_upstream_response_is_502() {
    for raw in ["", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "SSH-2.0-x\r\n"] {
        let place = Place::guarding(Upstream::raw(raw).await, &[]);
        let answer = place.get("/x", Some(&place.token().await)).await;
        assert_eq!(answer.status(), 502, "{raw:?}");
        assert_eq!(json(answer).await["error"], "upstream_broken", "{raw:?}");
    }
}

#[tokio::test]
async fn upstream_response_with_two_lengths_is_502() {
    for raw in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let place = Place::guarding(Upstream::raw(raw).await, &[]);
        let answer = place.get("/x", Some(&place.token().await)).await;
        assert_eq!(answer.status(), 502, "{raw:?}");
        assert_eq!(json(answer).await["error"], "upstream_broken", "{raw:?}");
    }
}

/// What signed the certificate of [`Upstream::start_tls`].
const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guard/tls/authority.pem");

#[tokio::test]
async fn a_certificate_must_be_of_a_trusted_authority_and_of_this_host() {
    let upstream = Upstream::start_tls().await;
    let port = upstream.address.port();
    let (named, unnamed) = (format!("https://localhost:{port}"), format!("https://127.0.0.1:{port}"));
    for (environment, origin, expected) in [
        (&[("SSL_CERT_FILE", AUTHORITY)][..], &named, 200),
        (&[("SSL_CERT_FILE", AUTHORITY)], &unnamed, 502),
        (&[], &named, 502),
    ] {
        let before = upstream.asked();
        let place = Place::within(environment, &["--upstream", origin]);
        let answer = place.get("/x", Some(&place.token().await)).await;
        assert_eq!(answer.status(), expected, "{environment:?} {origin}");
        assert_eq!(upstream.asked() - before, usize::from(expected == 200), "{environment:?} {origin}");
    }
}

#[tokio::test]
async fn certificate_is_verified_for_https_upstreams() {
    let upstream = Upstream::start().await;
    let origin = format!("https://{}", upstream.address);
    let place = Place::with(&["--upstream", &origin]);
    assert_eq!(place.get("/x", Some(&place.token().await)).await.status(), 502);
    assert_eq!(upstream.asked(), 0, "nothing is sent in the clear");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_however_it_is_framed() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--body-bytes-max", "4"]);
    let token = place.token().await;
    for (frame, expected) in [
        ("content-length: 4\r\n\r\nbody", 200),
        ("content-length: 5\r\n\r\nlarge", 413),
        ("transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", 200),
        ("transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n1\r\n!\r\n0\r\n\r\n", 413),
    ] {
        let head =
            format!("POST /x HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n");
        let answer = exchange(place.address(), (head + frame).as_bytes()).await;
        assert_eq!(status(&answer), Some(expected), "{frame:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_431() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    for lines in [format!("x: {}\r\n", "a".repeat(70_000)), "x: 1\r\n".repeat(200)] {
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{lines}\r\n");
        assert_eq!(status(&exchange(place.address(), request.as_bytes()).await), Some(431));
    }
    assert_eq!(upstream.asked(), 0);
}

/// Browsers send as many cookies as a site has set.
#[tokio::test]
async fn heads_up_to_the_configured_limits_are_accepted() {
    let place = Place::with(&[]);
    let token = place.token().await;
    let cookies = format!("cookie: {}\r\n", "a=0123456789abcdef; ".repeat(1_700));
    assert!(cookies.len() > 32 * 1024);
    let fields = "x: 1\r\n".repeat(190);
    let request = |lines: &str| {
        format!(
            "GET /check HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n{lines}connection: close\r\n\r\n"
        )
    };
    for lines in [&cookies, &fields] {
        let answer = exchange(place.address(), request(lines).as_bytes()).await;
        assert_eq!(status(&answer), Some(200), "{answer}");
    }
    let narrow = Place::with(&["--head-bytes-max", "16 KiB", "--headers-max", "50"]);
    for lines in [&cookies, &fields] {
        assert_eq!(status(&exchange(narrow.address(), request(lines).as_bytes()).await), Some(431));
    }
}
