//! Approved scopes, resources and redirect URIs are checked against the current registry at redemption, refresh and
//! redirect.

use passavant_server::{
    Ask, Error, OpenInteraction, Reason,
    store::{Commit, RegistryChange},
};
use protocol::{Audience, Timestamp};
use testkit::server::{
    Authorize, Browser, Landing, Reply, Running, TestClient, TestServer, confidential, resource,
};

const NOTES: &str = "https://notes.example";
const MUSIC: &str = "https://music.example";
const LATE: &str = "https://late.example";
const EVERYTHING: &str = "openid offline_access notes.read music.play";

async fn start() -> Running {
    TestServer::new()
        .client(shop(EVERYTHING))
        .resource(resource(NOTES, "notes.read notes.write").caller("notes"))
        .resource(resource(MUSIC, "music.play").caller("music"))
        .account("alice")
        .start()
        .await
}

fn shop(scope: &str) -> TestClient {
    confidential("shop").scope(scope)
}

fn authorize(server: &Running, scope: &str) -> Authorize {
    server.browser().sign_in("alice").authorize("shop").scope(scope)
}

async fn delete(server: &Running, identifier: &str) {
    let change = RegistryChange::DeleteResource(Audience::new(identifier));
    server.commit(Commit::new(Timestamp(server.now())).with(change)).await;
}

/// A resource that lists what `notes` and `music` list, and that nobody approved.
async fn add_a_late_resource(server: &Running) {
    server.put_resource(resource(LATE, "notes.read music.play").caller("late")).await;
}

