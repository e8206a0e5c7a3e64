//! What callers may say of themselves: nothing that only the guard says.

use serde_json::Value;

use super::{
    place::{Place, exchange, status},
    upstream::Upstream,
};

/// The values of a header as the upstream saw it.
pub(crate) fn values(seen: &Value, name: &str) -> Vec<String> {
    let lines = seen["headers"].as_array().expect("headers").iter();
    let lines = lines.filter(|line| line[0].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    lines.map(|line| line[1].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn identity_headers_of_the_caller_do_not_reach_the_upstream() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--public", "/open"]);
    let token = place.token().await;
    for (line, more) in [
        ("X-Auth-Subject: evil", ""),
        ("x-auth-subject: evil", ""),
        ("X-AUTH-SCOPE: evil", ""),
        ("x_auth_subject: evil", ""),
        ("X_Auth_Scope: evil", ""),
        ("x-auth_username: evil", ""),
        ("x.auth.client: evil", ""),
        ("X-Auth-Claims: evil", ""),
        ("X-Auth-Anything: evil", ""),
        ("X-Forwarded-For: evil", ""),
        ("X-Forwarded-Host: evil", ""),
        ("X_Forwarded_Proto: evil", ""),
        ("X-Original-URI: /evil", ""),
        ("X-Real-IP: evil", ""),
        ("Content_Length: evil", ""),
        ("Forwarded: for=evil", ""),
        ("Keep-Alive: evil", ""),
        ("Proxy-Connection: evil", ""),
        ("Proxy-Authorization: Basic evil", ""),
        ("X-Private: evil", "Connection: close, X-Private\r\n"),
        ("Upgrade: evil", "Connection: upgrade\r\n"),
        ("Upgrade: h2c", "Connection: upgrade, http2-settings\r\nHTTP2-Settings: evil\r\n"),
        ("TE: evil", "Connection: te\r\n"),
    ] {
        for path in ["/open", "/x"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token}\r\n{line}\r\n{more}Connection: close\r\n\r\n"
            );
            let answer = exchange(place.address(), request.as_bytes()).await;
            assert_eq!(status(&answer), Some(200), "{line}: {answer}");
            assert!(!answer.contains("evil") && !answer.contains("h2c"), "{path} with {line}: {answer}");
        }
    }
}

#[tokio::test]
async fn hop_by_hop_response_headers_are_removed() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let answer = place.get("/leaky", Some(&place.token().await)).await;
    assert_eq!(answer.status(), 200);
    for name in ["x-hop", "keep-alive"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_request_names_one_host() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    for lines in ["", "Host: a\r\nHost: b\r\n", "Host: user@a\r\n", "Host: a b\r\n"] {
        let request =
            format!("GET / HTTP/1.1\r\n{lines}Authorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        let answer = exchange(place.address(), request.as_bytes()).await;
        assert_eq!(status(&answer), Some(400), "{lines:?}: {answer}");
    }
    assert_eq!(upstream.asked(), 0);
}
