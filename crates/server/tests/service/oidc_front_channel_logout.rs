//! Clients learn through the browser that their user signed out (OpenID Connect Front-Channel Logout 1.0).

use passavant_server::Ask;
use testkit::server::{Running, TestServer, confidential};

const LOGOUT: &str = "https://as.example/logout";

async fn start() -> Running {
    let told = |uri: &'static str| {
        move |client: &mut protocol::ClientMetadata| client.frontchannel_logout_uri = Some(uri.to_owned())
    };
    TestServer::new()
        .client(confidential("shop").with(told("https://shop.example/gone?a=1&b=2")))
        .client(confidential("other").with(told("https://other.example/gone")))
        .client(confidential("unused").with(told("https://unused.example/gone")))
        .client(confidential("silent"))
        .account("alice")
        .start()
        .await
}

/// Front-Channel Logout 1.0 §2, §3: each client of the session is opened in a frame, with `iss` and `sid`; then the browser
/// goes on.
#[tokio::test]
async fn every_client_of_the_session_is_told() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let token = browser.authorize("shop").tokens().await.member("id_token");
    browser.authorize("shop").code().await;
    browser.authorize("other").code().await;
    browser.authorize("silent").code().await;
    let sid = server.claims(&token).await["sid"].as_str().expect("a sid").to_owned();
    let bye = "https://shop.example/bye";
    let url = format!("{LOGOUT}?id_token_hint={token}&post_logout_redirect_uri={bye}&state=s");
    let reply = browser.open(&url).await.reply.expect("a page");
    assert_eq!(reply.status(), 200);
    let body = reply.body();
    let tail = format!("iss=https%3A%2F%2Fas.example&amp;sid={sid}\"></iframe>");
    assert!(body.contains(&format!("src=\"https://shop.example/gone?a=1&amp;b=2&amp;{tail}")), "{body}");
    assert!(body.contains(&format!("src=\"https://other.example/gone?{tail}")), "{body}");
    assert_eq!(body.matches("<iframe").count(), 2, "{body}");
    assert!(body.contains(&format!("href=\"{bye}?state=s\"")), "{body}");
    assert!(reply.headers("set-cookie").iter().any(|cookie| cookie.contains("session=;")), "{reply:?}");
    let silent = browser.authorize("shop").param("prompt", "none").finish().await;
    assert_eq!(silent.param("error").as_deref(), Some("login_required"));
}

/// The page frames the origins of these clients, runs its own script, and nothing else.
#[tokio::test]
async fn the_page_frames_these_clients_and_nothing_else() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    let page = browser.open_until(LOGOUT, Ask::SignOut).await;
    let open = browser.interaction(&page.url).await.expect("it opens");
    let answer = open.sign_out().await.expect("signed out");
    let policy = answer.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("frame-src https://shop.example; "), "{policy}");
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(
        policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
}

/// Without such a client, the browser is redirected as ever.
#[tokio::test]
async fn without_a_client_to_tell_the_browser_is_redirected() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let token = browser.authorize("silent").tokens().await.member("id_token");
    let reply = browser.open(&format!("{LOGOUT}?id_token_hint={token}")).await.reply.expect("an answer");
    assert_eq!(reply.status(), 303);
}

/// Front-Channel Logout 1.0 §2: the URI has scheme, host and port of a redirect URI.
#[tokio::test]
async fn the_uri_is_at_an_origin_of_the_client() {
    use passavant_server::registration::{ClientRegistration, Findings, Registrar, Rules};
    let settings = passavant_server::Settings::new("https://as.example").expect("https");
    let wrong = |uri: &str| {
        let members = serde_json::json!({
            "client_id": "a", "redirect_uris": ["https://a.example/cb"], "frontchannel_logout_uri": uri,
        });
        let (rules, mut findings) = (Rules::new(&settings, Registrar::Operator), Findings::default());
        ClientRegistration::read(String::new(), members, &rules, &mut findings);
        !findings.wrongs.is_empty()
    };
    assert!(!wrong("https://a.example/gone"));
    for uri in
        ["https://b.example/gone", "http://a.example/gone", "https://a.example:8443/gone", "javascript:x"]
    {
        assert!(wrong(uri), "{uri}");
    }
}

/// Front-Channel Logout 1.0 §3
#[tokio::test]
async fn it_is_announced() {
    let metadata = start().await.get("/.well-known/openid-configuration").send().await.json();
    for member in ["frontchannel_logout_supported", "frontchannel_logout_session_supported"] {
        assert_eq!(metadata[member], true, "{member}");
    }
}
