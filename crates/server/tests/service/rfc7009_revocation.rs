//! Revocation (RFC 7009).

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::Reason;
use testkit::server::{Reply, Running, TestServer, confidential, public, resource};

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop").scope("openid offline_access notes.read"))
        .client(confidential("other"))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes").jwt())
        .account("alice")
        .start()
        .await
}

/// An opaque access token and a refresh token.
async fn tokens(server: &Running, client: &str) -> Reply {
    let request = server.browser().sign_in("alice").authorize(client);
    request.scope("openid offline_access").tokens().await
}

/// RFC 7009 §2.2: 200, without a body.
#[tokio::test]
async fn a_revoked_access_token_is_dead_at_once() {
    let server = start().await;
    let access = tokens(&server, "shop").await.member("access_token");
    let reply = server.revoke(&access, "shop").await.ok();
    assert_eq!((reply.body(), reply.header("cache-control")), ("", Some("no-store")));
    assert!(!server.is_active(&access, "shop").await);
    server.userinfo(&access).await.refused(Reason::TokenInactive);
}

/// RFC 7009 §2.1 leaves this open; here only the access token ends.
#[tokio::test]
async fn a_revoked_access_token_leaves_its_refresh_token_alive() {
    let server = start().await;
    let tokens = tokens(&server, "shop").await;
    server.revoke(&tokens.member("access_token"), "shop").await.ok();
    server.refresh("shop", &tokens.member("refresh_token")).await.ok();
}

/// RFC 7009 §2.1: "the authorization server SHOULD also invalidate all access tokens based on the same
/// authorization grant".
#[tokio::test]
async fn a_revoked_refresh_token_ends_every_token_of_its_grant() {
    let server = start().await;
    let first = tokens(&server, "shop").await;
    let second = server.refresh("shop", &first.member("refresh_token")).await.ok();
    server.revoke(&second.member("refresh_token"), "shop").await.ok();
    for token in [first.member("access_token"), second.member("access_token")] {
        assert!(!server.is_active(&token, "shop").await);
    }
    server.refresh("shop", &second.member("refresh_token")).await.refused(Reason::GrantEnded);
}

/// A client may have kept a previous token of its grant.
#[tokio::test]
async fn a_rotated_refresh_token_ends_its_grant_too() {
    let server = start().await;
    let first = tokens(&server, "shop").await.member("refresh_token");
    let second = server.refresh("shop", &first).await.ok().member("refresh_token");
    server.revoke(&first, "shop").await.ok();
    server.refresh("shop", &second).await.refused(Reason::GrantEnded);
}

/// A JWT access token has no row, but can be revoked.
#[tokio::test]
async fn a_revoked_jwt_is_dead_wherever_this_server_is_asked() {
    let server = start().await;
    let request = server.browser().sign_in("alice").authorize("shop").scope("openid notes.read");
    let access = request.tokens().await.member("access_token");
    assert!(server.is_active(&access, "notes").await);
    server.revoke(&access, "shop").await.ok();
    assert!(!server.is_active(&access, "notes").await);
    server.userinfo(&access).await.refused(Reason::TokenInactive);
}

/// As above, for a client_credentials token.
#[tokio::test]
async fn a_machines_jwt_can_be_revoked() {
    let server = start().await;
    let call = server.client_credentials("shop").param("scope", "notes.read");
    let access = call.send().await.ok().member("access_token");
    assert!(server.is_active(&access, "notes").await);
    server.revoke(&access, "shop").await.ok();
    assert!(!server.is_active(&access, "notes").await);
}

/// RFC 7009 §2.1: "verifies whether the token was issued to the client making the revocation request".
#[tokio::test]
async fn another_clients_token_is_left_alone() {
    let server = start().await;
    let shops = tokens(&server, "shop").await;
    for name in ["access_token", "refresh_token"] {
        let call = server.post("/revoke").as_client("other").param("token", &shops.member(name));
        call.send_unwritten().await.ok();
    }
    let request = server.browser().sign_in("alice").authorize("shop").scope("notes.read");
    let jwt = request.tokens().await.member("access_token");
    server.post("/revoke").as_client("other").param("token", &jwt).send_unwritten().await.ok();
    assert!(server.is_active(&jwt, "notes").await);
    assert!(server.is_active(&shops.member("access_token"), "shop").await);
    server.refresh("shop", &shops.member("refresh_token")).await.ok();
}

/// RFC 7009 §2.2: "invalid tokens do not cause an error response".
#[tokio::test]
async fn what_is_no_token_is_answered_alike() {
    let server = start().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let foreign = testkit::Authority::new(server.issuer()).token("https://notes.example").sign();
    let family = tokens(&server, "shop").await.member("refresh_token");
    let garbage = format!("{}{}", &family[..20], "A".repeat(23));
    for token in ["x", &"A".repeat(43), &garbage, &foreign, key.kid(), &"x".repeat(9_000)] {
        let call = server.post("/revoke").as_client("shop").param("token", token);
        call.send_unwritten().await.ok();
    }
    server.refresh("shop", &family).await.ok();
}

/// RFC 7009 §2.1: "An authorization server MAY ignore this parameter, particularly if it is able to detect the token
/// type automatically."
#[tokio::test]
async fn a_wrong_hint_is_ignored() {
    let server = start().await;
    let tokens = tokens(&server, "shop").await;
    for (name, hint) in [("access_token", "refresh_token"), ("refresh_token", "access_token")] {
        let token = tokens.member(name);
        let call = server.post("/revoke").as_client("shop").param("token", &token);
        call.param("token_type_hint", hint).send().await.ok();
        assert!(!server.is_active(&token, "shop").await, "{name}");
    }
}

/// Revocation is idempotent.
#[tokio::test]
async fn a_second_revocation_changes_nothing() {
    let server = start().await;
    let tokens = tokens(&server, "shop").await;
    for token in [tokens.member("access_token"), tokens.member("refresh_token")] {
        server.revoke(&token, "shop").await.ok();
        let again = server.post("/revoke").as_client("shop").param("token", &token);
        again.send_unwritten().await.ok();
    }
}

/// RFC 7009 §2.1: public clients revoke their own.
#[tokio::test]
async fn a_public_client_revokes_its_tokens() {
    let server = start().await;
    let access = tokens(&server, "spa").await.member("access_token");
    server.revoke(&access, "spa").await.ok();
    server.userinfo(&access).await.refused(Reason::TokenInactive);
}

/// A resource revokes the token that it introspects with.
#[tokio::test]
async fn a_resource_revokes_its_own_token() {
    let server = start().await;
    let token = server.client_credentials("notes").send().await.ok().member("access_token");
    server.revoke(&token, "notes").await.ok();
    let call = server.post("/introspect").bearer(&token).param("token", "x");
    call.send_unwritten().await.refused(Reason::TokenInactive);
}

/// RFC 7009 §2.2.1, RFC 6749 §5.2
#[tokio::test]
async fn a_request_without_token_or_client_is_refused() {
    let server = start().await;
    let call = server.post("/revoke").as_client("shop");
    call.send_unwritten().await.refused(Reason::ParameterMissing("token"));
    let access = tokens(&server, "shop").await.member("access_token");
    let nobody = server.post("/revoke").param("token", &access);
    nobody.send_unwritten().await.refused(Reason::ClientSecretMissing);
    let wrong = server.post("/revoke").basic("shop", "wrong").param("token", &access);
    wrong.send_unwritten().await.refused(Reason::ClientSecretWrong);
    assert!(server.is_active(&access, "shop").await);
}
