//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14.2): rotation, reuse detection, and a grace period for lost responses.

use passavant_server::{
    Reason,
    ports::Standing,
    store::{Of, Why},
};
use serde_json::json;
use testkit::server::{Browser, Reply, Running, TestServer, confidential, public, subject};

const DAY: i64 = 86_400;
const OFFLINE: &str = "openid offline_access email";

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("other"))
        .client(public("spa"))
        .client(public("app").with(|client| client.application_type = Some("native".to_owned())))
        .account("alice")
        .start()
        .await
}

async fn refresh_token(server: &Running, client: &str) -> String {
    tokens(&server.browser().sign_in("alice"), client, OFFLINE).await.member("refresh_token")
}

async fn tokens(browser: &Browser, client: &str, scope: &str) -> Reply {
    browser.authorize(client).scope(scope).tokens().await
}

/// RFC 6749 §6
#[tokio::test]
async fn a_refresh_token_is_exchanged_for_new_tokens() {
    let server = start().await;
    let first = refresh_token(&server, "shop").await;
    let reply = server.refresh("shop", &first).await.ok();
    assert_eq!((&*reply.member("scope"), &reply.json()["expires_in"]), (OFFLINE, &json!(600)));
    assert_ne!(reply.member("refresh_token"), first);
    assert!(server.is_active(&reply.member("access_token"), "shop").await);
}

/// RFC 9700 §4.14.2: each token is used once.
#[tokio::test]
async fn the_chain_goes_on_and_on() {
    let server = start().await;
    let mut token = refresh_token(&server, "shop").await;
    for _ in 0..20 {
        server.clock.advance(11);
        token = server.refresh("shop", &token).await.ok().member("refresh_token");
    }
}

/// OpenID Connect Core 1.0 §12.2: the same subject and `auth_time`, and no `nonce`.
#[tokio::test]
async fn a_refresh_brings_an_id_token_of_the_same_sign_in() {
    let server = start().await;
    let first = tokens(&server.browser().sign_in("alice"), "shop", OFFLINE).await;
    server.clock.advance(100);
    let second = server.refresh("shop", &first.member("refresh_token")).await.ok();
    let [before, after] = [&first, &second].map(|reply| reply.member("id_token"));
    let (before, after) = (server.claims(&before).await, server.claims(&after).await);
    for name in ["iss", "sub", "aud", "auth_time", "sid", "amr"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!((after["iat"].as_i64(), after.get("nonce")), (Some(server.now()), None));
}

/// A lost response does not lock out the client: within the grace period it receives the same successor, and there is
/// no second chain.
#[tokio::test]
async fn a_token_that_was_just_rotated_gets_the_same_successor() {
    let server = start().await;
    let first = refresh_token(&server, "shop").await;
    let once = server.refresh("shop", &first).await.ok();
    server.clock.advance(9);
    let again = server.refresh("shop", &first).await.ok();
    assert_eq!(once.member("refresh_token"), again.member("refresh_token"));
    assert_ne!(once.member("access_token"), again.member("access_token"));
    for reply in [&once, &again] {
        assert!(server.is_active(&reply.member("access_token"), "shop").await);
    }
    server.refresh("shop", &again.member("refresh_token")).await.ok();
}

/// RFC 9700 §4.14.2: reuse ends the grant, and with it the tokens of attacker and client.
#[tokio::test]
async fn a_spent_token_ends_its_grant() {
    let server = start().await;
    let first = refresh_token(&server, "shop").await;
    let second = server.refresh("shop", &first).await.ok();
    server.clock.advance(10);
    server.refresh("shop", &first).await.refused(Reason::RefreshReuseDetected);
    assert!(!server.is_active(&second.member("access_token"), "shop").await);
    server.refresh("shop", &second.member("refresh_token")).await.refused(Reason::GrantEnded);
    server.renewal("shop", &first).send_unwritten().await.refused(Reason::GrantEnded);
}

/// The grace period ends when the successor is used.
#[tokio::test]
async fn once_its_successor_was_used_a_token_is_spent() {
    let server = start().await;
    let first = refresh_token(&server, "shop").await;
    let second = server.refresh("shop", &first).await.ok().member("refresh_token");
    let third = server.refresh("shop", &second).await.ok().member("refresh_token");
    server.refresh("shop", &first).await.refused(Reason::RefreshReuseDetected);
    server.refresh("shop", &third).await.refused(Reason::GrantEnded);
}

/// Setting `refresh_grace` 0: strict rotation.
#[tokio::test]
async fn without_grace_a_second_use_ends_the_grant_at_once() {
    let server = TestServer::new()
        .client(confidential("shop"))
        .account("alice")
        .settings(|settings| settings.refresh_grace = 0)
        .start()
        .await;
    let first = refresh_token(&server, "shop").await;
    server.refresh("shop", &first).await.ok();
    server.refresh("shop", &first).await.refused(Reason::RefreshReuseDetected);
}

/// A replay is recorded in the audit trail, once.
#[tokio::test]
async fn a_replay_is_an_event() {
    let server = start().await;
    let first = refresh_token(&server, "shop").await;
    server.refresh("shop", &first).await.ok();
    server.clock.advance(10);
    let before = server.events().await.len();
    for reason in [Reason::RefreshReuseDetected, Reason::GrantEnded] {
        server.refresh("shop", &first).await.refused(reason);
    }
    let events = server.events().await.split_off(before);
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["replay_detected"]);
    assert_eq!(events[0].subject, Some(subject("alice")));
}

