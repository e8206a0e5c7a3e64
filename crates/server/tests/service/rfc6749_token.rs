//! The token endpoint (RFC 6749 §3.2, §4.1.3, §4.4, §5).

use passavant_server::{
    Reason,
    ports::Standing,
    store::{Of, Why},
};
use testkit::server::{Running, TestServer, confidential, public, resource, subject};

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("other"))
        .client(public("spa"))
        .account("alice")
        .start()
        .await
}

/// RFC 6749 §4.4.3, §5.1
#[tokio::test]
async fn a_client_gets_a_token_of_its_own() {
    let server = start().await;
    let reply = server.client_credentials("shop").send().await.ok();
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let json = reply.json();
    assert_eq!((&json["token_type"], &json["expires_in"]), (&"Bearer".into(), &600.into()));
    assert!(server.is_active(&reply.member("access_token"), "shop").await);
}

/// RFC 6749 §4.4.3: "A refresh token SHOULD NOT be included."
#[tokio::test]
async fn a_client_of_its_own_gets_neither_refresh_nor_id_token() {
    let server = start().await;
    let json = server.client_credentials("shop").param("scope", "openid offline_access").send().await.ok();
    let json = json.json();
    assert_eq!((json.get("refresh_token"), json.get("id_token")), (None, None));
}

/// RFC 6749 §3.3: an omitted scope has a default, which the response names.
#[tokio::test]
async fn without_scope_everything_registered_but_openid_and_offline_access_is_meant() {
    let server = start().await;
    let reply = server.client_credentials("shop").send().await.ok();
    assert_eq!(reply.member("scope"), "profile email");
}

/// RFC 6749 §3.1, §3.2: "Parameters sent without a value MUST be treated as if they were omitted".
#[tokio::test]
async fn an_empty_parameter_counts_as_absent() {
    let server = start().await;
    let reply = server.client_credentials("shop").param("scope", "").param("resource", "").send().await.ok();
    assert_eq!(reply.member("scope"), "profile email");
}

/// RFC 6749 §3.2: "The authorization server MUST ignore unrecognized request parameters."
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let server = start().await;
    server.client_credentials("shop").param("colour", "blue").send().await.ok();
}

/// Django peers are often configured with a trailing slash, and a redirect would lose their POST.
#[tokio::test]
async fn the_endpoint_is_served_with_a_slash_at_its_end() {
    let server = start().await;
    let params = [("grant_type", "client_credentials")];
    server.post("/token/").as_client("shop").params(&params).send().await.ok();
}

/// RFC 6749 §3.3, §5.2
#[tokio::test]
async fn a_scope_that_is_not_registered_is_refused() {
    let server = start().await;
    let call = |scope: &str| server.client_credentials("shop").param("scope", scope);
    call("profile admin").send_unwritten().await.refused(Reason::ScopeNotRegistered);
    call("profile \"x\"").send_unwritten().await.refused(Reason::ScopeMalformed);
}

/// Only resources may introspect.
#[tokio::test]
async fn no_client_can_hold_the_scope_introspection() {
    let server = TestServer::new().client(confidential("nosy").scope("profile introspection")).start().await;
    let reply = server.client_credentials("nosy").send().await.ok();
    assert_eq!(reply.member("scope"), "profile");
    let asked = server.client_credentials("nosy").param("scope", "introspection");
    asked.send_unwritten().await.refused(Reason::ScopeNotRegistered);
}

/// RFC 6749 §4.4: "The client credentials grant type MUST only be used by confidential clients."
#[tokio::test]
async fn a_public_client_has_no_token_of_its_own() {
    let server = start().await;
    server.client_credentials("spa").send_unwritten().await.refused(Reason::ClientCredentialsNotAllowed);
}

/// RFC 6749 §5.2
#[tokio::test]
async fn a_grant_type_must_be_sent_known_and_registered() {
    let server = start().await;
    server.put_client(confidential("shop").with(|client| client.grant_types = None)).await;
    let call = || server.post("/token").as_client("shop");
    call().send_unwritten().await.refused(Reason::ParameterMissing("grant_type"));
    call().param("grant_type", "password").send_unwritten().await.refused(Reason::GrantTypeUnsupported);
    call()
        .param("grant_type", "client_credentials")
        .send_unwritten()
        .await
        .refused(Reason::GrantTypeNotRegistered);
}

/// RFC 6749 §4.1.3, §4.1.4
#[tokio::test]
async fn a_code_is_redeemed_for_tokens() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").scope("openid email").code().await;
    let reply = server.redeem(&code).await.ok();
    assert_eq!(reply.member("scope"), "openid email");
    assert!(server.is_active(&reply.member("access_token"), "shop").await);
    assert!(reply.json()["id_token"].is_string());
}

/// RFC 6749 §4.1.2, §10.5: "SHOULD revoke (when possible) all tokens previously issued based on that code".
#[tokio::test]
async fn a_second_redemption_is_refused_and_ends_the_tokens_of_the_first() {
    let server = start().await;
    let request = server.browser().sign_in("alice").authorize("shop").scope("openid offline_access");
    let code = request.code().await;
    let tokens = server.redeem(&code).await.ok();
    server.redeem(&code).await.refused(Reason::CodeReused);
    assert!(!server.is_active(&tokens.member("access_token"), "shop").await);
    assert!(!server.is_active(&tokens.member("refresh_token"), "shop").await);
    server.refresh("shop", &tokens.member("refresh_token")).await.refused(Reason::GrantEnded);
}

