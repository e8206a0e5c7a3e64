//! Clients learn from server to server that a session ended (OpenID Connect Back-Channel Logout 1.0).

use passavant_server::{
    Reason,
    store::{Of, Why},
};
use serde_json::{Value, json};
use testkit::server::{Browser, Running, TestServer, confidential, subject};

const SHOP: &str = "https://shop.example/gone";
const OTHER: &str = "https://other.example/gone";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

async fn start() -> Running {
    let told = |uri: &'static str| {
        move |client: &mut protocol::ClientMetadata| client.backchannel_logout_uri = Some(uri.to_owned())
    };
    let server = TestServer::new()
        .client(confidential("shop").with(told(SHOP)))
        .client(confidential("other").with(told(OTHER)))
        .client(confidential("silent"))
        .account("alice")
        .start()
        .await;
    server.fetch.serve(SHOP, &json!({}));
    server.fetch.serve(OTHER, &json!({}));
    server
}

/// Signs out, with the ID token of a client.
async fn sign_out(browser: &Browser, id_token: &str) {
    browser.open(&format!("https://as.example/logout?id_token_hint={id_token}")).await;
}

/// The verified logout tokens that were sent to a URL.
async fn tokens(server: &Running, url: &str) -> Vec<Value> {
    let mut tokens = Vec::new();
    for (_, body) in server.fetch.received(url) {
        let token = body.strip_prefix("logout_token=").expect("the parameter");
        let verified = server.verified(token).await;
        assert!(verified.is_type("logout+jwt"), "{:?}", verified.typ());
        tokens.push(Value::Object(verified.claims().expect("claims").into_map()));
    }
    tokens
}

/// Back-Channel Logout 1.0 §2.4, §2.5: `iss`, `sub`, `aud`, `iat`, `exp`, `jti`, `events`, `sid`, and no `nonce`.
#[tokio::test]
async fn every_client_of_the_session_is_told_at_once() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let id_token = browser.authorize("shop").tokens().await.member("id_token");
    browser.authorize("other").code().await;
    browser.authorize("silent").code().await;
    let sid = server.claims(&id_token).await["sid"].clone();
    sign_out(&browser, &id_token).await;
    for (url, client) in [(SHOP, "shop"), (OTHER, "other")] {
        let tokens = tokens(&server, url).await;
        let [token] = tokens.as_slice() else { panic!("{url}: {tokens:?}") };
        let now = server.now();
        assert_eq!(
            token,
            &json!({
                "iss": "https://as.example", "sub": subject("alice").as_str(), "aud": client, "iat": now, "exp": now + 120,
                "jti": token["jti"], "sid": sid, "events": { EVENT: {} },
            })
        );
    }
    server.authorization_server.maintain(9).await.expect("the store works");
    assert_eq!(server.fetch.asked(SHOP), 1, "told once");
}

/// Back-Channel Logout 1.0 §2.5: a client that does not answer is told again, later and later, and given up in the end.
#[tokio::test]
async fn a_client_that_does_not_answer_is_told_again() {
    let server = start().await;
    server.fetch.refuse(SHOP, 503);
    let browser = server.browser().sign_in("alice");
    let id_token = browser.authorize("shop").tokens().await.member("id_token");
    sign_out(&browser, &id_token).await;
    let maintain = async || server.authorization_server.maintain(9).await.expect("the store works");
    for (wait, asked) in [(4, 1), (1, 2), (29, 2), (1, 3)] {
        server.clock.advance(wait);
        maintain().await;
        assert_eq!(server.fetch.asked(SHOP), asked, "{wait}");
    }
    server.fetch.serve(SHOP, &json!({}));
    server.clock.advance(120);
    maintain().await;
    server.clock.advance(10_000);
    maintain().await;
    assert_eq!(server.fetch.asked(SHOP), 4, "it answered");

    let id_token = browser.authorize("shop").tokens().await.member("id_token");
    server.fetch.refuse(SHOP, 400);
    sign_out(&browser, &id_token).await;
    for _ in 0..20 {
        server.clock.advance(8_000);
        maintain().await;
    }
    assert_eq!(server.fetch.asked(SHOP), 4 + 6, "given up");
}

/// What an operator ends is told too: without `sid`, it is every session of the subject (Back-Channel Logout 1.0 §2.4).
#[tokio::test]
async fn the_end_of_a_subject_is_told_without_a_sid() {
    let server = start().await;
    server.browser().sign_in("alice").authorize("shop").code().await;
    let of = Of::Subject(subject("alice"));
    server.authorization_server.end(of, Why::AccountDisabled).await.expect("the store works");
    server.authorization_server.maintain(9).await.expect("the store works");
    let tokens = tokens(&server, SHOP).await;
    assert_eq!((tokens.len(), tokens[0].get("sid")), (1, None), "{tokens:?}");
    assert_eq!(server.fetch.asked(OTHER), 0, "it has no session");
}

/// Back-Channel Logout 1.0 §2.4, RFC 8725 §3.11: a logout token is no other token.
#[tokio::test]
async fn a_logout_token_is_no_other_token() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let id_token = browser.authorize("shop").tokens().await.member("id_token");
    sign_out(&browser, &id_token).await;
    let (_, body) = server.fetch.received(SHOP).remove(0);
    let token = body.strip_prefix("logout_token=").expect("the parameter");
    server.userinfo(token).await.refused(Reason::TokenInactive);
    let hint = server.browser().authorize("shop").param("id_token_hint", token).finish().await;
    hint.refused(Reason::HintInvalid);
}

/// Back-Channel Logout 1.0 §2.1
#[tokio::test]
async fn it_is_announced() {
    let metadata = start().await.get("/.well-known/openid-configuration").send().await.json();
    for member in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(metadata[member], true, "{member}");
    }
}
