//! When and what the user is asked (OpenID Connect Core 1.0 §3.1.2.1, §3.1.2.3, §3.1.2.4, §11).

use passavant_server::{Ask, Reason, ports::Standing};
use testkit::server::{Browser, Running, TestServer, confidential, public, subject};

async fn start() -> Running {
    let hs256 = |client: &mut protocol::ClientMetadata| {
        client.id_token_signed_response_alg = Some("HS256".to_owned());
    };
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("trusted").without_consent())
        .client(confidential("hs256").with(hs256))
        .client(public("spa"))
        .account("alice")
        .account("bob")
        .start()
        .await
}

/// Who is signed in, and allowed `shop` to use `openid`.
async fn known(server: &Running, name: &str) -> Browser {
    let browser = server.browser().sign_in(name);
    browser.authorize("shop").code().await;
    browser
}

/// OpenID Connect Core 1.0 §3.1.2.3, §3.1.2.4
#[tokio::test]
async fn the_first_time_a_user_signs_in_and_consents() {
    let server = start().await;
    let landing = server.browser().sign_in("alice").authorize("shop").finish().await;
    assert_eq!(
        (landing.asked.as_slice(), landing.param("code").is_some()),
        (&[Ask::SignIn, Ask::Consent][..], true)
    );
}

/// Remembered consent is not requested again.
#[tokio::test]
async fn the_second_time_nothing_is_asked() {
    let server = start().await;
    let landing = known(&server, "alice").await.authorize("shop").finish().await;
    assert_eq!((landing.asked.len(), landing.param("code").is_some()), (0, true));
}

/// Consent is the user's, not the browser's.
#[tokio::test]
async fn a_remembered_consent_holds_in_another_browser() {
    let server = start().await;
    known(&server, "alice").await;
    let landing = server.browser().sign_in("alice").authorize("shop").finish().await;
    assert_eq!(landing.asked, [Ask::SignIn]);
}

/// Consent covers the scopes and client that were shown.
#[tokio::test]
async fn more_than_was_allowed_is_asked_for() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    assert_eq!(browser.authorize("shop").scope("openid email").finish().await.asked, [Ask::Consent]);
    assert_eq!(browser.authorize("shop").scope("openid email").finish().await.asked, []);
    assert_eq!(browser.authorize("shop").scope("email").finish().await.asked, []);
    assert_eq!(browser.authorize("spa").finish().await.asked, [Ask::Consent]);
    let bobs = server.browser().sign_in("bob").authorize("shop").finish().await;
    assert_eq!(bobs.asked, [Ask::SignIn, Ask::Consent]);
}

/// A denial stores nothing.
#[tokio::test]
async fn a_denial_is_not_remembered() {
    let server = start().await;
    server
        .browser()
        .sign_in("alice")
        .denying()
        .authorize("shop")
        .finish()
        .await
        .refused(Reason::ConsentDenied);
    let landing = server.browser().sign_in("alice").authorize("shop").finish().await;
    assert_eq!(landing.asked, [Ask::SignIn, Ask::Consent]);
}

/// Own member `skip_consent`
#[tokio::test]
async fn a_client_may_be_trusted_without_consent() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    assert_eq!(browser.authorize("trusted").scope("openid email").finish().await.asked, [Ask::SignIn]);
    let landing = browser.authorize("trusted").param("prompt", "consent").finish().await;
    assert_eq!(landing.asked, [Ask::Consent]);
}

/// OpenID Connect Core 1.0 §11: the page is shown each time.
#[tokio::test]
async fn offline_access_is_always_asked_for() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    for _ in 0..2 {
        let landing = browser.authorize("shop").scope("openid offline_access").finish().await;
        assert_eq!(landing.asked, [Ask::Consent]);
    }
    let silent = browser.authorize("shop").scope("openid offline_access").param("prompt", "none");
    silent.finish().await.refused(Reason::ConsentRequired);
}

/// RFC 8252 §8.6: any program on the device could impersonate this client.
#[tokio::test]
async fn a_native_client_that_anybody_could_be_is_asked_for_each_time() {
    let server = start().await;
    for (id, redirect_uri, asked) in [
        ("loopback", "http://127.0.0.1/cb", vec![Ask::Consent]),
        ("scheme", "com.example.app:/cb", vec![Ask::Consent]),
        ("claimed", "https://app.example/cb", vec![]),
    ] {
        let native = |client: &mut protocol::ClientMetadata| {
            client.application_type = Some("native".to_owned());
            client.redirect_uris = vec![redirect_uri.to_owned()];
        };
        server.put_client(public(id).with(native)).await;
        let browser = server.browser().sign_in("alice");
        browser.authorize(id).code().await;
        assert_eq!(browser.authorize(id).finish().await.asked, asked, "{id}");
    }
}

