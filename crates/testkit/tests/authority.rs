//! The authority's port, over real sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use passavant_testkit::{Authority, Malfunction};
use serde_json::{Value, json};

const API: &str = "https://api.example";

/// Sends these bytes and reads until the end: empty if the connection ends without an answer.
fn exchange(authority: &Authority, request: &str) -> String {
    let address = authority.issuer().strip_prefix("http://").expect("a loopback issuer");
    let mut connection = TcpStream::connect(address).expect("it listens");
    connection.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
    connection.write_all(request.as_bytes()).expect("sent");
    connection.shutdown(std::net::Shutdown::Write).expect("a single request");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(authority: &Authority, path: &str) -> (u16, String) {
    parts(&exchange(authority, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")))
}

fn introspect(authority: &Authority, headers: &str, token: &str) -> (u16, String) {
    let body = format!("token={token}");
    let request =
        format!("POST /introspect HTTP/1.1\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
    parts(&exchange(authority, &request))
}

fn said(authority: &Authority, token: &str) -> Value {
    let (status, body) = introspect(authority, "Authorization: Bearer x\r\n", token);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

fn parts(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(), body.to_owned())
}

#[test]
fn authority_publishes_its_metadata_and_keys() {
    let authority = Authority::start();
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        assert_eq!(get(&authority, path), (200, authority.metadata().to_string()));
    }
    assert_eq!(get(&authority, "/jwks"), (200, authority.jwks().to_string()));
    assert_eq!(get(&authority, "/other").0, 404);
    assert_eq!((authority.requests("/jwks"), authority.requests("/token")), (1, 0));
}

#[test]
fn introspection_accepts_opaque_and_signed_tokens_only() {
    let authority = Authority::start();
    let opaque = authority.token(API).subject("alice").scope("orders").opaque();
    let found = said(&authority, &opaque);
    assert_eq!(
        (&found["active"], &found["sub"], &found["scope"]),
        (&json!(true), &json!("alice"), &json!("orders"))
    );
    assert_eq!(said(&authority, &authority.token(API).sign())["active"], true);
    for unknown in
        ["x", &Authority::start().token(API).opaque(), &authority.token(API).expires_in(-1).opaque()]
    {
        assert_eq!(said(&authority, unknown), json!({ "active": false }));
    }
}

#[test]
fn a_revoked_token_is_not_active() {
    let authority = Authority::start();
    for token in [authority.token(API).opaque(), authority.token(API).sign()] {
        assert_eq!(said(&authority, &token)["active"], true);
        authority.revoke(&token);
        assert_eq!(said(&authority, &token), json!({ "active": false }));
    }
}

#[test]
fn client_gets_a_token_for_the_resource_it_names() {
    let authority = Authority::start();
    let ask = |form: &str, headers: &str| {
        let request =
            format!("POST /token HTTP/1.1\r\nContent-Length: {}\r\n{headers}\r\n{form}", form.len());
        parts(&exchange(&authority, &request))
    };
    let form = "grant_type=client_credentials&scope=orders&resource=https%3A%2F%2Fapi.example";
    let (status, body) = ask(form, "Authorization: Basic Y3JvbjpzZWNyZXQ=\r\n");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let found = said(&authority, answer["access_token"].as_str().expect("a token"));
    assert_eq!(
        (status, &found["client_id"], &found["aud"], &found["scope"]),
        (200, &json!("cron"), &json!(API), &json!("orders"))
    );
    assert_eq!(ask(form, "").0, 401);
    assert_eq!(ask("grant_type=password", "Authorization: Basic Y3JvbjpzZWNyZXQ=\r\n").0, 400);
}

#[test]
fn unauthenticated_caller_may_not_introspect() {
    let authority = Authority::start();
    let token = authority.token(API).opaque();
    assert_eq!(introspect(&authority, "", &token).0, 401);
    assert_eq!(introspect(&authority, "Authorization: Basic bm90ZXM6c2VjcmV0\r\n", &token).0, 200);
}

#[test]
fn a_signed_answer_names_the_caller() {
    let authority = Authority::start();
    let headers = "Authorization: Basic bm90ZXM6c2VjcmV0\r\nAccept: application/token-introspection+jwt\r\n";
    let (status, answer) = introspect(&authority, headers, &authority.token(API).opaque());
    let answer = jose::Unverified::parse(&answer).expect("a JWT");
    let claims = jose::Claims::parse(answer.payload_unverified()).expect("claims");
    assert_eq!((status, claims.string("aud")), (200, Ok(Some("notes"))));
}

#[test]
fn former_keys_stay_published_until_they_are_retired() {
    let authority = Authority::start();
    let before = authority.token(API).sign();
    authority.rotate();
    assert_eq!(authority.jwks()["keys"].as_array().map(Vec::len), Some(4));
    assert_eq!(said(&authority, &before)["active"], true);
    authority.retire();
    assert_eq!(authority.jwks()["keys"].as_array().map(Vec::len), Some(2));
    assert_eq!(said(&authority, &before)["active"], false);
}

#[test]
fn authority_fails_on_request_and_recovers() {
    let authority = Authority::start();
    authority.go_down();
    assert_eq!(exchange(&authority, "GET /jwks HTTP/1.1\r\n\r\n"), "");
    authority.misbehave(Malfunction::Status(503));
    assert_eq!(get(&authority, "/jwks"), (503, String::new()));
    authority.misbehave(Malfunction::Body { media_type: "text/html".to_owned(), body: b"<p>".to_vec() });
    assert_eq!(get(&authority, "/jwks"), (200, "<p>".to_owned()));
    authority.misbehave(Malfunction::Redirect("https://elsewhere.example/".to_owned()));
    assert!(
        exchange(&authority, "GET /jwks HTTP/1.1\r\n\r\n").contains("Location: https://elsewhere.example/")
    );
    authority.misbehave(Malfunction::Truncated);
    let (status, body) = get(&authority, "/jwks");
    assert_eq!((status, body.len()), (200, authority.jwks().to_string().len() / 2));
    authority.misbehave(Malfunction::NoResponse);
    assert_eq!(exchange(&authority, "GET /jwks HTTP/1.1\r\n\r\n"), "");
    authority.behave();
    assert_eq!(get(&authority, "/jwks").0, 200);
    assert_eq!(authority.requests("/jwks"), 7);
}

#[test]
fn the_port_closes_with_the_last_clone() {
    let authority = Authority::start();
    let address = authority.issuer().strip_prefix("http://").expect("a loopback issuer").to_owned();
    let clone = authority.clone();
    drop(authority);
    assert_eq!(get(&clone, "/jwks").0, 200);
    drop(clone);
    let closed = (0..100).any(|_| match TcpStream::connect(&address) {
        Ok(mut connection) => connection.read(&mut [0; 1]).is_ok_and(|read| read == 0),
        Err(_) => true,
    });
    assert!(closed, "the port is closed");
}
