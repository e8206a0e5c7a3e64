//! Paths that need no token, and those that only look like them.

use super::{
    place::{Place, exchange, status},
    upstream::Upstream,
};

#[tokio::test]
async fn only_what_every_parser_reads_as_public_is_public() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--public", "/open", "--public", "/assets/css/"]);
    for (path, expected) in [
        ("/open", 200),
        ("/open/", 200),
        ("/open/x?y=../z", 200),
        ("/%6Fpen", 200),
        ("/assets/css/a.css", 200),
        ("/", 401),
        ("/opener", 401),
        ("/OPEN", 401),
        ("/assets", 401),
        ("/x/../open", 401),
        ("/private?/open", 401),
        ("/private%2F..%2Fopen", 401),
        ("/open/../private", 400),
        ("/open/..", 400),
        ("/open/%2e%2e/private", 400),
        ("/open/..%2fprivate", 400),
        ("/open%2f..%2fprivate", 400),
        ("/open/..;/private", 400),
        ("/open/.;/..;a=b/private", 400),
        ("/open\\..\\private", 400),
        ("/open/%5c..%5cprivate", 400),
        ("//open", 400),
        ("/open//..//private", 400),
        ("/open/%252e%252e/private", 400),
        ("/open/%00", 400),
        ("http://a/open/../private", 400),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = exchange(place.address(), request.as_bytes()).await;
        assert_eq!(status(&answer), Some(expected), "{path}: {answer}");
    }
    assert_eq!(upstream.asked(), 5);
}

#[tokio::test]
async fn preflight_without_token_passes_only_if_enabled() {
    let upstream = Upstream::start().await;
    let request = b"OPTIONS /x HTTP/1.1\r\nhost: a\r\norigin: https://b\r\naccess-control-request-method: GET\r\nconnection: close\r\n\r\n";
    let plain = b"OPTIONS /x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let strict = Place::guarding(upstream.address, &[]);
    assert_eq!(status(&exchange(strict.address(), request).await), Some(401));
    let open = Place::guarding(upstream.address, &["--public-preflights"]);
    assert_eq!(status(&exchange(open.address(), request).await), Some(200));
    assert_eq!(status(&exchange(open.address(), plain).await), Some(401));
}