/// A made-up token can't end a family, even with its id.
#[tokio::test]
async fn what_is_no_refresh_token_is_refused_and_writes_nothing() {
    let server = start().await;
    let live = refresh_token(&server, "shop").await;
    let access = tokens(&server.browser().sign_in("alice"), "shop", "openid").await.member("access_token");
    let guessed = format!("{}{}", &live[..20], "A".repeat(23));
    for garbage in
        ["x", &"A".repeat(43), &guessed, &access, &live[..42], &format!("{live}A"), &"x".repeat(9_000)]
    {
        let call = server.renewal("shop", garbage);
        call.send_unwritten().await.refused(Reason::RefreshUnknown);
    }
    let call = server.post("/token").as_client("shop").param("grant_type", "refresh_token");
    call.send_unwritten().await.refused(Reason::ParameterMissing("refresh_token"));
    server.refresh("shop", &live).await.ok();
}

/// RFC 6749 §6: "the refresh token is bound to the client to which it was issued". Presenting it as another client ends
/// nothing.
#[tokio::test]
async fn a_refresh_token_of_another_client_is_refused_and_left_alone() {
    let server = start().await;
    let first = refresh_token(&server, "shop").await;
    let second = server.refresh("shop", &first).await.ok().member("refresh_token");
    server.clock.advance(20);
    for token in [&first, &second] {
        let call = server.renewal("other", token);
        call.send_unwritten().await.refused(Reason::RefreshClientMismatch);
    }
    server.refresh("shop", &second).await.ok();
}

/// RFC 6749 §6: the access token is narrowed, the refresh token keeps everything.
#[tokio::test]
async fn a_refresh_may_narrow_the_scope_each_time() {
    let server = start().await;
    let token = refresh_token(&server, "shop").await;
    let narrow = server.renewal("shop", &token).param("scope", "email").send().await.ok();
    assert_eq!(narrow.member("scope"), "email");
    let introspected = server.introspect(&narrow.member("access_token"), "shop").await.json();
    assert_eq!(introspected["scope"], "email");
    let whole = server.refresh("shop", &narrow.member("refresh_token")).await.ok();
    assert_eq!(whole.member("scope"), OFFLINE);
}

/// RFC 6749 §6: "MUST NOT include any scope not originally granted by the resource owner".
#[tokio::test]
async fn a_refresh_may_not_widen_the_scope() {
    let server = start().await;
    let token = refresh_token(&server, "shop").await;
    let call = |scope: &str| server.renewal("shop", &token).param("scope", scope);
    call("openid profile").send_unwritten().await.refused(Reason::ScopeNotGranted);
    call("openid \u{e4}").send_unwritten().await.refused(Reason::ScopeMalformed);
    server.refresh("shop", &token).await.ok();
}

/// OpenID Connect Core 1.0 §11: an OpenID client must request it, and the user must consent.
#[tokio::test]
async fn without_offline_access_an_openid_client_gets_no_refresh_token() {
    let server = start().await;
    let reply = tokens(&server.browser().sign_in("alice"), "shop", "openid email").await;
    assert_eq!(reply.json().get("refresh_token"), None);
}

/// A plain OAuth client that registered the grant type gets one.
#[tokio::test]
async fn a_plain_oauth_client_gets_a_refresh_token() {
    let server = start().await;
    let reply = tokens(&server.browser().sign_in("alice"), "shop", "email").await;
    let next = server.refresh("shop", &reply.member("refresh_token")).await.ok();
    assert_eq!(next.json().get("id_token"), None);
}

/// RFC 7591 §2: `grant_types`
#[tokio::test]
async fn a_client_that_did_not_register_the_grant_type_gets_none() {
    let server = start().await;
    let only_codes = |client: &mut protocol::ClientMetadata| client.grant_types = None;
    server.put_client(confidential("shop").with(only_codes)).await;
    let reply = tokens(&server.browser().sign_in("alice"), "shop", OFFLINE).await;
    assert_eq!(reply.json().get("refresh_token"), None);
}

