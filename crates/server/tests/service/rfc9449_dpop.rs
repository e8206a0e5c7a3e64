//! DPoP (RFC 9449): access tokens, refresh tokens and codes that are bound to a key.

mod doors;
mod nonces;
mod proofs;

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::Reason;
use serde_json::json;
use testkit::server::{Code, Reply, Running, TestServer, confidential, public, resource};

const NOTES: &str = "https://notes.example";
const MUSIC: &str = "https://music.example";

fn key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only")
}

/// The thumbprint of a key, as `jkt` names it.
fn thumbprint(key: &SigningKey) -> String {
    key.public_jwk().expect("it is no shared secret").thumbprint().to_string()
}

async fn start() -> Running {
    start_with(TestServer::new()).await
}

async fn start_with(server: TestServer) -> Running {
    server
        .client(confidential("shop").scope("openid offline_access notes.read music.play"))
        .client(public("spa").scope("openid offline_access notes.read"))
        .resource(resource(NOTES, "notes.read").caller("notes"))
        .resource(resource(MUSIC, "music.play").caller("music").jwt())
        .account("alice")
        .start()
        .await
}

/// A token for the client itself, bound to this key.
async fn of_machine(server: &Running, key: &SigningKey, scope: &str) -> Reply {
    let proof = server.proof(key, "POST", "/token").sign();
    server.client_credentials("shop").param("scope", scope).header("dpop", &proof).send().await.ok()
}

/// The tokens of alice at this client, bound to this key.
async fn of_user(server: &Running, client: &str, key: &SigningKey) -> Reply {
    let code =
        server.browser().sign_in("alice").authorize(client).scope("openid offline_access").code().await;
    redeem(server, &code, Some(key)).await.ok()
}

async fn redeem(server: &Running, code: &Code, key: Option<&SigningKey>) -> Reply {
    let call = server.redemption(code);
    match key {
        Some(key) => call.header("dpop", &server.proof(key, "POST", "/token").sign()).send().await,
        None => call.send().await,
    }
}

async fn refresh(server: &Running, client: &str, token: &str, key: Option<&SigningKey>) -> Reply {
    let call = server.renewal(client, token);
    match key {
        Some(key) => call.header("dpop", &server.proof(key, "POST", "/token").sign()).send().await,
        None => call.send().await,
    }
}

/// RFC 9449 §5, §6: the answer says the type, and whoever judges the token learns the key.
#[tokio::test]
async fn an_access_token_is_bound_to_the_key_of_the_proof() {
    let (server, key) = (start().await, key());
    let reply = of_machine(&server, &key, "notes.read").await;
    assert_eq!(reply.member("token_type"), "DPoP");
    let told = server.introspect(&reply.member("access_token"), "notes").await.ok().json();
    assert_eq!(told["cnf"], json!({ "jkt": thumbprint(&key) }));
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("DPoP")));
}

/// RFC 9449 §6.1: a JWT has `cnf` with `jkt`.
#[tokio::test]
async fn a_jwt_access_token_names_its_key() {
    let (server, key) = (start().await, key());
    let reply = of_machine(&server, &key, "music.play").await;
    let token = reply.member("access_token");
    let claims = server.verified(&token).await.claims().expect("claims");
    let cnf = claims.object("cnf").expect("an object").expect("it is bound");
    assert_eq!((reply.member("token_type"), cnf["jkt"].clone()), ("DPoP".into(), json!(thumbprint(&key))));
    let told = server.introspect(&token, "music").await.ok().json();
    assert_eq!((&told["cnf"]["jkt"], &told["token_type"]), (&json!(thumbprint(&key)), &json!("DPoP")));
}

/// RFC 9449 §5: without a proof, a token is for whoever bears it.
#[tokio::test]
async fn a_request_without_a_proof_gets_a_bearer_token() {
    let server = start().await;
    let reply = server.client_credentials("shop").param("scope", "notes.read").send().await.ok();
    assert_eq!(reply.member("token_type"), "Bearer");
    let told = server.introspect(&reply.member("access_token"), "notes").await.ok().json();
    assert_eq!((told.get("cnf"), &told["token_type"]), (None, &json!("Bearer")));
}

/// RFC 9449 §5: the refresh token of a public client is bound to the key. Whoever does not hold it can neither use nor end
/// its family, even with a token that was rotated.
#[tokio::test]
async fn a_refresh_token_of_a_public_client_is_for_the_holder_of_its_key() {
    let (server, own, other) = (start().await, key(), key());
    let first = of_user(&server, "spa", &own).await.member("refresh_token");
    for stranger in [None, Some(&other)] {
        refresh(&server, "spa", &first, stranger).await.refused(Reason::RefreshKeyMismatch);
    }
    let second = refresh(&server, "spa", &first, Some(&own)).await.ok();
    assert_eq!(second.member("token_type"), "DPoP");
    server.clock.advance(30);
    refresh(&server, "spa", &first, Some(&other)).await.refused(Reason::RefreshKeyMismatch);
    let third = refresh(&server, "spa", &second.member("refresh_token"), Some(&own)).await.ok();
    let told = server.introspect(&third.member("refresh_token"), "shop").await.ok().json();
    assert_eq!(told, json!({ "active": false }), "it is not shop's");
}

