//! The issuer's keys: cached, fetched again for an unknown `kid` with limits, and the last good ones used during an
//! outage.

use std::sync::Arc;

use futures_util::future::join_all;
use jose::{SignatureAlgorithm, SigningKey};
use passavant_resource::{FetchError, Reason};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Log, NOW, Script, World, check, claims, json_answer, key, refused, sign, status};

/// Long enough for every clock in this file.
fn far() -> serde_json::Value {
    json!({"exp": NOW + 1_000_000})
}

/// A token that names a key of nobody.
fn made_up(world: &World, kid: &str) -> String {
    sign(&world.key, Some("at+jwt"), Some(kid), &claims(far()))
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
async fn made_up_kids_cost_a_burst_of_fetches_and_then_one_in_two_seconds() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    for second in 0..60 {
        for number in 0..20 {
            let token = made_up(&world, &format!("{second}-{number}"));
            let reason = refused(&guard, &token).await;
            assert!(matches!(reason, Reason::KeyUnknown | Reason::KeyUnavailable), "{reason:?}");
        }
        assert!(
            check(&guard, &world.jwt(json!({"exp": NOW + 1_000_000, "jti": second.to_string()})))
                .await
                .is_ok()
        );
        world.clock.advance(1);
    }
    assert_eq!(world.server.calls("/jwks"), 1 + 3 + 29);
}

#[tokio::test]
async fn a_rotation_under_attack_is_noticed_within_two_seconds_and_never_a_401() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    let attack = async |name: &str| {
        for number in 0..20 {
            refused(&guard, &made_up(&world, &format!("{name}-{number}"))).await;
        }
    };
    attack("before").await;
    let next = key(SignatureAlgorithm::Es256);
    world.server.publish(&[&world.key, &next]);
    let token = sign(&next, Some("at+jwt"), Some(next.kid()), &claims(far()));
    attack("at").await;
    let denied = check(&guard, &token).await.expect_err("a refusal");
    let answer = denied.response();
    assert_eq!((denied.reason(), answer.status().as_u16()), (Reason::KeyUnavailable, 503));
    assert_eq!(answer.headers()["retry-after"], "2");
    assert!(denied.challenge().is_none(), "the token is not to blame");
    world.clock.advance(2);
    attack("after").await;
    assert!(check(&guard, &token).await.is_ok());
}

#[tokio::test]
async fn one_made_up_kid_does_not_delay_a_rotation() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    assert_eq!(refused(&guard, &made_up(&world, "x")).await, Reason::KeyUnknown);
    let next = key(SignatureAlgorithm::Es256);
    world.server.publish(&[&world.key, &next]);
    let token = sign(&next, Some("at+jwt"), Some(next.kid()), &claims(far()));
    assert!(check(&guard, &token).await.is_ok());
}

#[tokio::test]
async fn a_kid_that_was_looked_up_is_not_looked_up_again_at_once() {
    let world = World::new();
    let guard = world.guard();
    assert!(check(&guard, &world.jwt(far())).await.is_ok());
    for _ in 0..20 {
        assert_eq!(refused(&guard, &made_up(&world, "gone")).await, Reason::KeyUnknown);
    }
    assert_eq!(world.server.calls("/jwks"), 2);
}

#[tokio::test]
async fn keys_without_a_name_rotate_as_well() {
    let world = World::new();
    let guard = world.guard();
    let nameless = |key: &SigningKey| {
        let mut public = key.public_jwk().expect("a public key").to_value();
        public.as_object_mut().expect("an object").remove("kid");
        json_answer(&json!({ "keys": [public] }))
    };
    let token = |key: &SigningKey| sign(key, Some("at+jwt"), None, &claims(far()));
    let next = key(SignatureAlgorithm::Es256);
    world.server.set("/jwks", nameless(&world.key));
    assert!(check(&guard, &token(&world.key)).await.is_ok());
    world.server.set("/jwks", nameless(&next));
    world.clock.advance(2);
    assert!(check(&guard, &token(&next)).await.is_ok());
    assert_eq!(refused(&guard, &token(&world.key)).await, Reason::SignatureWrong);
}

/// RFC 7517 §5.
#[tokio::test]
async fn a_bad_neighbor_spoils_no_key() {
    let public = |key: &SigningKey| key.public_jwk().expect("a public key").to_value();
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
    let (own, other) = (key(SignatureAlgorithm::Es256), key(SignatureAlgorithm::Es512));
    let kid = json!(own.kid());
    let chain = "A".repeat(150 * 1024);
    for neighbor in [
        with(public(&other), "kid", kid.clone()),
        with(with(public(&own), "use", json!("enc")), "alg", json!("ECDH-ES")),
        with(public(&key(SignatureAlgorithm::Es256)), "kid", kid.clone()),
        json!({"kty": "oct", "kid": kid, "k": "b25lLW9jdGV0LWtleS1vZi0zMi1ieXRlcy0tLS0tLQ"}),
        json!({"kty": "RSA", "kid": "twice", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "AKP", "kid": kid, "alg": "ML-DSA-44", "pub": "AA"}),
        json!(null),
        json!({"kty": null, "kid": null}),
        with(public(&other), "x5c", json!([chain])),
    ] {
        let world = World::new();
        let guard = world.guard();
        let own_key = with(with(public(&own), "use", json!(null)), "x5c", json!(null));
        let keys = json!({"keys": [neighbor, json!({"kid": "twice"}), json!({"kid": "twice"}), own_key]});
        let body = format!("\u{feff}{keys}").into();
        world.server.set("/jwks", Script::Answer { status: 200, media_type: "application/json", body });
        let token = sign(&own, Some("at+jwt"), Some(own.kid()), &claims(far()));
        let found = check(&guard, &token).await;
        assert!(found.is_ok(), "{neighbor}: {found:?}");
    }
}

#[tokio::test]
async fn an_rsa_modulus_may_have_a_zero_in_front() {
    let (world, rsa) = (World::new(), key(SignatureAlgorithm::Rs256));
    let mut public = rsa.public_jwk().expect("a public key").to_value();
    let n = jose::base64url::decode(public["n"].as_str().expect("text")).expect("base64url");
    public["n"] = jose::base64url::encode(&[&[0], n.as_slice()].concat()).into();
    world.server.set("/jwks", json_answer(&json!({ "keys": [public] })));
    let token = sign(&rsa, Some("at+jwt"), Some(rsa.kid()), &claims(far()));
    assert!(check(&world.guard(), &token).await.is_ok());
}

#[tokio::test]
async fn a_key_that_is_skipped_is_named_once_and_its_tokens_are_told_so() {
    let log = Log::listen();
    let world = World::new();
    let guard = world.guard();
    let weak = json!({"kty": "RSA", "kid": "weak\nkey", "n": "AQAB", "e": "AQAB"});
    let keys = json!({ "keys": [weak, world.key.public_jwk().expect("public").to_value()] });
    world.server.set("/jwks", json_answer(&keys));
    let token = sign(&key(SignatureAlgorithm::Rs256), Some("at+jwt"), Some("weak\nkey"), &claims(far()));
    for _ in 0..3 {
        assert_eq!(refused(&guard, &token).await, Reason::KeyInvalid);
        world.clock.advance(700);
    }
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(r"weak\") && lines[0].contains("the RSA modulus"), "{lines:?}");
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
