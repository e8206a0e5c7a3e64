//! Requests whose end is a matter of opinion: none of them is passed on.

use super::{
    place::{Place, exchange, status},
    upstream::Upstream,
};

#[tokio::test]
async fn ambiguous_or_broken_framing_is_refused() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    for (frame, body) in [
        ("content-length: 6\r\ntransfer-encoding: chunked", "0\r\n\r\nG"),
        ("transfer-encoding: chunked\r\ncontent-length: 6", "0\r\n\r\nG"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: identity", "0\r\n\r\n"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
        ("content-length: 3\r\ncontent-length: 3", "abc"),
        ("content-length: 3\r\ncontent-length: 4", "abcd"),
        ("content-length: 3, 3", "abc"),
        ("content-length: +3", "abc"),
        ("content-length: -1", ""),
        ("content-length: 0x3", "abc"),
        ("content-length:", ""),
        ("content-length : 3", "abc"),
        ("content-length: 99999999999999999999", ""),
        ("transfer-encoding: identity", "abc"),
        ("transfer-encoding: chunked, identity", "0\r\n\r\n"),
        ("transfer-encoding: xchunked", "0\r\n\r\n"),
        ("transfer-encoding : chunked", "0\r\n\r\n"),
        ("transfer-encoding\r\n : chunked", "0\r\n\r\n"),
        ("x: y\r\n content-length: 3", "abc"),
        ("transfer-encoding: chunked", "zz\r\n\r\n"),
        ("transfer-encoding: chunked", "-1\r\nabc\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "3\r\nabcdef\r\n0\r\n\r\n"),
        ("transfer-encoding: chunked", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    ] {
        let head =
            format!("POST /x HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n");
        let request = format!("{head}{frame}\r\n\r\n{body}{smuggled}");
        let answer = exchange(place.address(), request.as_bytes()).await;
        assert_eq!(status(&answer), Some(400), "{frame:?} {body:?}: {answer}");
        assert!(!answer.contains("smuggled"), "{frame:?} {body:?}: {answer}");
    }
}

#[tokio::test]
async fn second_ambiguous_request_is_refused_after_the_first_is_answered() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let head = format!("POST /x HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n", place.token().await);
    let good = format!("{head}content-length: 3\r\n\r\nabc");
    let bad = format!("{head}content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG");
    let answer = exchange(place.address(), (good + &bad).as_bytes()).await;
    assert_eq!(status(&answer), Some(200), "{answer}");
    assert!(answer.contains("HTTP/1.1 400 "), "{answer}");
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test]
async fn refused_upgrade_does_not_let_a_second_request_through() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let head = format!("host: a\r\nauthorization: Bearer {}\r\n", place.token().await);
    let first = format!("GET /x HTTP/1.1\r\n{head}connection: upgrade\r\nupgrade: h2c\r\n\r\n");
    let second = format!(
        "POST /y HTTP/1.1\r\n{head}content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nG"
    );
    let answer = exchange(place.address(), (first + &second).as_bytes()).await;
    assert_eq!(status(&answer), Some(200), "{answer}");
    assert_eq!(upstream.asked(), 1, "{answer}");
}
