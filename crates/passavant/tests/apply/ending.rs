//! What ends when somebody is disabled or goes.

use serde_json::json;

use crate::{
    browser::{Browser, Peer},
    installation::Installation,
    world::{REDIRECT, SECRET, shop_with, whole},
};

const ALICE: (&str, &str) = ("alice", "correct-horse");
const SHOP: (&str, &str) = ("shop", SECRET);
const API: (&str, &str) = ("notes-rs", SECRET);

/// An access token of alice's, and one of the client's own.
async fn tokens(peer: &Peer) -> [String; 2] {
    let code = Browser::new(peer).code("shop", REDIRECT, ALICE).await.expect("pages").expect("a code");
    let answer = peer.redeem(SHOP, REDIRECT, &code).await.expect("an answer");
    let text = |value: serde_json::Value| value.as_str().expect("a token").to_owned();
    let own = peer.token_with_status(SHOP, 200).await;
    [text(answer.member("access_token")), text(own)]
}

async fn are_active(peer: &Peer, tokens: &[String; 2]) -> [bool; 2] {
    let mut active = [false; 2];
    for (token, active) in tokens.iter().zip(&mut active) {
        *active = peer.is_active(API, token).await.expect("an answer");
    }
    active
}

#[tokio::test]
async fn disabling_a_client_ends_its_tokens_for_good() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let tokens = tokens(&peer).await;
    assert_eq!(are_active(&peer, &tokens).await, [true, true]);

    installation.must_apply(&json!({ "clients": [shop_with(json!({ "disabled": true }))] }), 1);
    assert_eq!(are_active(&peer, &tokens).await, [false, false]);
    peer.token_with_status(SHOP, 401).await;

    installation.must_apply(&whole(), 1);
    peer.token_with_status(SHOP, 200).await;
    assert_eq!(are_active(&peer, &tokens).await, [false, false]);
}

#[tokio::test]
async fn recreated_client_is_a_different_one() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let tokens = tokens(&peer).await;
    assert_eq!(installation.apply(&json!({ "clients": [] }), &["--prune"]).last_line(), "1 change");
    installation.must_apply(&whole(), 1);
    peer.token_with_status(SHOP, 200).await;
    assert_eq!(are_active(&peer, &tokens).await, [false, false]);
}

#[tokio::test]
async fn disabling_a_user_ends_the_sessions_and_tokens_and_nobody_elses() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let tokens = tokens(&peer).await;
    let mut browser = Browser::new(&peer);
    assert!(browser.code("shop", REDIRECT, ALICE).await.expect("pages").is_some());

    assert_eq!(installation.apply(&json!({ "users": [] }), &["--prune"]).last_line(), "1 change");
    assert_eq!(are_active(&peer, &tokens).await, [false, true]);
    assert_eq!(browser.code("shop", REDIRECT, ALICE).await.expect("pages"), None);

    // Listed again she may sign in, and what ended stays ended.
    installation.must_apply(&whole(), 1);
    assert_eq!(are_active(&peer, &tokens).await, [false, true]);
    assert!(browser.code("shop", REDIRECT, ALICE).await.expect("pages").is_some());
}
