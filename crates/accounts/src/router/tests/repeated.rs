//! Forms that are sent twice, second tabs, and pages that were left open.

use super::*;

/// A double click on *Allow*.
#[tokio::test]
async fn a_form_that_is_sent_twice_gets_one_answer() {
    let mut world = World::new().await;
    let url = world.sign_in().await;
    let page = world.get(&url).await;
    let fields = [("csrf", page.field("csrf")), ("account", page.field("account")), ("decision", "allow")];
    let first = world.post(&url, &fields).await;
    let again = world.post(&url, &fields).await;
    assert!(first.header("location").starts_with("https://shop.example/cb?code="));
    assert_eq!(first.header("location"), again.header("location"));
    let cookies = std::mem::take(&mut world.cookies);
    let thief = world.post(&url, &fields).await;
    assert_eq!(thief.status, StatusCode::FORBIDDEN, "another browser never");
    world.cookies = cookies;
    let forged = [("csrf", "x"), fields[1], fields[2]];
    assert!(world.post(&url, &forged).await.body.contains("<code>form_cross_site</code>"));
}

/// A double click on *Sign in*, where the browser never got the answer to the first click, nor its cookie.
#[tokio::test]
async fn a_sign_in_that_is_sent_twice_gets_one_answer() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    let fields = [("csrf", &*csrf), ("username", "alice"), ("password", "correct-horse")];
    let before = world.cookies.clone();
    let first = world.post(&url, &fields).await;
    world.cookies = before;
    let wrong = [fields[0], fields[1], ("password", "wrong")];
    assert_eq!(world.post(&url, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let again = world.post(&url, &fields).await;
    assert_eq!(first.header("location"), again.header("location"));
    let consent = world.get(again.header("location")).await;
    assert!(consent.body.contains("Alice Martin"), "{}", consent.body);
    let sessions = world.server.store().list_sessions(None, None, 9).await.expect("the store works");
    assert_eq!(sessions.len(), 1);
}

/// A page that was left open for 15 minutes, and for a day, after which nothing of it is stored.
#[tokio::test]
async fn a_page_that_was_left_open_for_long_goes_on() {
    for minutes in [16, 1_440] {
        let mut world = World::new().await;
        let url = world.arrive().await;
        let page = world.get(&url).await;
        let (csrf, request) = (page.field("csrf").to_owned(), page.field("request").to_owned());
        world.clock.0.fetch_add(minutes * 60_000, Ordering::Relaxed);
        while world.server.store().sweep(world.server.now(), 100).await.expect("swept") > 0 {}
        let fields =
            [("csrf", &*csrf), ("request", &*request), ("username", "alice"), ("password", "correct-horse")];
        let seen = world.post(&url, &fields).await;
        assert!(seen.header("location").starts_with("https://id.example/authorize?interaction="));
        let seen = world.get(seen.header("location")).await;
        let url = seen.header("location").to_owned();
        assert!(url.starts_with("https://id.example/consent?interaction="), "{url}");
        let page = world.get(&url).await;
        assert!(page.body.contains("Allow “<bdi>Shop</bdi>” to use your account?"), "{}", page.body);
        let fields =
            [("csrf", page.field("csrf")), ("account", page.field("account")), ("decision", "allow")];
        let seen = world.post(&url, &fields).await;
        let location = seen.header("location");
        assert!(location.starts_with("https://shop.example/cb?code=") && location.contains("&state=s&"));
        // Back, after all that: the page is answered, and the request goes on by itself.
        let back = world.get(&url).await;
        assert!(back.header("location").starts_with("https://id.example/authorize?interaction="));
    }
}

/// Two tabs: what the first one answered is not asked by the second.
#[tokio::test]
async fn the_second_tab_goes_on_once_the_first_is_signed_in() {
    let mut world = World::new().await;
    let second = world.arrive().await;
    let consent = world.sign_in().await;
    let seen = world.get(&second).await;
    assert!(seen.header("location").starts_with("https://id.example/consent?interaction="));
    let page = world.get(&consent).await;
    let fields = [("csrf", page.field("csrf")), ("account", page.field("account")), ("decision", "allow")];
    world.post(&consent, &fields).await;
    let seen = world.get(&second.replace("/login", "/consent")).await;
    assert!(seen.header("location").starts_with("https://shop.example/cb?code="));
}

/// A bookmark of `/login`, with or without the interaction of long ago.
#[tokio::test]
async fn a_bookmarked_sign_in_page_leads_to_the_account() {
    let mut world = World::new().await;
    let long_ago = format!("/login?interaction={}", "A".repeat(43));
    for bookmark in ["/login", "/account", "/consent?interaction=x", &long_ago] {
        world.cookies.clear();
        let url = world.get(bookmark).await.header("location").to_owned();
        assert!(url.starts_with("https://id.example/login?interaction="), "{bookmark}: {url}");
        let page = world.get(&url).await;
        assert!(page.body.contains("<h1>Sign in</h1>"), "{}", page.body);
        let fields = [("csrf", page.field("csrf")), ("username", "alice"), ("password", "correct-horse")];
        let seen = world.post(&url, &fields).await;
        assert_eq!(seen.header("location"), "https://id.example/account");
        let page = world.get("/account").await;
        assert!(
            page.body.contains("You are signed in") && page.body.contains("Alice Martin"),
            "{}",
            page.body
        );
        assert_eq!(page.header("cache-control"), "no-store");
        if bookmark != "/account" {
            assert_eq!(world.get(bookmark).await.header("location"), "https://id.example/account");
        }
    }
}

#[tokio::test]
async fn a_page_that_is_not_the_one_waited_at_leads_there() {
    let mut world = World::new().await;
    let url = world.sign_in().await;
    let before = url.replace("/consent", "/login");
    let seen = world.get(&before).await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, &*url));
}
