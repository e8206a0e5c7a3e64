//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0).

use http::Request;
use passavant_server::{Ask, Error, Reason};
use testkit::server::{Browser, Landing, Reply, Running, TestServer, confidential};

const LOGOUT: &str = "https://as.example/logout";
const DONE: &str = "https://as.example/logout/done";

async fn start() -> Running {
    let hs256 = |client: &mut protocol::ClientMetadata| {
        client.id_token_signed_response_alg = Some("HS256".to_owned());
    };
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("other"))
        .client(confidential("hs256").with(hs256))
        .account("alice")
        .account("bob")
        .start()
        .await
}

/// Somebody who is signed in, and what `shop` got.
async fn signed_in(server: &Running, name: &str) -> (Browser, Reply) {
    let browser = server.browser().sign_in(name);
    let tokens = browser.authorize("shop").tokens().await;
    (browser, tokens)
}

/// A link to sign out, with these parameters.
async fn follow(browser: &Browser, params: &[(&str, &str)]) -> Landing {
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    browser.open(&format!("{LOGOUT}?{}", pairs.join("&"))).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.authorize("shop").param("prompt", "none").finish().await.param("code").is_some()
}

/// RP-Initiated Logout 1.0 §2, §3
#[tokio::test]
async fn a_client_signs_its_user_out_and_gets_the_browser_back() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let (hint, back) = (tokens.member("id_token"), "https://shop.example/bye");
    let params = [("id_token_hint", &*hint), ("post_logout_redirect_uri", back), ("state", "a%26b")];
    let landing = follow(&browser, &params).await;
    assert_eq!(landing.asked, [], "the hint says it all");
    assert_eq!(landing.url, "https://shop.example/bye?state=a%26b");
    assert!(!browser.has_cookie("passavant_session") && !is_signed_in(&browser).await);
}

/// RP-Initiated Logout 1.0 §2: without a hint any site could have sent the browser here, so the user is asked.
#[tokio::test]
async fn without_a_hint_the_user_is_asked() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let landing = browser.open(LOGOUT).await;
    assert_eq!((landing.asked, &*landing.url), (vec![Ask::SignOut], DONE));
    assert!(!is_signed_in(&browser).await);
}

/// The user may stay.
#[tokio::test]
async fn who_is_asked_may_stay() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let landing = browser.clone().denying().open(LOGOUT).await;
    assert_eq!(landing.asked, [Ask::SignOut]);
    assert!(is_signed_in(&browser).await && server.is_active(&tokens.member("access_token"), "shop").await);
}

/// Logout ends the session and its grants; later requests never see them active.
#[tokio::test]
async fn signing_out_ends_what_was_granted_in_the_session() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let code = browser.authorize("other").code().await;
    let (_, elsewhere) = signed_in(&server, "alice").await;
    follow(&browser, &[("id_token_hint", &tokens.member("id_token"))]).await;
    assert!(!server.is_active(&tokens.member("access_token"), "shop").await);
    server.userinfo(&tokens.member("access_token")).await.refused(Reason::TokenInactive);
    server.redeem(&code).await.refused(Reason::GrantEnded);
    let lives_on = elsewhere.member("access_token");
    assert!(server.is_active(&lives_on, "shop").await, "another session is another session");
}

/// Signing in again keeps the session that `sid` names, and signing out ends all of it.
#[tokio::test]
async fn signing_out_ends_what_was_granted_before_signing_in_again() {
    let server = start().await;
    let (browser, first) = signed_in(&server, "alice").await;
    let offline = browser.authorize("shop").scope("openid offline_access").tokens().await;
    server.clock.advance(30);
    let second = browser.authorize("other").param("prompt", "login").tokens().await;
    let (before, after) =
        (server.claims(&first.member("id_token")).await, server.claims(&second.member("id_token")).await);
    assert!(before["sid"].is_string());
    assert_eq!(before["sid"], after["sid"]);
    assert_eq!(after["auth_time"].as_i64(), before["auth_time"].as_i64().map(|at| at + 30));
    assert!(server.is_active(&first.member("access_token"), "shop").await);
    let landing = follow(&browser, &[("id_token_hint", &first.member("id_token"))]).await;
    assert_eq!(landing.asked, [], "the hint of before is at this session");
    assert!(!server.is_active(&first.member("access_token"), "shop").await);
    assert!(!server.is_active(&second.member("access_token"), "other").await);
    assert!(server.is_active(&offline.member("access_token"), "shop").await, "offline_access outlives it");
}

