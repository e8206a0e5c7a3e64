//! No proof is accepted twice (RFC 9449 §11.1), by one node or by several, concurrently or later.

use std::sync::Arc;

use async_trait::async_trait;
use passavant_resource::{
    Dpop, Guard, MemoryReplays, ProofId, Reason, Replays, ReplaysError, Seen, Timestamp,
};
use serde_json::json;

use super::{Sender, accepting, reason};
use crate::support::{NOW, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_parallel_requests_with_one_proof_one_is_accepted() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    for round in 0..5 {
        let proof = sender.proof(&token, json!({}));
        let asked: Vec<_> = (0..64)
            .map(|_| {
                let (guard, head) = (guard.clone(), sender.request(&token, &proof));
                tokio::spawn(async move { reason(&guard, &head).await })
            })
            .collect();
        let mut found = Vec::new();
        for one in asked {
            found.push(one.await.expect("no panic"));
        }
        assert_eq!(found.iter().filter(|reason| reason.is_none()).count(), 1, "round {round}");
        assert_eq!(found.iter().filter(|reason| **reason == Some(Reason::ProofReplayed)).count(), 63);
    }
}

#[tokio::test]
async fn a_proof_stays_used_until_it_is_too_old() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    let head = sender.fresh(&token, json!({"iat": NOW + 60}));
    assert_eq!(reason(&guard, &head).await, None);
    world.clock.advance(119);
    assert_eq!(reason(&guard, &head).await, Some(Reason::ProofReplayed));
    world.clock.advance(1);
    assert_eq!(reason(&guard, &head).await, Some(Reason::ProofExpired));
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_knows_the_proof_as_long_as_it_takes_it() {
    let (ahead, behind) = (World::new(), World::new());
    let sender = Sender::new();
    let shared: Arc<dyn Replays> = Arc::new(MemoryReplays::default());
    let (one, other) = (guard_with(&ahead, Arc::clone(&shared)), guard_with(&behind, shared));
    let (first, second) = (sender.token(&ahead), sender.token(&behind));
    ahead.clock.advance(59);
    let head = sender.fresh(&second, json!({}));
    assert_eq!(reason(&other, &head).await, None);
    ahead.clock.advance(30);
    behind.clock.advance(59);
    assert_eq!(reason(&one, &sender.fresh(&first, json!({"iat": NOW + 89}))).await, None);
    assert_eq!(reason(&other, &head).await, Some(Reason::ProofReplayed));
}

#[tokio::test]
async fn a_jti_is_the_key_s_own() {
    let world = World::new();
    let (guard, sender, other) = (accepting(&world), Sender::new(), Sender::new());
    let (token, of_other) = (sender.token(&world), other.token(&world));
    let jti = json!({"jti": "j-1"});
    assert_eq!(reason(&guard, &sender.fresh(&token, jti.clone())).await, None);
    assert_eq!(reason(&guard, &other.fresh(&of_other, jti)).await, None);
    let later = json!({"jti": "j-1", "iat": NOW + 1});
    assert_eq!(reason(&guard, &sender.fresh(&token, later)).await, Some(Reason::ProofReplayed));
}

#[tokio::test]
async fn what_is_refused_for_another_reason_uses_no_proof_up() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    let proof = sender.proof(&token, json!({}));
    let mut post = sender.request(&token, &proof);
    post.method = http::Method::POST;
    assert_eq!(reason(&guard, &post).await, Some(Reason::ProofMethodWrong));
    assert_eq!(reason(&guard, &sender.request("x", &proof)).await, Some(Reason::TokenMalformed));
    assert_eq!(reason(&guard, &sender.request(&token, &proof)).await, None);
}

#[tokio::test]
async fn nodes_that_share_a_store_take_a_proof_once() {
    let world = World::new();
    let sender = Sender::new();
    let token = sender.token(&world);
    let shared: Arc<dyn Replays> = Arc::new(MemoryReplays::default());
    let node = || guard_with(&world, Arc::clone(&shared));
    let (one, other) = (node(), node());
    let head = sender.fresh(&token, json!({}));
    assert_eq!(reason(&one, &head).await, None);
    assert_eq!(reason(&other, &head).await, Some(Reason::ProofReplayed));
    assert_eq!(reason(&accepting(&world), &head).await, None, "a node with its own memory can't know");
}

/// A store that is unavailable.
struct Away;

#[async_trait]
impl Replays for Away {
    async fn remember(&self, _: ProofId, _: Timestamp, _: Timestamp) -> Result<Seen, ReplaysError> {
        Err(ReplaysError::Failed("connection refused".to_owned()))
    }
}

#[tokio::test]
async fn a_store_that_is_full_or_away_lets_nothing_in() {
    let world = World::new();
    let sender = Sender::new();
    let token = sender.token(&world);
    let stores: [Arc<dyn Replays>; 2] = [Arc::new(MemoryReplays::new(0)), Arc::new(Away)];
    for store in stores {
        let denied =
            guard_with(&world, store).check(&sender.fresh(&token, json!({}))).await.expect_err("refused");
        assert_eq!((denied.reason(), denied.status().as_u16()), (Reason::ReplaysUnavailable, 503));
        assert_eq!(denied.challenge(), None);
        assert_eq!(denied.response().headers()["retry-after"], "5");
    }
}

fn guard_with(world: &World, replays: Arc<dyn Replays>) -> Guard {
    world.builder().dpop(Dpop::Accept).replays(replays).build().expect("a guard")
}
