//! The authorization server is unavailable: introspection is paused after a few failures, callers get 503, and the
//! last answer is used only if that is enabled.

use std::sync::Arc;
use std::time::Duration;

use passavant_resource::{FetchError, Guard, Reason};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::introspection::active;
use crate::support::{NOW, Script, World, check, json_answer, refused, status};

fn good() -> Script {
    json_answer(&active(json!({})))
}

/// A guard that has just seen five failures in a row.
async fn opened(world: &World) -> Guard {
    world.server.set("/introspect", status(503));
    let guard = world.introspecting().build().expect("a guard");
    for number in 0..5 {
        assert_eq!(refused(&guard, &format!("t{number}")).await, Reason::IntrospectionFailed);
    }
    guard
}

#[tokio::test]
async fn five_failures_in_a_row_pause_introspection_for_five_seconds() {
    let world = World::new();
    let guard = opened(&world).await;
    world.server.set("/introspect", good());
    for number in 0..20 {
        assert_eq!(refused(&guard, &format!("u{number}")).await, Reason::IntrospectionPaused);
    }
    assert_eq!(world.server.calls("/introspect"), 5, "the server is left alone");
    world.clock.advance(4);
    assert_eq!(refused(&guard, "u").await, Reason::IntrospectionPaused);
    world.clock.advance(1);
    assert!(check(&guard, "u").await.is_ok());
    assert!(check(&guard, "v").await.is_ok());
}

