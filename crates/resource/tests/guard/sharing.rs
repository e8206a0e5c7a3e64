//! Introspection answers are shared and cached: one request for concurrent callers, and none within the cache time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use passavant_resource::{Guard, Reason};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::introspection::active;
use crate::support::{NOW, Script, World, check, json_answer, refused, status};

/// A guard without a cache, and a server that answers once the gate opens.
fn gated(world: &World) -> (Guard, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let body = active(json!({})).to_string();
    world.server.set("/introspect", Script::Gated(Arc::clone(&gate), body.into()));
    (world.introspecting().cache(Duration::ZERO).build().expect("a guard"), gate)
}

fn ask(guard: &Guard, token: &str) -> JoinHandle<bool> {
    let (guard, token) = (guard.clone(), token.to_owned());
    tokio::spawn(async move { check(&guard, &token).await.is_ok() })
}

async fn until_asked(world: &World, times: usize) {
    while world.server.calls("/introspect") < times {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hundred_concurrent_askers_share_one_request() {
    let world = World::new();
    let (guard, gate) = gated(&world);
    // All are polled before the gate opens, so that they are concurrent whatever the scheduler does.
    let askers = join_all((0..100).map(|_| check(&guard, "opaque")));
    let opener = async {
        until_asked(&world, 1).await;
        gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(askers, opener);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[tokio::test]
async fn a_cancelled_leader_does_not_cancel_the_others() {
    let world = World::new();
    let (guard, gate) = gated(&world);
    let leader = ask(&guard, "opaque");
    until_asked(&world, 1).await;
    let others = join_all((0..10).map(|_| check(&guard, "opaque")));
    let canceller = async {
        leader.abort();
        assert!(leader.await.expect_err("aborted").is_cancelled());
        gate.add_permits(1);
    };
    let (answers, ()) = tokio::join!(others, canceller);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[tokio::test]
async fn when_all_askers_have_gone_the_next_asks_anew() {
    let world = World::new();
    let (guard, gate) = gated(&world);
    let alone = ask(&guard, "opaque");
    until_asked(&world, 1).await;
    alone.abort();
    assert!(alone.await.expect_err("aborted").is_cancelled());
    gate.add_permits(1);
    assert!(ask(&guard, "opaque").await.expect("no panic"));
    assert_eq!(world.server.calls("/introspect"), 2);
}

#[tokio::test]
async fn different_tokens_share_nothing() {
    let world = World::new();
    let (guard, gate) = gated(&world);
    let askers = [ask(&guard, "one"), ask(&guard, "two")];
    gate.add_permits(2);
    for asker in askers {
        assert!(asker.await.expect("no panic"));
    }
    assert_eq!(world.server.calls("/introspect"), 2);
}

#[tokio::test]
async fn a_failure_reaches_all_who_wait_and_is_not_kept() {
    let world = World::new();
    world.server.set("/introspect", status(500));
    let guard = world.introspecting().build().expect("a guard");
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
    world.server.set("/introspect", json_answer(&active(json!({}))));
    assert!(check(&guard, "opaque").await.is_ok());
}

#[tokio::test]
async fn an_answer_is_kept_for_ten_seconds() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().build().expect("a guard");
    assert!(check(&guard, "opaque").await.is_ok());
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    world.clock.advance(9);
    assert!(check(&guard, "opaque").await.is_ok());
    world.clock.advance(1);
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenInactive);
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenInactive);
    assert_eq!(world.server.calls("/introspect"), 2, "a refusal is kept as well");
}

#[tokio::test]
async fn an_answer_is_never_kept_past_its_exp() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({"exp": NOW + 3}))));
    let guard = world.introspecting().cache(Duration::from_secs(60)).build().expect("a guard");
    assert!(check(&guard, "opaque").await.is_ok());
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    world.clock.advance(2);
    assert!(check(&guard, "opaque").await.is_ok());
    world.clock.advance(1);
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenInactive);
}

#[tokio::test]
async fn a_cache_of_zero_keeps_nothing() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().cache(Duration::ZERO).build().expect("a guard");
    for _ in 0..3 {
        assert!(check(&guard, "opaque").await.is_ok());
    }
    assert_eq!(world.server.calls("/introspect"), 3);
}

#[tokio::test]
async fn the_age_of_an_answer_counts_from_the_question() {
    let world = World::new();
    let gate = Arc::new(Semaphore::new(0));
    let body = active(json!({})).to_string();
    world.server.set("/introspect", Script::Gated(Arc::clone(&gate), body.into()));
    let guard = world.introspecting().build().expect("a guard");
    let asker = ask(&guard, "opaque");
    until_asked(&world, 1).await;
    world.clock.advance(4);
    gate.add_permits(1);
    assert!(asker.await.expect("no panic"));
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    world.clock.advance(5);
    assert!(check(&guard, "opaque").await.is_ok(), "nine seconds after the question");
    world.clock.advance(1);
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenInactive);
}

#[tokio::test]
async fn a_failed_leader_wakes_all_who_wait() {
    let world = World::new();
    let (guard, gate) = gated(&world);
    let askers = join_all((0..100).map(|_| check(&guard, "opaque")));
    let closer = async {
        until_asked(&world, 1).await;
        world.server.set("/introspect", status(500));
        gate.close();
    };
    let (answers, ()) = tokio::join!(askers, closer);
    let reasons = answers.into_iter().map(|answer| answer.expect_err("a refusal").reason());
    assert!(reasons.into_iter().all(|reason| reason == Reason::IntrospectionFailed));
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[tokio::test]
async fn a_kept_answer_decides_nothing_about_scope() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().build().expect("a guard");
    let token = check(&guard, "opaque").await.expect("accepted");
    assert!(token.require("groups").is_ok());
    let again = check(&guard, "opaque").await.expect("kept");
    assert_eq!(again.require("admin").expect_err("refused").reason(), Reason::ScopeInsufficient);
    assert_eq!(world.server.calls("/introspect"), 1);
}
