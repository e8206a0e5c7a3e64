//! How authorization responses are sent (OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode,
//! OAuth 2.0 Web Message Response Mode).

use passavant_server::Reason;
use testkit::server::{Authorize, Reply, Running, TestServer, confidential};

async fn start() -> Running {
    let query = |client: &mut protocol::ClientMetadata| {
        client.redirect_uris = vec!["https://shop.example/cb?a=1&b=\"<>'".to_owned()];
    };
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("query").with(query))
        .account("alice")
        .settings(|settings| settings.web_messages = true)
        .start()
        .await
}

fn authorize(server: &Running, mode: &str) -> Authorize {
    server.browser().sign_in("alice").authorize("shop").param("response_mode", mode)
}

async fn answer(request: Authorize) -> Reply {
    request.finish().await.reply.expect("an answer")
}

/// OAuth 2.0 Multiple Response Types §2.1
#[tokio::test]
async fn a_fragment_holds_the_parameters() {
    let server = start().await;
    let landing = authorize(&server, "fragment").finish().await;
    assert!(landing.url.starts_with("https://shop.example/cb#code="), "{}", landing.url);
    assert_eq!(landing.param("iss").as_deref(), Some("https://as.example"));
    let landing = authorize(&server, "query").finish().await;
    assert!(landing.url.starts_with("https://shop.example/cb?code="), "{}", landing.url);
}

/// OAuth 2.0 Form Post Response Mode §2: the parameters are the fields of a form that is posted to the redirect URI.
#[tokio::test]
async fn a_form_holds_the_parameters() {
    let server = start().await;
    let request = authorize(&server, "form_post").param("state", "a\"<b>&'c");
    let reply = answer(request).await;
    let (action, fields) = reply.form();
    assert_eq!((reply.status(), action.as_str()), (200, "https://shop.example/cb"));
    assert_eq!(fields["state"], "a\"<b>&'c");
    assert_eq!(fields["iss"], "https://as.example");
    assert!(fields.contains_key("code") && !reply.body().contains("<b>"), "{}", reply.body());
    assert!(reply.body().contains("<button>Continue</button>"), "it works without scripts");
    let of_query = server.browser().sign_in("alice").authorize("query").param("response_mode", "form_post");
    assert_eq!(answer(of_query).await.form().0, "https://shop.example/cb?a=1&b=\"<>'");
}

/// The page runs its own script, by its hash, and nothing else; it can't be framed, and is not kept.
#[tokio::test]
async fn the_form_is_submitted_by_the_only_script_that_the_page_runs() {
    let server = start().await;
    let reply = answer(authorize(&server, "form_post")).await;
    let policy = reply.header("content-security-policy").expect("a policy");
    let (_, script) = reply.body().split_once("<script>").expect("a script");
    let (script, _) = script.split_once("</script>").expect("its end");
    let hash = jose::base64url::encode(&jose::primitives::sha256(script.as_bytes()));
    let hash = hash.replace('-', "+").replace('_', "/");
    assert!(policy.contains(&format!("script-src 'sha256-{hash}=';")), "{policy}");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.ends_with("form-action https: https:"), "{policy}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
}

/// OAuth 2.0 Multiple Response Types §5: an error is sent by the mode that was asked for.
#[tokio::test]
async fn an_error_is_sent_by_the_mode_that_was_asked_for() {
    let server = start().await;
    for mode in ["form_post", "fragment"] {
        let reply = answer(authorize(&server, mode).param("scope", "phone")).await;
        reply.refused(Reason::ScopeNotRegistered);
        assert_eq!(reply.status(), if mode == "fragment" { 303 } else { 200 });
        let denied =
            server.browser().sign_in("alice").denying().authorize("shop").param("response_mode", mode);
        answer(denied).await.refused(Reason::ConsentDenied);
        let silent = server.browser().authorize("shop").param("response_mode", mode).param("prompt", "none");
        answer(silent).await.refused(Reason::LoginRequired);
    }
}

/// OAuth 2.0 Web Message Response Mode §4.2: to the origin of the redirect URI, and to no other page that framed it.
#[tokio::test]
async fn a_message_goes_to_the_origin_of_the_redirect_uri_only() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    let silent = browser.authorize("shop").param("response_mode", "web_message").param("prompt", "none");
    let reply = answer(silent.param("state", "</script>\"&")).await;
    assert_eq!(reply.status(), 200);
    let body = reply.body();
    assert!(body.contains("data-origin=\"https://shop.example\""), "{body}");
    assert!(
        body.contains("&quot;code&quot;:&quot;") && body.contains("&lt;/script&gt;\\&quot;&amp;"),
        "{body}"
    );
    let policy = reply.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors https://shop.example;"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), None, "it would forbid what the policy permits");
}

/// What is listed is served.
#[tokio::test]
async fn every_listed_mode_is_served() {
    let server = start().await;
    let metadata = server.get("/.well-known/openid-configuration").send().await.json();
    let listed = metadata["response_modes_supported"].as_array().expect("a list");
    assert_eq!(listed.len(), protocol::ResponseMode::ALL.len());
    for mode in listed {
        let reply = answer(authorize(&server, mode.as_str().expect("a name"))).await;
        assert_eq!(reply.reason(), None, "{mode}");
    }
}
