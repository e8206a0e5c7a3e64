//! The issuer's keys: cached, fetched again for an unknown `kid` with limits, and the last good ones used during an
//! outage.

use std::sync::Arc;

use futures_util::future::join_all;
use jose::SignatureAlgorithm;
use passavant_resource::{FetchError, Reason};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::{NOW, Script, World, check, claims, json_answer, key, refused, sign, status};

/// Long enough for every clock in this file.
fn far() -> serde_json::Value {
    json!({"exp": NOW + 1_000_000})
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_tokens() {
    let world = World::new();
    let guard = world.guard();
    for number in 0..20 {
        assert!(check(&guard, &world.jwt(json!({"jti": number.to_string()}))).await.is_ok());
    }
    assert_eq!(world.server.calls("/jwks"), 1);
}

#[tokio::test]
async fn a_new_kid_fetches_the_keys_again_at_once() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    let next = key(SignatureAlgorithm::Es256);
    world.server.publish(&[&world.key, &next]);
    let token = sign(&next, Some("at+jwt"), Some(next.kid()), &claims(far()));
    assert!(check(&guard, &token).await.is_ok());
    assert_eq!(world.server.calls("/jwks"), 2);
}

#[tokio::test]
async fn made_up_kids_fetch_at_most_once_in_thirty_seconds() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    let made_up = |kid: &str| sign(&world.key, Some("at+jwt"), Some(kid), &claims(far()));
    for number in 0..20 {
        assert_eq!(refused(&guard, &made_up(&format!("k{number}"))).await, Reason::KeyUnknown);
    }
    assert_eq!(world.server.calls("/jwks"), 2);
    world.clock.advance(29);
    assert_eq!(refused(&guard, &made_up("x")).await, Reason::KeyUnknown);
    assert_eq!(world.server.calls("/jwks"), 2);
    world.clock.advance(1);
    assert_eq!(refused(&guard, &made_up("x")).await, Reason::KeyUnknown);
    assert_eq!(world.server.calls("/jwks"), 3);
}

#[tokio::test]
async fn the_first_token_with_a_made_up_kid_costs_one_fetch() {
    let world = World::new();
    let token = sign(&world.key, Some("at+jwt"), Some("made-up"), &claims(far()));
    assert_eq!(refused(&world.guard(), &token).await, Reason::KeyUnknown);
    assert_eq!(world.server.calls("/jwks"), 1);
}

#[tokio::test]
async fn the_last_good_keys_serve_while_the_server_is_away() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    for script in
        [status(500), Script::Fail(FetchError::Timeout), json_answer(&json!({"keys": 7})), status(302)]
    {
        world.server.set("/jwks", script);
        world.clock.advance(700);
        assert!(check(&guard, &world.jwt(far())).await.is_ok());
    }
    let new = key(SignatureAlgorithm::Es256);
    let token = sign(&new, Some("at+jwt"), Some(new.kid()), &claims(far()));
    assert_eq!(refused(&guard, &token).await, Reason::KeysUnavailable, "it may be a new key");
    world.clock.advance(24 * 3600);
    for _ in 0..2 {
        let reason = refused(&guard, &world.jwt(far())).await;
        assert_eq!(reason, Reason::KeysUnavailable, "too old to be trusted");
    }
}

#[tokio::test]
async fn a_server_that_was_never_there_is_asked_again_soon() {
    let world = World::new();
    let guard = world.guard();
    world.server.set("/jwks", status(503));
    for _ in 0..10 {
        assert_eq!(refused(&guard, &world.jwt(far())).await, Reason::KeysUnavailable);
    }
    assert_eq!(world.server.calls("/jwks"), 1);
    world.server.publish(&[&world.key]);
    world.clock.advance(1);
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_forgotten_within_ten_minutes() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    world.server.publish(&[&key(SignatureAlgorithm::Es256)]);
    world.clock.advance(600);
    assert_eq!(refused(&guard, &world.jwt(far())).await, Reason::KeyUnknown);
}

#[tokio::test]
async fn concurrent_tokens_share_one_fetch() {
    let world = World::new();
    let guard = world.guard();
    let gate = Arc::new(Semaphore::new(0));
    let keys = json!({"keys": [world.key.public_jwk().expect("public").to_value()]}).to_string();
    world.server.set("/jwks", Script::Gated(Arc::clone(&gate), keys.into()));
    let token = world.jwt(far());
    let askers = join_all((0..100).map(|_| check(&guard, &token)));
    let opener = async {
        while world.server.calls("/jwks") == 0 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(askers, opener);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.server.calls("/jwks"), 1);
}
