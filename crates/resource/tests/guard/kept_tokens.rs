//! JWTs that were verified locally are cached too: a repeated one needs no signature check, and expires in time.

use std::time::Duration;

use jose::SignatureAlgorithm;
use passavant_resource::{Guard, Reason};
use serde_json::json;

use crate::introspection::active;
use crate::support::{NOW, World, check, json_answer, key, refused};

/// Whether the second of two checks reused the claims of the first.
async fn is_kept(guard: &Guard, token: &str) -> bool {
    let first = check(guard, token).await.expect("accepted");
    let second = check(guard, token).await.expect("accepted");
    std::ptr::eq(first.claims(), second.claims())
}

#[tokio::test]
async fn a_repeated_jwt_is_not_verified_again_within_the_cache_time() {
    let world = World::new();
    let guard = world.guard();
    let token = world.jwt(json!({}));
    let first = check(&guard, &token).await.expect("accepted");
    for (seconds, same) in [(0, true), (9, true), (1, false)] {
        world.clock.advance(seconds);
        let again = check(&guard, &token).await.expect("accepted");
        assert_eq!(std::ptr::eq(first.claims(), again.claims()), same, "after {seconds} s more");
    }
}

#[tokio::test]
async fn a_jwt_is_never_kept_past_its_exp() {
    let world = World::new();
    let guard = world.builder().cache(Duration::from_secs(3600)).build().expect("a guard");
    let token = world.jwt(json!({"exp": NOW + 20}));
    assert!(is_kept(&guard, &token).await);
    world.clock.advance(20);
    assert!(!is_kept(&guard, &token).await, "the leeway is for clocks, not for the cache");
    world.clock.advance(30);
    assert_eq!(refused(&guard, &token).await, Reason::TokenExpired);
}

#[tokio::test]
async fn a_cache_of_zero_verifies_each_time() {
    let world = World::new();
    let guard = world.builder().cache(Duration::ZERO).build().expect("a guard");
    assert!(!is_kept(&guard, &world.jwt(json!({}))).await);
}

#[tokio::test]
async fn kept_jwts_are_forgotten_when_the_key_set_changes() {
    let world = World::new();
    let guard = world.builder().cache(Duration::from_secs(3600)).build().expect("a guard");
    let token = world.jwt(json!({"exp": NOW + 10_000}));
    assert!(is_kept(&guard, &token).await);
    let other = key(SignatureAlgorithm::Es256);
    world.server.publish(&[&other]);
    // An unknown key makes the guard fetch the set again, which no longer has the old one.
    let newer = crate::support::sign(
        &other,
        Some("at+jwt"),
        Some(other.kid()),
        &crate::support::claims(json!({"exp": NOW + 10_000})),
    );
    assert!(check(&guard, &newer).await.is_ok());
    assert_eq!(refused(&guard, &token).await, Reason::KeyUnknown);
}

#[tokio::test]
async fn a_kept_jwt_does_not_outlive_a_withdrawn_key_by_more_than_the_age_of_keys() {
    let world = World::new();
    let guard = world.builder().cache(Duration::from_secs(3600)).build().expect("a guard");
    let token = world.jwt(json!({"exp": NOW + 10_000}));
    assert!(is_kept(&guard, &token).await);
    world.server.publish(&[&key(SignatureAlgorithm::Es256)]);
    world.clock.advance(600);
    assert_eq!(refused(&guard, &token).await, Reason::KeyUnknown);
}

#[tokio::test]
async fn a_bad_signature_is_not_kept_and_spoils_nothing() {
    let world = World::new();
    let guard = world.guard();
    let token = world.jwt(json!({}));
    let forged = format!("{}A", &token[..token.len() - 1]);
    let forged = if forged == token { format!("{}Q", &token[..token.len() - 1]) } else { forged };
    for _ in 0..2 {
        assert_eq!(refused(&guard, &forged).await, Reason::SignatureWrong);
    }
    assert!(is_kept(&guard, &token).await);
    assert_eq!(refused(&guard, &forged).await, Reason::SignatureWrong, "the whole token is the key");
}

#[tokio::test]
async fn what_one_guard_keeps_is_of_no_use_to_another() {
    let world = World::new();
    let token = world.jwt(json!({}));
    assert!(is_kept(&world.guard(), &token).await);
    let other = Guard::builder(crate::support::ISSUER, "https://other.example")
        .fetch(world.server.clone())
        .clock(world.clock.clone());
    assert_eq!(refused(&other.build().expect("a guard"), &token).await, Reason::AudienceWrong);
}

#[tokio::test]
async fn a_guard_that_always_introspects_asks_about_jwts_too() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let token = world.jwt(json!({}));
    let always = world.introspecting().mode(passavant_resource::Mode::Introspection);
    let guard = always.build().expect("a guard");
    assert!(check(&guard, &token).await.is_ok());
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    world.clock.advance(10);
    assert_eq!(refused(&guard, &token).await, Reason::TokenInactive);
    assert_eq!(world.server.calls("/introspect"), 2);
}
