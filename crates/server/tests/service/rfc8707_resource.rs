//! Resource indicators (RFC 8707), and the audience of tokens without them.

use passavant_server::Reason;
use testkit::server::{Authorize, Reply, Running, TestServer, confidential, resource};

const NOTES: &str = "https://notes.example";
const MUSIC: &str = "https://music.example";
/// Its one scope is registered to nobody.
const SECRET: &str = "https://secret.example";

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop").scope("openid offline_access notes.read music.play shared"))
        .resource(resource(NOTES, "notes.read shared").caller("notes"))
        .resource(resource(MUSIC, "music.play shared").caller("music"))
        .resource(resource(SECRET, "secret.read").caller("secret"))
        .account("alice")
        .start()
        .await
}

fn authorize(server: &Running, scope: &str) -> Authorize {
    server.browser().sign_in("alice").authorize("shop").scope(scope)
}

/// Which of the resources see a token.
async fn seen_by(server: &Running, reply: &Reply) -> Vec<&'static str> {
    let token = reply.member("access_token");
    let mut seen = Vec::new();
    for name in ["notes", "music", "secret"] {
        if server.is_active(&token, name).await {
            seen.push(name);
        }
    }
    seen
}

/// Without `resource`, a token is for every resource that owns one of its scopes.
#[tokio::test]
async fn without_resource_every_owner_of_a_scope_is_the_audience() {
    let server = start().await;
    for (scope, owners) in [
        ("notes.read", vec!["notes"]),
        ("notes.read music.play", vec!["notes", "music"]),
        ("shared", vec!["notes", "music"]),
        ("openid", vec![]),
    ] {
        let call = server.client_credentials("shop").param("scope", scope);
        let reply = call.send().await.ok();
        assert_eq!((seen_by(&server, &reply).await, reply.member("scope")), (owners, scope.to_owned()));
    }
}

/// RFC 8707 §2.2: the audience is the named resource, the scope is narrowed to its scopes and those of OpenID, and the
/// response says so.
#[tokio::test]
async fn a_machine_names_the_resource_of_its_token() {
    let server = start().await;
    let call = server.client_credentials("shop").param("scope", "openid notes.read music.play shared");
    let reply = call.param("resource", MUSIC).send().await.ok();
    assert_eq!(reply.member("scope"), "openid music.play shared");
    assert_eq!(seen_by(&server, &reply).await, ["music"]);
}

/// RFC 8707 §2: "Multiple resource parameters MAY be used".
#[tokio::test]
async fn several_resources_may_be_named() {
    let server = start().await;
    let call = server.client_credentials("shop").param("resource", NOTES).param("resource", MUSIC);
    let reply = call.param("resource", NOTES).send().await.ok();
    assert_eq!(seen_by(&server, &reply).await, ["notes", "music"]);
}

/// RFC 8707 §2: `invalid_target`. Compared byte for byte.
#[tokio::test]
async fn an_unknown_resource_is_refused() {
    let server = start().await;
    for unknown in
        ["https://notes.example//", "https://NOTES.example", "https://notes.example:443", "x", "/", "%"]
    {
        let call = server.client_credentials("shop").param("resource", unknown);
        call.send_unwritten().await.refused(Reason::AudienceNotRegistered);
        let request = authorize(&server, "notes.read").param("resource", unknown);
        request.finish().await.refused(Reason::AudienceNotRegistered);
    }
}

/// RFC 8707 §2: one invalid resource makes the request invalid.
#[tokio::test]
async fn an_unknown_resource_beside_a_known_one_is_refused() {
    let server = start().await;
    let call =
        server.client_credentials("shop").param("resource", NOTES).param("resource", "https://x.example");
    call.send_unwritten().await.refused(Reason::AudienceNotRegistered);
}

/// A client must have at least one scope of the resource.
#[tokio::test]
async fn a_resource_that_the_client_has_no_scope_of_is_refused() {
    let server = start().await;
    let call = server.client_credentials("shop").param("resource", SECRET);
    call.send_unwritten().await.refused(Reason::ResourceNotAllowed);
    let request = authorize(&server, "openid").param("resource", SECRET);
    request.finish().await.refused(Reason::ResourceNotAllowed);
}

