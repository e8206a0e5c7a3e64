//! Interactions (RFC 9700 §4.7): which browser may continue a paused request, what a host's pages can do with it,
//! sessions and cookies.

use http::HeaderValue;
use passavant_server::{
    Ask, Error, OpenInteraction, Reason,
    store::{Of, Why},
};
use serde_json::json;
use testkit::server::{Browser, Landing, Running, TestServer, confidential, public, resource, subject};

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop").scope("openid notes.read"))
        .client(public("app").with(|client| client.redirect_uris = vec!["com.example.app:/cb".to_owned()]))
        .client(public("local").with(|client| client.redirect_uris = vec!["http://127.0.0.1/cb".to_owned()]))
        .resource(resource("https://notes.example", "notes.read").with(|settings| {
            settings.resource_name = Some("Notes".to_owned());
        }))
        .scope(passavant_server::store::Scope {
            scope: "notes.read".to_owned(),
            description: [("en".to_owned(), "Read your notes".to_owned())].into(),
            ..Default::default()
        })
        .account("alice")
        .account("bob")
        .start()
        .await
}

async fn open(browser: &Browser, landing: &Landing) -> OpenInteraction {
    browser.interaction(&landing.url).await.expect("it opens")
}

fn reason<T>(result: Result<T, Error>) -> Option<Reason> {
    match result {
        Err(Error::Refused(reason)) => Some(reason),
        Err(Error::Failed(fault)) => panic!("{fault}"),
        Ok(_) => None,
    }
}

fn location(answer: &passavant_server::Answer) -> &str {
    answer.headers()["location"].to_str().expect("text")
}

/// Everything that a consent page shows.
#[tokio::test]
async fn a_page_learns_what_is_asked_for_by_whom() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").scope("openid notes.read").until(Ask::Consent).await;
    let open = open(&browser, &landing).await;
    assert_eq!(open.ask(), Ask::Consent);
    assert_eq!(open.subject(), Some(&subject("alice")));
    assert_eq!(open.client_id().map(protocol::ClientId::as_str), Some("shop"));
    assert_eq!(open.client().and_then(|client| client.name()), Some("The shop"));
    assert_eq!(open.redirect_uri(), Some("https://shop.example/cb"));
    let scopes: Vec<_> =
        open.scopes().iter().map(|asked| (&*asked.scope, asked.description.as_deref())).collect();
    assert_eq!(scopes, [("openid", None), ("notes.read", Some("Read your notes"))]);
    assert_eq!(open.scopes()[1].resource.as_deref(), Some("https://notes.example"));
    assert_eq!(open.scopes()[1].resource_name.as_deref(), Some("Notes"));
}

/// The redirect that follows a form is subject to the page's policy.
#[tokio::test]
async fn a_form_may_lead_to_where_the_client_is() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    for (client, policy) in [
        ("shop", "'self' https:"),
        ("local", "'self' https: http:"),
        ("app", "'self' https: com.example.app:"),
    ] {
        let landing = browser.authorize(client).until(Ask::Consent).await;
        assert_eq!(open(&browser, &landing).await.form_action(), policy);
    }
}

/// RFC 9700 §4.7: the link is useless in another browser.
#[tokio::test]
async fn another_browser_cannot_open_an_interaction() {
    let server = start().await;
    let landing = server.browser().authorize("shop").until(Ask::SignIn).await;
    let thief = server.browser();
    let refused = thief.interaction(&landing.url).await;
    assert_eq!(reason(refused), Some(Reason::InteractionBrowserMismatch));
    thief.authorize("shop").until(Ask::SignIn).await;
    let page = thief.open(&landing.url).await;
    let page = page.refused(Reason::InteractionBrowserMismatch).reply.clone().expect("a page");
    assert_eq!(page.status(), 403);
}

/// An unknown interaction is an error page.
#[tokio::test]
async fn an_unknown_interaction_is_a_page() {
    let server = start().await;
    let browser = server.browser();
    let landing = browser.authorize("shop").until(Ask::SignIn).await;
    let guessed = format!("{}{}", &landing.url[..landing.url.len() - 20], "A".repeat(20));
    for url in ["https://as.example/login?interaction=x", &guessed] {
        browser.open(url).await.refused(Reason::InteractionUnknown);
    }
    browser.open("https://as.example/login").await.refused(Reason::InteractionUnknown);
}

/// Interactions have a lifetime of 15 minutes.
#[tokio::test]
async fn an_interaction_expires() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::SignIn).await;
    server.clock.advance(899);
    open(&browser, &landing).await;
    server.clock.advance(1);
    browser.open(&landing.url).await.refused(Reason::InteractionExpired);
}

