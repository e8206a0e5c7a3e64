//! The health of a guard, as a value and as a document.

use http::{Method, Request};
use http_body_util::BodyExt as _;
use passavant_resource::{Guard, HealthState, Reason};
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::introspection::active;
use crate::support::{AUDIENCE, ISSUER, NOW, World, check, json_answer, refused, status};

async fn document(guard: &Guard) -> (u16, Value) {
    let request = Request::get("/health").body(()).expect("a request");
    let response = guard.health_service().call(request).await.expect("infallible");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test]
async fn nothing_is_fetched_to_know_it() {
    let world = World::new();
    let guard = world.introspecting().build().expect("a guard");
    assert_eq!(guard.health().state, HealthState::Idle);
    let idle = json!({"state": "idle", "had": null, "age_seconds": null, "failures": 0, "malfunction": null});
    let expected = json!({
        "state": "idle",
        "issuers": [{
            "issuer": ISSUER, "state": "idle", "discovery": idle, "keys": idle, "introspection": idle
        }]
    });
    assert_eq!(document(&guard).await, (200, expected));
    assert_eq!(world.server.calls("/jwks"), 0);
}

#[tokio::test]
async fn keys_go_from_good_to_degraded_to_failing_and_back() {
    let world = World::new();
    let guard = world.guard();
    let token = || world.jwt(json!({"exp": NOW + 1_000_000}));
    assert!(check(&guard, &token()).await.is_ok());
    world.clock.advance(7);
    let keys = guard.health().issuers[0].keys;
    assert_eq!((keys.state, keys.age_seconds, keys.failures), (HealthState::Good, Some(7), 0));

    world.server.set("/jwks", status(500));
    world.clock.advance(601);
    assert!(check(&guard, &token()).await.is_ok(), "the last good keys serve");
    world.clock.advance(31);
    assert!(check(&guard, &token()).await.is_ok());
    let keys = guard.health().issuers[0].keys;
    assert_eq!((keys.state, keys.failures), (HealthState::Degraded, 2));
    assert_eq!((keys.malfunction, keys.had.map(|had| had.0)), (Some(Reason::KeysUnavailable), Some(NOW)));
    assert_eq!(document(&guard).await.0, 200);

    world.clock.advance(25 * 60 * 60);
    assert_eq!(refused(&guard, &token()).await, Reason::KeysUnavailable);
    let (status, shown) = document(&guard).await;
    assert_eq!((status, &shown["issuers"][0]["keys"]["malfunction"]), (503, &json!("keys_unavailable")));
    assert_eq!(shown["state"], "failing");

    world.server.publish(&[&world.key]);
    world.clock.advance(31);
    assert!(check(&guard, &token()).await.is_ok());
    assert_eq!(guard.health().state, HealthState::Good);
}

#[tokio::test]
async fn introspection_fails_by_no_answer_and_not_by_a_refused_token() {
    let world = World::new();
    let guard = world.introspecting().build().expect("a guard");
    let introspection = || guard.health().issuers[0].introspection.expect("it is set up");
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    assert_eq!(refused(&guard, "one").await, Reason::TokenInactive);
    assert_eq!(introspection().state, HealthState::Good);
    world.server.set("/introspect", status(401));
    assert_eq!(refused(&guard, "two").await, Reason::IntrospectionRefused);
    let failing = introspection();
    assert_eq!(
        (failing.state, failing.malfunction),
        (HealthState::Failing, Some(Reason::IntrospectionRefused))
    );
    assert_eq!(document(&guard).await.0, 503);
    world.server.set("/introspect", json_answer(&active(json!({}))));
    assert!(check(&guard, "three").await.is_ok());
    assert_eq!((introspection().state, introspection().failures), (HealthState::Good, 0));
}

#[tokio::test]
async fn one_issuer_that_fails_is_no_failing_guard() {
    let world = World::new();
    let partner = Guard::builder("https://partner.example", AUDIENCE);
    let guard = world.builder().and(partner).build().expect("a guard");
    let lost = world.jwt(json!({"iss": "https://partner.example"}));
    assert_eq!(refused(&guard, &lost).await, Reason::DiscoveryFailed);
    let health = guard.health();
    let states: Vec<_> = health.issuers.iter().map(|issuer| issuer.state).collect();
    assert_eq!(states, [HealthState::Idle, HealthState::Failing]);
    assert_eq!(health.state, HealthState::Degraded);
    assert_eq!(document(&guard).await.0, 200);
}

#[tokio::test]
async fn the_document_holds_no_secret_and_no_token() {
    let world = World::new();
    let guard = world.introspecting().build().expect("a guard");
    world.server.set("/introspect", status(500));
    assert_eq!(refused(&guard, "opaque-secret").await, Reason::IntrospectionFailed);
    let shown = document(&guard).await.1.to_string() + &format!("{:?}", guard.health());
    for secret in ["opaque-secret", "a-secret-of-22-characters", "notes-rs"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn only_reading_is_answered() {
    let guard = World::new().guard();
    for (method, status) in [(Method::HEAD, 200), (Method::POST, 405), (Method::DELETE, 405)] {
        let request = Request::builder().method(method.clone()).uri("/").body(()).expect("a request");
        let response = guard.health_service().call(request).await.expect("infallible");
        assert_eq!(response.status(), status, "{method}");
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        assert!(body.is_empty(), "{method}");
    }
}