/// A cookie that was planted or copied before a sign-in is invalid after it, although the session is the same.
#[tokio::test]
async fn signing_in_again_changes_the_secret_of_the_session() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let request = "client_id=shop&response_type=code&scope=openid&prompt=none&code_challenge_method=S256";
    let url = format!("https://as.example/authorize?{request}&code_challenge={}", "A".repeat(43));
    let copied = browser.page_head(&url);
    let silent = server.call(Request::from_parts(copied.clone(), String::new())).await;
    assert_eq!(silent.reason(), None, "it opens the session so far");
    browser.authorize("shop").param("prompt", "login").code().await;
    server.call(Request::from_parts(copied, String::new())).await.refused(Reason::LoginRequired);
    assert!(is_signed_in(&browser).await);
}

/// The value of the session cookie.
fn session_cookie(browser: &Browser) -> String {
    let head = browser.page_head(LOGOUT);
    let cookies = head.headers["cookie"].to_str().expect("visible characters").to_owned();
    let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.ends_with("passavant_session")).expect("it is signed in");
    value.to_owned()
}

/// A browser with this session cookie and no other.
fn with_session_cookie(server: &Running, value: &str) -> Browser {
    let browser = server.browser();
    browser.keep_cookie(&format!("__Host-passavant_session={value}; Path=/; Secure"));
    browser
}

/// A sign-out that was sent before the answer to a sign-in in another tab arrived.
#[tokio::test]
async fn a_sign_out_with_the_cookie_from_before_a_sign_in_ends_the_renewed_session() {
    for is_hinted in [true, false] {
        let server = start().await;
        let (browser, first) = signed_in(&server, "alice").await;
        let before = session_cookie(&browser);
        let second = browser.authorize("other").param("prompt", "login").tokens().await;
        let late = with_session_cookie(&server, &before);
        assert!(!is_signed_in(&late).await, "it opens nothing");
        let hint = first.member("id_token");
        let landing = match is_hinted {
            true => follow(&late, &[("id_token_hint", &hint)]).await,
            false => late.open(LOGOUT).await,
        };
        let asked = if is_hinted { vec![] } else { vec![Ask::SignOut] };
        assert_eq!((landing.asked, &*landing.url), (asked, DONE));
        assert!(!is_signed_in(&browser).await, "hinted: {is_hinted}");
        assert!(!server.is_active(&first.member("access_token"), "shop").await);
        assert!(!server.is_active(&second.member("access_token"), "other").await);
    }
}

/// Whoever never had the session can't end it: its id, which ID tokens name, is not enough.
#[tokio::test]
async fn a_made_up_cookie_of_a_session_ends_nothing() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let (other, _) = signed_in(&server, "bob").await;
    let (own, foreign) = (session_cookie(&browser), session_cookie(&other));
    let (secret, code) = own.split_once('.').expect("a secret and a code");
    let (_, foreign) = foreign.split_once('.').expect("a secret and a code");
    // The id of the session is in the first 11 characters.
    let made_up = format!("{}{}", &secret[..11], "A".repeat(32));
    for cookie in [made_up.clone(), format!("{made_up}."), format!("{made_up}.{foreign}"), format!(".{code}")]
    {
        let stranger = with_session_cookie(&server, &cookie);
        let landing = follow(&stranger, &[("id_token_hint", &tokens.member("id_token"))]).await;
        assert_eq!((landing.asked, &*landing.url), (vec![], DONE), "{cookie}");
        assert!(server.is_active(&tokens.member("access_token"), "shop").await, "{cookie}");
    }
    assert!(is_signed_in(&browser).await);
}

/// Cookies of earlier versions have no code.
#[tokio::test]
async fn a_session_cookie_without_a_code_is_signed_in() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let own = session_cookie(&browser);
    let (secret, _) = own.split_once('.').expect("a secret and a code");
    assert!(is_signed_in(&with_session_cookie(&server, secret)).await);
}

