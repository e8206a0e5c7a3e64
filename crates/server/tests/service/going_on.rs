//! Pages whose interaction can't be answered any more: the same form gets the same answer, and everything else goes on.

use http::request::Parts;
use passavant_server::{
    Answer, Ask, AuthorizationServer, Error, OpenInteraction, Reason,
    store::{Of, Why},
};
use testkit::server::{Browser, Landing, Running, TestServer, confidential, subject};

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("trusted").without_consent())
        .account("alice")
        .account("bob")
        .start()
        .await
}

fn authorization_server(browser: &Browser) -> &AuthorizationServer {
    &browser.server().authorization_server
}

/// The interaction of a page, also where it was answered or has expired.
async fn reopen(browser: &Browser, page: &Landing) -> OpenInteraction {
    let head = browser.page_head(&page.url);
    authorization_server(browser).reopen(&head, None).await.expect("it is known")
}

fn location(answer: &Answer) -> String {
    answer.headers()["location"].to_str().expect("text").to_owned()
}

/// The browser at another URL.
fn at(page: &Landing, url: &str) -> Landing {
    let mut landing = page.clone();
    url.clone_into(&mut landing.url);
    landing
}

/// Keeps the cookies of an answer, and follows it to the end.
async fn follow(browser: &Browser, answer: &Answer) -> Landing {
    for cookie in answer.headers().get_all("set-cookie") {
        browser.keep_cookie(cookie.to_str().expect("text"));
    }
    browser.open(&location(answer)).await
}

fn code_in(url: &str) -> String {
    let code = url.split_once("code=").unwrap_or_else(|| panic!("no code in {url}")).1;
    code.split('&').next().unwrap_or_default().to_owned()
}

/// A double click: the browser sends the form twice, and shows the answer to the second one.
#[tokio::test]
async fn the_same_decision_again_gets_the_same_answer() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let request = browser.authorize("shop");
    let page = request.clone().until(Ask::Consent).await;
    let first = location(&reopen(&browser, &page).await.approve().await.expect("allowed"));
    let again = location(&reopen(&browser, &page).await.approve().await.expect("the same"));
    assert_eq!(first, again);
    let code = request.code_of(&at(&page, &again));
    server.redeem(&code).await.ok();

    let page = browser.authorize("shop").param("prompt", "consent").until(Ask::Consent).await;
    let first = location(&reopen(&browser, &page).await.deny().await.expect("denied"));
    assert!(first.contains("error=access_denied"), "{first}");
    assert_eq!(location(&reopen(&browser, &page).await.deny().await.expect("the same")), first);
}

/// RFC 6749 §4.1.2: a code that is sent to the client once more after its redemption would end its grant.
#[tokio::test]
async fn a_code_that_was_redeemed_is_not_sent_again() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let request = browser.authorize("shop");
    let page = request.clone().until(Ask::Consent).await;
    let first = location(&reopen(&browser, &page).await.approve().await.expect("allowed"));
    let tokens = server.redeem(&request.code_of(&at(&page, &first))).await.ok();
    let again = reopen(&browser, &page).await.approve().await.expect("it starts again");
    let landing = follow(&browser, &again).await;
    assert_ne!(code_in(&landing.url), code_in(&first));
    assert_eq!(landing.asked, [], "signed in and remembered");
    assert!(server.is_active(&tokens.member("access_token"), "shop").await, "the first tokens live on");
}

/// Nor is one that has expired, or that ended with its session.
#[tokio::test]
async fn a_code_that_is_not_good_any_more_is_not_sent_again() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::Consent).await;
    reopen(&browser, &page).await.approve().await.expect("allowed");
    server.clock.advance(60);
    let again = location(&reopen(&browser, &page).await.approve().await.expect("it starts again"));
    assert!(again.starts_with("https://as.example/authorize?interaction="), "{again}");

    let page = browser.authorize("shop").param("prompt", "consent").until(Ask::Consent).await;
    reopen(&browser, &page).await.approve().await.expect("allowed");
    browser.open("https://as.example/logout").await;
    let again = location(&reopen(&browser, &page).await.approve().await.expect("it starts again"));
    assert!(again.starts_with("https://as.example/authorize?interaction="), "{again}");
}

