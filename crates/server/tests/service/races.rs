//! Concurrent requests through the service: what may happen once happens once.
//!
//! The store lets other requests proceed between a read and its commit.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::FutureExt as _;
use passavant_server::{Ask, Error, Reason, store::memory::MemoryStore};
use testkit::{
    Interleaved,
    server::{Browser, Reply, Running, TestServer, confidential, public},
};
use tokio::task::JoinSet;

const ROUNDS: u64 = 50;
const AT_ONCE: usize = 64;

async fn start(seed: u64) -> Running {
    TestServer::new()
        .store(Arc::new(Interleaved::new(MemoryStore::new(), seed)))
        .seed(seed)
        .client(confidential("shop"))
        .client(public("spa"))
        .account("alice")
        .start()
        .await
}

/// Does one thing many times at once.
async fn at_once<F>(times: usize, mut one: impl FnMut() -> F) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for _ in 0..times {
        tasks.spawn(one());
    }
    tasks.join_all().await
}

fn ok(replies: &[Reply]) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status() == 200).collect()
}

async fn offline(browser: &Browser) -> Reply {
    browser.authorize("shop").scope("openid offline_access").tokens().await
}

/// RFC 6749 §4.1.2: one response has tokens, and since the code was presented more than once, its grant ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once_and_its_grant_ended() {
    for round in 0..ROUNDS {
        let server = start(round).await;
        let code = server.browser().sign_in("alice").authorize("shop").code().await;
        let replies = at_once(AT_ONCE, || {
            let (server, code) = (server.clone(), code.clone());
            async move { server.redeem(&code).await }
        })
        .await;
        let won = ok(&replies);
        assert_eq!(won.len(), 1, "round {round}: one code, {} answers with tokens", won.len());
        for lost in replies.iter().filter(|reply| reply.status() != 200) {
            lost.refused(Reason::CodeReused);
        }
        assert!(!server.is_active(&won[0].member("access_token"), "shop").await, "round {round}");
    }
}

/// Concurrent uses receive the same successor: no client is locked out, and there is no second chain.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_has_one_successor() {
    for round in 0..ROUNDS {
        let server = start(round).await;
        let first = offline(&server.browser().sign_in("alice")).await.member("refresh_token");
        let replies = at_once(AT_ONCE, || {
            let (server, first) = (server.clone(), first.clone());
            async move { server.refresh("shop", &first).await }
        })
        .await;
        assert_eq!(ok(&replies).len(), AT_ONCE, "round {round}: {replies:?}");
        let successors: BTreeSet<String> =
            replies.iter().map(|reply| reply.member("refresh_token")).collect();
        assert_eq!(successors.len(), 1, "round {round}: {successors:?}");
        let access: BTreeSet<String> = replies.iter().map(|reply| reply.member("access_token")).collect();
        assert_eq!(access.len(), AT_ONCE, "round {round}");
        let successor = successors.first().expect("one");
        let second = server.refresh("shop", successor).await.ok().member("refresh_token");
        server.refresh("shop", &first).await.refused(Reason::RefreshReuseDetected);
        server.refresh("shop", &second).await.refused(Reason::GrantEnded);
    }
}

/// A rotation that commits late does not revert the family: the newest token that was issued is still known, whether it
/// is live or was ended because the late request is a replay.
#[tokio::test]
async fn an_overtaken_rotation_turns_nothing_back() {
    for polls in 0.. {
        let server = start(3).await;
        let first = offline(&server.browser().sign_in("alice")).await.member("refresh_token");
        let mut late = Box::pin(server.refresh("shop", &first));
        let is_over = (0..polls).any(|_| (&mut late).now_or_never().is_some());
        if is_over {
            assert!(polls > 3, "it was never overtaken");
            break;
        }
        let second = server.refresh("shop", &first).await.ok().member("refresh_token");
        let newest = server.refresh("shop", &second).await.ok().member("refresh_token");
        late.await;
        let reply = server.refresh("shop", &newest).await;
        let is_known = reply.status() == 200 || reply.reason() == Some(Reason::GrantEnded);
        assert!(is_known, "overtaken after {polls} polls: the newest token is {:?}", reply.reason());
    }
}

/// Without a grace period, one request receives the successor. The others are replays, which end the chain.
#[tokio::test(flavor = "multi_thread")]
async fn without_grace_a_refresh_token_is_good_once() {
    for round in 0..10 {
        let server = TestServer::new()
            .store(Arc::new(Interleaved::new(MemoryStore::new(), round)))
            .seed(round)
            .client(confidential("shop"))
            .account("alice")
            .settings(|settings| settings.refresh_grace = 0)
            .start()
            .await;
        let first = offline(&server.browser().sign_in("alice")).await.member("refresh_token");
        let replies = at_once(AT_ONCE, || {
            let (server, first) = (server.clone(), first.clone());
            async move { server.refresh("shop", &first).await }
        })
        .await;
        let won = ok(&replies);
        assert_eq!(won.len(), 1, "round {round}");
        server.refresh("shop", &won[0].member("refresh_token")).await.refused(Reason::GrantEnded);
    }
}

