//! Nonces of the server (RFC 9449 §8, §9).

use passavant_server::Reason;
use testkit::server::{Reply, Running, TestServer};

use super::{key, of_machine, start, start_with};

async fn start_strict() -> Running {
    start_with(TestServer::new().settings(|settings| settings.require_dpop_nonce = true)).await
}

fn nonce(reply: &Reply) -> String {
    reply.header("dpop-nonce").expect("a nonce").to_owned()
}

/// RFC 9449 §8: the answer brings the nonce that the next proof needs, and an answer with tokens brings one too (§8.2).
#[tokio::test]
async fn a_proof_without_a_nonce_is_answered_with_one() {
    let (server, key) = (start_strict().await, key());
    let ask = |nonce: Option<String>| {
        let proof = server.proof(&key, "POST", "/token").claim("nonce", nonce).sign();
        server.client_credentials("shop").header("dpop", &proof)
    };
    let first = ask(None).send_unwritten().await;
    first.refused(Reason::ProofNonceMissing);
    let second = ask(Some(nonce(&first))).send().await.ok();
    ask(Some(nonce(&second))).send().await.ok();
    let made_up = ask(Some("made-up".to_owned())).send_unwritten().await;
    made_up.refused(Reason::ProofNonceWrong);
    server.clock.advance(300);
    let late = ask(Some(nonce(&second))).send_unwritten().await;
    late.refused(Reason::ProofNonceWrong);
    ask(Some(nonce(&late))).send().await.ok();
}

/// RFC 9449 §8: requests without a proof need no nonce and get none, and neither does anybody where none is required.
#[tokio::test]
async fn only_proofs_need_nonces_and_only_where_that_is_required() {
    let reply = start_strict().await.client_credentials("shop").send().await.ok();
    assert_eq!(reply.header("dpop-nonce"), None);
    let reply = of_machine(&start().await, &key(), "notes.read").await;
    assert_eq!(reply.header("dpop-nonce"), None);
}

/// RFC 9449 §9: UserInfo, introspection and the routes of the host ask for a nonce as well.
#[tokio::test]
async fn a_token_is_used_with_a_nonce_where_that_is_required() {
    let (server, key) = (start_strict().await, key());
    let proof = server.proof(&key, "POST", "/token").sign();
    let given = nonce(&server.client_credentials("notes").header("dpop", &proof).send().await);
    let proof = server.proof(&key, "POST", "/token").claim("nonce", given.as_str()).sign();
    let token = server.client_credentials("notes").header("dpop", &proof).send().await.ok();
    let token = token.member("access_token");
    let ask = |nonce: Option<String>| {
        let proof = server.proof(&key, "POST", "/introspect").token(&token).claim("nonce", nonce).sign();
        server.post("/introspect").dpop(&token, &proof).param("token", "x")
    };
    let refused = ask(None).send_unwritten().await;
    refused.refused(Reason::ProofNonceMissing);
    assert_eq!(refused.status(), 401);
    ask(Some(nonce(&refused))).send().await.ok();
}

/// RFC 9449 §8: every node with the same master key accepts the nonces of the others.
#[tokio::test]
async fn another_node_accepts_the_nonce() {
    let (one, other, key) = (start_strict().await, start_strict().await, key());
    let proof = one.proof(&key, "POST", "/token").sign();
    let given = nonce(&one.client_credentials("shop").header("dpop", &proof).send().await);
    let proof = other.proof(&key, "POST", "/token").claim("nonce", given).sign();
    other.client_credentials("shop").header("dpop", &proof).send().await.ok();
}
