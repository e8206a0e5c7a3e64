//! The key set (RFC 7517 §5).

use jose::SignatureAlgorithm;
use testkit::server::{Running, TestServer, confidential};

async fn start() -> Running {
    TestServer::new().start().await
}

/// RFC 7517 §5, and nothing private in it.
#[tokio::test]
async fn the_key_set_holds_public_keys() {
    let server = start().await;
    let reply = server.get("/jwks").send().await.ok();
    assert_eq!(reply.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    let keys = reply.json()["keys"].as_array().expect("a list").clone();
    assert_eq!(keys.len(), 2);
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert_eq!(key.get(private), None, "{private}");
        }
        assert_eq!(key["use"], "sig");
        assert!(key["kid"].is_string() && key["alg"].is_string());
    }
}

/// A key is published before it is used, so that cached key sets contain it by then.
#[tokio::test]
async fn a_key_that_is_next_is_published_and_does_not_sign() {
    let server = start().await;
    let next = passavant_server::store::KeyState::Next;
    let kid =
        server.authorization_server.add_key(SignatureAlgorithm::EdDsa, next).await.expect("makes a key");
    assert!(server.jwks().await.keys().iter().any(|key| key.kid() == Some(&kid)));
    let metadata = server.get("/.well-known/openid-configuration").send().await.ok().json();
    let algorithms = metadata["id_token_signing_alg_values_supported"].as_array().expect("a list");
    assert!(!algorithms.contains(&"EdDSA".into()), "{algorithms:?}");
}

/// RFC 7517 §4.5: the key can be found by `kid` while its signatures may be valid, for which a week is enough.
#[tokio::test]
async fn a_retired_key_is_published_for_a_week() {
    let es256 = |client: &mut protocol::ClientMetadata| {
        client.id_token_signed_response_alg = Some("ES256".to_owned());
    };
    let server = TestServer::new().client(confidential("shop").with(es256)).account("alice").start().await;
    let browser = server.browser().sign_in("alice");
    let old = browser.authorize("shop").tokens().await.member("id_token");
    let old_kid = server.verified(&old).await.kid().expect("it names its key").to_owned();
    let new_kid =
        server.authorization_server.rotate_key(SignatureAlgorithm::Es256).await.expect("makes a key");
    let rotated = server.store.registry_version().expect("the store works");
    server.clock.advance(7 * 86_400);
    server.authorization_server.maintain(100).await.expect("the store works");
    assert_eq!(server.store.registry_version().expect("the store works"), rotated, "no key is touched");
    server.verified(&old).await;
    server.clock.advance(1);
    assert_eq!(server.authorization_server.maintain(0).await.expect("the store works"), 0);
    assert!(kids(&server).await.contains(&old_kid), "a step does no more than its limit");
    assert_eq!(server.authorization_server.maintain(100).await.expect("the store works"), 1);
    let kids = kids(&server).await;
    assert!(!kids.contains(&old_kid) && kids.contains(&new_kid) && kids.len() == 2, "{kids:?}");
    let new = browser.authorize("shop").tokens().await.member("id_token");
    assert_eq!(server.verified(&new).await.kid(), Some(&*new_kid));
}

async fn kids(server: &Running) -> Vec<String> {
    server.jwks().await.keys().iter().filter_map(|key| key.kid().map(str::to_owned)).collect()
}
