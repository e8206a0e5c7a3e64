//! Pages of other origins: they read why they are refused, and where to get a token.

use http::{HeaderMap, Method};
use reqwest::Response;

use super::{
    place::{Place, SCOPE, client},
    upstream::Upstream,
};

const PAGE: &str = "https://app.example";
const METADATA: &str = "/.well-known/oauth-protected-resource";

async fn send(place: &Place, method: Method, path: &str, lines: &[(&str, &str)]) -> Response {
    let request = client().request(method, place.url(path));
    let request = lines.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").and_then(|value| value.to_str().ok())
}

#[tokio::test]
async fn preflights_for_the_metadata_are_204_for_every_origin() {
    let upstream = Upstream::start().await;
    for place in [Place::guarding(upstream.address, &[]), Place::with(&[])] {
        let lines = [
            ("origin", "https://any.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization, mcp-protocol-version"),
        ];
        let answer = send(&place, Method::OPTIONS, METADATA, &lines).await;
        assert_eq!(answer.status(), 204);
        assert_eq!(allowed(answer.headers()), Some("*"));
        assert_eq!(answer.headers()["access-control-allow-headers"], "authorization, mcp-protocol-version");
        let wrong = send(&place, Method::POST, METADATA, &lines[..1]).await;
        assert_eq!((wrong.status().as_u16(), allowed(wrong.headers())), (405, Some("*")));
    }
}

#[tokio::test]
async fn pages_of_a_configured_origin_can_read_refusals() {
    let upstream = Upstream::start().await;
    let place =
        Place::guarding(upstream.address, &["--cors-origin", PAGE, "--required-scopes", "demo.write"]);
    let token = format!("Bearer {}", place.token().await);
    for (lines, status) in [
        (&[("origin", PAGE)][..], 401),
        (&[("origin", PAGE), ("authorization", "Bearer garbage")], 401),
        (&[("origin", PAGE), ("authorization", "Bearer a b")], 400),
        (&[("origin", PAGE), ("authorization", &token)], 403),
    ] {
        let answer = send(&place, Method::GET, "/notes", lines).await;
        let headers = answer.headers();
        assert_eq!((answer.status().as_u16(), allowed(headers)), (status, Some(PAGE)));
        let exposed = headers["access-control-expose-headers"].to_str().expect("ASCII");
        assert!(exposed.contains("WWW-Authenticate"), "{exposed}");
        assert_eq!(headers["vary"], "Origin");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
    for origin in ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"] {
        let answer = send(&place, Method::GET, "/notes", &[("origin", origin)]).await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (401, None), "{origin}");
    }
    let plain = Place::guarding(upstream.address, &[]);
    assert_eq!(allowed(send(&plain, Method::GET, "/notes", &[("origin", PAGE)]).await.headers()), None);
}

#[tokio::test]
async fn preflights_of_configured_origins_are_answered_and_upstream_answers_get_cors_headers() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--cors-origin", PAGE, "--required-scopes", SCOPE]);
    let asked = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization, x-own"),
        ]
    };
    let answer = send(&place, Method::OPTIONS, "/notes", &asked(PAGE)).await;
    assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (204, Some(PAGE)));
    assert_eq!(answer.headers()["access-control-allow-methods"], "PUT");
    assert_eq!(answer.headers()["access-control-allow-headers"], "authorization, x-own");
    let other = send(&place, Method::OPTIONS, "/notes", &asked("https://evil.example")).await;
    assert_eq!((other.status().as_u16(), allowed(other.headers())), (401, None));
    assert_eq!(upstream.asked(), 0);
    let token = format!("Bearer {}", place.token().await);
    let answer = send(&place, Method::GET, "/notes", &[("origin", PAGE), ("authorization", &token)]).await;
    assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (200, Some(PAGE)));
    let open = Place::guarding(upstream.address, &["--cors-origin", PAGE, "--public-preflights"]);
    assert_eq!(
        send(&open, Method::OPTIONS, "/notes", &asked(PAGE)).await.status(),
        200,
        "the upstream answers"
    );
}

#[tokio::test]
async fn check_accepts_preflights_with_public_preflights() {
    let lines =
        [("x-original-method", "OPTIONS"), ("origin", PAGE), ("access-control-request-method", "PUT")];
    let strict = Place::with(&["--cors-origin", "*"]);
    let refused = send(&strict, Method::GET, "/check", &lines).await;
    assert_eq!((refused.status().as_u16(), allowed(refused.headers())), (401, Some("*")));
    let open = Place::with(&["--public-preflights"]);
    let passed = send(&open, Method::GET, "/check", &lines).await;
    assert_eq!(
        (passed.status().as_u16(), &passed.headers()["x-auth-subject"]),
        (200, &"".parse().expect("empty"))
    );
    assert_eq!(send(&open, Method::GET, "/check", &lines[1..]).await.status(), 401, "it is no preflight");
}