/// It expires after 14 days without use.
#[tokio::test]
async fn an_unused_refresh_token_expires_after_14_days() {
    let server = start().await;
    let token = refresh_token(&server, "shop").await;
    server.clock.advance(14 * DAY - 1);
    let token = server.refresh("shop", &token).await.ok().member("refresh_token");
    server.clock.advance(14 * DAY);
    server.renewal("shop", &token).send_unwritten().await.refused(Reason::RefreshExpired);
}

/// It expires after 30 days, however often it is used.
#[tokio::test]
async fn a_refresh_token_ends_after_30_days_altogether() {
    let server = start().await;
    let mut token = refresh_token(&server, "shop").await;
    for _ in 0..2 {
        server.clock.advance(13 * DAY);
        token = server.refresh("shop", &token).await.ok().member("refresh_token");
    }
    server.clock.advance(4 * DAY);
    server.renewal("shop", &token).send_unwritten().await.refused(Reason::RefreshExpired);
}

/// Refresh tokens of public web clients expire after a day, those of native apps do not (RFC 9700 §4.14).
#[tokio::test]
async fn a_public_web_client_starts_over_each_day() {
    let server = start().await;
    for (client, lives) in [("spa", false), ("app", true)] {
        let token = refresh_token(&server, client).await;
        server.clock.advance(DAY - 1);
        let token = server.refresh(client, &token).await.ok().member("refresh_token");
        server.clock.advance(1);
        let reply = server.refresh(client, &token).await;
        match lives {
            true => reply.ok(),
            false => reply.refused(Reason::RefreshExpired).clone(),
        };
    }
}

/// Signing out ends grants without `offline_access`.
#[tokio::test]
async fn signing_out_ends_what_is_not_offline() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let offline = tokens(&browser, "shop", OFFLINE).await.member("refresh_token");
    let online = tokens(&browser, "shop", "email").await.member("refresh_token");
    browser.open("https://as.example/logout").await;
    server.refresh("shop", &online).await.refused(Reason::GrantEnded);
    server.refresh("shop", &offline).await.ok();
}

/// Setting `logout_ends_offline`
#[tokio::test]
async fn signing_out_may_end_everything() {
    let server = TestServer::new()
        .client(confidential("shop"))
        .account("alice")
        .settings(|settings| settings.logout_ends_offline = true)
        .start()
        .await;
    let browser = server.browser().sign_in("alice");
    let offline = tokens(&browser, "shop", OFFLINE).await.member("refresh_token");
    browser.open("https://as.example/logout").await;
    server.refresh("shop", &offline).await.refused(Reason::GrantEnded);
}

/// After the session has expired, grants without `offline_access` can't be refreshed.
#[tokio::test]
async fn an_expired_session_renews_nothing_that_is_not_offline() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let offline = tokens(&browser, "shop", OFFLINE).await.member("refresh_token");
    let online = tokens(&browser, "shop", "email").await.member("refresh_token");
    server.clock.advance(12 * 3600);
    server.renewal("shop", &online).send_unwritten().await.refused(Reason::SessionEnded);
    server.refresh("shop", &offline).await.ok();
}

/// The expiry of a session does not end access tokens.
#[tokio::test]
async fn an_expired_session_ends_no_access_token() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let first = tokens(&browser, "shop", "email").await;
    server.clock.advance(12 * 3600 - 60);
    let access = server.refresh("shop", &first.member("refresh_token")).await.ok().member("access_token");
    server.clock.advance(61);
    assert!(server.is_active(&access, "shop").await);
}

/// The account is checked at each refresh.
#[tokio::test]
async fn a_disabled_account_renews_nothing() {
    let server = start().await;
    let token = refresh_token(&server, "shop").await;
    server.accounts.set_standing("alice", Standing::Disabled);
    server.renewal("shop", &token).send_unwritten().await.refused(Reason::SubjectDisabled);
    server.accounts.set_standing("alice", Standing::Active);
    server.refresh("shop", &token).await.ok();
}

/// Ending a client's grants ends its chains.
#[tokio::test]
async fn an_ended_grant_renews_nothing() {
    let server = start().await;
    let token = refresh_token(&server, "shop").await;
    server
        .authorization_server
        .end(Of::Client(protocol::ClientId::new("shop")), Why::Host)
        .await
        .expect("ends");
    server.renewal("shop", &token).send_unwritten().await.refused(Reason::GrantEnded);
}

/// RFC 6749 §6: "if the client was issued client credentials, the client MUST authenticate".
#[tokio::test]
async fn a_confidential_client_must_authenticate_to_refresh() {
    let server = start().await;
    let token = refresh_token(&server, "shop").await;
    let call = server.post("/token").params(&[("grant_type", "refresh_token"), ("refresh_token", &token)]);
    call.param("client_id", "shop").send_unwritten().await.refused(Reason::ClientSecretMissing);
}