/// OpenID Connect Core 1.0 §3.1.2.1: "the Authorization Server MUST NOT display any authentication or consent user
/// interface pages".
#[tokio::test]
async fn prompt_none_never_shows_a_page() {
    let server = start().await;
    let silent = |browser: &Browser| browser.authorize("shop").param("prompt", "none").finish();
    silent(&server.browser().sign_in("alice")).await.refused(Reason::LoginRequired);
    let browser = server.browser().sign_in("alice");
    browser.authorize("spa").code().await;
    silent(&browser).await.refused(Reason::ConsentRequired);
    browser.authorize("shop").code().await;
    let landing = silent(&browser).await;
    assert_eq!((landing.asked.len(), landing.param("code").is_some()), (0, true));
}

/// OpenID Connect Core 1.0 §3.1.2.1: "the Authorization Server SHOULD prompt the End-User for reauthentication".
#[tokio::test]
async fn prompt_login_asks_who_it_is_again() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    server.clock.advance(100);
    for prompt in ["login", "select_account", "login select_account"] {
        let request = browser.authorize("shop").param("prompt", prompt);
        let landing = request.clone().finish().await;
        assert_eq!(landing.asked, [Ask::SignIn], "{prompt}");
        let tokens = server.redeem(&request.code_of(&landing)).await.ok();
        let claims = server.claims(&tokens.member("id_token")).await;
        assert_eq!(claims["auth_time"].as_i64(), Some(server.now()));
    }
}

/// OpenID Connect Core 1.0 §3.1.2.1: "the Authorization Server SHOULD prompt the End-User for consent".
#[tokio::test]
async fn prompt_consent_asks_for_consent_again() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    assert_eq!(browser.authorize("shop").param("prompt", "consent").finish().await.asked, [Ask::Consent]);
    let both = browser.authorize("shop").param("prompt", "login consent").finish().await;
    assert_eq!(both.asked, [Ask::SignIn, Ask::Consent]);
}

/// OpenID Connect Core 1.0 §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
#[tokio::test]
async fn a_prompt_of_other_words_is_refused() {
    let server = start().await;
    for prompt in ["none login", "dance", "login dance", "None"] {
        let landing = server.browser().authorize("shop").param("prompt", prompt).finish().await;
        landing.refused(Reason::PromptInvalid);
    }
}

/// OpenID Connect Core 1.0 §3.1.2.1: "If the elapsed time is greater than this value, the OP MUST attempt to actively
/// re-authenticate the End-User."
#[tokio::test]
async fn max_age_asks_again_once_the_sign_in_is_older() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    server.clock.advance(59);
    assert_eq!(browser.authorize("shop").param("max_age", "60").finish().await.asked, []);
    server.clock.advance(2);
    let silent = browser.authorize("shop").param("max_age", "60").param("prompt", "none");
    silent.finish().await.refused(Reason::LoginRequired);
    assert_eq!(browser.authorize("shop").param("max_age", "60").finish().await.asked, [Ask::SignIn]);
    assert_eq!(browser.authorize("shop").param("max_age", "60").finish().await.asked, []);
}

/// `max_age=0` is `prompt=login`.
#[tokio::test]
async fn max_age_0_always_asks() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    server.clock.advance(1);
    for _ in 0..2 {
        assert_eq!(browser.authorize("shop").param("max_age", "0").finish().await.asked, [Ask::SignIn]);
        server.clock.advance(1);
    }
}

/// OpenID Connect Dynamic Client Registration 1.0 §2: `default_max_age`; the request overrides it.
#[tokio::test]
async fn a_client_may_register_a_max_age() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    server.put_client(confidential("shop").with(|client| client.default_max_age = Some(60))).await;
    server.clock.advance(61);
    assert_eq!(browser.authorize("shop").param("max_age", "1000").finish().await.asked, []);
    assert_eq!(browser.authorize("shop").finish().await.asked, [Ask::SignIn]);
}