/// A page that is still open then can't be submitted.
#[tokio::test]
async fn an_answer_after_the_expiry_is_refused() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    let open = open(&browser, &landing).await;
    server.clock.advance(900);
    assert_eq!(reason(open.approve().await), Some(Reason::InteractionUnknown));
}

/// A form can be submitted only once.
#[tokio::test]
async fn an_interaction_is_answered_once() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    let (first, second) = (open(&browser, &landing).await, open(&browser, &landing).await);
    assert!(location(&first.approve().await.expect("the first")).contains("code="));
    assert_eq!(reason(second.deny().await), Some(Reason::InteractionUnknown));
    browser.open(&landing.url).await.refused(Reason::InteractionUnknown);
}

/// A page may only answer what was asked.
#[tokio::test]
async fn a_page_answers_only_what_it_was_asked() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let sign_in = browser.authorize("shop").until(Ask::SignIn).await;
    assert_eq!(reason(open(&browser, &sign_in).await.approve().await), Some(Reason::InteractionUnknown));
    assert_eq!(reason(open(&browser, &sign_in).await.sign_out().await), Some(Reason::InteractionUnknown));
    let consent = browser.authorize("shop").until(Ask::Consent).await;
    let signed_in =
        open(&browser, &consent).await.signed_in(&server.seen(&subject("bob")).await, "pwd").await;
    assert_eq!(reason(signed_in), Some(Reason::InteractionUnknown));
    let sign_out = browser.open_until("https://as.example/logout", Ask::SignOut).await;
    assert_eq!(reason(open(&browser, &sign_out).await.approve().await), Some(Reason::InteractionUnknown));
    assert_eq!(reason(open(&browser, &sign_out).await.deny().await), Some(Reason::InteractionUnknown));
    assert_eq!(
        reason(open(&browser, &sign_out).await.switch_account().await),
        Some(Reason::InteractionUnknown)
    );
}

/// RFC 9700 §4.7
#[tokio::test]
async fn a_form_is_good_from_its_own_page_alone() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    let other = browser.authorize("shop").until(Ask::Consent).await;
    let open_page = open(&browser, &landing).await;
    let csrf = open_page.csrf();
    let foreign = open(&browser, &other).await.csrf();
    let check = |site: Option<&str>, origin: Option<&str>, csrf: Option<&str>| {
        let mut head = browser.page_head(&landing.url);
        head.headers.remove("sec-fetch-site");
        for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
            if let Some(value) = value {
                head.headers.insert(name, HeaderValue::from_str(value).expect("visible"));
            }
        }
        reason(open_page.check_form(&head, csrf))
    };
    let own = Some(&*csrf);
    assert_eq!(check(Some("same-origin"), Some("https://as.example"), own), None);
    assert_eq!(check(None, Some("https://as.example"), own), None);
    assert_eq!(check(None, Some("null"), own), None, "Referrer-Policy: no-referrer makes it null");
    assert_eq!(check(None, None, own), None, "an old browser says neither");
    let refused = Some(Reason::FormCrossSite);
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(check(Some(site), Some("https://as.example"), own), refused, "{site}");
    }
    assert_eq!(check(None, Some("https://evil.example"), own), refused);
    for csrf in [None, Some(""), Some("x"), Some(&*foreign)] {
        assert_eq!(check(Some("same-origin"), None, csrf), refused, "{csrf:?}");
    }
}

/// *Not you?*
#[tokio::test]
async fn a_user_may_switch_to_another_account() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    let answer = open(&browser, &landing).await.switch_account().await.expect("switches");
    assert!(location(&answer).starts_with("https://as.example/login?interaction="));
    let open_page = browser.interaction(location(&answer)).await.expect("it opens");
    assert_eq!(open_page.ask(), Ask::SignIn);
    open_page.signed_in(&server.seen(&subject("bob")).await, "pwd").await.expect("signs in");
}

/// When another user signs in, the previous session ends, and with it grants without `offline_access`.
#[tokio::test]
async fn another_user_ends_the_session_before() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let tokens = browser.authorize("shop").tokens().await;
    let bob = browser.clone().sign_in("bob");
    bob.authorize("shop").param("prompt", "login").code().await;
    assert!(!server.is_active(&tokens.member("access_token"), "shop").await);
}

/// A user who signs in again keeps what was granted before.
#[tokio::test]
async fn signing_in_again_ends_nothing() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let tokens = browser.authorize("shop").tokens().await;
    browser.authorize("shop").param("prompt", "login").code().await;
    assert!(server.is_active(&tokens.member("access_token"), "shop").await);
}

