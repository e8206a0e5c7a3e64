//! Random row ids: a collision is a conflict and another id is drawn, invisible to callers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use passavant_server::{Ask, ports::Entropy};
use testkit::{
    SeededEntropy,
    server::{Running, TestServer, confidential},
};

/// Bytes in front that make the chance of an id.
const ID_BYTES: usize = 8;

/// Chance that draws the same id as often as it is told to.
#[derive(Default)]
struct Stuck {
    chance: SeededEntropy,
    left: AtomicUsize,
}

impl Entropy for Stuck {
    fn fill(&self, bytes: &mut [u8]) {
        self.chance.fill(bytes);
        let is_stuck =
            self.left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if is_stuck {
            bytes[..ID_BYTES].fill(0);
        }
    }
}

async fn start() -> (Running, Arc<Stuck>) {
    let stuck = Arc::new(Stuck::default());
    let server = TestServer::new().client(confidential("shop")).account("alice").entropy(stuck.clone());
    (server.start().await, stuck)
}

/// The same millisecond and the same randomness, twice.
#[tokio::test]
async fn two_access_tokens_may_draw_one_id() {
    let (server, stuck) = start().await;
    for _ in 0..2 {
        stuck.left.store(1, Ordering::SeqCst);
        let token = server.client_credentials("shop").send().await.ok().member("access_token");
        assert!(server.is_active(&token, "shop").await);
    }
}

/// As above, for an interaction.
#[tokio::test]
async fn two_interactions_may_draw_one_id() {
    let (server, stuck) = start().await;
    let browser = server.browser();
    browser.authorize("shop").until(Ask::SignIn).await;
    for _ in 0..2 {
        stuck.left.store(1, Ordering::SeqCst);
        let landing = browser.authorize("shop").until(Ask::SignIn).await;
        browser.interaction(&landing.url).await.expect("it opens");
    }
}

/// Without a page, and from one.
#[tokio::test]
async fn two_grants_may_draw_one_id() {
    let (server, stuck) = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    for _ in 0..2 {
        stuck.left.store(2, Ordering::SeqCst);
        let code = browser.authorize("shop").code().await;
        server.redeem(&code).await.ok();
    }
    let landing = browser.authorize("shop").param("prompt", "consent").until(Ask::Consent).await;
    let open = browser.interaction(&landing.url).await.expect("it opens");
    stuck.left.store(2, Ordering::SeqCst);
    let answer = open.approve().await.expect("it is approved");
    assert!(answer.headers()["location"].to_str().expect("text").contains("code="));
}