/// In a second tab, the password was typed before the first tab's sign-in was answered.
#[tokio::test]
async fn a_sign_in_with_the_cookie_from_before_another_one_leaves_no_session_behind() {
    let server = start().await;
    let (browser, first) = signed_in(&server, "alice").await;
    let before = session_cookie(&browser);
    let second = browser.authorize("other").param("prompt", "login").tokens().await;
    let late = with_session_cookie(&server, &before);
    let third = late.clone().sign_in("alice").authorize("other").tokens().await;
    let (of_second, of_third) =
        (server.claims(&second.member("id_token")).await, server.claims(&third.member("id_token")).await);
    assert_eq!(of_second["sid"], of_third["sid"], "the session goes on");
    let late = with_session_cookie(&server, &before);
    late.sign_in("bob").authorize("other").tokens().await;
    for (client, tokens) in [("shop", first), ("other", third)] {
        assert!(!server.is_active(&tokens.member("access_token"), client).await, "{client}");
    }
}

/// A session that ends while its user signs in again is not revived.
#[tokio::test]
async fn an_ended_session_is_not_renewed() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let page = browser.authorize("shop").param("prompt", "login").until(Ask::SignIn).await;
    let open = browser.interaction(&page.url).await.expect("it opens");
    follow(&browser, &[("id_token_hint", &tokens.member("id_token"))]).await;
    let error = open
        .signed_in(&server.seen(&testkit::server::subject("alice")).await, "pwd")
        .await
        .expect_err("it has ended");
    assert!(matches!(error, Error::Refused(Reason::InteractionUnknown)), "{error:?}");
    let again = browser.interaction(&page.url).await.expect("the page is still good");
    assert_eq!(again.subject(), None);
    again
        .signed_in(&server.seen(&testkit::server::subject("alice")).await, "pwd")
        .await
        .expect("a session of its own");
}

/// A copied cookie is invalid afterwards.
#[tokio::test]
async fn an_ended_session_is_ended_for_its_thief_too() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let request = "client_id=shop&response_type=code&prompt=none&code_challenge_method=S256&code_challenge=";
    let url = format!("https://as.example/authorize?{request}{}", "A".repeat(43));
    let stolen = browser.page_head(&url);
    browser.open(LOGOUT).await;
    let reply = server.call(Request::from_parts(stolen, String::new())).await;
    reply.refused(Reason::LoginRequired);
}

/// It is recorded in the audit trail.
#[tokio::test]
async fn signing_out_is_an_event() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let before = server.events().await.len();
    browser.open(LOGOUT).await;
    let events = server.events().await;
    let kinds: Vec<&str> = events[before..].iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["session_ended"]);
}

/// RP-Initiated Logout 1.0 §2, §3: without a hint, `client_id` says whose URI it is, and the user confirms.
#[tokio::test]
async fn without_a_hint_the_browser_returns_to_a_registered_uri_of_the_client() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let back =
        [("post_logout_redirect_uri", "https://shop.example/bye"), ("client_id", "shop"), ("state", "x")];
    let landing = follow(&browser, &back).await;
    assert_eq!((landing.asked, &*landing.url), (vec![Ask::SignOut], "https://shop.example/bye?state=x"));
    assert!(!is_signed_in(&browser.clone()).await);
    let nobody = follow(&server.browser(), &back).await;
    assert_eq!((nobody.asked.len(), &*nobody.url), (0, "https://shop.example/bye?state=x"));
    follow(&server.browser(), &back[..1]).await.refused(Reason::LogoutRedirectMismatch);
}