/// RFC 9449 §5: a confidential client proves itself at each refresh, and may take a new key.
#[tokio::test]
async fn a_confidential_client_may_change_its_key_at_a_refresh() {
    let (server, old, new) = (start().await, key(), key());
    let first = of_user(&server, "shop", &old).await;
    let second = refresh(&server, "shop", &first.member("refresh_token"), Some(&new)).await.ok();
    let told = server.introspect(&second.member("access_token"), "shop").await.ok().json();
    assert_eq!(told["cnf"]["jkt"], json!(thumbprint(&new)));
}

/// RFC 9449 §5.2: a client that registered `dpop_bound_access_tokens` gets none without a proof.
#[tokio::test]
async fn a_client_that_registered_bound_tokens_gets_no_other() {
    let client = confidential("bank").scope("notes.read");
    let client = client.with(|metadata| metadata.dpop_bound_access_tokens = Some(true));
    let (server, key) = (start_with(TestServer::new().client(client)).await, key());
    server.client_credentials("bank").send_unwritten().await.refused(Reason::ProofMissing);
    let proof = server.proof(&key, "POST", "/token").sign();
    let reply = server.client_credentials("bank").header("dpop", &proof).send().await.ok();
    assert_eq!(reply.member("token_type"), "DPoP");
}

/// RFC 9449 §10: a code is redeemed by the key that the authorization request named.
#[tokio::test]
async fn a_code_is_for_the_key_that_the_request_named() {
    let (server, own, other) = (start().await, key(), key());
    for client in ["shop", "spa"] {
        let browser = server.browser().sign_in("alice");
        let request = browser.authorize(client).scope("openid").param("dpop_jkt", &thumbprint(&own));
        let code = request.code().await;
        redeem(&server, &code, None).await.refused(Reason::CodeKeyMismatch);
        redeem(&server, &code, Some(&other)).await.refused(Reason::CodeKeyMismatch);
        assert_eq!(redeem(&server, &code, Some(&own)).await.ok().member("token_type"), "DPoP");
    }
    let browser = server.browser().sign_in("alice");
    let malformed = browser.authorize("shop").scope("openid").param("dpop_jkt", "short");
    malformed.send().await.refused(Reason::ProofThumbprintMalformed);
}

/// RFC 9449 §10.1: a request that is pushed with a proof binds its code to the key, as `dpop_jkt` does.
#[tokio::test]
async fn a_code_of_a_pushed_request_is_for_the_key_of_its_proof() {
    let (server, own, other) = (start().await, key(), key());
    let push = |key: &SigningKey, named: Option<&SigningKey>| {
        let browser = server.browser().sign_in("alice");
        let mut request = browser.authorize("shop").scope("openid");
        if let Some(named) = named {
            request = request.param("dpop_jkt", &thumbprint(named));
        }
        let proof = server.proof(key, "POST", "/par").sign();
        let call = request.pushing().header("dpop", &proof);
        (request, call)
    };
    let (_, call) = push(&own, Some(&other));
    call.send().await.refused(Reason::ProofThumbprintWrong);
    for named in [None, Some(&own)] {
        let (request, call) = push(&own, named);
        let pushed = call.send().await;
        assert_eq!(pushed.status(), 201, "{pushed:?}");
        let code = request.refer("request_uri", &pushed.member("request_uri")).code().await;
        redeem(&server, &code, Some(&other)).await.refused(Reason::CodeKeyMismatch);
        redeem(&server, &code, Some(&own)).await.ok();
    }
    let elsewhere = server.proof(&own, "POST", "/token").sign();
    let call = server.browser().authorize("shop").pushing().header("dpop", &elsewhere);
    call.send().await.refused(Reason::ProofTargetWrong);
}

/// RFC 9449 §5.1: the algorithms are announced, and each of them is accepted.
#[tokio::test]
async fn every_announced_algorithm_is_accepted() {
    let server = start().await;
    let metadata = server.get("/.well-known/oauth-authorization-server").send().await.ok().json();
    let names = metadata["dpop_signing_alg_values_supported"].as_array().expect("a list").clone();
    assert!(names.contains(&json!("ES256")) && names.len() > 1, "{names:?}");
    for name in names {
        let algorithm = SignatureAlgorithm::parse(name.as_str().expect("a name")).expect("a known name");
        let key = SigningKey::generate(algorithm).expect("fails without entropy only");
        assert_eq!(of_machine(&server, &key, "notes.read").await.member("token_type"), "DPoP", "{name}");
    }
}