/// The code is kept with the interaction, but encrypted: the store knows no code.
#[tokio::test]
async fn no_code_is_stored_as_it_is() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::Consent).await;
    let code = code_in(&location(&reopen(&browser, &page).await.approve().await.expect("allowed")));
    let token = page.url.split_once("interaction=").expect("an interaction").1;
    let handle = protocol::InteractionToken::presented(token).expect("43 characters").handle();
    let stored = server.store.interaction(handle).await.expect("the store works").expect("a row");
    let row = stored.open(&handle).expect("its own");
    assert!(
        row.used && row.request.contains("\"answered\"") && !row.request.contains(&code),
        "{}",
        row.request
    );
}

/// Another decision than before is another wish: the request starts again.
#[tokio::test]
async fn another_decision_starts_the_request_again() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::Consent).await;
    reopen(&browser, &page).await.deny().await.expect("denied");
    let again = reopen(&browser, &page).await.approve().await.expect("it starts again");
    let landing = follow(&browser, &again).await;
    assert_eq!(landing.asked, [Ask::Consent], "nothing was remembered of the denied request");
    assert!(landing.param("code").is_some());
}

/// A double click on *Sign in*, where the answer to the first click, and its cookie, never arrived.
#[tokio::test]
async fn the_same_sign_in_again_gets_the_same_answer_and_one_session() {
    let server = start().await;
    let browser = server.browser();
    let page = browser.authorize("trusted").until(Ask::SignIn).await;
    let seen = server.seen(&subject("alice")).await;
    let first = reopen(&browser, &page).await.signed_in(&seen, "pwd").await.expect("signs in");
    let again = reopen(&browser, &page).await.signed_in(&seen, "pwd").await.expect("the same");
    assert_eq!(location(&first), location(&again));
    let sessions = server.store.list_sessions(None, None, 9).await.expect("the store works");
    assert_eq!(sessions.len(), 1);
    for cookie in again.headers().get_all("set-cookie") {
        browser.keep_cookie(cookie.to_str().expect("text"));
    }
    assert_eq!(browser.authorize("trusted").finish().await.asked, [], "the last cookie is the good one");
    let bob = server.seen(&subject("bob")).await;
    let other = reopen(&browser, &page).await.signed_in(&bob, "pwd").await.expect("somebody else");
    assert!(
        location(&other).starts_with("https://as.example/authorize?interaction="),
        "{}",
        location(&other)
    );
}

/// The same where the first click led to the consent page.
#[tokio::test]
async fn a_sign_in_whose_answer_was_lost_is_repeated_at_the_consent_page() {
    let server = start().await;
    let browser = server.browser();
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    let seen = server.seen(&subject("alice")).await;
    let first = reopen(&browser, &page).await.signed_in(&seen, "pwd").await.expect("signs in");
    let again = reopen(&browser, &page).await.signed_in(&seen, "pwd").await.expect("the same");
    assert_eq!(location(&first), location(&again));
    assert_eq!(server.store.list_sessions(None, None, 9).await.expect("the store works").len(), 1);
}

/// A page that was left open for 15 minutes: nobody has to go back to the client.
#[tokio::test]
async fn an_expired_interaction_starts_again() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    server.clock.advance(900);
    let past = reopen(&browser, &page).await;
    assert!(past.is_past());
    let landing = follow(&browser, &past.go_on().await.expect("it goes on")).await;
    assert_eq!(landing.asked, [Ask::SignIn, Ask::Consent]);
    assert!(landing.param("code").is_some() && landing.param("state").is_some());

    let page = browser.authorize("shop").param("prompt", "login").until(Ask::SignIn).await;
    server.clock.advance(900);
    let seen = server.seen(&subject("alice")).await;
    let answer = reopen(&browser, &page).await.signed_in(&seen, "pwd").await.expect("signs in");
    let landing = follow(&browser, &answer).await;
    assert_eq!(landing.asked, [], "the password was right, and is not asked for twice");
    assert!(landing.param("code").is_some());
}

