//! The authorization endpoint (RFC 6749 §3.1, §4.1.1, §4.1.2; RFC 9207; RFC 9700 §2.1): valid requests, and where
//! responses are sent.

use passavant_server::{Ask, Reason};
use testkit::server::{Authorize, Landing, Running, TestServer, confidential, public};

async fn start() -> Running {
    let two = |client: &mut protocol::ClientMetadata| {
        client.redirect_uris.push("https://two.example/other".to_owned());
    };
    let app = |client: &mut protocol::ClientMetadata| {
        client.application_type = Some("native".to_owned());
        client.redirect_uris = vec!["http://127.0.0.1/callback".to_owned()];
    };
    let query = |client: &mut protocol::ClientMetadata| {
        client.redirect_uris = vec!["https://query.example/cb?tenant=a%2Fb".to_owned()];
    };
    let machine = |client: &mut protocol::ClientMetadata| {
        client.grant_types = Some(vec!["client_credentials".to_owned()]);
    };
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("two").with(two))
        .client(public("app").with(app))
        .client(confidential("query").with(query))
        .client(confidential("machine").with(machine))
        .client(confidential("gone").disabled())
        .account("alice")
        .start()
        .await
}

fn authorize(server: &Running, client: &str) -> Authorize {
    server.browser().sign_in("alice").authorize(client)
}

/// What the client finds in its redirect URI, beside the values.
fn names(landing: &Landing) -> Vec<String> {
    landing.params().into_keys().collect()
}

/// RFC 6749 §4.1.2, RFC 9207 §2
#[tokio::test]
async fn the_client_gets_a_code_with_state_and_iss() {
    let server = start().await;
    let landing = authorize(&server, "shop").param("state", "a b&c=d/ä%2F").finish().await;
    assert_eq!(landing.place(), "https://shop.example/cb");
    assert_eq!(names(&landing), ["code", "iss", "state"]);
    assert_eq!(landing.param("state").as_deref(), Some("a b&c=d/ä%2F"));
    assert_eq!(landing.param("iss").as_deref(), Some("https://as.example"));
}

