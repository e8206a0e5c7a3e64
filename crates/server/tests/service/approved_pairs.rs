//! Consent is to a scope at a resource (RFC 8707 §2), and a grant keeps the audience that the user was asked for.

use passavant_server::{Ask, Reason};
use testkit::server::{Authorize, Browser, Running, TestServer, confidential, public, resource};

const NOTES: &str = "https://notes.example";
const MUSIC: &str = "https://music.example";
const LATE: &str = "https://late.example";

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop").scope("openid offline_access read write"))
        .resource(resource(NOTES, "read").caller("notes"))
        .account("alice")
        .start()
        .await
}

fn authorize(browser: &Browser) -> Authorize {
    browser.authorize("shop").scope("openid read")
}

async fn asked(browser: &Browser) -> Vec<Ask> {
    authorize(browser).finish().await.asked
}

/// A resource that lists the scope later is another thing to agree to.
#[tokio::test]
async fn consent_to_a_scope_at_one_resource_is_none_at_another() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    authorize(&browser).code().await;
    assert_eq!(asked(&browser).await, []);
    server.put_resource(resource(LATE, "read").caller("late")).await;
    authorize(&browser).param("prompt", "none").finish().await.refused(Reason::ConsentRequired);
    assert_eq!(authorize(&browser).param("resource", NOTES).finish().await.asked, [], "it is as before");
    let named = authorize(&browser).param("resource", LATE).param("prompt", "none").finish().await;
    named.refused(Reason::ConsentRequired);
    assert_eq!(asked(&browser).await, [Ask::Consent]);
    assert_eq!(asked(&browser).await, [], "now both are remembered");
    assert_eq!(authorize(&browser).param("resource", LATE).finish().await.asked, []);
}

/// The same where an existing resource lists another's scope later, or takes it over.
#[tokio::test]
async fn a_scope_that_moves_to_another_resource_is_asked_for_again() {
    for keeps in [true, false] {
        let server = start().await;
        server.put_resource(resource(MUSIC, "music.play").caller("music")).await;
        let browser = server.browser().sign_in("alice");
        authorize(&browser).code().await;
        server.put_resource(resource(MUSIC, "music.play read").caller("music")).await;
        if !keeps {
            server.put_resource(resource(NOTES, "other").caller("notes")).await;
        }
        assert_eq!(asked(&browser).await, [Ask::Consent], "{keeps}");
    }
}

/// A scope that belonged to nobody opens nothing: when a resource lists it, it does.
#[tokio::test]
async fn a_scope_that_gets_its_first_resource_is_asked_for_again() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let write = || browser.authorize("shop").scope("openid write");
    let code = write().code().await;
    assert_eq!(write().finish().await.asked, []);
    server.put_resource(resource(LATE, "write").caller("late")).await;
    let token = server.redeem(&code).await.ok().member("access_token");
    assert!(!server.is_active(&token, "late").await, "the approval was for nobody");
    assert_eq!(write().finish().await.asked, [Ask::Consent]);
}

/// What the page shows is what is approved: a resource that lists the scope while it is open is not.
#[tokio::test]
async fn a_resource_that_is_added_while_a_page_is_open_is_not_approved() {
    for page in [Ask::SignIn, Ask::Consent] {
        let server = start().await;
        let browser = server.browser().sign_in("alice");
        let landing = browser.authorize("shop").scope("openid offline_access read").until(page).await;
        server.put_resource(resource(LATE, "read").caller("late")).await;
        if page == Ask::Consent {
            let open = browser.interaction(&landing.url).await.expect("it opens");
            let shown: Vec<_> = open.scopes().iter().filter_map(|asked| asked.resource.as_deref()).collect();
            assert_eq!(shown, [NOTES]);
        }
        let landing = browser.open(&landing.url).await;
        let code = landing.param("code").expect("a code");
        let grants = server.store.list_grants(None, None, 10).await.expect("the store works");
        let audience: Vec<_> = grants.iter().flat_map(|grant| &grant.audience).map(|a| a.as_str()).collect();
        assert_eq!(audience, [NOTES], "{page:?} {code}");
        let remembered = server.browser().sign_in("alice");
        let silent = remembered.authorize("shop").scope("openid read").finish().await;
        assert_eq!(silent.asked, [Ask::SignIn, Ask::Consent], "nor is it remembered");
    }
}

/// RFC 8252 §8.6: whoever has no secret, and is answered where any program of the device may listen, is asked each time.
#[tokio::test]
async fn a_public_client_on_loopback_gets_no_silent_code_whatever_type_it_registered() {
    let server = start().await;
    for application_type in [None, Some("web"), Some("native")] {
        let loopback = |client: &mut protocol::ClientMetadata| {
            client.application_type = application_type.map(str::to_owned);
            client.redirect_uris = vec!["http://127.0.0.1/cb".to_owned()];
        };
        server.put_client(public("local").with(loopback)).await;
        let browser = server.browser().sign_in("alice");
        browser.authorize("local").code().await;
        let again = || browser.authorize("local").param("redirect_uri", "http://127.0.0.1:4711/cb");
        again().param("prompt", "none").finish().await.refused(Reason::ConsentRequired);
        assert_eq!(again().finish().await.asked, [Ask::Consent], "{application_type:?}");
    }
}

/// RFC 8252 §7.3: any port is for who can't choose one.
#[tokio::test]
async fn a_confidential_web_client_is_answered_at_its_registered_port_only() {
    let server = start().await;
    let loopback = |client: &mut protocol::ClientMetadata| {
        client.redirect_uris = vec!["http://127.0.0.1:8080/cb".to_owned()];
    };
    server.put_client(confidential("local").with(loopback)).await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("local").code().await;
    let other = browser.authorize("local").param("redirect_uri", "http://127.0.0.1:4711/cb").finish().await;
    other.refused(Reason::RedirectUriMismatch);
}
