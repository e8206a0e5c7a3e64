//! The key set (RFC 7517 §5).

use jose::SignatureAlgorithm;
use passavant_server::{
    JWKS_MAX_AGE_SECONDS, KeyStart, PUBLISHED_BEFORE_SIGNING_SECONDS,
    ports::Clock as _,
    store::{Commit, KeyState},
};
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

/// A key is published before it is used, so that cached key sets contain it by then. Its algorithm is not offered yet.
#[tokio::test]
async fn a_key_that_is_next_is_published_and_does_not_sign() {
    let server = start().await;
    let kid = rotate(&server, SignatureAlgorithm::EdDsa, KeyStart::Published).await;
    assert!(kids(&server).await.contains(&kid));
    let offered = async || {
        let metadata = server.get("/.well-known/openid-configuration").send().await.ok().json();
        metadata["id_token_signing_alg_values_supported"]
            .as_array()
            .expect("a list")
            .contains(&"EdDSA".into())
    };
    assert!(!offered().await);
    server.clock.advance(PUBLISHED_BEFORE_SIGNING_SECONDS);
    maintain(&server).await;
    assert!(offered().await);
}

/// The first signature of a key is made when every key set that was cached without it is too old to be used.
#[tokio::test]
async fn a_rotated_key_signs_only_after_every_cached_key_set_was_fetched_anew() {
    let server = es256().await;
    let browser = server.browser().sign_in("alice");
    let signed = async || {
        let token = browser.authorize("shop").tokens().await.member("id_token");
        server.verified(&token).await.kid().expect("it names its key").to_owned()
    };
    let old = signed().await;
    let new = rotate(&server, SignatureAlgorithm::Es256, KeyStart::Published).await;
    assert_eq!(rotate(&server, SignatureAlgorithm::Es256, KeyStart::Published).await, new, "one is enough");
    maintain(&server).await;
    assert_eq!(signed().await, old);
    let cached = kids(&server).await;
    assert!(cached.contains(&old) && cached.contains(&new), "{cached:?}");
    server.clock.advance(JWKS_MAX_AGE_SECONDS + 299);
    maintain(&server).await;
    assert_eq!(signed().await, old, "a cache may still be without it");
    server.clock.advance(1);
    maintain(&server).await;
    assert_eq!(signed().await, new);
    assert!(kids(&server).await.contains(&old), "what it signed is still valid");
}

/// In an emergency a key signs at once: the one that is published already, where there is one.
#[tokio::test]
async fn a_key_that_must_not_wait_signs_at_once() {
    let server = es256().await;
    let browser = server.browser().sign_in("alice");
    for published in [false, true] {
        let next = match published {
            true => Some(rotate(&server, SignatureAlgorithm::Es256, KeyStart::Published).await),
            false => None,
        };
        let new = rotate(&server, SignatureAlgorithm::Es256, KeyStart::Now).await;
        assert!(next.is_none_or(|next| next == new));
        let token = browser.authorize("shop").tokens().await.member("id_token");
        assert_eq!(server.verified(&token).await.kid(), Some(&*new));
    }
}

/// Keys are replaced by themselves, each algorithm on its own, at the age that the settings give.
#[tokio::test]
async fn the_timetable_replaces_keys_without_anybody() {
    let server = TestServer::new().settings(|own| own.key_rotation_interval = 3_600).start().await;
    let before = kids(&server).await;
    server.clock.advance(3_600 - PUBLISHED_BEFORE_SIGNING_SECONDS - 1);
    maintain(&server).await;
    assert_eq!(kids(&server).await, before, "too early");
    server.clock.advance(1);
    maintain(&server).await;
    assert_eq!((kids(&server).await.len(), signing(&server).await), (4, before.clone()));
    server.clock.advance(PUBLISHED_BEFORE_SIGNING_SECONDS);
    maintain(&server).await;
    let after = signing(&server).await;
    assert!(after.len() == 2 && after.iter().all(|kid| !before.contains(kid)), "{after:?}");
    maintain(&server).await;
    assert_eq!(kids(&server).await.len(), 4, "nothing more is due");
}

