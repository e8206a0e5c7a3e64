//! Tokens from the authorization endpoint (OpenID Connect Core 1.0 §3.2, §3.3; RFC 6749 §4.2; OAuth 2.0 Multiple
//! Response Types §3, §4, §5).

use jose::{base64url, primitives::sha256};
use passavant_server::Reason;
use protocol::ResponseType;
use testkit::server::{Authorize, Running, TestServer, confidential, resource};

const NOTES: &str = "https://notes.example";

/// A client that registered every response type.
fn all(client: &mut protocol::ClientMetadata) {
    client.response_types = Some(ResponseType::ALL.iter().map(|known| known.as_str().to_owned()).collect());
    let grants = ["authorization_code", "implicit", "refresh_token"];
    client.grant_types = Some(grants.map(str::to_owned).into());
}

fn server() -> TestServer {
    TestServer::new()
        .client(confidential("shop").scope("openid email offline_access notes").with(all))
        .client(confidential("code"))
        .resource(resource(NOTES, "notes").caller("notes"))
        .account("alice")
}

async fn start() -> Running {
    server().settings(|settings| settings.danger_front_channel_tokens = true).start().await
}

fn authorize(server: &Running, response_type: &str) -> Authorize {
    server.browser().sign_in("alice").authorize("shop").param("response_type", response_type)
}

fn half(text: &str) -> String {
    base64url::encode(&sha256(text.as_bytes())[..16])
}

/// OpenID Connect Core 1.0 §3.2.2.5, §3.3.2.5: what the response type names, in the fragment, with `state` and `iss`.
#[tokio::test]
async fn each_response_type_gives_what_it_names() {
    let server = start().await;
    let tokens = ["access_token", "expires_in", "scope", "token_type"];
    for known in ResponseType::ALL {
        let landing = authorize(&server, known.as_str()).finish().await;
        let mut expected = vec!["iss", "state"];
        expected.extend(known.has_code().then_some("code"));
        expected.extend(known.has_id_token().then_some("id_token"));
        expected.extend(known.has_token().then_some(tokens).into_iter().flatten());
        expected.sort_unstable();
        assert_eq!(landing.params().into_keys().collect::<Vec<_>>(), expected, "{known}");
        let mark = if known.has_tokens() { '#' } else { '?' };
        assert!(landing.url.starts_with(&format!("https://shop.example/cb{mark}")), "{}", landing.url);
    }
}

/// OpenID Connect Core 1.0 §3.2.2.9, §3.2.2.10, §3.3.2.11: `at_hash` and `c_hash`, the nonce; `s_hash` (FAPI 1.0 Advanced
/// §5.2.2.1).
#[tokio::test]
async fn an_id_token_is_bound_to_what_comes_with_it() {
    let server = start().await;
    for known in ResponseType::ALL.iter().filter(|known| known.has_id_token()) {
        let request = authorize(&server, known.as_str()).param("nonce", "n").param("state", "s");
        let landing = request.finish().await;
        let claims = server.claims(&landing.param("id_token").expect("an ID token")).await;
        assert_eq!((&claims["nonce"], &claims["aud"]), (&"n".into(), &"shop".into()));
        let hash = |name| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        assert_eq!(hash("at_hash"), landing.param("access_token").as_deref().map(half), "{known}");
        assert_eq!(hash("c_hash"), landing.param("code").as_deref().map(half), "{known}");
        assert_eq!(hash("s_hash"), Some(half("s")), "{known}");
    }
}

/// The access token is one of the same grant as the code: it introspects, and ends with the grant.
#[tokio::test]
async fn an_access_token_from_the_front_ends_with_its_grant() {
    let server = start().await;
    let request = authorize(&server, "code id_token token").scope("openid email notes");
    let landing = request.clone().finish().await;
    let (code, token) = (request.code_of(&landing), landing.param("access_token").expect("a token"));
    assert_eq!(landing.param("scope").as_deref(), Some("openid email notes"));
    assert_eq!(server.introspect(&token, "notes").await.ok().json()["scope"], "openid email notes");
    assert_eq!(server.userinfo(&token).await.ok().json()["sub"], "u-alice");
    let redeemed = server.redeem(&code).await.ok();
    assert_ne!(redeemed.member("access_token"), token);
    server.redeem(&code).await.refused(Reason::CodeReused);
    server.userinfo(&token).await.refused(Reason::TokenInactive);
}

/// RFC 6749 §4.2.2: "The authorization server MUST NOT issue a refresh token"; the access token of a grant without a code
/// lasts as long as others.
#[tokio::test]
async fn a_grant_without_a_code_ends_with_its_access_token() {
    let server = start().await;
    let landing = authorize(&server, "id_token token").scope("openid offline_access").finish().await;
    let token = landing.param("access_token").expect("a token");
    assert_eq!(landing.param("expires_in").as_deref(), Some("600"));
    assert!(landing.param("refresh_token").is_none());
    server.clock.advance(599);
    server.userinfo(&token).await.ok();
    server.clock.advance(1);
    server.userinfo(&token).await.refused(Reason::TokenInactive);
}

/// OpenID Connect Core 1.0 §5.4: with `id_token` alone, the claims of the scopes are in it.
#[tokio::test]
async fn an_id_token_alone_holds_the_claims_of_the_scopes() {
    let server = start().await;
    let landing = authorize(&server, "id_token").scope("openid email").finish().await;
    let claims = server.claims(&landing.param("id_token").expect("an ID token")).await;
    assert!(claims["email"].is_string(), "{claims}");
}

