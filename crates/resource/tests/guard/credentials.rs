//! Credentials for introspection: assertions as the server sees them, the renewed access token, the endpoint for
//! certificates.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use http::header::AUTHORIZATION;
use jose::{Claims, SignatureAlgorithm, jws};
use passavant_resource::{AssertionAudience, ClientAuth, Credentials, Guard, Reason};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::introspection::active;
use crate::support::{ISSUER, Script, World, check, json_answer, key, refused, status};

const SECRET: &str = "a-secret-of-at-least-32-characters";

fn form(request: &Request<Bytes>) -> HashMap<String, String> {
    form_urlencoded::parse(request.body()).into_owned().collect()
}

fn bearer(request: &Request<Bytes>) -> String {
    request.headers()[AUTHORIZATION].to_str().expect("text").to_owned()
}

fn granted(token: &str, expires_in: i64) -> Script {
    json_answer(&json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in}))
}

/// A guard that introspects with an access token, and a server that issues `t1` for ten minutes.
fn renewing(world: &World) -> Guard {
    world.server.set("/introspect", json_answer(&active(json!({}))));
    world.server.set("/token", granted("t1", 600));
    let credentials = Credentials::secret("notes-rs", SECRET, ClientAuth::Basic);
    let builder = world.builder().introspect_as(credentials.with_access_token("introspection"));
    builder.cache(std::time::Duration::ZERO).build().expect("a guard")
}

#[tokio::test]
async fn an_assertion_is_made_for_each_request_and_addressed_to_the_issuer() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let own = key(SignatureAlgorithm::Es256);
    for credentials in [
        Credentials::private_key_jwt("notes-rs", own.clone()),
        Credentials::client_secret_jwt("notes-rs", SECRET),
    ] {
        let guard = world.builder().introspect_as(credentials).build().expect("a guard");
        assert!(check(&guard, "one").await.is_ok() && check(&guard, "two").await.is_ok());
    }
    let mut seen = Vec::new();
    for request in world.server.asked("/introspect") {
        let form = form(&request);
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert!(!form.contains_key("client_secret") && !request.headers().contains_key(AUTHORIZATION));
        let token = jws::Unverified::parse(&form["client_assertion"]).expect("a JWS");
        assert!(token.is_type("client-authentication+jwt"));
        let verifying = match token.algorithm().expect("known").is_symmetric() {
            true => jose::VerifyingKey::hmac(SignatureAlgorithm::Hs256, SECRET.as_bytes()).expect("a key"),
            false => own.verifying_key(),
        };
        let claims = token.verify(&verifying).expect("signed").claims().expect("claims");
        assert_eq!(claims.string("aud"), Ok(Some(ISSUER)));
        seen.push(claims.string("jti").expect("text").expect("present").to_owned());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4, "each is new");
}

#[tokio::test]
async fn an_older_server_finds_its_token_endpoint_in_the_assertion() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let credentials = Credentials::client_secret_jwt("notes-rs", SECRET);
    for (audience, url, expected) in [
        (AssertionAudience::TokenEndpoint, None, format!("{ISSUER}/token")),
        (AssertionAudience::TokenEndpoint, Some("https://id.example/t"), format!("{ISSUER}/t")),
        (AssertionAudience::Endpoint, None, format!("{ISSUER}/introspect")),
    ] {
        let mut builder = world.builder().introspect_as(credentials.clone().assertion_audience(audience));
        if let Some(url) = url {
            builder = builder.token_url(url);
        }
        assert!(check(&builder.build().expect("a guard"), "opaque").await.is_ok());
        let form = form(&world.server.last());
        let token = jws::Unverified::parse(&form["client_assertion"]).expect("a JWS");
        let claims = Claims::parse(token.payload_unverified()).expect("claims");
        assert_eq!(claims.string("aud"), Ok(Some(expected.as_str())));
    }
}

