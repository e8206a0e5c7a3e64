//! Routes of the host, protected by the server's own tokens without a network request (RFC 6750).

use http::{Request, StatusCode, header, request::Parts};
use passavant_server::{
    Denied, Reason,
    ports::Standing,
    store::{Access, Of, Why},
};
use testkit::server::{Running, TestServer, confidential, resource};

const NOTES: &str = "https://notes.example";
const MUSIC: &str = "https://music.example";

async fn start() -> Running {
    let opaque = |settings: &mut passavant_server::store::ResourceSettings| {
        settings.access_token_format = Some("opaque".to_owned());
    };
    TestServer::new()
        .client(confidential("shop").scope("openid notes.read notes.write music.play"))
        .resource(resource(NOTES, "notes.read notes.write").with(opaque))
        .resource(resource(MUSIC, "music.play").jwt())
        .account("alice")
        .start()
        .await
}

fn head(authorization: &[&str]) -> Parts {
    let mut request = Request::get("/notes");
    for value in authorization {
        request = request.header(header::AUTHORIZATION, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

/// What a route of this audience makes of a token.
async fn route(server: &Running, token: &str, (audience, scope): (&str, &str)) -> Result<Access, Denied> {
    let head = head(&[&format!("Bearer {token}")]);
    server.authorization_server.access(&head, audience, &[scope]).await
}

async fn reason(server: &Running, token: &str, wanted: (&str, &str)) -> Option<Reason> {
    route(server, token, wanted).await.err().and_then(|denied| denied.reason())
}

async fn of_user(server: &Running, scope: &str) -> String {
    server.browser().sign_in("alice").authorize("shop").scope(scope).tokens().await.member("access_token")
}

async fn of_machine(server: &Running, scope: &str) -> String {
    server.client_credentials("shop").param("scope", scope).send().await.ok().member("access_token")
}

/// RFC 6750 §2.1
#[tokio::test]
async fn a_token_for_the_audience_with_the_scope_opens_a_route() {
    let server = start().await;
    for (wanted, scope) in [((NOTES, "notes.read"), "notes.read"), ((MUSIC, "music.play"), "music.play")] {
        let access = route(&server, &of_machine(&server, scope).await, wanted).await.expect("fine");
        assert_eq!((access.client.as_str(), access.subject), ("shop", None));
        let access = route(&server, &of_user(&server, scope).await, wanted).await.expect("fine");
        assert_eq!(access.subject, Some(testkit::server::subject("alice")));
    }
}

/// RFC 9700 §2.3: a token is valid only for the resources that it names.
#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let server = start().await;
    let token = of_machine(&server, "notes.read").await;
    for audience in [MUSIC, "https://notes.example//", ""] {
        assert_eq!(reason(&server, &token, (audience, "notes.read")).await, Some(Reason::TokenInactive));
    }
}

/// RFC 6750 §3.1: 403, and the challenge names the scope.
#[tokio::test]
async fn a_token_without_the_scope_is_answered_with_the_scope() {
    let server = start().await;
    let token = of_machine(&server, "notes.read").await;
    let denied = route(&server, &token, (NOTES, "notes.write")).await.expect_err("refused");
    assert_eq!(denied.reason(), Some(Reason::ScopeInsufficient));
    let answer = denied.answer();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        answer.headers()[header::WWW_AUTHENTICATE],
        "Bearer error=\"insufficient_scope\", error_description=\"The access token does not have the required scope\", \
         scope=\"notes.write\""
    );
}

/// RFC 6750 §3: without a token the challenge has no error code.
#[tokio::test]
async fn without_a_token_the_challenge_is_bare() {
    let server = start().await;
    for authorization in [&[][..], &["Basic c2hvcDpzZWNyZXQ="]] {
        let head = head(authorization);
        let denied = server.authorization_server.access(&head, NOTES, &["notes.read"]).await;
        let denied = denied.expect_err("refused");
        assert_eq!(denied.reason(), Some(Reason::TokenMissing));
        let answer = denied.answer();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}

/// RFC 6750 §2: one token, by one method.
#[tokio::test]
async fn two_tokens_are_refused() {
    let server = start().await;
    let token = format!("Bearer {}", of_machine(&server, "notes.read").await);
    let denied = server.authorization_server.access(&head(&[&token, &token]), NOTES, &["notes.read"]).await;
    let denied = denied.expect_err("refused");
    assert_eq!(denied.reason(), Some(Reason::TokenRepeated));
    assert_eq!(denied.answer().status(), StatusCode::BAD_REQUEST);
}

/// RFC 6750 §3.1: `invalid_token`.
#[tokio::test]
async fn what_is_no_access_token_is_refused() {
    let server = start().await;
    let tokens = server.browser().sign_in("alice").authorize("shop").scope("notes.read").tokens().await;
    let refresh = tokens.member("refresh_token");
    for token in ["x", "a.b.c", &refresh, &"A".repeat(43)] {
        assert_eq!(reason(&server, token, (NOTES, "notes.read")).await, Some(Reason::TokenInactive));
    }
}

/// RFC 6750 §3.1: `invalid_token`.
#[tokio::test]
async fn an_expired_token_is_refused() {
    let server = start().await;
    for (scope, audience) in [("notes.read", NOTES), ("music.play", MUSIC)] {
        let token = of_machine(&server, scope).await;
        server.clock.advance(600);
        assert_eq!(reason(&server, &token, (audience, scope)).await, Some(Reason::TokenInactive), "{scope}");
    }
}

/// RFC 7009 §2: a revocation applies at once, also for a JWT.
#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let server = start().await;
    for (scope, audience) in [("notes.read", NOTES), ("music.play", MUSIC)] {
        for token in [of_machine(&server, scope).await, of_user(&server, scope).await] {
            assert_eq!(reason(&server, &token, (audience, scope)).await, None);
            server.revoke(&token, "shop").await.ok();
            assert_eq!(reason(&server, &token, (audience, scope)).await, Some(Reason::TokenInactive));
        }
    }
}

/// RFC 7009 §2.1: an ended grant ends its tokens.
#[tokio::test]
async fn a_token_of_an_ended_grant_is_refused_at_once() {
    let server = start().await;
    let (opaque, jwt) = (of_user(&server, "notes.read").await, of_user(&server, "music.play").await);
    server
        .authorization_server
        .end(Of::Client(protocol::ClientId::new("shop")), Why::Host)
        .await
        .expect("ends");
    assert_eq!(reason(&server, &opaque, (NOTES, "notes.read")).await, Some(Reason::TokenInactive));
    assert_eq!(reason(&server, &jwt, (MUSIC, "music.play")).await, Some(Reason::TokenInactive));
}

/// RFC 6750 §3.1: `invalid_token`.
#[tokio::test]
async fn a_token_of_a_disabled_client_is_refused_at_once() {
    let server = start().await;
    let (opaque, jwt) = (of_machine(&server, "notes.read").await, of_machine(&server, "music.play").await);
    server.put_client(confidential("shop").scope("openid notes.read music.play").disabled()).await;
    assert_eq!(reason(&server, &opaque, (NOTES, "notes.read")).await, Some(Reason::TokenInactive));
    assert_eq!(reason(&server, &jwt, (MUSIC, "music.play")).await, Some(Reason::TokenInactive));
}

/// RFC 6750 §3.1: `invalid_token`.
#[tokio::test]
async fn a_token_of_a_disabled_account_is_refused_at_once() {
    let server = start().await;
    let token = of_user(&server, "notes.read").await;
    for standing in [Standing::Disabled, Standing::Gone] {
        server.accounts.set_standing("alice", standing);
        assert_eq!(reason(&server, &token, (NOTES, "notes.read")).await, Some(Reason::TokenInactive));
    }
    server.accounts.set_standing("alice", Standing::Active);
    assert_eq!(reason(&server, &token, (NOTES, "notes.read")).await, None);
}

/// A user's consent can't make a client an administrator (RFC 6749 §3.3: `invalid_scope`).
#[tokio::test]
async fn a_user_can_not_approve_the_scope_of_administrators() {
    let admin = "https://as.example/admin/api/v1";
    let server = TestServer::new()
        .client(confidential("deploy").scope("openid passavant.admin"))
        .resource(resource(admin, "passavant.admin passavant.read"))
        .account("alice")
        .start()
        .await;
    let asked = server.browser().sign_in("alice").authorize("deploy").scope("passavant.admin");
    asked.finish().await.refused(Reason::ScopeNotRegistered);
    let token = server.client_credentials("deploy").param("scope", "passavant.admin").send().await.ok();
    let token = token.member("access_token");
    assert_eq!(reason(&server, &token, (admin, "passavant.admin")).await, None);
}