/// Expired interactions are deleted; the form still has the request, for its own browser only.
#[tokio::test]
async fn a_form_outlives_its_interaction() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    let open = reopen(&browser, &page).await;
    let (request, csrf) = (open.request().expect("it is made").expect("it is short"), open.csrf());
    server.clock.advance(2 * 86_400);
    while server.store.sweep(passavant_server::ports::Clock::now(&server.clock), 100).await.expect("swept")
        > 0
    {}
    let head = browser.page_head(&page.url);
    let unknown = |head: Parts, request: Option<String>| {
        let server = server.authorization_server.clone();
        async move { server.reopen(&head, request.as_deref()).await.err() }
    };
    let is_unknown = |error| matches!(error, Some(Error::Refused(Reason::InteractionUnknown)));
    assert!(is_unknown(unknown(head.clone(), None).await));
    let thief = server.browser();
    thief.authorize("shop").until(Ask::SignIn).await;
    assert!(is_unknown(unknown(thief.page_head(&page.url), Some(request.clone())).await), "another browser");
    let other = browser.authorize("shop").until(Ask::SignIn).await;
    let mut elsewhere = page.url.clone();
    elsewhere.replace_range(elsewhere.len() - 4.., "AAAA");
    assert!(
        is_unknown(unknown(browser.page_head(&elsewhere), Some(request.clone())).await),
        "another interaction"
    );
    drop(other);
    let past = server.authorization_server.reopen(&head, Some(&request)).await.expect("it is known");
    assert!(past.is_past());
    let mut form = head;
    form.method = http::Method::POST;
    past.check_form(&form, Some(&csrf)).expect("the form is its own");
    let landing = follow(&browser, &past.go_on().await.expect("it starts again")).await;
    assert!(landing.param("code").is_some() && landing.param("state").is_some(), "{landing:?}");
}

/// `prompt=login` is asked again where the request starts again.
#[tokio::test]
async fn what_starts_again_asks_for_the_password_again() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    let page = browser.authorize("shop").param("prompt", "login").until(Ask::SignIn).await;
    browser.open(&page.url).await;
    let again = reopen(&browser, &page).await.go_on().await.expect("it goes on");
    assert_eq!(follow(&browser, &again).await.asked, [Ask::SignIn]);
}

/// The second of two tabs goes on by itself once the first has signed in.
#[tokio::test]
async fn a_page_asks_no_longer_what_another_tab_answered() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    let login = browser.authorize("shop").param("prompt", "login").until(Ask::SignIn).await;
    assert!(reopen(&browser, &page).await.still_asks().await.expect("decided"));
    browser.authorize("shop").code().await;
    let second = reopen(&browser, &page).await;
    assert!(!second.still_asks().await.expect("decided"));
    assert!(location(&second.go_on().await.expect("it goes on")).contains("code="));
    assert!(reopen(&browser, &login).await.still_asks().await.expect("decided"), "prompt=login");
}

/// *Not you?* asks, although somebody is signed in.
#[tokio::test]
async fn whoever_wants_another_account_is_asked() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::Consent).await;
    reopen(&browser, &page).await.switch_account().await.expect("switches");
    assert!(reopen(&browser, &page).await.still_asks().await.expect("decided"));
}

/// A bookmark of the sign-in page: the account page is behind it.
#[tokio::test]
async fn a_page_without_an_interaction_leads_to_the_account() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let head = browser.page_head("https://as.example/login");
    let answer = server.authorization_server.without_interaction(&head).await.expect("it goes on");
    let landing = follow(&browser, &answer).await;
    assert_eq!((landing.asked, &*landing.url), (vec![Ask::SignIn], "https://as.example/account"));
    let head = browser.page_head("https://as.example/login");
    let answer = server.authorization_server.without_interaction(&head).await.expect("it goes on");
    assert_eq!(location(&answer), "https://as.example/account");
    let signed_in = server.authorization_server.signed_in(&head).await.expect("read");
    assert_eq!(signed_in, Some(subject("alice")));
    server.authorization_server.end(Of::Subject(subject("alice")), Why::AccountDisabled).await.expect("ends");
    assert_eq!(server.authorization_server.signed_in(&head).await.expect("read"), None);
}