/// Which of the resources see the access token of an answer.
async fn seen_by(server: &Running, reply: &Reply, names: &[&'static str]) -> Vec<&'static str> {
    let token = reply.member("access_token");
    let mut seen = Vec::new();
    for name in names {
        if server.is_active(&token, name).await {
            seen.push(*name);
        }
    }
    seen
}

/// RFC 6749 §5.1: the response names the scope of the token if it is less than what was approved.
#[tokio::test]
async fn a_redemption_drops_the_scopes_that_the_client_lost() {
    let server = start().await;
    let code = authorize(&server, EVERYTHING).code().await;
    server.put_client(shop("openid offline_access notes.read")).await;
    let reply = server.redeem(&code).await.ok();
    assert_eq!(reply.member("scope"), "openid offline_access notes.read");
    assert_eq!(seen_by(&server, &reply, &["notes", "music"]).await, ["notes"]);
}

/// RFC 6749 §5.2: `invalid_grant` if nothing of the grant remains.
#[tokio::test]
async fn a_redemption_of_which_nothing_is_left_is_refused() {
    let server = start().await;
    let code = authorize(&server, "notes.read").code().await;
    server.put_client(shop("openid music.play")).await;
    server.redeem(&code).await.refused(Reason::ApprovalEnded);
}

/// OpenID Connect Core 1.0 §3.1.3.3, §11: without `openid` no ID token, without `offline_access` no refresh token.
#[tokio::test]
async fn a_redemption_without_the_scope_brings_no_such_token() {
    let server = start().await;
    let code = authorize(&server, EVERYTHING).code().await;
    server.put_client(shop("openid notes.read")).await;
    let reply = server.redeem(&code).await.ok();
    assert!(reply.json().get("id_token").is_some() && reply.json().get("refresh_token").is_none());

    let server = start().await;
    let code = authorize(&server, EVERYTHING).code().await;
    server.put_client(shop("offline_access notes.read")).await;
    let reply = server.redeem(&code).await.ok();
    assert!(reply.json().get("id_token").is_none() && reply.json().get("refresh_token").is_some());
}

/// RFC 6749 §6: a refresh returns the scopes that the client still has; requesting a lost one is refused.
#[tokio::test]
async fn a_refresh_drops_the_scopes_that_the_client_lost() {
    let server = start().await;
    let refresh = authorize(&server, EVERYTHING).tokens().await.member("refresh_token");
    server.put_client(shop("openid offline_access notes.read")).await;
    let asked = server.renewal("shop", &refresh).param("scope", "openid music.play");
    asked.send_unwritten().await.refused(Reason::ScopeNotRegistered);
    let reply = server.refresh("shop", &refresh).await.ok();
    assert_eq!(reply.member("scope"), "openid offline_access notes.read");
    assert_eq!(seen_by(&server, &reply, &["notes", "music"]).await, ["notes"]);

    server.put_client(shop(EVERYTHING)).await;
    let reply = server.refresh("shop", &reply.member("refresh_token")).await.ok();
    assert_eq!(reply.member("scope"), EVERYTHING, "the grant keeps what was approved");
}

/// OpenID Connect Core 1.0 §11: refreshing an OpenID grant requires `offline_access`, which the client must still have.
#[tokio::test]
async fn a_refresh_ends_where_the_client_lost_offline_access() {
    let server = start().await;
    let refresh = authorize(&server, EVERYTHING).tokens().await.member("refresh_token");
    server.put_client(shop("openid notes.read")).await;
    let call = server.renewal("shop", &refresh);
    call.send_unwritten().await.refused(Reason::ApprovalEnded);
}

/// RFC 6749 §5.2
#[tokio::test]
async fn a_refresh_of_which_nothing_is_left_is_refused() {
    let server = start().await;
    let refresh = authorize(&server, "notes.read").tokens().await.member("refresh_token");
    server.put_client(shop("openid offline_access")).await;
    let call = server.renewal("shop", &refresh);
    call.send_unwritten().await.refused(Reason::ApprovalEnded);
    server.put_client(shop(EVERYTHING)).await;
    delete(&server, NOTES).await;
    let call = server.renewal("shop", &refresh);
    call.send_unwritten().await.refused(Reason::ApprovalEnded);
}

/// RFC 6749 §6: `invalid_scope` if nothing of the requested part remains; the rest of the grant is still valid.
#[tokio::test]
async fn a_part_of_which_nothing_is_left_is_an_invalid_scope() {
    let server = start().await;
    let refresh = authorize(&server, EVERYTHING).tokens().await.member("refresh_token");
    delete(&server, NOTES).await;
    delete(&server, MUSIC).await;
    let asked = server.renewal("shop", &refresh).param("scope", "notes.read");
    asked.send_unwritten().await.refused(Reason::ScopeNotGranted);
    let reply = server.refresh("shop", &refresh).await.ok();
    assert_eq!(reply.member("scope"), "openid offline_access");
}

/// RFC 8707 §2.2: the audience is the approved resources that still exist and still list a scope of the token.
#[tokio::test]
async fn a_resource_that_is_gone_or_lists_the_scope_no_more_is_dropped() {
    for named in [false, true] {
        let server = start().await;
        let asked = || {
            let request = authorize(&server, EVERYTHING);
            if named { request.param("resource", NOTES).and("resource", MUSIC) } else { request }
        };
        let (code, refresh) = (asked().code().await, asked().tokens().await.member("refresh_token"));
        server.put_resource(resource(MUSIC, "music.record").caller("music")).await;
        let left = "openid offline_access notes.read";
        for reply in [server.redeem(&code).await.ok(), server.refresh("shop", &refresh).await.ok()] {
            assert_eq!(seen_by(&server, &reply, &["notes", "music"]).await, ["notes"], "named: {named}");
            let scope = reply.member("scope");
            assert!(scope.starts_with(left), "{scope}");
        }
    }
}

/// RFC 8707 §2.2: the audience is what was approved, which a resource added later was not.
#[tokio::test]
async fn a_resource_that_was_added_later_is_in_no_token_of_an_older_grant() {
    let server = start().await;
    let code = authorize(&server, EVERYTHING).code().await;
    let refresh = authorize(&server, EVERYTHING).tokens().await.member("refresh_token");
    add_a_late_resource(&server).await;
    let all = ["notes", "music", "late"];
    let reply = server.redeem(&code).await.ok();
    assert_eq!(seen_by(&server, &reply, &all).await, ["notes", "music"]);
    let reply = server.refresh("shop", &refresh).await.ok();
    assert_eq!(seen_by(&server, &reply, &all).await, ["notes", "music"]);
    let named = server.renewal("shop", &reply.member("refresh_token")).param("resource", LATE);
    named.send_unwritten().await.refused(Reason::ResourceNotAllowed);
    let reply = authorize(&server, EVERYTHING).tokens().await;
    assert_eq!(seen_by(&server, &reply, &all).await, all, "a new grant has it");
}

/// The same if every resource that the client named was removed: no other replaces them.
#[tokio::test]
async fn nobody_takes_the_place_of_a_resource_that_was_named() {
    let server = start().await;
    let request = authorize(&server, EVERYTHING).param("resource", NOTES);
    let refresh = request.tokens().await.member("refresh_token");
    add_a_late_resource(&server).await;
    delete(&server, NOTES).await;
    let reply = server.refresh("shop", &refresh).await.ok();
    assert_eq!(reply.member("scope"), "openid offline_access");
    assert_eq!(seen_by(&server, &reply, &["music", "late"]).await, Vec::<&str>::new());
}

/// A browser of alice's with a page open on the way to the shop's code.
async fn waiting(server: &Running, page: Ask) -> (Browser, Landing) {
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").scope("openid notes.read").until(page).await;
    (browser, landing)
}

async fn open(browser: &Browser, landing: &Landing) -> Result<OpenInteraction, Error> {
    browser.interaction(&landing.url).await
}

fn location(answer: &passavant_server::Answer) -> &str {
    answer.headers()["location"].to_str().expect("text")
}

/// RFC 9700 §2.1, §4.11: neither codes nor errors are sent to a redirect URI that was removed.
#[tokio::test]
async fn a_redirect_uri_that_was_taken_back_is_not_redirected_to() {
    for (page, denies) in [(Ask::SignIn, false), (Ask::Consent, false), (Ask::Consent, true)] {
        let server = start().await;
        let (browser, landing) = waiting(&server, page).await;
        let elsewhere = vec!["https://shop.example/other".to_owned()];
        server.put_client(shop(EVERYTHING).with(|client| client.redirect_uris = elsewhere)).await;
        let browser = if denies { browser.denying() } else { browser };
        let landing = browser.open(&landing.url).await;
        let page = landing.refused(Reason::RedirectUriMismatch).reply.clone().expect("a page");
        assert_eq!((page.status(), page.header("location")), (400, None));
    }
}

/// RFC 6749 §4.1.2.1: the client is told which scope, resource or response type it may no longer request.
#[tokio::test]
async fn what_the_client_lost_while_a_page_was_open_is_refused() {
    let without_code = |client: TestClient| client.with(|client| client.grant_types = Some(vec![]));
    for page in [Ask::SignIn, Ask::Consent] {
        for (client, reason) in [
            (shop("openid"), Reason::ScopeNotRegistered),
            (without_code(shop(EVERYTHING)), Reason::ResponseTypeNotRegistered),
        ] {
            let server = start().await;
            let (browser, landing) = waiting(&server, page).await;
            server.put_client(client).await;
            let landing = browser.open(&landing.url).await;
            assert_eq!(landing.place(), "https://shop.example/cb");
            landing.reply.as_ref().expect("an answer").refused(reason);
        }
    }
}

/// RFC 8707 §2: the same for a resource that the request names.
#[tokio::test]
async fn a_resource_that_was_deleted_while_a_page_was_open_is_refused() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").scope("openid notes.read").param("resource", NOTES);
    let landing = landing.until(Ask::Consent).await;
    delete(&server, NOTES).await;
    let landing = browser.open(&landing.url).await;
    assert_eq!(landing.place(), "https://shop.example/cb");
    landing.reply.as_ref().expect("an answer").refused(Reason::AudienceNotRegistered);
}

/// A client that was disabled in the meantime receives neither a code nor an error.
#[tokio::test]
async fn a_client_that_was_disabled_while_a_page_was_open_is_sent_nothing() {
    for page in [Ask::SignIn, Ask::Consent] {
        let server = start().await;
        let (browser, landing) = waiting(&server, page).await;
        server.put_client(shop(EVERYTHING).disabled()).await;
        let landing = browser.open(&landing.url).await;
        landing.refused(Reason::AuthorizeClientUnknown);
    }
}

/// Without changes, the request is granted.
#[tokio::test]
async fn what_did_not_change_while_a_page_was_open_is_granted() {
    let server = start().await;
    let (browser, landing) = waiting(&server, Ask::Consent).await;
    server.put_client(shop("openid notes.read").with(|client| client.client_name = None)).await;
    let open = open(&browser, &landing).await.expect("it opens");
    assert!(location(&open.approve().await.expect("approved")).contains("code="));
}