/// OpenID Connect Core 1.0 §3.2.2.1, §3.3.2.11: "nonce REQUIRED".
#[tokio::test]
async fn an_id_token_from_the_front_needs_a_nonce() {
    let server = start().await;
    for known in ResponseType::ALL {
        let landing = authorize(&server, known.as_str()).without("nonce").finish().await;
        if known.has_id_token() {
            landing.refused(Reason::NonceMissing);
            authorize(&server, known.as_str())
                .scope("email")
                .finish()
                .await
                .refused(Reason::ScopeOpenidMissing);
        } else {
            assert!(landing.param("error").is_none(), "{known}: {landing:?}");
        }
    }
}

/// OAuth 2.0 Multiple Response Types §3.0, §5: tokens are never in a query, an error neither.
#[tokio::test]
async fn tokens_are_never_in_a_query() {
    let server = start().await;
    for known in ResponseType::ALL.iter().filter(|known| known.has_tokens()) {
        for mode in ["query", "query.jwt"] {
            let landing = authorize(&server, known.as_str()).param("response_mode", mode).finish().await;
            landing.refused(Reason::ResponseModeNotAllowed);
            assert!(landing.url.contains('#'), "{}", landing.url);
        }
        let posted = authorize(&server, known.as_str()).param("response_mode", "form_post").finish().await;
        let (_, fields) = posted.reply.expect("an answer").form();
        assert_eq!(fields.contains_key("access_token"), known.has_token(), "{known}");
    }
}

/// RFC 9700 §2.1.2: off, unless the server and the client both ask for it.
#[tokio::test]
async fn tokens_from_the_front_are_off() {
    let off = server().start().await;
    let on = start().await;
    for known in ResponseType::ALL.iter().filter(|known| known.has_tokens()) {
        authorize(&off, known.as_str()).finish().await.refused(Reason::ResponseTypeUnsupported);
        let request = on.browser().sign_in("alice").authorize("code").param("response_type", known.as_str());
        request.finish().await.refused(Reason::ResponseTypeNotRegistered);
    }
    for (server, count, implicit) in [(off, 2, false), (on, 8, true)] {
        let metadata = server.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(metadata["response_types_supported"].as_array().map(Vec::len), Some(count));
        let grants = metadata["grant_types_supported"].as_array().expect("a list");
        assert_eq!(grants.contains(&"implicit".into()), implicit);
    }
}

/// RFC 9449 §5: a client whose tokens are bound gets none from the front, where nobody proves to hold a key.
#[tokio::test]
async fn a_client_whose_tokens_are_bound_gets_none_from_the_front() {
    let server = start().await;
    let bound = |client: &mut protocol::ClientMetadata| {
        all(client);
        client.dpop_bound_access_tokens = Some(true);
    };
    server.put_client(confidential("bound").with(bound)).await;
    for known in ResponseType::ALL {
        let request = server.browser().sign_in("alice").authorize("bound");
        let landing = request.param("response_type", known.as_str()).finish().await;
        if known.has_token() {
            landing.refused(Reason::ResponseTypeUnbound);
        } else {
            assert!(landing.param("error").is_none(), "{known}: {landing:?}");
        }
    }
}

/// RFC 7591 §2.1: the grant types that correspond to a response type are registered too.
#[tokio::test]
async fn a_response_type_needs_its_grant_types() {
    let server = start().await;
    let half = |client: &mut protocol::ClientMetadata| {
        all(client);
        client.grant_types = Some(vec!["authorization_code".to_owned()]);
    };
    server.put_client(confidential("half").with(half)).await;
    let request = |kind| server.browser().sign_in("alice").authorize("half").param("response_type", kind);
    request("code id_token").finish().await.refused(Reason::ResponseTypeNotRegistered);
    request("code").code().await;
    let call = server.post("/token").as_client("shop").param("grant_type", "implicit");
    call.send().await.refused(Reason::GrantTypeUnsupported);
}

/// RFC 6749 §3.1.1: the order of the words does not matter.
#[tokio::test]
async fn the_words_of_a_response_type_have_no_order() {
    let server = start().await;
    let landing = authorize(&server, "token id_token code").finish().await;
    assert!(landing.param("code").is_some() && landing.param("id_token").is_some(), "{landing:?}");
}

/// OAuth 2.0 Multiple Response Types §4: `none` gives nothing, and grants nothing.
#[tokio::test]
async fn none_gives_nothing() {
    let server = start().await;
    let landing = authorize(&server, "none").param("state", "s").finish().await;
    assert_eq!(landing.url, "https://shop.example/cb?state=s&iss=https%3A%2F%2Fas.example");
    let grants = server.store.list_grants(None, None, 10).await.expect("the store works");
    assert!(grants.is_empty(), "{grants:?}");
}

/// The same form once more: tokens are not kept, so the request starts again and the user gets others.
#[tokio::test]
async fn a_form_that_is_sent_again_gives_other_tokens() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let request = browser.authorize("shop").param("response_type", "code id_token");
    let page = request.until(passavant_server::Ask::Consent).await;
    let first = browser.open(&page.url).await;
    assert!(first.param("id_token").is_some(), "{first:?}");
    let head = browser.page_head(&page.url);
    let again = server.authorization_server.reopen(&head, None).await.expect("it opens");
    let answer = again.approve().await.expect("it starts again");
    let to = answer.headers()["location"].to_str().expect("text").to_owned();
    assert!(to.starts_with("https://as.example/authorize?interaction="), "{to}");
}
