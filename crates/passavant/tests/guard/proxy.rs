//! What gets through, what does not, and what the upstream is told.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::{BodyExt as _, Empty};
use serde_json::Value;
use tokio::net::TcpStream;

use super::{
    headers::values,
    place::{Place, SCOPE, client, exchange, json, status},
    upstream::Upstream,
};

#[tokio::test]
async fn an_accepted_request_reaches_the_upstream_and_says_who_it_is() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let answer = place.get("/a%2Fb/x?y=1&z=%20", Some(&token)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["via"], "1.1 passavant");
    let seen = json(answer).await;
    assert_eq!((&seen["method"], &seen["target"]), (&"GET".into(), &"/a%2Fb/x?y=1&z=%20".into()));
    assert_eq!(values(&seen, "x-auth-client"), ["demo-cli"]);
    assert_eq!(values(&seen, "x-auth-kind"), ["client"]);
    assert_eq!(values(&seen, "x-auth-scope"), [SCOPE]);
    assert_eq!(values(&seen, "x-auth-audience"), [place.audience()]);
    assert_eq!(values(&seen, "x-auth-issuer"), [place.issuer()]);
    assert_eq!(values(&seen, "x-auth-claims").len(), 0, "only where it was asked for");
    assert_eq!(values(&seen, "authorization").len(), 0, "the token stays here");
    assert_eq!(values(&seen, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&seen, "x-forwarded-proto"), ["http"]);
    assert_eq!(values(&seen, "x-forwarded-host"), [place.address().to_string()]);
}

#[tokio::test]
async fn a_request_without_a_good_token_never_reaches_the_upstream() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--cache-seconds", "0"]);
    let token = place.token().await;
    place.revoke(&token).await;
    let metadata =
        format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/demo-api\"", place.issuer());
    let answer = place.get("/x", None).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], format!("Bearer {metadata}"));
    for token in [&*token, "garbage"] {
        let answer = place.get("/x", Some(token)).await;
        assert_eq!(answer.status(), 401);
        let challenge = answer.headers()["www-authenticate"].to_str().expect("ASCII").to_owned();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    }
    let twice = client().get(place.url("/x")).bearer_auth("a").header("authorization", "Bearer b");
    assert_eq!(twice.send().await.expect("an answer").status(), 400);
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test]
async fn a_refusal_that_leaves_a_body_unread_says_that_it_ends_the_connection() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let answer = client().post(place.url("/x")).body("a note").send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["connection"]),
        (401, &"close".parse().expect("a value"))
    );
    assert_eq!(place.get("/x", None).await.headers().get("connection"), None);
}

#[tokio::test]
async fn a_scope_that_every_request_needs_is_demanded() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--required-scopes", "demo.read demo.write"]);
    let answer = place.get("/x", Some(&place.token().await)).await;
    assert_eq!(answer.status(), 403);
    let challenge = answer.headers()["www-authenticate"].to_str().expect("ASCII").to_owned();
    assert!(challenge.contains("insufficient_scope") && challenge.contains("demo.write"), "{challenge}");
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test]
async fn a_refusal_is_one_line_of_the_log_with_its_reason_and_no_token() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--cache-seconds", "0"]);
    let token = place.token().await;
    place.revoke(&token).await;
    assert_eq!(place.get("/private?access=secret-query", Some(&token)).await.status(), 401);
    assert_eq!(place.get("/private", None).await.status(), 401);
    let Place { guard, .. } = place;
    let (code, log) = guard.terminate();
    assert_eq!(code, Some(0), "{log}");
    let refused: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let refused: Vec<_> = refused.iter().filter(|line| line["message"] == "refused").collect();
    let reasons: Vec<_> = refused.iter().map(|line| line["reason"].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons, ["token_inactive", "token_missing"], "{log}");
    assert_eq!(refused[0]["route"], "/private");
    assert!(!log.contains(&token) && !log.contains("secret-query"), "{log}");
}

