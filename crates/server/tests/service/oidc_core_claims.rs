//! Claims that are requested by name, and how strong an authentication was (OpenID Connect Core 1.0 §5.5, §3.1.2.1).

use passavant_server::{Ask, Reason, store::Scope};
use serde_json::{Value, json};
use testkit::server::{Authorize, Running, TestServer, confidential, resource, subject};

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const NOTES: &str = "https://notes.example";

async fn start() -> Running {
    let none = |client: &mut protocol::ClientMetadata| {
        client.id_token_claims = serde_json::from_value(json!("none")).expect("a word");
    };
    let acr = |client: &mut protocol::ClientMetadata| client.default_acr_values = vec!["any".to_owned()];
    let notes =
        Scope { scope: "notes".to_owned(), claims: vec!["note_count".to_owned()], ..Scope::default() };
    let server = TestServer::new()
        .client(confidential("shop").scope("openid profile email notes").with(none))
        .client(confidential("bare").scope("openid"))
        .client(confidential("acr").with(acr))
        .scope(notes)
        .resource(resource(NOTES, "notes").jwt())
        .account("alice")
        .account("bob")
        .start()
        .await;
    server.accounts.set_claim("alice", "note_count", json!(7));
    server
}

fn authorize(server: &Running, client: &str, claims: &Value) -> Authorize {
    server.browser().sign_in("alice").authorize(client).param("claims", &claims.to_string())
}

/// What the ID token and UserInfo say.
async fn said(server: &Running, request: Authorize) -> (Value, Value) {
    let tokens = request.tokens().await;
    let id_token = server.claims(&tokens.member("id_token")).await;
    (id_token, server.userinfo(&tokens.member("access_token")).await.ok().json())
}

/// OpenID Connect Core 1.0 §5.5: each claim is where it was requested, and nowhere else.
#[tokio::test]
async fn a_claim_is_returned_where_it_was_requested() {
    let server = start().await;
    let claims =
        json!({"userinfo": {"name": {"essential": true}, "note_count": null}, "id_token": {"email": null}});
    let (id_token, userinfo) = said(&server, authorize(&server, "shop", &claims)).await;
    assert!(id_token["email"].is_string() && id_token.get("name").is_none(), "{id_token}");
    assert!(userinfo["name"].is_string() && userinfo.get("email").is_none(), "{userinfo}");
    assert_eq!((userinfo.get("given_name"), &userinfo["note_count"]), (None, &json!(7)));
}

/// A JWT access token holds what UserInfo answers, too, and a refreshed one.
#[tokio::test]
async fn every_access_token_of_the_grant_gives_the_claims() {
    let server = start().await;
    let notes = |client: &mut protocol::ClientMetadata| {
        client.scope = Some("openid profile email notes offline_access".to_owned());
    };
    server.put_client(confidential("jwt").with(notes)).await;
    let claims = json!({"userinfo": {"name": null}});
    let request = authorize(&server, "jwt", &claims).scope("openid notes offline_access");
    let tokens = request.tokens().await;
    let token = tokens.member("access_token");
    assert_eq!(token.split('.').count(), 3, "a JWT");
    assert!(server.userinfo(&token).await.ok().json()["name"].is_string());
    let renewed = server.refresh("jwt", &tokens.member("refresh_token")).await.ok().member("access_token");
    assert!(server.userinfo(&renewed).await.ok().json()["name"].is_string());
}

/// OpenID Connect Core 1.0 §5.5.1: that a claim is not returned is no error. Released is what one of the client's scopes
/// would release.
#[tokio::test]
async fn a_claim_that_no_scope_of_the_client_releases_is_left_out() {
    let server = start().await;
    let claims =
        json!({"userinfo": {"email": {"essential": true}, "unheard_of": null}, "id_token": {"name": null}});
    let (id_token, userinfo) = said(&server, authorize(&server, "bare", &claims)).await;
    assert_eq!((id_token.get("name"), userinfo), (None, json!({"sub": subject("alice").as_str()})));
}

/// OpenID Connect Core 1.0 §5.5: the user consents to it, as to the scope that would release it.
#[tokio::test]
async fn the_user_consents_to_the_claims() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    let claims = json!({"userinfo": {"email": null}}).to_string();
    let request = browser.authorize("shop").param("claims", &claims);
    let silent = request.clone().param("prompt", "none").finish().await;
    silent.refused(Reason::ConsentRequired);
    let page = request.clone().until(Ask::Consent).await;
    let open = browser.interaction(&page.url).await.expect("it opens");
    let asked: Vec<&str> = open.scopes().iter().map(|asked| asked.scope.as_str()).collect();
    assert_eq!(asked, ["openid", "email"]);
    request.clone().code().await;
    assert_eq!(request.finish().await.asked, []);
}

/// A scope that is taken from the client takes its claims along.
#[tokio::test]
async fn a_claim_ends_with_the_scope_of_the_client() {
    let server = start().await;
    let tokens = authorize(&server, "shop", &json!({"userinfo": {"name": null}})).tokens().await;
    server.put_client(confidential("shop").scope("openid")).await;
    let said = server.userinfo(&tokens.member("access_token")).await.ok().json();
    assert_eq!(said, json!({"sub": subject("alice").as_str()}));
}