/// A key that is not trusted anymore ends everything that it signed, and leaves no algorithm without a key.
#[tokio::test]
async fn a_distrusted_key_is_gone_at_once_and_another_signs() {
    for published in [false, true] {
        let server = es256().await;
        let browser = server.browser().sign_in("alice");
        let old = browser.authorize("shop").tokens().await.member("id_token");
        let kid = server.verified(&old).await.kid().expect("it names its key").to_owned();
        let next = match published {
            true => Some(rotate(&server, SignatureAlgorithm::Es256, KeyStart::Published).await),
            false => None,
        };
        let distrust = server.authorization_server.key_distrust(&kid).await.expect("the store works");
        let distrust = distrust.expect("there is such a key");
        let successor = distrust.successor.expect("it signed").kid;
        assert!(next.is_none_or(|next| next == successor));
        server.commit(distrust.changes.into_iter().fold(Commit::new(server.clock.now()), Commit::with)).await;
        let published = kids(&server).await;
        assert!(!published.contains(&kid) && published.contains(&successor), "{published:?}");
        let new = browser.authorize("shop").tokens().await.member("id_token");
        assert_eq!(server.verified(&new).await.kid(), Some(&*successor));
    }
    let server = es256().await;
    assert!(server.authorization_server.key_distrust("unknown").await.expect("the store works").is_none());
}

/// Two operators at once: one rotation is written, and the other is decided again.
#[tokio::test]
async fn of_two_concurrent_rotations_one_is_decided_again() {
    let server = start().await;
    let decide = async || {
        let rotation =
            server.authorization_server.key_rotation(SignatureAlgorithm::Es256, KeyStart::Now).await;
        let changes = rotation.expect("the store works").changes;
        changes.into_iter().fold(Commit::new(server.clock.now()), Commit::with)
    };
    let (first, second) = (decide().await, decide().await);
    assert!(server.store.commit(first).await.expect("the store works").is_ok());
    assert!(server.store.commit(second).await.expect("the store works").is_err());
    assert!(server.store.commit(decide().await).await.expect("the store works").is_ok());
    assert_eq!(signing(&server).await.len(), 2, "one key for each algorithm");
}

/// RFC 7517 §4.5: the key can be found by `kid` while its signatures may be valid, for which a week is enough.
#[tokio::test]
async fn a_retired_key_is_published_for_a_week() {
    let server = es256().await;
    let browser = server.browser().sign_in("alice");
    let old = browser.authorize("shop").tokens().await.member("id_token");
    let old_kid = server.verified(&old).await.kid().expect("it names its key").to_owned();
    let new_kid = rotate(&server, SignatureAlgorithm::Es256, KeyStart::Now).await;
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

/// A server whose one client has its ID tokens signed by ES256.
async fn es256() -> Running {
    let es256 = |client: &mut protocol::ClientMetadata| {
        client.id_token_signed_response_alg = Some("ES256".to_owned());
    };
    TestServer::new().client(confidential("shop").with(es256)).account("alice").start().await
}

async fn rotate(server: &Running, algorithm: SignatureAlgorithm, start: KeyStart) -> String {
    server.authorization_server.rotate_key(algorithm, start).await.expect("makes a key")
}

async fn maintain(server: &Running) {
    server.authorization_server.maintain(100).await.expect("the store works");
}

async fn signing(server: &Running) -> Vec<String> {
    let keys = server.store.keys().await.expect("the store works");
    keys.into_iter().filter(|key| key.state == KeyState::Active).map(|key| key.kid).collect()
}

async fn kids(server: &Running) -> Vec<String> {
    server.jwks().await.keys().iter().filter_map(|key| key.kid().map(str::to_owned)).collect()
}