/// RP-Initiated Logout 1.0 §3: "MUST have been previously registered". The user is signed out and reads why.
#[tokio::test]
async fn an_unregistered_redirect_is_a_page_behind_the_sign_out() {
    let server = start().await;
    for back in [
        "https://evil.example/",
        "https://shop.example/bye/",
        "https://shop.example/cb",
        "https://other.example/bye",
    ] {
        let (browser, tokens) = signed_in(&server, "alice").await;
        let hint = tokens.member("id_token");
        let landing = follow(&browser, &[("id_token_hint", &hint), ("post_logout_redirect_uri", back)]).await;
        let page = landing.refused(Reason::LogoutRedirectMismatch).reply.clone().expect("a page");
        assert!(page.body().contains(back), "{}", page.body());
        assert!(!is_signed_in(&browser).await, "{back}");
        let (browser, _) = signed_in(&server, "alice").await;
        let landing = follow(&browser, &[("client_id", "shop"), ("post_logout_redirect_uri", back)]).await;
        landing.refused(Reason::LogoutRedirectMismatch);
        assert_eq!(landing.asked, [Ask::SignOut]);
        assert!(!is_signed_in(&browser).await, "{back}");
    }
}

/// RP-Initiated Logout 1.0 §2, §4: a hint that can't be used is none: the user is asked, and can sign out.
#[tokio::test]
async fn what_is_no_id_token_is_no_hint() {
    let server = start().await;
    let (_, tokens) = signed_in(&server, "alice").await;
    let hint = tokens.member("id_token");
    let foreign = testkit::Authority::new(server.issuer()).token("shop").sign();
    for bad in ["x", &foreign, &hint[..hint.len() - 2], &tokens.member("access_token")] {
        let (browser, _) = signed_in(&server, "alice").await;
        let landing = follow(&browser, &[("id_token_hint", bad)]).await;
        assert_eq!((landing.asked, &*landing.url), (vec![Ask::SignOut], DONE));
        assert!(!is_signed_in(&browser).await);
        let back = ("post_logout_redirect_uri", "https://shop.example/bye");
        follow(&browser, &[("id_token_hint", bad), back]).await.refused(Reason::LogoutHintInvalid);
        let named = follow(&browser, &[("id_token_hint", bad), back, ("client_id", "shop")]).await;
        assert_eq!(&*named.url, "https://shop.example/bye");
    }
}

/// RP-Initiated Logout 1.0 §2: `client_id` must be the one that the ID token was issued to; else the user is asked.
#[tokio::test]
async fn the_client_must_be_the_hints() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let hint = tokens.member("id_token");
    let denying = browser.clone().denying();
    let other = follow(&denying, &[("id_token_hint", &hint), ("client_id", "other")]).await;
    assert_eq!(other.asked, [Ask::SignOut]);
    assert!(is_signed_in(&browser).await);
    let own = follow(&browser, &[("id_token_hint", &hint), ("client_id", "shop")]).await;
    assert_eq!(own.asked, []);
}

/// The user may stay, and is then at the account page.
#[tokio::test]
async fn cancel_keeps_the_session() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let page = browser.open_until(LOGOUT, Ask::SignOut).await;
    let answer = browser.interaction(&page.url).await.expect("it opens").stay().await.expect("stays");
    assert_eq!(answer.headers()["location"], "https://as.example/account");
    assert!(is_signed_in(&browser).await);
}

/// RP-Initiated Logout 1.0 §2: "the OP SHOULD accept ID Tokens when [..] the ID Token's exp time has passed".
#[tokio::test]
async fn an_expired_hint_is_a_hint() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    server.clock.advance(3_000);
    let landing = follow(&browser, &[("id_token_hint", &tokens.member("id_token"))]).await;
    assert_eq!((landing.asked.len(), &*landing.url), (0, DONE));
}

/// ID tokens signed with the client's secret are accepted as hints.
#[tokio::test]
async fn a_hint_may_be_under_the_clients_secret() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let hint = browser.authorize("hs256").tokens().await.member("id_token");
    let back = [("id_token_hint", &*hint), ("post_logout_redirect_uri", "https://hs256.example/bye")];
    let landing = follow(&browser, &back).await;
    assert_eq!((landing.asked.len(), &*landing.url), (0, "https://hs256.example/bye"));
}

/// With a hint for another user or session, the current user is not signed out without confirmation.
#[tokio::test]
async fn a_hint_at_another_session_asks() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let (_, bobs) = signed_in(&server, "bob").await;
    let (_, elsewhere) = signed_in(&server, "alice").await;
    for hint in [bobs.member("id_token"), elsewhere.member("id_token")] {
        let landing = follow(&browser.clone().denying(), &[("id_token_hint", &hint)]).await;
        assert_eq!(landing.asked, [Ask::SignOut]);
    }
    assert!(server.is_active(&bobs.member("access_token"), "shop").await);
}