/// OpenID Connect Core 1.0 §5.5: JSON of that form.
#[tokio::test]
async fn malformed_claims_are_refused() {
    let server = start().await;
    for claims in ["x", "[]", "{\"userinfo\":[]}", "{\"id_token\":{\"name\":true}}"] {
        let landing = server.browser().authorize("shop").param("claims", claims).finish().await;
        landing.refused(Reason::ClaimsMalformed);
    }
}

/// OpenID Connect Core 1.0 §5.5.1: `sub` with a value is the only user that is accepted.
#[tokio::test]
async fn a_sub_with_a_value_must_be_who_is_signed_in() {
    let server = start().await;
    let claims = |name: &str| json!({"id_token": {"sub": {"value": subject(name).as_str()}}}).to_string();
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    let silent = |name: &str| {
        browser.authorize("shop").param("claims", &claims(name)).param("prompt", "none").finish()
    };
    assert!(silent("alice").await.param("code").is_some());
    silent("bob").await.refused(Reason::LoginRequired);
    let landing = browser.authorize("shop").param("claims", &claims("bob")).until(Ask::SignIn).await;
    let open = browser.interaction(&landing.url).await.expect("it opens");
    assert_eq!(open.expected(), Some(&subject("bob")));
}

/// OpenID Connect Core 1.0 §3.1.2.1, §2: `acr` is what was done, where it was asked for.
#[tokio::test]
async fn acr_is_told_truly_where_it_was_asked_for() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let acr = async |request: Authorize| {
        server.claims(&request.tokens().await.member("id_token")).await.get("acr").cloned()
    };
    assert_eq!(acr(browser.authorize("shop")).await, None);
    for asked in [PASSWORD, "urn:example:gold"] {
        assert_eq!(acr(browser.authorize("shop").param("acr_values", asked)).await, Some(PASSWORD.into()));
    }
    assert_eq!(acr(browser.authorize("acr")).await, Some(PASSWORD.into()), "default_acr_values");
    let voluntary = json!({"id_token": {"acr": {"values": ["urn:example:gold"]}}});
    assert_eq!(acr(authorize(&server, "shop", &voluntary)).await, Some(PASSWORD.into()));
}

/// OpenID Connect Core 1.0 §5.5.1.1: an essential `acr` that is not reached is a failed authentication.
#[tokio::test]
async fn an_essential_acr_must_be_reached() {
    let server = start().await;
    let essential = |values: Value| json!({"id_token": {"acr": {"essential": true, "values": values}}});
    let landing = authorize(&server, "shop", &essential(json!(["urn:example:gold"]))).finish().await;
    landing.refused(Reason::AuthenticationWeak);
    assert_eq!(landing.param("error").as_deref(), Some("unmet_authentication_requirements"));
    let landing =
        authorize(&server, "shop", &essential(json!(["urn:example:gold", PASSWORD]))).finish().await;
    assert!(landing.param("code").is_some(), "{landing:?}");
}

/// The same for a session that began with a method of the host: it asks once more, and refuses then.
#[tokio::test]
async fn a_session_that_is_too_weak_signs_in_again() {
    let server = start().await;
    let browser = server.browser();
    let claims = json!({"id_token": {"acr": {"essential": true, "value": PASSWORD}}}).to_string();
    let request = browser.authorize("shop").param("claims", &claims);
    let page = request.clone().until(Ask::SignIn).await;
    let open = browser.interaction(&page.url).await.expect("it opens");
    let answer = open.signed_in(&server.seen(&subject("alice")).await, "other").await.expect("an answer");
    assert_eq!(answer.extensions().get::<Reason>(), Some(&Reason::AuthenticationWeak));
    for cookie in answer.headers().get_all("set-cookie") {
        browser.keep_cookie(cookie.to_str().expect("text"));
    }
    request.clone().until(Ask::SignIn).await;
    let silent = request.param("prompt", "none").finish().await;
    silent.refused(Reason::LoginRequired);
}

/// OpenID Connect Core 1.0 §3.1.2.1: a hint that can't be verified is an answer to who asks silently.
#[tokio::test]
async fn an_unverifiable_hint_is_login_required_where_nothing_may_be_shown() {
    let server = start().await;
    let request = server.browser().authorize("shop").param("id_token_hint", "x");
    request.clone().finish().await.refused(Reason::HintInvalid);
    request.param("prompt", "none").finish().await.refused(Reason::LoginRequired);
}

/// OpenID Connect Core 1.0 §3.1.2.1: what only concerns how pages look is never an error.
#[tokio::test]
async fn display_and_locales_are_never_an_error() {
    let server = start().await;
    for (name, value) in [
        ("display", "popup"),
        ("display", "hologram"),
        ("ui_locales", "se fr-CA x"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@as.example"),
        ("acr_values", "1 2"),
    ] {
        server.browser().sign_in("alice").authorize("shop").param(name, value).code().await;
    }
}
