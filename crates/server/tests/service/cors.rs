//! Cross-origin requests (Fetch, "CORS protocol"; RFC 9700 §2.6): only origins of registered redirect URIs, never with
//! credentials.

use http::Method;
use passavant_server::Reason;
use testkit::server::{Call, Reply, Running, TestServer, confidential, public};

const SPA: &str = "https://spa.example";
const OTHER: &str = "https://other.example";
const EVIL: &str = "https://evil.example";
/// What pages call.
const CALLED: [&str; 3] = ["/token", "/revoke", "/userinfo"];

async fn start() -> Running {
    TestServer::new().client(public("spa")).client(confidential("other")).account("alice").start().await
}

fn allowed(reply: &Reply) -> Option<&str> {
    assert_eq!(reply.header("access-control-allow-credentials"), None, "never with credentials");
    reply.header("access-control-allow-origin")
}

fn preflight(server: &Running, path: &str, origin: &str) -> Call {
    let call = server.request(Method::OPTIONS, path).header("origin", origin);
    call.header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
}

async fn token(server: &Running) -> String {
    server.browser().sign_in("alice").authorize("spa").tokens().await.member("access_token")
}

/// Fetch, "CORS-preflight request"
#[tokio::test]
async fn a_preflight_of_a_registered_origin_is_granted() {
    let server = start().await;
    for path in CALLED {
        let reply = preflight(&server, path, SPA).send_unwritten().await;
        assert_eq!((reply.status(), reply.body(), allowed(&reply)), (204, "", Some(SPA)), "{path}");
        assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST"));
        assert_eq!(reply.header("access-control-allow-headers"), Some("authorization, content-type"));
        assert_eq!(reply.header("access-control-max-age"), Some("600"));
        assert_eq!(reply.header("vary"), Some("Origin"));
    }
}

/// Fetch, "CORS check": compared byte for byte.
#[tokio::test]
async fn a_preflight_of_another_origin_is_not_granted() {
    let server = start().await;
    for origin in
        [EVIL, "null", "https://spa.example/", "https://spa.example:8443", "http://spa.example", "*", "x"]
    {
        let reply = preflight(&server, "/token", origin).send_unwritten().await;
        assert_eq!((reply.status(), allowed(&reply)), (204, None), "{origin}");
        assert_eq!(reply.header("access-control-allow-methods"), None);
    }
    let without = server.request(Method::OPTIONS, "/token").send_unwritten().await;
    assert_eq!((without.status(), allowed(&without)), (204, None));
}

/// A new client's origin is allowed at once.
#[tokio::test]
async fn a_new_client_brings_its_origin() {
    let server = start().await;
    let origin = "https://new.example";
    assert_eq!(allowed(&preflight(&server, "/token", origin).send().await), None);
    server.put_client(public("new")).await;
    assert_eq!(allowed(&preflight(&server, "/token", origin).send().await), Some(origin));
}

/// A page redeems its code.
#[tokio::test]
async fn a_page_reads_the_tokens_of_its_own_client() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("spa").code().await;
    let reply = server.redemption(&code).header("origin", SPA).send().await.ok();
    assert_eq!((allowed(&reply), reply.header("vary")), (Some(SPA), Some("Origin")));
    let token = reply.member("access_token");
    let claims = server.get("/userinfo").bearer(&token).header("origin", SPA).send().await.ok();
    assert_eq!((allowed(&claims), claims.header("vary")), (Some(SPA), Some("Origin")));
    let call = server.post("/revoke").as_client("spa").param("token", &token).header("origin", SPA);
    assert_eq!(allowed(&call.send().await.ok()), Some(SPA));
}

/// A page of another client can't read the response.
#[tokio::test]
async fn a_page_reads_no_answer_to_another_client() {
    let server = start().await;
    for origin in [OTHER, EVIL, "null"] {
        let code = server.browser().sign_in("alice").authorize("spa").code().await;
        let reply = server.redemption(&code).header("origin", origin).send().await.ok();
        assert_eq!((allowed(&reply), reply.header("vary")), (None, Some("Origin")), "{origin}");
        let token = reply.member("access_token");
        let claims = server.get("/userinfo").bearer(&token).header("origin", origin).send().await.ok();
        assert_eq!(allowed(&claims), None, "{origin}");
        let call = server.post("/revoke").as_client("spa").param("token", &token).header("origin", origin);
        assert_eq!(allowed(&call.send().await.ok()), None, "{origin}");
    }
}

/// A page must learn why its request was refused.
#[tokio::test]
async fn a_page_reads_the_refusals_of_its_own_requests() {
    let server = start().await;
    let expired = token(&server).await;
    server.clock.advance(600);
    let params = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for (call, reason) in [
        (server.post("/token").as_client("spa").params(&params), Reason::RefreshUnknown),
        (server.post("/token").param("client_id", "nobody"), Reason::ClientUnknown),
        (server.post("/token").body(None, "x"), Reason::BodyTypeWrong),
        (server.get("/userinfo").bearer(&expired), Reason::TokenInactive),
        (server.get("/userinfo").bearer("x"), Reason::TokenInactive),
        (server.post("/revoke").as_client("spa"), Reason::ParameterMissing("token")),
    ] {
        let reply = call.clone().header("origin", SPA).send().await;
        reply.refused(reason);
        assert_eq!(allowed(&reply), Some(SPA), "{reason:?}");
        assert_eq!(reply.header("access-control-expose-headers"), Some("www-authenticate"));
        let reply = call.header("origin", EVIL).send().await;
        assert_eq!((allowed(&reply), reply.header("vary")), (None, Some("Origin")), "{reason:?}");
    }
}

/// Scripts don't call these endpoints: browsers navigate to them, or servers call them.
#[tokio::test]
async fn other_endpoints_are_closed_to_pages() {
    let server = start().await;
    for path in ["/authorize", "/introspect", "/logout"] {
        let reply = preflight(&server, path, SPA).send_unwritten().await;
        reply.refused(Reason::MethodNotAllowed);
        assert_eq!(allowed(&reply), None, "{path}");
    }
    let call = server.post("/introspect").as_client("other").param("token", "x").header("origin", OTHER);
    assert_eq!(allowed(&call.send().await.ok()), None);
    let reply = server.get("/authorize").header("origin", SPA).send().await;
    assert_eq!(allowed(&reply), None);
}

/// Public documents may be read from any origin.
#[tokio::test]
async fn every_page_reads_the_public_documents() {
    let server = start().await;
    for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let reply = server.get(path).header("origin", EVIL).send().await.ok();
        assert_eq!(allowed(&reply), Some("*"), "{path}");
    }
}