/// Without a session there is nothing to confirm.
#[tokio::test]
async fn without_a_session_the_browser_goes_straight_back() {
    let server = start().await;
    let (_, tokens) = signed_in(&server, "alice").await;
    assert_eq!(server.browser().open(LOGOUT).await.url, DONE);
    let hint = tokens.member("id_token");
    let back = [("id_token_hint", &*hint), ("post_logout_redirect_uri", "https://shop.example/bye")];
    assert_eq!(follow(&server.browser(), &back).await.url, "https://shop.example/bye");
}

/// RP-Initiated Logout 1.0 §2: also by POST. A form of another site sends no Lax cookie; the session is found when the browser
/// follows the link in the answer.
#[tokio::test]
async fn a_request_may_be_posted_by_another_site() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let hint = tokens.member("id_token");
    let back = [
        ("id_token_hint", &*hint),
        ("post_logout_redirect_uri", "https://shop.example/bye"),
        ("state", "a&b c"),
    ];
    let landing = browser.submit(LOGOUT, &back).await;
    assert_eq!((landing.asked, &*landing.url), (vec![], "https://shop.example/bye?state=a%26b+c"));
    assert!(!is_signed_in(&browser).await);
    let (browser, _) = signed_in(&server, "alice").await;
    let landing = browser.submit(LOGOUT, &[("client_id", "shop")]).await;
    assert_eq!(
        (landing.asked, &*landing.url),
        (vec![Ask::SignOut], DONE),
        "without a hint the user is asked"
    );
    assert!(!is_signed_in(&browser).await);
}

/// zitadel/oidc posts the request itself, and sends the browser to the address in the answer: there the session ends.
#[tokio::test]
async fn a_request_may_be_posted_by_the_client_itself() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let hint = tokens.member("id_token");
    let form = [
        ("id_token_hint", &*hint),
        ("client_id", "shop"),
        ("post_logout_redirect_uri", "https://shop.example/bye"),
    ];
    let answer = server.post("/logout").params(&form).send().await;
    let link = answer.header("location").expect("a link").to_owned();
    assert!(is_signed_in(&browser).await, "nothing ends before the browser follows the link");
    let landing = browser.open(&link).await;
    assert_eq!((landing.asked, &*landing.url), (vec![], "https://shop.example/bye"));
    assert!(!is_signed_in(&browser).await);
}

/// A link that browsers or proxies would not carry is not made: the user is asked.
#[tokio::test]
async fn a_posted_request_that_is_too_long_for_a_link_asks() {
    let server = start().await;
    let (browser, tokens) = signed_in(&server, "alice").await;
    let (hint, state) = (tokens.member("id_token"), "%".repeat(15_000));
    let back = [
        ("id_token_hint", &*hint),
        ("post_logout_redirect_uri", "https://shop.example/bye"),
        ("state", &*state),
    ];
    let landing = browser.submit(LOGOUT, &back).await;
    assert_eq!(landing.asked, [Ask::SignOut]);
    assert!(!is_signed_in(&browser).await);
}

/// RP-Initiated Logout 1.0 §3: a URI that was removed in the meantime is not redirected to; the user is still signed
/// out.
#[tokio::test]
async fn a_redirect_that_was_taken_back_meanwhile_is_not_followed() {
    let server = start().await;
    let (browser, _) = signed_in(&server, "alice").await;
    let (_, bobs) = signed_in(&server, "bob").await;
    let hint = bobs.member("id_token");
    let url = format!("{LOGOUT}?id_token_hint={hint}&post_logout_redirect_uri=https://shop.example/bye");
    let page = browser.open_until(&url, Ask::SignOut).await;
    let shop = confidential("shop").with(|client| client.post_logout_redirect_uris = Vec::new());
    server.put_client(shop).await;
    browser.open(&page.url).await.refused(Reason::LogoutRedirectMismatch);
    assert!(!is_signed_in(&browser).await);
}