#[tokio::test]
async fn the_answer_while_it_is_paused_is_503_with_retry_after() {
    let world = World::new();
    let guard = opened(&world).await;
    let denied = check(&guard, "opaque").await.expect_err("a refusal");
    let answer = denied.response();
    assert_eq!((answer.status().as_u16(), denied.reason()), (503, Reason::IntrospectionPaused));
    assert_eq!(answer.headers()["retry-after"], "5");
    assert!(!answer.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn one_probe_goes_through_and_its_failure_pauses_again() {
    let world = World::new();
    let guard = opened(&world).await;
    world.clock.advance(5);
    let gate = Arc::new(Semaphore::new(0));
    world.server.set("/introspect", Script::Gated(Arc::clone(&gate), "{}".into()));
    let probe = check(&guard, "probe");
    let other = async {
        while world.server.calls("/introspect") < 6 {
            tokio::task::yield_now().await;
        }
        assert_eq!(refused(&guard, "other").await, Reason::IntrospectionPaused);
        gate.close();
    };
    let (probe, ()) = tokio::join!(probe, other);
    assert_eq!(probe.expect_err("a refusal").reason(), Reason::IntrospectionFailed);
    assert_eq!(refused(&guard, "other").await, Reason::IntrospectionPaused);
    assert_eq!(world.server.calls("/introspect"), 6);
}

#[tokio::test]
async fn what_stops_the_server_for_everybody_counts_and_other_answers_do_not() {
    let away = [
        Script::Fail(FetchError::Timeout),
        Script::Fail(FetchError::TooLarge),
        Script::Fail(FetchError::Unreachable("refused".to_owned())),
        status(429),
        status(502),
        status(503),
        status(504),
    ];
    let there = [status(401), status(403), status(404), status(302), json_answer(&json!({"active": false}))];
    // One token that makes the server fail, sent repeatedly.
    let poison = [status(500), status(500), status(500), status(500), status(500), status(501)];
    for (scripts, last) in [
        (away.as_slice(), Reason::IntrospectionPaused),
        (&there, Reason::TokenInactive),
        (&poison, Reason::TokenInactive),
    ] {
        let world = World::new();
        let guard = world.introspecting().build().expect("a guard");
        for (number, script) in scripts.iter().enumerate() {
            world.server.set("/introspect", script.clone());
            refused(&guard, &format!("t{number}")).await;
        }
        world.server.set("/introspect", json_answer(&json!({"active": false})));
        assert_eq!(refused(&guard, "opaque").await, last);
    }
}

#[tokio::test]
async fn kept_answers_serve_while_the_server_is_left_alone() {
    let world = World::new();
    world.server.set("/introspect", good());
    let guard = world.introspecting().cache(Duration::from_secs(60)).build().expect("a guard");
    assert!(check(&guard, "known").await.is_ok());
    world.server.set("/introspect", status(503));
    for number in 0..6 {
        refused(&guard, &format!("t{number}")).await;
    }
    assert!(check(&guard, "known").await.is_ok());
    assert!(check(&guard, &world.jwt(json!({}))).await.is_ok(), "what is verified here needs no server");
}

#[tokio::test]
async fn without_the_option_an_old_answer_never_serves() {
    let world = World::new();
    world.server.set("/introspect", good());
    let guard = world.introspecting().build().expect("a guard");
    assert!(check(&guard, "opaque").await.is_ok());
    world.clock.advance(10);
    world.server.set("/introspect", status(503));
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
}

#[tokio::test]
async fn the_last_answer_serves_within_its_bound_where_it_was_asked_for() {
    let world = World::new();
    let lasting = world.introspecting().danger_accept_last_answer(Duration::from_secs(300));
    let guard = lasting.build().expect("a guard");
    world.server.set("/introspect", good());
    assert!(check(&guard, "good").await.is_ok());
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    assert_eq!(refused(&guard, "bad").await, Reason::TokenInactive);
    world.server.set("/introspect", status(503));
    world.clock.advance(299);
    for _ in 0..7 {
        assert!(check(&guard, "good").await.is_ok(), "paused or not");
        assert_eq!(refused(&guard, "bad").await, Reason::TokenInactive);
    }
    assert_eq!(
        refused(&guard, "new").await,
        Reason::IntrospectionPaused,
        "of this one nothing was ever said"
    );
    world.clock.advance(1);
    assert_eq!(refused(&guard, "good").await, Reason::IntrospectionPaused);
}

#[tokio::test]
async fn the_last_answer_never_serves_past_exp() {
    let world = World::new();
    let lasting = world.introspecting().danger_accept_last_answer(Duration::from_secs(300));
    let guard = lasting.build().expect("a guard");
    world.server.set("/introspect", json_answer(&active(json!({"exp": NOW + 60}))));
    assert!(check(&guard, "opaque").await.is_ok());
    world.server.set("/introspect", status(503));
    world.clock.advance(59);
    assert!(check(&guard, "opaque").await.is_ok());
    world.clock.advance(1);
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
}

#[tokio::test]
async fn a_server_that_answers_is_not_away_whatever_it_answers() {
    let world = World::new();
    let lasting = world.introspecting().danger_accept_last_answer(Duration::from_secs(300));
    let guard = lasting.build().expect("a guard");
    world.server.set("/introspect", good());
    assert!(check(&guard, "opaque").await.is_ok());
    world.clock.advance(10);
    for (script, reason) in [
        (status(401), Reason::IntrospectionRefused),
        (status(302), Reason::IntrospectionFailed),
        (json_answer(&json!(7)), Reason::AnswerMalformed),
        (json_answer(&json!({"active": true, "exp": "7"})), Reason::ClaimMalformed),
    ] {
        world.server.set("/introspect", script);
        assert_eq!(refused(&guard, "opaque").await, reason);
    }
}

#[tokio::test]
async fn a_revocation_that_was_seen_is_not_undone_by_an_older_answer() {
    let world = World::new();
    let lasting = world.introspecting().danger_accept_last_answer(Duration::from_secs(300));
    let guard = lasting.build().expect("a guard");
    world.server.set("/introspect", good());
    assert!(check(&guard, "opaque").await.is_ok());
    world.clock.advance(10);
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenInactive);
    world.clock.advance(10);
    world.server.set("/introspect", status(503));
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenInactive);
}