/// The read shows that the grant has ended, so further replays cause no writes.
#[tokio::test]
async fn a_third_redemption_writes_nothing() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    server.redeem(&code).await.ok();
    server.redeem(&code).await.refused(Reason::CodeReused);
    server.redemption(&code).send_unwritten().await.refused(Reason::CodeReused);
}

/// RFC 6749 §4.1.2
#[tokio::test]
async fn a_code_expires() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let late = browser.authorize("shop").code().await;
    server.clock.advance(60);
    server.redeem(&late).await.refused(Reason::CodeExpired);
    let timely = browser.authorize("shop").code().await;
    server.clock.advance(59);
    server.redeem(&timely).await.ok();
}

/// RFC 6749 §4.1.3: "ensure that the authorization code was issued to the authenticated confidential client".
#[tokio::test]
async fn a_code_of_another_client_is_refused_and_left_alone() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    let stolen = testkit::server::Code { client: "other".into(), ..code.clone() };
    server.redemption(&stolen).send_unwritten().await.refused(Reason::CodeClientMismatch);
    server.redeem(&code).await.ok();
    server.redemption(&stolen).send_unwritten().await.refused(Reason::CodeClientMismatch);
}

/// RFC 6749 §5.2
#[tokio::test]
async fn what_is_no_code_is_refused() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    for wrong in ["x", &"A".repeat(43), &format!("{}A", &code.code[..42]), &code.code[..42]] {
        let call = server.redemption(&code).without("code").param("code", wrong);
        call.send_unwritten().await.refused(Reason::CodeUnknown);
    }
    let call = server.redemption(&code).without("code");
    call.send_unwritten().await.refused(Reason::ParameterMissing("code"));
}

/// RFC 6749 §4.1.3: "their values MUST be identical".
#[tokio::test]
async fn another_redirect_uri_than_the_authorization_requests_is_refused() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    let call =
        server.redemption(&code).without("redirect_uri").param("redirect_uri", "https://shop.example/cb/");
    call.send_unwritten().await.refused(Reason::CodeRedirectMismatch);
}

/// OAuth 2.1 omits the parameter, since PKCE replaces it.
#[tokio::test]
async fn with_pkce_the_redirect_uri_may_be_left_out() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    server.redemption(&code).without("redirect_uri").send().await.ok();
}

/// RFC 6749 §4.1.3: required if it was part of the authorization request.
#[tokio::test]
async fn without_pkce_the_redirect_uri_must_be_repeated() {
    let server = TestServer::new().client(confidential("shop").without_pkce()).account("alice").start().await;
    let code = server.browser().sign_in("alice").authorize("shop").without_pkce().code().await;
    let call = server.redemption(&code).without("code_verifier");
    let without = call.clone().without("redirect_uri");
    without.send_unwritten().await.refused(Reason::ParameterMissing("redirect_uri"));
    call.send().await.ok();
}

/// Validity is read through the grant, so a code is refused after its grant has ended.
#[tokio::test]
async fn a_code_whose_grant_ended_is_refused() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    server.authorization_server.end(Of::Subject(subject("alice")), Why::Host).await.expect("ends");
    server.redemption(&code).send_unwritten().await.refused(Reason::GrantEnded);
}

/// The account is checked at redemption, never cached.
#[tokio::test]
async fn a_disabled_account_gets_no_tokens() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    for standing in [Standing::Disabled, Standing::Gone] {
        server.accounts.set_standing("alice", standing);
        server.redemption(&code).send_unwritten().await.refused(Reason::SubjectDisabled);
    }
    server.accounts.set_standing("alice", Standing::Active);
    server.redeem(&code).await.ok();
}

/// A resource is not a client: it may request only the scope `introspection`.
#[tokio::test]
async fn a_resource_gets_a_token_that_introspects_and_no_other() {
    let api = resource("https://notes.example", "notes.read").caller("notes");
    let server = TestServer::new().resource(api).start().await;
    let reply = server.client_credentials("notes").send().await.ok();
    assert_eq!(reply.member("scope"), "introspection");
    let call = server.client_credentials("notes");
    call.clone().param("scope", "introspection").send().await.ok();
    call.param("scope", "notes.read").send_unwritten().await.refused(Reason::ScopeNotRegistered);
    let params = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let call = server.post("/token").as_client("notes").params(&params);
    call.send_unwritten().await.refused(Reason::GrantTypeNotRegistered);
    server.userinfo(&reply.member("access_token")).await.refused(Reason::ScopeInsufficient);
}

/// A resource with the id of a client acts as that client, unless it requests the scope `introspection`.
#[tokio::test]
async fn who_is_client_and_resource_asks_as_either() {
    let api = resource("https://notes.example", "notes.read").shares("shop");
    let server = TestServer::new().client(confidential("shop")).resource(api).start().await;
    let as_client = server.client_credentials("shop").send().await.ok();
    assert_eq!(as_client.member("scope"), "profile email");
    let as_resource = server.client_credentials("shop").param("scope", "introspection").send().await.ok();
    assert_eq!(as_resource.member("scope"), "introspection");
}

/// Tokens are 43 characters of base64url, which all peers can store.
#[tokio::test]
async fn tokens_and_codes_are_43_characters_of_base64url() {
    let server = start().await;
    let request = server.browser().sign_in("alice").authorize("shop").scope("openid offline_access");
    let code = request.code().await;
    let tokens = server.redeem(&code).await.ok();
    for text in [code.code, tokens.member("access_token"), tokens.member("refresh_token")] {
        let is_base64url = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        assert!(text.len() == 43 && is_base64url, "{text}");
    }
}