/// After a revocation is acknowledged, no token of the grant is active, whichever refreshes were concurrent.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_wins_against_every_refresh_at_its_side() {
    for round in 0..ROUNDS {
        let server = start(round).await;
        let first = offline(&server.browser().sign_in("alice")).await;
        let token = first.member("refresh_token");
        let revocation = tokio::spawn({
            let (server, token) = (server.clone(), token.clone());
            async move { server.revoke(&token, "shop").await }
        });
        let replies = at_once(8, || {
            let (server, token) = (server.clone(), token.clone());
            async move { server.refresh("shop", &token).await }
        })
        .await;
        revocation.await.expect("answers").ok();
        for reply in ok(&replies).into_iter().chain([&first]) {
            assert!(!server.is_active(&reply.member("access_token"), "shop").await, "round {round}");
            server.refresh("shop", &reply.member("refresh_token")).await.refused(Reason::GrantEnded);
        }
    }
}

/// The same for signing out and concurrent redemptions.
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_wins_against_a_redemption_at_its_side() {
    for round in 0..ROUNDS {
        let server = start(round).await;
        let browser = server.browser().sign_in("alice");
        let code = browser.authorize("spa").code().await;
        let redemption = tokio::spawn({
            let (server, code) = (server.clone(), code.clone());
            async move { server.redeem(&code).await }
        });
        browser.open("https://as.example/logout").await;
        let reply = redemption.await.expect("answers");
        if reply.status() == 200 {
            let access = reply.member("access_token");
            server.userinfo(&access).await.refused(Reason::TokenInactive);
        } else {
            reply.refused(Reason::GrantEnded);
        }
    }
}

/// If a sign-out overtakes an approval without a page at any point, no grant is left, and the user must sign in.
#[tokio::test]
async fn an_approval_that_a_sign_out_overtakes_leaves_nothing() {
    let mut asked = 0;
    for polls in 0.. {
        let server = start(3).await;
        let browser = server.browser().sign_in("alice");
        browser.authorize("shop").code().await;
        let mut late = Box::pin(browser.authorize("shop").send());
        if (0..polls).any(|_| (&mut late).now_or_never().is_some()) {
            assert!(polls > 3 && asked > 0, "it was never overtaken");
            break;
        }
        browser.open("https://as.example/logout").await;
        let location = late.await.header("location").expect("it goes on").to_owned();
        let grants = server.store.list_grants(None, None, 9).await.expect("the store works");
        assert!(grants.is_empty(), "overtaken after {polls} polls: {grants:?}");
        asked += usize::from(location.starts_with("https://as.example/login?interaction="));
    }
}

/// A consent form that is submitted twice produces one code.
#[tokio::test(flavor = "multi_thread")]
async fn a_consent_form_is_good_once() {
    for round in 0..ROUNDS {
        let server = start(round).await;
        let browser = server.browser().sign_in("alice");
        let landing = browser.authorize("shop").until(Ask::Consent).await;
        let answers = at_once(16, || {
            let (browser, url) = (browser.clone(), landing.url.clone());
            async move { browser.interaction(&url).await?.approve().await }
        })
        .await;
        let codes = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(codes, 1, "round {round}");
        for answer in answers {
            match answer {
                Ok(answer) => {
                    let location = answer.headers()["location"].to_str().expect("text");
                    assert!(location.contains("code="), "{location}");
                }
                Err(error) => assert!(matches!(error, Error::Refused(Reason::InteractionUnknown)), "{error}"),
            }
        }
    }
}

/// If Allow and Deny are submitted concurrently, only one of them takes effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_consent_form_is_answered_one_way() {
    for round in 0..ROUNDS {
        let server = start(round).await;
        let browser = server.browser().sign_in("alice");
        let landing = browser.authorize("shop").until(Ask::Consent).await;
        let mut allows = false;
        let answers = at_once(8, || {
            allows = !allows;
            let (browser, url, allows) = (browser.clone(), landing.url.clone(), allows);
            async move {
                let open = browser.interaction(&url).await?;
                if allows { open.approve().await } else { open.deny().await }
            }
        })
        .await;
        let answered = answers.into_iter().filter_map(Result::ok).count();
        assert_eq!(answered, 1, "round {round}");
    }
}

/// An assertion is valid for one request.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_once() {
    let key =
        jose::SigningKey::generate(jose::SignatureAlgorithm::Es256).expect("fails without entropy only");
    for round in 0..10 {
        let server = start(round).await;
        server.put_client(confidential("signer").key(&key)).await;
        let assertion = server.assertion("signer").sign();
        let replies = at_once(AT_ONCE, || {
            let call = server.post("/token").param("grant_type", "client_credentials").asserting(&assertion);
            call.send()
        })
        .await;
        assert_eq!(ok(&replies).len(), 1, "round {round}");
        for lost in replies.iter().filter(|reply| reply.status() != 200) {
            lost.refused(Reason::AssertionReplayed);
        }
    }
}

/// RFC 9700 §4.5: five attempts are allowed, also concurrently.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_verifiers_at_once_burn_the_code() {
    for round in 0..10 {
        let server = start(round).await;
        let code = server.browser().sign_in("alice").authorize("spa").code().await;
        let replies = at_once(AT_ONCE, || {
            let call =
                server.redemption(&code).without("code_verifier").param("code_verifier", &"x".repeat(43));
            call.send()
        })
        .await;
        assert!(ok(&replies).is_empty(), "round {round}");
        server.redeem(&code).await.refused(Reason::CodeReused);
    }
}