/// RFC 9700 §4.12: a 307 would forward the user's password. RFC 9700 §4.2.4: no referrer is sent.
#[tokio::test]
async fn the_code_comes_by_a_303_that_leaks_nothing() {
    let server = start().await;
    let reply = authorize(&server, "shop").finish().await.reply.expect("an answer");
    assert_eq!((reply.status(), reply.body()), (303, ""));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

/// RFC 6749 §4.1.1: `state` is recommended, not required.
#[tokio::test]
async fn without_state_there_is_none_in_the_answer() {
    let server = start().await;
    assert_eq!(names(&authorize(&server, "shop").without("state").finish().await), ["code", "iss"]);
}

/// RFC 6749 §3.1.2: a query of the redirect URI "MUST be retained".
#[tokio::test]
async fn the_query_of_a_redirect_uri_is_kept() {
    let server = start().await;
    let landing = authorize(&server, "query").finish().await;
    assert!(landing.url.starts_with("https://query.example/cb?tenant=a%2Fb&code="), "{}", landing.url);
}

/// RFC 6749 §3.1.2.3: optional if only one is registered.
#[tokio::test]
async fn the_only_redirect_uri_may_be_left_out() {
    let server = start().await;
    let landing = authorize(&server, "shop").without("redirect_uri").finish().await;
    assert_eq!(landing.place(), "https://shop.example/cb");
}

/// RFC 8252 §7.3: an app on the device listens on any free port, only on loopback addresses.
#[tokio::test]
async fn a_loopback_redirect_may_have_any_port() {
    let server = start().await;
    let landing =
        authorize(&server, "app").param("redirect_uri", "http://127.0.0.1:49152/callback").finish().await;
    assert_eq!(landing.place(), "http://127.0.0.1:49152/callback");
    for other in [
        "http://127.0.0.1:49152/other",
        "http://localhost:49152/callback",
        "http://127.0.0.2:49152/callback",
        "https://127.0.0.1:49152/callback",
        "http://127.0.0.1.example:49152/callback",
        "http://127.0.0.1:99999/callback",
    ] {
        let landing = authorize(&server, "app").param("redirect_uri", other).finish().await;
        landing.refused(Reason::RedirectUriMismatch);
    }
}

/// RFC 6749 §4.1.2.1: "MUST NOT automatically redirect the user-agent to the invalid redirection URI". RFC 9700
/// §2.1: compared byte for byte.
#[tokio::test]
async fn an_unregistered_redirect_uri_is_a_page_and_never_a_redirect() {
    let server = start().await;
    for sent in [
        "https://shop.example/cb/",
        "https://shop.example/CB",
        "https://SHOP.example/cb",
        "https://shop.example:443/cb",
        "https://shop.example/cb?x=1",
        "https://shop.example/cb#x",
        "https://shop.example/x/../cb",
        "https://shop.example@evil.example/cb",
        "https://shop.example\\@evil.example/cb",
        "https://evil.example/cb",
        "http://shop.example/cb",
        "javascript:alert(1)",
        "//shop.example/cb",
        "x",
    ] {
        let landing = authorize(&server, "shop").param("redirect_uri", sent).finish().await;
        landing.refused(Reason::RedirectUriMismatch);
    }
}

/// RFC 6749 §4.1.2.1: the same for an unknown client.
#[tokio::test]
async fn an_unknown_client_is_a_page() {
    let server = start().await;
    for client in ["nobody", "gone"] {
        let landing = authorize(&server, "shop").param("client_id", client).finish().await;
        landing.refused(Reason::AuthorizeClientUnknown);
    }
    let landing = authorize(&server, "shop").without("client_id").finish().await;
    landing.refused(Reason::ParameterMissing("client_id"));
}

/// RFC 6749 §3.1.2.3: required if several are registered.
#[tokio::test]
async fn one_of_several_redirect_uris_must_be_named() {
    let server = start().await;
    let landing = authorize(&server, "two").without("redirect_uri").finish().await;
    landing.refused(Reason::RedirectUriMissing);
    let landing = authorize(&server, "two").param("redirect_uri", "https://two.example/other").finish().await;
    assert_eq!(landing.place(), "https://two.example/other");
}

/// RFC 6749 §3.1: "Request and response parameters MUST NOT be included more than once." The repeated one may be the
/// redirect URI, so the error is a page.
#[tokio::test]
async fn a_repeated_parameter_is_a_page() {
    let server = start().await;
    for name in ["redirect_uri", "client_id", "scope", "state", "colour"] {
        let landing = authorize(&server, "shop").param(name, "x").and(name, "y").finish().await;
        landing.refused(Reason::ParameterRepeated);
    }
}

/// An error page shows what was sent and how to correct it, and escapes everything.
#[tokio::test]
async fn a_page_escapes_what_it_shows() {
    let server = start().await;
    let landing =
        authorize(&server, "shop").param("redirect_uri", "<script>alert(1)</script>").finish().await;
    let reply = landing.refused(Reason::RedirectUriMismatch).reply.clone().expect("a page");
    assert!(reply.body().contains("&lt;script&gt;") && !reply.body().contains("<script"), "{}", reply.body());
    let policy = reply.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
}

/// RFC 6749 §3.1.1, RFC 9700 §2.1.2: none with tokens.
#[tokio::test]
async fn a_response_type_that_is_not_served_is_refused() {
    let server = start().await;
    let landing = authorize(&server, "shop").without("response_type").finish().await;
    landing.refused(Reason::ResponseTypeMissing);
    for other in ["token", "id_token", "code token", "code id_token", "Code", "code code"] {
        let landing = authorize(&server, "shop").param("response_type", other).finish().await;
        landing.refused(Reason::ResponseTypeUnsupported);
    }
}

/// RFC 7591 §2: clients may only use registered response types.
#[tokio::test]
async fn the_response_type_must_be_registered() {
    let server = start().await;
    authorize(&server, "machine").finish().await.refused(Reason::ResponseTypeNotRegistered);
    let none = |client: &mut protocol::ClientMetadata| client.response_types = Some(Vec::new());
    server.put_client(confidential("shop").with(none)).await;
    authorize(&server, "shop").finish().await.refused(Reason::ResponseTypeNotRegistered);
}

/// OAuth 2.0 Multiple Response Types §2.1
#[tokio::test]
async fn an_unknown_response_mode_is_refused() {
    let server = start().await;
    authorize(&server, "shop").param("response_mode", "query").code().await;
    for other in ["web_message", "x"] {
        let landing = authorize(&server, "shop").param("response_mode", other).finish().await;
        landing.refused(Reason::ResponseModeUnsupported);
    }
}

/// OpenID Connect Core 1.0 §3.1.2.6: unsupported features are refused with their error code, not ignored.
#[tokio::test]
async fn references_and_registrations_are_refused() {
    let server = start().await;
    for (name, reason) in
        [("request_uri", Reason::RequestUriUnsupported), ("registration", Reason::RegistrationUnsupported)]
    {
        authorize(&server, "shop").param(name, "x").finish().await.refused(reason);
    }
}

/// RFC 6749 §3.1: "MUST ignore unrecognized request parameters".
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let server = start().await;
    let request = authorize(&server, "shop").param("colour", "blue").param("ui_locales", "fr");
    let landing = request.param("claims", "{}").param("acr_values", "1").finish().await;
    assert_eq!(names(&landing), ["code", "iss", "state"]);
}

/// RFC 6749 §3.3
#[tokio::test]
async fn a_scope_that_is_not_registered_is_refused() {
    let server = start().await;
    authorize(&server, "shop").scope("openid admin").finish().await.refused(Reason::ScopeNotRegistered);
    authorize(&server, "shop")
        .scope("openid introspection")
        .finish()
        .await
        .refused(Reason::ScopeNotRegistered);
    authorize(&server, "shop").scope("openid \"").finish().await.refused(Reason::ScopeMalformed);
}