#[tokio::test]
async fn what_differs_of_a_refused_token_is_in_its_line_of_the_log() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--required-scopes", "demo.write"]);
    let token = place.token().await;
    assert_eq!(place.get("/private", Some(&token)).await.status(), 403);
    // Issued by somebody else, and for somebody else: the guard sees the issuer first.
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"at+jwt"}"#);
    let claims = URL_SAFE_NO_PAD.encode(r#"{"iss":"https://evil.example","aud":"https://other.example"}"#);
    let foreign = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([1; 64]));
    place.get("/private", Some(&foreign)).await;
    let Place { guard, .. } = place;
    let (_, log) = guard.terminate();
    let refused: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let refused: Vec<_> = refused.iter().filter(|line| line["message"] == "refused").collect();
    assert_eq!(refused.len(), 2, "one line each: {log}");
    for (name, value) in [
        ("reason", "scope_insufficient"),
        ("what", "scope"),
        ("sent", "demo.read"),
        ("expected", "demo.write"),
    ] {
        assert_eq!(refused[0][name], value, "{log}");
    }
    assert!(!log.contains(&claims), "{log}");
}

#[tokio::test]
async fn claims_and_the_token_are_passed_on_where_asked_for() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--claims", "--keep-authorization"]);
    let token = place.token().await;
    let seen = json(place.get("/x", Some(&token)).await).await;
    assert_eq!(values(&seen, "authorization"), [format!("Bearer {token}")]);
    let claims = URL_SAFE_NO_PAD.decode(&values(&seen, "x-auth-claims")[0]).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["client_id"], "demo-cli");
}

#[tokio::test]
async fn the_metadata_of_the_resource_is_served_before_the_upstream() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let metadata = json(place.get("/.well-known/oauth-protected-resource/demo-api", None).await).await;
    assert_eq!(metadata["resource"], place.audience());
    assert_eq!(metadata["authorization_servers"][0], place.issuer());
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test]
async fn http2_prior_knowledge_requests_are_checked_too() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let stream = TcpStream::connect(place.address()).await.expect("a connection");
    let (io, executor) = (hyper_util::rt::TokioIo::new(stream), hyper_util::rt::TokioExecutor::new());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, io).await.expect("a handshake");
    tokio::spawn(connection);
    let request = |token: &str| {
        let request =
            http::Request::get("http://api.example/x").header("authorization", format!("Bearer {token}"));
        request.header("x_auth_subject", "root").body(Empty::<bytes::Bytes>::new()).expect("a request")
    };
    let answer = sender.send_request(request("garbage")).await.expect("an answer");
    assert_eq!(answer.status(), 401);
    let answer = sender.send_request(request(&token)).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    let seen: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(values(&seen, "host"), ["api.example"]);
    assert_eq!(values(&seen, "via"), ["2 passavant"]);
    assert_eq!(values(&seen, "x_auth_subject").len(), 0);
}

#[tokio::test]
async fn connect_and_trace_are_not_forwarded() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    for line in ["CONNECT app:1 HTTP/1.1", "TRACE / HTTP/1.1"] {
        let request =
            format!("{line}\r\nhost: a\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
        let answer = exchange(place.address(), request.as_bytes()).await;
        assert_eq!(status(&answer), Some(501), "{answer}");
    }
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test]
async fn expect_100_continue_is_answered_only_with_a_valid_token() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let head = |token: &str| {
        format!(
            "POST /x HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\n\
             connection: close\r\ncontent-length: 4\r\n\r\n"
        )
    };
    let refused = exchange(place.address(), head("garbage").as_bytes()).await;
    assert_eq!(status(&refused), Some(401), "{refused}");
    let accepted = exchange(place.address(), (head(&token) + "body").as_bytes()).await;
    assert_eq!(status(&accepted), Some(100), "{accepted}");
    assert!(accepted.contains("HTTP/1.1 200 ") && accepted.contains(r#""length":4"#), "{accepted}");
}

#[tokio::test]
async fn trailers_pass_both_ways_without_identity_headers() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let head =
        format!("authorization: Bearer {token}\r\nhost: a\r\nconnection: close, te\r\nte: trailers\r\n");
    let request = format!(
        "POST /x HTTP/1.1\r\n{head}transfer-encoding: chunked\r\ntrailer: x-sum, x-auth-subject, x_auth_scope\r\n\r\n\
         1\r\na\r\n0\r\nx-sum: 7\r\nx-auth-subject: root\r\nx_auth_scope: all\r\n\r\n"
    );
    let answer = exchange(place.address(), request.as_bytes()).await;
    assert!(answer.contains(r#""trailers":[["x-sum","7"]]"#), "{answer}");
    let answer = exchange(place.address(), format!("GET /trailers HTTP/1.1\r\n{head}\r\n").as_bytes()).await;
    assert!(answer.ends_with("0\r\nx-sum: 42\r\n\r\n"), "{answer}");
}
