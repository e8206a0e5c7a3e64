//! The `Authorization` header of clients (RFC 7617) and of bearer tokens (RFC 6750 §2.1), through the whole server.

use std::sync::OnceLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method, Request, header};
use testkit::server::{Running, TestServer, confidential};

const CLIENT: &str = "shop";
const SECRET: &str = "shop-has-a-secret-of-this-length";

/// Only the header of the client gets a token, and no header makes the server fail.
pub fn credentials(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let asked = crate::block_on(ask(Method::POST, "/token", "grant_type=client_credentials", &value));
    assert!(asked < 500, "status {asked} at /token");
    if asked == 200 {
        assert!(is_own(bytes), "a token for {value:?}");
    }
    let told = crate::block_on(ask(Method::GET, "/userinfo", "", &value));
    assert!((400..500).contains(&told), "status {told} at /userinfo");
}

/// Whether it is `Basic` with the client's id and secret, form-encoded or raw (RFC 6749 §2.3.1).
fn is_own(header: &[u8]) -> bool {
    let Some((scheme, pair)) = std::str::from_utf8(header).ok().and_then(|text| text.split_once(' ')) else {
        return false;
    };
    let Ok(pair) = STANDARD.decode(pair.trim()) else { return false };
    let Some(at) = pair.iter().position(|byte| *byte == b':') else { return false };
    let decoded = |text: &[u8]| form_urlencoded::parse(text).next().map(|(name, _)| name.into_owned());
    scheme.eq_ignore_ascii_case("basic")
        && [decoded(&pair[..at]).as_deref(), std::str::from_utf8(&pair[..at]).ok()].contains(&Some(CLIENT))
        && [decoded(&pair[at + 1..]).as_deref(), std::str::from_utf8(&pair[at + 1..]).ok()]
            .contains(&Some(SECRET))
}

async fn ask(method: Method, path: &str, body: &str, authorization: &HeaderValue) -> u16 {
    static SERVER: OnceLock<Running> = OnceLock::new();
    let server = match SERVER.get() {
        Some(server) => server,
        None => {
            let client = confidential(CLIENT).scope("read");
            let started = TestServer::new().client(client).start().await;
            SERVER.get_or_init(|| started)
        }
    };
    // Failures of a client are limited per minute.
    server.clock.advance(61);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    server.call(request.body(body.to_owned()).expect("a request")).await.status()
}
