//! The effects of `[jwt_bearer]` and `[token_exchange]`.

use server::Reason;
use testkit::server::{Reply, Running, confidential, resource};

use super::{server, start};

#[tokio::test]
async fn jwt_bearer_issuers() {
    let reason = async |lines: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let call = start(lines).await.post("/token").as_client("shop");
        call.params(&[("grant_type", grant), ("assertion", "x")]).send().await.reason()
    };
    let trusted = "[jwt_bearer]\nissuers = [\"https://idp.example https://idp.example/jwks\"]\n";
    assert_eq!(reason(trusted).await, Some(Reason::BearerAssertionInvalid));
    assert_eq!(reason("").await, Some(Reason::GrantTypeUnsupported));
}

/// The client `shop`, which exchanges its own tokens for others of the same API.
async fn exchanging(lines: &str) -> (Running, String) {
    let policy = protocol::TokenExchangePolicy {
        subject_clients: vec!["cart".into()],
        audiences: vec!["https://notes.example".into()],
        ..protocol::TokenExchangePolicy::default()
    };
    let cart = confidential("cart").scope("notes.read");
    let cart = cart.with(|client| client.token_exchange = Some(policy));
    let notes = resource("https://notes.example", "notes.read");
    let server = server(lines).client(cart).resource(notes).start().await;
    let tokens = server.browser().sign_in("alice").authorize("cart").scope("notes.read").tokens().await;
    let token = tokens.member("access_token");
    (server, token)
}

async fn exchange((server, token): &(Running, String)) -> Reply {
    let call = server.post("/token").as_client("cart").params(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ]);
    call.send().await
}

#[tokio::test]
async fn token_exchange_enabled() {
    exchange(&exchanging("[token_exchange]\nenabled = true\n").await).await.ok();
    exchange(&exchanging("").await).await.refused(Reason::GrantTypeUnsupported);
}

#[tokio::test]
async fn token_exchange_token_lifetime_max() {
    let lines = "[token_exchange]\nenabled = true\ntoken_lifetime_max = \"30 s\"\n";
    assert_eq!(exchange(&exchanging(lines).await).await.ok().json()["expires_in"], 30);
}