/// A page that was left open for so long that its interaction was deleted, and is loaded again. OpenID Connect Core 1.0
/// §4: the client starts a sign-in where it registered `initiate_login_uri`.
#[tokio::test]
async fn an_interaction_that_is_gone_leads_to_where_its_client_starts() {
    const START: &str = "https://shop.example/start?from=as";
    const HOME: &str = "https://shop.example/";
    const ACCOUNT: &str = "https://as.example/login?interaction=";
    let told = "https://shop.example/start?from=as&iss=https%3A%2F%2Fas.example";
    for (initiate, home, is_disabled, expected) in [
        (Some(START), Some(HOME), false, told),
        (None, Some(HOME), false, HOME),
        (None, None, false, ACCOUNT),
        // It is linked to, but no browser is redirected to plain http.
        (None, Some("http://shop.example/"), false, ACCOUNT),
        (Some(START), Some(HOME), true, ACCOUNT),
    ] {
        let shop = || {
            confidential("shop").with(|client| {
                client.initiate_login_uri = initiate.map(str::to_owned);
                client.client_uri = home.map(str::to_owned);
            })
        };
        let server = TestServer::new().client(shop()).account("alice").start().await;
        let browser = server.browser();
        let page = browser.authorize("shop").until(Ask::SignIn).await;
        server.clock.advance(2 * 86_400);
        while server
            .store
            .sweep(passavant_server::ports::Clock::now(&server.clock), 100)
            .await
            .expect("swept")
            > 0
        {}
        if is_disabled {
            server.put_client(shop().disabled()).await;
        }
        let head = browser.page_head(&page.url);
        let answer = server.authorization_server.without_interaction(&head).await.expect("it goes on");
        let to = location(&answer);
        assert!(to.starts_with(expected), "{initiate:?} {home:?}: {to}");
        // The link alone leads nobody away from here.
        let head = server.browser().page_head(&page.url);
        let answer = server.authorization_server.without_interaction(&head).await.expect("it goes on");
        assert!(location(&answer).starts_with(ACCOUNT), "{initiate:?} {home:?}");
    }
}

/// Whoever is signed in is not sent away: the account page is there.
#[tokio::test]
async fn whoever_is_signed_in_goes_to_the_account_where_an_interaction_is_gone() {
    let home = |client: &mut protocol::ClientMetadata| {
        client.client_uri = Some("https://shop.example/".to_owned());
    };
    let server = TestServer::new().client(confidential("shop").with(home)).account("alice").start().await;
    let browser = server.browser().sign_in("alice");
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    let mut gone = page.url.clone();
    gone.replace_range(gone.len() - 4.., "AAAA");
    let head = browser.page_head(&gone);
    let answer = server.authorization_server.without_interaction(&head).await.expect("it goes on");
    assert_eq!(location(&answer), "https://shop.example/");
    browser.authorize("shop").code().await;
    let head = browser.page_head(&gone);
    let answer = server.authorization_server.without_interaction(&head).await.expect("it goes on");
    assert_eq!(location(&answer), "https://as.example/account");
}

/// OpenID Connect Core 1.0 §3.1.2.1: the user whom `id_token_hint` names, or `login_required`.
#[tokio::test]
async fn nobody_else_signs_in_than_the_client_expects() {
    let server = start().await;
    let hint = server.browser().sign_in("bob").authorize("shop").tokens().await.member("id_token");
    let browser = server.browser();
    let page = browser.authorize("shop").param("id_token_hint", &hint).until(Ask::SignIn).await;
    let open = reopen(&browser, &page).await;
    assert_eq!(open.expected(), Some(&subject("bob")));
    let alice = server.seen(&subject("alice")).await;
    let refused = open.signed_in(&alice, "pwd").await;
    assert!(matches!(refused, Err(Error::Refused(Reason::SubjectMismatch))), "{refused:?}");
    let sessions =
        server.store.list_sessions(Some(&subject("alice")), None, 9).await.expect("the store works");
    assert_eq!(sessions, [], "nobody was signed in");
    let answer = location(&reopen(&browser, &page).await.cancel_sign_in().await.expect("cancels"));
    assert!(answer.starts_with("https://shop.example/cb?error=login_required"), "{answer}");
    let again = location(&reopen(&browser, &page).await.cancel_sign_in().await.expect("the same"));
    assert_eq!(answer, again);
}