/// RFC 6749 §3.3: an omitted scope has a default.
#[tokio::test]
async fn without_scope_everything_registered_but_openid_and_offline_access_is_meant() {
    let server = start().await;
    let reply = authorize(&server, "shop").without("scope").tokens().await;
    assert_eq!((reply.member("scope"), reply.json().get("id_token")), ("profile email".to_owned(), None));
}

/// Values that are stored and returned have a limit. Whatever is refused carries the `state` (RFC 6749 §4.1.2.1).
#[tokio::test]
async fn state_and_nonce_have_a_longest() {
    let server = start().await;
    let longest =
        authorize(&server, "shop").param("state", &"\u{fc}".repeat(4096)).param("nonce", &"n".repeat(1024));
    longest.code().await;
    let nonce = authorize(&server, "shop").param("nonce", &"n".repeat(1025));
    nonce.finish().await.refused(Reason::ParameterTooLong("nonce"));
    let state = authorize(&server, "shop").param("state", &"s".repeat(8193)).finish().await;
    state.refused(Reason::ParameterTooLong("state"));
    assert_eq!(state.param("state").map(|state| state.len()), Some(8193));
}

/// What is stored while the user is asked has a limit of its own: JSON doubles some characters. The client learns of it, and
/// nothing is kept.
#[tokio::test]
async fn a_request_that_is_too_long_to_be_kept_goes_back_to_its_client() {
    let server = start().await;
    let state = "\"".repeat(8192);
    let landing = server.browser().authorize("shop").param("state", &state).finish().await;
    landing.refused(Reason::ParameterTooLong("request"));
    assert_eq!(
        (landing.param("error"), landing.param("state")),
        (Some("invalid_request".to_owned()), Some(state))
    );
    // Without a page nothing is stored, and the same request is answered.
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    let answered = browser.authorize("shop").param("state", &"\"".repeat(8192)).code().await;
    assert!(!answered.code.is_empty());
    let fits = server.browser().sign_in("alice").authorize("shop").param("state", &"\"".repeat(7000));
    fits.code().await;
}

/// RFC 6749 §4.1.2.1: `access_denied`
#[tokio::test]
async fn a_denied_request_is_told_to_the_client() {
    let server = start().await;
    let browser = server.browser().sign_in("alice").denying();
    let landing = browser.authorize("shop").finish().await;
    landing.refused(Reason::ConsentDenied);
    assert_eq!(names(&landing), ["error", "error_description", "iss", "state"]);
    assert_eq!(landing.asked, [Ask::SignIn, Ask::Consent]);
}

/// RFC 6749 §3.1: "MUST support the use of the HTTP "GET" method [..] and MAY support the use of the "POST" method".
/// Another site's form carries no Lax cookie, so the browser comes back with a GET and its cookies.
#[tokio::test]
async fn a_request_may_be_posted_by_another_site() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let landing = browser.authorize("shop").post().finish().await;
    assert_eq!((landing.place(), names(&landing).len()), ("https://shop.example/cb".to_owned(), 3));
    assert_eq!(landing.asked, [Ask::SignIn, Ask::Consent]);
    let again = browser.authorize("shop").post().finish().await;
    assert_eq!((again.asked.len(), again.param("code").is_some()), (0, true), "signed in and remembered");
    let silent = browser.authorize("shop").post().param("prompt", "none").finish().await;
    assert!(silent.param("code").is_some());
}

/// As above, for an invalid request, which is refused at once.
#[tokio::test]
async fn a_bad_posted_request_is_refused_at_once() {
    let server = start().await;
    let landing = authorize(&server, "shop").post().scope("admin").finish().await;
    landing.refused(Reason::ScopeNotRegistered);
    let landing = authorize(&server, "shop").post().param("redirect_uri", "https://x.example").finish().await;
    landing.refused(Reason::RedirectUriMismatch);
}

/// Cookies of a page under another host than the issuer's would not be sent to its next page.
#[tokio::test]
async fn a_page_under_another_host_is_refused() {
    let server = start().await;
    for host in
        ["127.0.0.1:4000", "as.example:8443", "evil.example", "as.example.evil.example", "as.example@x"]
    {
        let call = server.get("/authorize").header("host", host).param("client_id", "shop");
        call.send_unwritten().await.refused(Reason::HostMismatch);
    }
    let mut nameless = server.get("/authorize").param("client_id", "shop").request();
    nameless.headers_mut().remove("host");
    let page = server.call(nameless).await;
    page.refused(Reason::HostMismatch);
    for part in ["no Host header", "as.example", "proxy_set_header Host $http_host;"] {
        assert!(page.body().contains(part), "{part}: {}", page.body());
    }
    for host in ["as.example", "AS.example", "as.example:443"] {
        let call = server.get("/authorize").header("host", host).param("client_id", "shop");
        call.send_unwritten().await.refused(Reason::ResponseTypeMissing);
    }
}

/// Codes are drawn anew for each request.
#[tokio::test]
async fn no_two_requests_get_one_code() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let first = browser.authorize("shop").code().await.code;
    let second = browser.authorize("shop").code().await.code;
    assert_ne!(first, second);
}
