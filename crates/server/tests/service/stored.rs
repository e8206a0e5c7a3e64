//! Paused requests as earlier versions stored them.
//!
//! Each file in `stored/` is the text of one, and is never edited. A store that was
//! written before an update still holds them after it.

use http::{HeaderValue, Request, header, request::Parts};
use passavant_server::{
    Answer, Ask, OpenInteraction,
    store::{Commit, Deferred, DeferredChange, DeferredState, Interaction, InteractionChange, Whose},
};
use protocol::{BrowserSecret, ClientId, DeferredCode, InteractionToken, Scopes, Timestamp, UserCode};
use testkit::server::{Running, TestServer, confidential, resource, subject};

const UNDECIDED: &str = include_str!("stored/undecided.json");
const SIGN_IN: &str = include_str!("stored/sign_in.json");
const CONSENT: &str = include_str!("stored/consent.json");
const CONFIRM: &str = include_str!("stored/confirm.json");
const SIGN_OUT: &str = include_str!("stored/sign_out.json");
const SIGN_OUT_NOWHERE: &str = include_str!("stored/sign_out_nowhere.json");

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop").scope("openid notes.read"))
        .resource(resource("https://notes.example", "notes.read"))
        .account("alice")
        .start()
        .await
}

/// Stores the text, and calls for a page with it as its browser does.
async fn page(server: &Running, path: &str, stored: &str) -> Parts {
    let now = passavant_server::ports::Clock::now(&server.clock);
    let browser = BrowserSecret::mint(1, [1; 24]);
    let token = InteractionToken::mint(server.authorization_server.draw_row_id(), [2; 24]);
    let row = Interaction {
        browser: browser.handle().digest,
        request: stored.trim_end().into(),
        expires_at: now + 900,
        used: false,
    };
    server.commit(Commit::new(now).with(InteractionChange::Add(token.handle(), row))).await;
    let mut request = Request::new(());
    *request.uri_mut() = format!("{path}?interaction={}", token.expose()).parse().expect("a path and query");
    let cookie = format!("__Host-passavant_browser={}", browser.expose());
    request.headers_mut().insert(header::COOKIE, HeaderValue::from_str(&cookie).expect("visible"));
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("as.example"));
    request.into_parts().0
}

async fn open(server: &Running, stored: &str) -> OpenInteraction {
    let head = page(server, "/login", stored).await;
    server.authorization_server.interaction(&head).await.expect("it opens")
}

fn location(answer: &Answer) -> &str {
    answer.headers()[header::LOCATION].to_str().expect("text")
}

#[tokio::test]
async fn an_undecided_request_goes_on() {
    let server = start().await;
    let head = page(&server, "/authorize", UNDECIDED).await;
    let reply = server.call(Request::from_parts(head, String::new())).await;
    assert_eq!(reply.location().0, "https://as.example/login");
}

#[tokio::test]
async fn a_request_that_waits_for_a_sign_in_goes_on() {
    let server = start().await;
    let open = open(&server, SIGN_IN).await;
    assert_eq!((open.ask(), open.login_hint()), (Ask::SignIn, Some("alice")));
    assert_eq!(open.client_id().map(protocol::ClientId::as_str), Some("shop"));
    assert_eq!(open.note(), None);
    let answer = open.signed_in(&server.seen(&subject("alice")).await, "pwd").await.expect("goes on");
    assert!(location(&answer).starts_with("https://as.example/consent?interaction="));
}

#[tokio::test]
async fn a_request_that_waits_for_a_confirmation_goes_on() {
    let server = start().await;
    let row = Deferred {
        whose: Whose::Typed(UserCode::stored("WDJBMJHT")),
        client: ClientId::new("shop"),
        scopes: Scopes::stored("notes.read"),
        audience: vec![protocol::Audience::new("https://notes.example")],
        narrowed: false,
        facts: r#"{"peer":"192.0.2.1","agent":"TV"}"#.into(),
        asked_at: Timestamp(0),
        expires_at: passavant_server::ports::Clock::now(&server.clock) + 600,
        state: DeferredState::Waiting,
    };
    let code = DeferredCode::mint(1, [3; 24]).handle();
    let add = DeferredChange::Add(code, Box::new(row));
    server.commit(Commit::new(Timestamp(0)).with(add)).await;
    let open = open(&server, CONFIRM).await;
    assert_eq!((open.ask(), open.scopes().len()), (Ask::Confirm, 1));
    let facts = open.deferred().expect("of a device");
    assert_eq!((facts.agent.as_deref(), facts.peer), (Some("TV"), Some([192, 0, 2, 1].into())));
    let answer = open.deny().await.expect("it is answered");
    assert_eq!(location(&answer), "https://as.example/device?done=denied");
}

#[tokio::test]
async fn a_request_that_waits_for_consent_goes_on() {
    let server = start().await;
    let open = open(&server, CONSENT).await;
    assert_eq!((open.ask(), open.redirect_uri()), (Ask::Consent, Some("https://shop.example/cb")));
    let asked: Vec<_> =
        open.scopes().iter().map(|asked| (&*asked.scope, asked.resource.as_deref())).collect();
    assert_eq!(asked, [("openid", None), ("notes.read", Some("https://notes.example"))]);
    let answer = open.deny().await.expect("goes on");
    let expected = "https://shop.example/cb?error=access_denied";
    assert!(location(&answer).starts_with(expected), "{}", location(&answer));
    assert!(location(&answer).contains("&state=a+b%26c%3D%C3%BC&iss="), "{}", location(&answer));
}

/// Older versions did not store the client of the URI, and only a registered URI is redirected to.
#[tokio::test]
async fn a_request_to_sign_out_goes_on() {
    let server = start().await;
    for stored in [SIGN_OUT, SIGN_OUT_NOWHERE] {
        let open = open(&server, stored).await;
        assert_eq!(open.ask(), Ask::SignOut);
        let answer = open.sign_out().await.expect("signs out");
        assert_eq!(location(&answer), "https://as.example/logout/done");
    }
}