/// `__Host-`, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain; a new secret at each sign-in.
#[tokio::test]
async fn cookies_are_bound_to_the_host_and_the_session_is_new_at_each_sign_in() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let reply = browser.authorize("shop").send().await;
    let attributes = "; Path=/; HttpOnly; SameSite=Lax; Secure";
    let cookie = reply.header("set-cookie").expect("the browser's");
    assert!(cookie.starts_with("__Host-passavant_interaction_") && cookie.ends_with(attributes), "{cookie}");
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let landing = browser.authorize("shop").param("prompt", "login").until(Ask::SignIn).await;
        let answer = open(&browser, &landing)
            .await
            .signed_in(&server.seen(&subject("alice")).await, "pwd")
            .await
            .expect("signs in");
        let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
        assert!(cookie.starts_with("__Host-passavant_session=") && cookie.ends_with(attributes), "{cookie}");
        sessions.push(cookie);
    }
    assert_ne!(sessions[0], sessions[1]);
}

/// A sign-in is refused if the account was ended while the password was checked; checking again succeeds.
#[tokio::test]
async fn a_sign_in_to_an_account_that_was_ended_meanwhile_is_refused() {
    let server = start().await;
    let browser = server.browser();
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    let seen = server.seen(&subject("alice")).await;
    let of = Of::Subject(subject("alice"));
    server.authorization_server.end(of, Why::PasswordChanged).await.expect("ends");
    let refused = open(&browser, &page).await.signed_in(&seen, "pwd").await;
    assert_eq!(reason(refused), Some(Reason::SignInOutdated));
    let sessions = server.store.list_sessions(None, None, 9).await.expect("the store works");
    assert_eq!(sessions, []);
    let seen = server.seen(&subject("alice")).await;
    open(&browser, &page).await.signed_in(&seen, "pwd").await.expect("signs in");
}

/// On loopback over http, cookies have neither prefix nor Secure, since browsers would reject them.
#[tokio::test]
async fn cookies_on_http_are_kept_by_browsers() {
    let server = TestServer::new()
        .client(confidential("shop"))
        .account("alice")
        .settings(|settings| {
            *settings = passavant_server::Settings::new("http://localhost:4000").expect("loopback");
        })
        .start()
        .await;
    let browser = server.browser().sign_in("alice");
    let reply = browser.authorize("shop").send().await;
    let cookie = reply.header("set-cookie").expect("the browser's");
    assert!(cookie.starts_with("passavant_interaction_") && !cookie.contains("Secure"), "{cookie}");
    browser.authorize("shop").code().await;
    assert_eq!(browser.authorize("shop").finish().await.asked, []);
}

/// Tabs that are opened at once have no cookie yet: each gets one of its own, and none replaces another's.
#[tokio::test]
async fn two_tabs_that_are_opened_at_once_both_finish() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let (one, two) =
        (server.browser().authorize("shop").send().await, server.browser().authorize("shop").send().await);
    browser.keep_cookies(&one);
    browser.keep_cookies(&two);
    for page in [&one, &two] {
        let landing = browser.open(page.header("location").expect("a page")).await;
        assert!(landing.param("code").is_some(), "{landing:?}");
    }
}

/// The cookies of a browser are bounded, and the oldest go. What the browser opened one after the other has one secret.
#[tokio::test]
async fn a_browser_keeps_the_cookies_of_its_newest_interactions() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let first = browser.authorize("shop").until(Ask::SignIn).await;
    let mut newest = first.clone();
    for _ in 0..20 {
        server.clock.advance(1);
        newest = browser.authorize("shop").until(Ask::SignIn).await;
    }
    let names = browser.cookie_names();
    let of_interactions = names.iter().filter(|name| name.starts_with("__Host-passavant_interaction_"));
    assert_eq!(of_interactions.count(), 16, "{names:?}");
    open(&browser, &newest).await;
    open(&browser, &first).await;
}

/// An unused session ends after an hour; each use extends it.
#[tokio::test]
async fn a_session_ends_when_it_is_not_used() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    for _ in 0..3 {
        server.clock.advance(3_599);
        assert_eq!(browser.authorize("shop").finish().await.asked, []);
    }
    server.clock.advance(3_600);
    assert_eq!(browser.authorize("shop").finish().await.asked, [Ask::SignIn]);
}

/// A session in use ends after twelve hours.
#[tokio::test]
async fn a_session_ends_after_twelve_hours() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    for _ in 0..23 {
        server.clock.advance(1_800);
        assert_eq!(browser.authorize("shop").finish().await.asked, []);
    }
    server.clock.advance(1_800);
    assert_eq!(browser.authorize("shop").finish().await.asked, [Ask::SignIn]);
}