#[tokio::test]
async fn a_certificate_goes_to_the_address_that_asks_for_one() {
    let world = World::new();
    let metadata = |aliases: Value| {
        json_answer(&json!({
            "issuer": ISSUER, "introspection_endpoint": format!("{ISSUER}/introspect"),
            "mtls_endpoint_aliases": aliases,
        }))
    };
    for (aliases, path) in [
        (json!({"introspection_endpoint": format!("{ISSUER}/mtls/introspect")}), "/mtls/introspect"),
        (json!({"token_endpoint": format!("{ISSUER}/mtls/token")}), "/introspect"),
        (json!({"introspection_endpoint": "http://id.example/introspect"}), "/introspect"),
    ] {
        world.server.set("/.well-known/oauth-authorization-server", metadata(aliases));
        world.server.set(path, json_answer(&active(json!({}))));
        let guard = world.builder().introspect_as(Credentials::tls_client_auth("notes-rs")).build();
        assert!(check(&guard.expect("a guard"), "opaque").await.is_ok());
        let sent = world.server.last();
        assert_eq!(sent.uri().path(), path);
        assert_eq!(sent.body(), "token=opaque&client_id=notes-rs");
        assert!(!sent.headers().contains_key(AUTHORIZATION));
    }
    let secret = world.introspecting().build().expect("a guard");
    assert!(check(&secret, "opaque").await.is_ok());
    assert_eq!(world.server.last().uri().path(), "/introspect", "others go where all go");
}

#[tokio::test]
async fn the_access_token_is_got_once_with_the_clients_credentials() {
    let world = World::new();
    let guard = renewing(&world);
    for number in 0..5 {
        assert!(check(&guard, &format!("opaque{number}")).await.is_ok());
        assert_eq!(bearer(&world.server.last()), "Bearer t1");
        assert_eq!(world.server.last().body(), &format!("token=opaque{number}"));
    }
    let asked = world.server.asked("/token");
    assert_eq!(asked.len(), 1);
    assert!(bearer(&asked[0]).starts_with("Basic "));
    assert_eq!(asked[0].body(), "grant_type=client_credentials&scope=introspection");
}

#[tokio::test]
async fn the_access_token_is_got_with_any_kind_of_credentials() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    world.server.set("/token", granted("t1", 600));
    for (credentials, field) in [
        (Credentials::secret("notes-rs", SECRET, ClientAuth::Post), "client_secret"),
        (Credentials::client_secret_jwt("notes-rs", SECRET), "client_assertion"),
        (Credentials::tls_client_auth("notes-rs"), "client_id"),
    ] {
        let builder = world.builder().introspect_as(credentials.with_access_token("introspection"));
        assert!(check(&builder.build().expect("a guard"), "opaque").await.is_ok());
        let asked = world.server.asked("/token");
        let form = form(asked.last().expect("a request"));
        assert_eq!(form["grant_type"], "client_credentials");
        assert!(form.contains_key(field), "{field}: {form:?}");
        assert_eq!(bearer(&world.server.last()), "Bearer t1");
    }
}

