//! What is cached of the registry is dropped by what changed.

use std::sync::Arc;

use passavant_server::{
    settings::DynamicRegistration,
    store::{CLIENT_CHANGES_KEPT, memory::MemoryStore},
};
use serde_json::json;
use testkit::{
    Interleaved,
    server::{Running, TestServer, confidential, public, resource},
};

async fn start() -> (Running, Arc<Interleaved<MemoryStore>>) {
    let store = Arc::new(Interleaved::new(MemoryStore::new(), 7));
    let dynamic = DynamicRegistration {
        hourly_max: u32::MAX,
        hourly_per_address_max: u32::MAX,
        ..DynamicRegistration::default()
    };
    let server = TestServer::new()
        .store(store.clone())
        .settings(|settings| settings.dynamic_registration = Some(dynamic))
        .client(confidential("shop").scope("notes.read"))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes").jwt());
    (server.start().await, store)
}

/// Registers this many clients.
async fn register(server: &Running, number: u32) {
    let members = json!({ "redirect_uris": ["https://agent.example/cb"] }).to_string();
    for _ in 0..number {
        let call = server.post("/register").body(Some("application/json"), &*members);
        assert_eq!(call.send().await.status(), 201);
    }
}

/// How often a request reads the store.
async fn reads(store: &Interleaved<MemoryStore>, request: impl Future<Output = ()>) -> u64 {
    let before = store.reads();
    request.await;
    store.reads() - before
}

/// The requests of a client that was there before cost one question more, once: which clients changed.
#[tokio::test]
async fn a_thousand_registrations_do_not_slow_the_token_path() {
    let (server, store) = start().await;
    let token = async || {
        server.client_credentials("shop").send().await.ok();
    };
    token().await;
    let warm = reads(&store, token()).await;
    register(&server, CLIENT_CHANGES_KEPT).await;
    assert_eq!(reads(&store, token()).await, warm + 1);
    assert_eq!(reads(&store, token()).await, warm);
}

/// A cache that is further behind than what is remembered starts anew, and is warm again after that.
#[tokio::test]
async fn a_cache_that_is_too_far_behind_starts_anew() {
    let (server, store) = start().await;
    let token = async || {
        server.client_credentials("shop").send().await.ok();
    };
    token().await;
    let warm = reads(&store, token()).await;
    for at in 0..=CLIENT_CHANGES_KEPT {
        server.put_client(public(&format!("c{at}"))).await;
    }
    assert!(reads(&store, token()).await > warm + 1);
    assert_eq!(reads(&store, token()).await, warm);
}

/// The client that changed is read again, and no other.
#[tokio::test]
async fn a_client_that_changed_is_read_again() {
    let (server, store) = start().await;
    server.client_credentials("shop").send().await.ok();
    server
        .put_client(confidential("shop").scope("notes.read").secret("another-secret-of-22-characters"))
        .await;
    server.client_credentials("shop").send().await.ok();
    let wrong = server.post("/token").basic("shop", "shop-has-a-secret-of-this-length");
    wrong
        .param("grant_type", "client_credentials")
        .send()
        .await
        .refused(passavant_server::Reason::ClientSecretWrong);
    server.delete_client("shop").await;
    let gone = server.client_credentials("shop").send().await;
    gone.refused(passavant_server::Reason::ClientUnknown);
    drop(store);
}

/// Fetch, "CORS-preflight request": a preflight names no client. The origins of all clients are not read again for one.
#[tokio::test]
async fn a_registration_costs_a_preflight_one_client_not_all() {
    let (server, store) = start().await;
    for at in 0..40 {
        server.put_client(public(&format!("c{at}"))).await;
    }
    let preflight = async |origin: &str| {
        let call = server.request(http::Method::OPTIONS, "/token").header("origin", origin);
        call.send().await.header("access-control-allow-origin").is_some()
    };
    assert!(preflight("https://spa.example").await && !preflight("https://agent.example").await);
    register(&server, 1).await;
    let mut is_allowed = false;
    let cost = reads(&store, async { is_allowed = preflight("https://agent.example").await }).await;
    assert!(is_allowed && cost <= 2, "which clients changed, and that one: {cost}");
    server.delete_client("spa").await;
    assert!(!preflight("https://spa.example").await);
    assert!(preflight("https://c7.example").await);
}