/// An unknown session cookie is ignored.
#[tokio::test]
async fn a_made_up_session_is_none() {
    let server = start().await;
    for value in ["x", &"A".repeat(43)] {
        let call = server.get("/authorize").header("cookie", &format!("__Host-passavant_session={value}"));
        let call = call.params(&[("client_id", "shop"), ("response_type", "code"), ("prompt", "none")]);
        let call = call.params(&[("code_challenge", &"A".repeat(43)), ("code_challenge_method", "S256")]);
        call.send_unwritten().await.refused(Reason::LoginRequired);
    }
}

/// A host's pages can remember a completed first factor, for example.
#[tokio::test]
async fn a_note_survives_a_reload() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::SignIn).await;
    let other = browser.authorize("shop").until(Ask::SignIn).await;
    let mut page = open(&browser, &landing).await;
    assert_eq!(page.note(), None);
    let note = json!({"password": "u-alice", "at": 1_750_000_000});
    page.set_note(Some(note.clone())).await.expect("it is kept");
    assert_eq!(page.note(), Some(&note));
    let reloaded = open(&browser, &landing).await;
    assert_eq!((reloaded.ask(), reloaded.note()), (Ask::SignIn, Some(&note)));
    assert_eq!(open(&browser, &other).await.note(), None, "it belongs to this interaction");
    let thief = server.browser();
    thief.authorize("shop").until(Ask::SignIn).await;
    let refused = thief.interaction(&landing.url).await;
    assert_eq!(reason(refused), Some(Reason::InteractionBrowserMismatch));
    let mut again = open(&browser, &landing).await;
    again.set_note(None).await.expect("it is forgotten");
    assert_eq!(open(&browser, &landing).await.note(), None);
}

/// A note about one user is never used for another.
#[tokio::test]
async fn a_note_ends_with_the_sign_in_and_with_its_interaction() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::SignIn).await;
    let mut page = open(&browser, &landing).await;
    page.set_note(Some(json!("alice"))).await.expect("it is kept");
    browser.open_until(&landing.url, Ask::Consent).await;
    let mut page = open(&browser, &landing).await;
    assert_eq!((page.ask(), page.note()), (Ask::Consent, None));
    page.set_note(Some(json!("consent"))).await.expect("it is kept");
    open(&browser, &landing).await.switch_account().await.expect("switches");
    let page = open(&browser, &landing).await;
    assert_eq!((page.ask(), page.note()), (Ask::SignIn, None));
    let mut late = open(&browser, &landing).await;
    page.deny().await.expect("it ends");
    assert_eq!(reason(late.set_note(Some(json!(1))).await), Some(Reason::InteractionUnknown));
    browser.open(&landing.url).await.refused(Reason::InteractionUnknown);
}

/// Notes have a size limit, since they are stored with the request.
#[tokio::test]
async fn a_note_that_is_too_long_is_not_kept() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::SignIn).await;
    let mut page = open(&browser, &landing).await;
    page.set_note(Some(json!("first"))).await.expect("it is kept");
    let long = "x".repeat(protocol::limits::NOTE_BYTES_MAX - 1);
    let error = page.set_note(Some(json!(long))).await.expect_err("two quotation marks too many");
    assert!(matches!(error, Error::Failed(_)), "{error:?}");
    assert_eq!(open(&browser, &landing).await.note(), Some(&json!("first")));
}

/// RFC 9700 §2.1: a redirect URI that was removed while the user was at a page is not redirected to.
#[tokio::test]
async fn a_redirect_uri_that_was_taken_back_meanwhile_gets_no_answer() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    let moved = confidential("shop").scope("openid notes.read");
    let moved = moved.with(|client| client.redirect_uris = vec!["https://shop.example/new".to_owned()]);
    server.put_client(moved).await;
    browser.open(&landing.url).await.refused(Reason::RedirectUriMismatch);
}

/// The client may have been disabled before the request is resumed.
#[tokio::test]
async fn a_client_that_was_disabled_meanwhile_gets_no_code() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").until(Ask::Consent).await;
    server.put_client(confidential("shop").disabled()).await;
    browser.open(&landing.url).await.refused(Reason::AuthorizeClientUnknown);
}

/// Anybody can open one, so their number is limited: per browser, and by address where it is one client's.
#[tokio::test]
async fn a_browser_keeps_so_many_interactions_and_the_oldest_makes_room() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let first = browser.authorize("shop").until(Ask::SignIn).await;
    server.clock.advance_millis(1);
    let second = browser.authorize("shop").until(Ask::SignIn).await;
    for _ in 1..protocol::limits::INTERACTIONS_PER_BROWSER_MAX {
        server.clock.advance_millis(1);
        browser.authorize("shop").until(Ask::SignIn).await;
    }
    browser.open(&first.url).await.refused(Reason::InteractionUnknown);
    assert_eq!(open(&browser, &second).await.ask(), Ask::SignIn);
}