#[tokio::test]
async fn concurrent_askers_share_one_token_request() {
    let world = World::new();
    let guard = renewing(&world);
    let gate = Arc::new(Semaphore::new(0));
    let body = json!({"access_token": "t1", "token_type": "Bearer", "expires_in": 600}).to_string();
    world.server.set("/token", Script::Gated(Arc::clone(&gate), body.into()));
    let tokens: Vec<_> = (0..50).map(|number| format!("opaque{number}")).collect();
    let askers = join_all(tokens.iter().map(|token| check(&guard, token)));
    let opener = async {
        while world.server.calls("/token") == 0 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(askers, opener);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((world.server.calls("/token"), world.server.calls("/introspect")), (1, 50));
}

#[tokio::test]
async fn the_access_token_is_renewed_before_it_ends() {
    let world = World::new();
    let guard = renewing(&world);
    assert!(check(&guard, "opaque").await.is_ok());
    world.server.set("/token", granted("t2", 600));
    world.clock.advance(449);
    assert!(check(&guard, "opaque").await.is_ok());
    assert_eq!(bearer(&world.server.last()), "Bearer t1");
    world.clock.advance(1);
    assert!(check(&guard, "opaque").await.is_ok());
    assert_eq!(bearer(&world.server.last()), "Bearer t2");
}

#[tokio::test]
async fn while_it_can_not_be_renewed_the_old_one_serves_until_it_ends() {
    let world = World::new();
    let guard = renewing(&world);
    assert!(check(&guard, "opaque").await.is_ok());
    world.server.set("/token", status(503));
    world.clock.advance(599);
    for _ in 0..3 {
        assert!(check(&guard, "opaque").await.is_ok());
        assert_eq!(bearer(&world.server.last()), "Bearer t1");
    }
    assert_eq!(world.server.calls("/token"), 2, "and the server is not pressed");
    world.clock.advance(1);
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
    world.server.set("/token", granted("t2", 600));
    world.clock.advance(1);
    assert!(check(&guard, "opaque").await.is_ok());
}

#[tokio::test]
async fn a_401_renews_the_access_token_once() {
    let world = World::new();
    let guard = renewing(&world);
    assert!(check(&guard, "opaque").await.is_ok());
    let (introspected, issued) = (world.server.calls("/introspect"), world.server.calls("/token"));
    world.server.set("/introspect", status(401));
    world.server.set("/token", granted("t2", 600));
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionRefused);
    assert_eq!(world.server.calls("/introspect") - introspected, 2, "asked again with the new one");
    assert_eq!(world.server.calls("/token") - issued, 1);
    assert_eq!(bearer(&world.server.last()), "Bearer t2");
    for _ in 0..5 {
        assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionRefused);
    }
    assert_eq!(world.server.calls("/token") - issued, 1, "not for every 401");
    world.server.set("/introspect", json_answer(&active(json!({}))));
    assert!(check(&guard, "opaque").await.is_ok());
}

#[tokio::test]
async fn a_revoked_access_token_is_replaced_and_the_caller_sees_nothing_of_it() {
    let world = World::new();
    let guard = renewing(&world);
    assert!(check(&guard, "opaque").await.is_ok());
    let (gate, askers) = (Arc::new(Semaphore::new(0)), 10);
    world.server.set("/introspect", status(401));
    let body = json!({"access_token": "t2", "token_type": "Bearer"}).to_string();
    world.server.set("/token", Script::Gated(Arc::clone(&gate), body.into()));
    let tokens: Vec<_> = (0..askers).map(|number| format!("opaque{number}")).collect();
    let asking = join_all(tokens.iter().map(|token| check(&guard, token)));
    let healer = async {
        while world.server.calls("/introspect") < 1 + askers {
            tokio::task::yield_now().await;
        }
        world.server.set("/introspect", json_answer(&active(json!({}))));
        gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(asking, healer);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(world.server.calls("/token"), 2, "one renewal for all");
    assert_eq!(bearer(&world.server.last()), "Bearer t2");
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_us_is_503_and_is_not_pressed() {
    let world = World::new();
    let guard = renewing(&world);
    world.server.set("/token", status(401));
    for _ in 0..5 {
        assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionRefused);
    }
    assert_eq!((world.server.calls("/token"), world.server.calls("/introspect")), (1, 0));
    world.server.set("/token", granted("t1", 600));
    world.clock.advance(1);
    assert!(check(&guard, "opaque").await.is_ok());
}

#[tokio::test]
async fn a_server_without_a_token_endpoint_is_503() {
    let world = World::new();
    let guard = renewing(&world);
    let metadata = json!({"issuer": ISSUER, "introspection_endpoint": format!("{ISSUER}/introspect")});
    world.server.set("/.well-known/oauth-authorization-server", json_answer(&metadata));
    assert_eq!(refused(&guard, "opaque").await, Reason::EndpointMissing);
    assert_eq!(check(&guard, "opaque").await.expect_err("a refusal").status(), 503);
}
