//! Nonces of the API (RFC 9449 §9): required, accepted for a while, renewed in responses.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{Request, Response};
use http_body_util::Full;
use passavant_resource::{Dpop, Guard, Reason};
use serde_json::json;
use tower_layer::Layer as _;
use tower_service::Service;

use super::{ALGS, Sender, challenge};
use crate::support::{NOW, World};

fn guard(world: &World, secret: u8) -> Guard {
    let builder = world.builder().dpop(Dpop::Accept).dpop_nonces(&[secret; 32]);
    builder.build().expect("a guard")
}

/// The nonce of a refusal that requires one.
async fn asked(guard: &Guard, sender: &Sender, token: &str, iat: i64) -> String {
    let denied = guard.check(&sender.fresh(token, json!({"iat": iat}))).await.expect_err("refused");
    assert_eq!(denied.reason(), Reason::NonceMissing);
    denied.dpop_nonce().expect("a nonce").to_str().expect("ASCII").to_owned()
}

#[tokio::test]
async fn a_proof_without_nonce_is_told_which_one_to_use() {
    let world = World::new();
    let (guard, sender) = (guard(&world, 7), Sender::new());
    let token = sender.token(&world);
    for (nonce, reason) in
        [(None, Reason::NonceMissing), (Some("made-up"), Reason::NonceWrong), (Some(""), Reason::NonceWrong)]
    {
        let denied = guard.check(&sender.fresh(&token, json!({"nonce": nonce}))).await.expect_err("refused");
        assert_eq!(denied.reason(), reason);
        let told = format!("error=\"use_dpop_nonce\", error_description=\"{}\"", reason.description());
        assert_eq!(challenge(&denied), format!("Bearer, {ALGS}, {told}"));
        let answer = denied.response();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers().get_all("dpop-nonce").iter().count(), 1);
        let given = answer.headers()["dpop-nonce"].to_str().expect("ASCII");
        assert!(guard.check(&sender.fresh(&token, json!({"nonce": given}))).await.is_ok());
    }
}

#[tokio::test]
async fn a_nonce_is_renewed_before_its_end_and_refused_after() {
    let world = World::new();
    let (guard, sender) = (guard(&world, 7), Sender::new());
    let token = sender.token(&world);
    let mut nonce = asked(&guard, &sender, &token, NOW).await;
    let mut passed = 0;
    for (seconds, renewed) in [(0, false), (149, false), (1, true), (149, false), (100, true)] {
        world.clock.advance(seconds);
        passed += seconds;
        let head = sender.fresh(&token, json!({"nonce": nonce, "iat": NOW + passed}));
        let accepted = guard.check(&head).await.expect("accepted");
        assert_eq!(accepted.dpop_nonce().is_some(), renewed, "after {passed} seconds");
        nonce = accepted.dpop_nonce().unwrap_or(&nonce).to_owned();
    }
    world.clock.advance(149);
    let late = sender.token(&world);
    let iat = NOW + passed + 149;
    let head = sender.fresh(&late, json!({"nonce": nonce, "iat": iat}));
    assert!(guard.check(&head).await.is_ok());
    world.clock.advance(151);
    let head = sender.fresh(&late, json!({"nonce": nonce, "iat": iat + 151}));
    let denied = guard.check(&head).await.expect_err("refused");
    assert_eq!(denied.reason(), Reason::TokenExpired, "the token has ended by now");
}

#[tokio::test]
async fn a_nonce_that_is_too_old_is_replaced() {
    let world = World::new();
    let (guard, sender) = (guard(&world, 7), Sender::new());
    let token = sender.token(&world);
    let nonce = asked(&guard, &sender, &token, NOW).await;
    world.clock.advance(300);
    let head = sender.fresh(&token, json!({"nonce": nonce, "iat": NOW + 300}));
    let denied = guard.check(&head).await.expect_err("refused");
    assert_eq!(denied.reason(), Reason::NonceWrong);
    let next = denied.dpop_nonce().and_then(|next| next.to_str().ok()).expect("a nonce");
    assert!(guard.check(&sender.fresh(&token, json!({"nonce": next, "iat": NOW + 300}))).await.is_ok());
}

#[tokio::test]
async fn nodes_share_nonces_by_their_secret() {
    let world = World::new();
    let sender = Sender::new();
    let token = sender.token(&world);
    let nonce = asked(&guard(&world, 7), &sender, &token, NOW).await;
    for (secret, expected) in [(7, None), (8, Some(Reason::NonceWrong))] {
        let judged = guard(&world, secret).check(&sender.fresh(&token, json!({"nonce": nonce}))).await;
        assert_eq!(judged.err().map(|denied| denied.reason()), expected, "{secret}");
    }
}

#[tokio::test]
async fn a_nonce_frees_no_proof_from_its_other_rules() {
    let world = World::new();
    let (guard, sender) = (guard(&world, 7), Sender::new());
    let token = sender.token(&world);
    let nonce = asked(&guard, &sender, &token, NOW).await;
    let head = sender.fresh(&token, json!({"nonce": nonce}));
    assert!(guard.check(&head).await.is_ok());
    let again = guard.check(&head).await.expect_err("refused");
    assert_eq!((again.reason(), again.dpop_nonce()), (Reason::ProofReplayed, None));
    let stale = guard.check(&sender.fresh(&token, json!({"nonce": nonce, "iat": NOW - 60}))).await;
    assert_eq!(stale.expect_err("refused").reason(), Reason::ProofExpired);
}

#[tokio::test]
async fn a_nonce_of_another_type_is_malformed() {
    let world = World::new();
    let (guard, sender) = (guard(&world, 7), Sender::new());
    let token = sender.token(&world);
    for nonce in [json!(1), json!(["x"]), json!(true)] {
        let denied = guard.check(&sender.fresh(&token, json!({"nonce": nonce}))).await.expect_err("refused");
        assert_eq!((denied.reason(), denied.dpop_nonce()), (Reason::ProofClaimMalformed, None), "{nonce}");
    }
}

/// Answers, with or without its own `Cache-Control`.
#[derive(Clone)]
struct Notes(Option<&'static str>);

impl Service<Request<()>> for Notes {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let mut response = Response::new(Full::from("notes"));
        if let Some(value) = self.0 {
            response.headers_mut().insert(CACHE_CONTROL, value.parse().expect("a value"));
        }
        ready(Ok(response))
    }
}

#[tokio::test]
async fn a_layer_brings_the_next_nonce_once() {
    let world = World::new();
    let (guard, sender) = (guard(&world, 7), Sender::new());
    let token = sender.token(&world);
    let nonce = asked(&guard, &sender, &token, NOW).await;
    for (seconds, own, expected) in [
        (0, None, None),
        (200, None, Some("no-store")),
        (0, Some("private, max-age=5"), Some("private, max-age=5")),
    ] {
        world.clock.advance(seconds);
        let iat = NOW + if seconds == 0 && own.is_none() { 0 } else { 200 };
        let head = sender.fresh(&token, json!({"nonce": nonce, "iat": iat}));
        let mut service = guard.layer().layer(guard.require("notes.read").layer(Notes(own)));
        let answer = service.call(Request::from_parts(head, ())).await.expect("infallible");
        assert_eq!(answer.status(), 200);
        let found = answer.headers().get(CACHE_CONTROL).map(|value| value.to_str().expect("ASCII"));
        assert_eq!(found, expected);
        let given = answer.headers().get_all("dpop-nonce").iter().count();
        assert_eq!(given, usize::from(expected.is_some()));
    }
}