/// The number of resources is limited.
#[tokio::test]
async fn more_than_eight_resources_are_refused() {
    let server = start().await;
    let call = (0..9).fold(server.client_credentials("shop"), |call, i| {
        call.param("resource", &format!("https://r{i}.example"))
    });
    call.send_unwritten().await.refused(Reason::AudienceNotRegistered);
}

/// RFC 8707 §2.1: the code is for the resources of the authorization request.
#[tokio::test]
async fn an_authorization_request_names_the_resource_of_its_tokens() {
    let server = start().await;
    let request = authorize(&server, "openid notes.read music.play").param("resource", NOTES);
    let reply = request.tokens().await;
    assert_eq!(reply.member("scope"), "openid notes.read");
    assert_eq!(seen_by(&server, &reply).await, ["notes"]);
}

/// RFC 8707 §2.2: "the client can request an access token for one of the resources".
#[tokio::test]
async fn a_redemption_may_narrow_the_resources() {
    let server = start().await;
    let request = authorize(&server, "notes.read music.play");
    let code = request.param("resource", NOTES).and("resource", MUSIC).code().await;
    let reply = server.redemption(&code).param("resource", MUSIC).send().await.ok();
    assert_eq!(
        (seen_by(&server, &reply).await, reply.member("scope")),
        (vec!["music"], "music.play".to_owned())
    );
}

/// RFC 8707 §2.2: only what was granted.
#[tokio::test]
async fn a_redemption_may_not_widen_the_resources() {
    let server = start().await;
    let code = authorize(&server, "notes.read music.play").param("resource", NOTES).code().await;
    let call = server.redemption(&code).param("resource", MUSIC);
    call.send_unwritten().await.refused(Reason::ResourceNotAllowed);
    server.redeem(&code).await.ok();
}

/// RFC 8707 §2.2: each refresh may be for another of the resources; the grant keeps them all.
#[tokio::test]
async fn a_refresh_may_narrow_the_resources_each_time() {
    let server = start().await;
    let request = authorize(&server, "openid offline_access notes.read music.play");
    let mut refresh = request.tokens().await.member("refresh_token");
    for (named, seen, scope) in [
        (Some(NOTES), vec!["notes"], "openid offline_access notes.read"),
        (Some(MUSIC), vec!["music"], "openid offline_access music.play"),
        (None, vec!["notes", "music"], "openid offline_access notes.read music.play"),
    ] {
        let mut call = server.renewal("shop", &refresh);
        if let Some(named) = named {
            call = call.param("resource", named);
        }
        let reply = call.send().await.ok();
        assert_eq!((seen_by(&server, &reply).await, &*reply.member("scope")), (seen, scope));
        refresh = reply.member("refresh_token");
    }
}

/// RFC 8707 §2.2
#[tokio::test]
async fn a_refresh_may_not_widen_the_resources() {
    let server = start().await;
    let scope = "openid offline_access notes.read music.play";
    let refresh = authorize(&server, scope).param("resource", NOTES).tokens().await.member("refresh_token");
    let call = server.renewal("shop", &refresh).param("resource", MUSIC);
    call.send_unwritten().await.refused(Reason::ResourceNotAllowed);
    let reply = server.refresh("shop", &refresh).await.ok();
    assert_eq!(seen_by(&server, &reply).await, ["notes"]);
}

/// No tokens are issued for a resource that was deleted.
#[tokio::test]
async fn a_deleted_resource_is_left_out_of_a_refresh() {
    let server = start().await;
    let request = authorize(&server, "openid offline_access notes.read music.play");
    let request = request.param("resource", NOTES).and("resource", MUSIC);
    let refresh = request.tokens().await.member("refresh_token");
    let change = passavant_server::store::RegistryChange::DeleteResource(protocol::Audience::new(MUSIC));
    let commit = passavant_server::store::Commit::new(protocol::Timestamp(server.now())).with(change);
    server.commit(commit).await;
    let reply = server.refresh("shop", &refresh).await.ok();
    assert_eq!(reply.member("scope"), "openid offline_access notes.read");
}