/// OpenID Connect Core 1.0 §3.1.2.1
#[tokio::test]
async fn max_age_is_a_number_of_seconds() {
    let server = start().await;
    for text in ["-1", "1.5", "x", "99999999999", "1e3"] {
        let landing = server.browser().authorize("shop").param("max_age", text).finish().await;
        landing.refused(Reason::MaxAgeInvalid);
    }
}

/// OpenID Connect Core 1.0 §3.1.2.1: `id_token_hint` names the expected user.
#[tokio::test]
async fn a_hint_at_who_is_signed_in_changes_nothing() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    let hint = browser.authorize("shop").tokens().await.member("id_token");
    server.clock.advance(3_000);
    let silent = browser.authorize("shop").param("id_token_hint", &hint).param("prompt", "none");
    assert!(silent.finish().await.param("code").is_some(), "an expired hint is a hint");
}

/// OpenID Connect Core 1.0 §3.1.2.1: "otherwise, it MUST return an error, such as login_required".
#[tokio::test]
async fn a_hint_at_somebody_else_asks_who_it_is() {
    let server = start().await;
    let hint = known(&server, "bob").await.authorize("shop").tokens().await.member("id_token");
    let browser = known(&server, "alice").await;
    let request = browser.authorize("shop").param("id_token_hint", &hint);
    request.clone().param("prompt", "none").finish().await.refused(Reason::LoginRequired);
    let landing = request.until(Ask::SignIn).await;
    let open = browser.interaction(&landing.url).await.expect("opens");
    assert_eq!(open.subject(), Some(&subject("alice")));
    assert_eq!(open.expected(), Some(&subject("bob")));
    open.signed_in(&server.seen(&subject("bob")).await, "pwd").await.expect("signs in");
}

/// ID tokens signed with the client's secret are accepted as hints.
#[tokio::test]
async fn a_hint_may_be_under_the_clients_secret() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let hint = browser.authorize("hs256").tokens().await.member("id_token");
    let silent = browser.authorize("hs256").param("id_token_hint", &hint).param("prompt", "none");
    assert!(silent.finish().await.param("code").is_some());
    let cut = format!("{}AAAA", &hint[..hint.len() - 4]);
    let forged = browser.authorize("hs256").param("id_token_hint", &cut);
    forged.finish().await.refused(Reason::HintInvalid);
}

/// OpenID Connect Core 1.0 §3.1.2.1: only an ID token of this server is a hint.
#[tokio::test]
async fn what_is_no_id_token_is_no_hint() {
    let api = testkit::server::resource("https://notes.example", "notes.read").jwt();
    let server = start().await;
    server.put_resource(api).await;
    server.put_client(confidential("shop").scope("openid notes.read")).await;
    let browser = server.browser().sign_in("alice");
    let tokens = browser.authorize("shop").scope("openid notes.read").tokens().await;
    let id_token = tokens.member("id_token");
    let foreign = testkit::Authority::new(server.issuer()).token("shop").sign();
    for bad in ["x", &tokens.member("access_token"), &foreign, &id_token[..id_token.len() - 2]] {
        let landing = browser.authorize("shop").param("id_token_hint", bad).finish().await;
        landing.refused(Reason::HintInvalid);
    }
}

/// OpenID Connect Core 1.0 §3.1.2.1: `login_hint` is passed to the page.
#[tokio::test]
async fn a_login_hint_reaches_the_page() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").param("login_hint", "al@example.org").until(Ask::SignIn).await;
    let open = browser.interaction(&landing.url).await.expect("opens");
    assert_eq!(open.login_hint(), Some("al@example.org"));
}

/// The state of an account is never cached: a disabled user is no longer signed in.
#[tokio::test]
async fn a_disabled_account_is_asked_who_it_is() {
    let server = start().await;
    let browser = known(&server, "alice").await;
    server.accounts.set_standing("alice", Standing::Disabled);
    let silent = browser.authorize("shop").param("prompt", "none").finish().await;
    silent.refused(Reason::LoginRequired);
    browser.authorize("shop").until(Ask::SignIn).await;
}

/// A user who was disabled between two pages can't submit the second.
#[tokio::test]
async fn an_account_that_was_disabled_meanwhile_cannot_consent() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    server.accounts.set_standing("alice", Standing::Disabled);
    let open = browser.interaction(&landing.url).await.expect("opens");
    let answer = open.approve().await.expect("answers");
    let location = answer.headers()["location"].to_str().expect("text");
    assert!(location.starts_with("https://as.example/login?interaction="), "{location}");
}
