//! Cross-origin requests (Fetch, "CORS protocol"; RFC 9700 §2.6): only origins of registered redirect URIs, never with
//! credentials.

use http::Method;
use passavant_server::Reason;
use protocol::limits;
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
        let methods = if path == "/userinfo" { "GET, HEAD, POST" } else { "POST" };
        assert_eq!(reply.header("access-control-allow-methods"), Some(methods));
        assert_eq!(reply.header("access-control-allow-headers"), Some("authorization"));
        assert_eq!(reply.header("access-control-max-age"), Some("600"));
        assert_eq!(reply.header("vary"), Some("Origin, Access-Control-Request-Headers"));
    }
}

/// Libraries send headers of their own, for tracing or for proofs.
#[tokio::test]
async fn a_page_may_send_any_header() {
    let server = start().await;
    for path in CALLED {
        for asked in ["x-requested-with,traceparent", "DPoP", "content-type, X-Anything"] {
            let call = server.request(Method::OPTIONS, path).header("origin", SPA);
            let reply = call.header("access-control-request-headers", asked).send_unwritten().await;
            assert_eq!(reply.header("access-control-allow-headers"), Some(asked), "{path}");
        }
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
        assert_eq!(
            reply.header("access-control-expose-headers"),
            Some("www-authenticate, retry-after, dpop-nonce")
        );
        let reply = call.header("origin", EVIL).send().await;
        assert_eq!((allowed(&reply), reply.header("vary")), (None, Some("Origin")), "{reason:?}");
    }
}

/// As above, for requests that never reach the endpoint.
#[tokio::test]
async fn a_page_reads_a_refusal_before_the_endpoint() {
    let server = start().await;
    let large = "x".repeat(70_000);
    let long = format!("/userinfo?x={}", "x".repeat(limits::URL_BYTES_MAX));
    let form = Some("application/x-www-form-urlencoded");
    for (call, status) in [
        (server.request(Method::PUT, "/token"), 405),
        (server.get("/token"), 405),
        (server.request(Method::DELETE, "/userinfo"), 405),
        (server.post("/token").body(form, &large), 413),
        (server.post("/revoke").body(form, &large), 413),
        (server.get(&long), 414),
    ] {
        let reply = call.clone().header("origin", SPA).send_unwritten().await;
        assert_eq!((reply.status(), allowed(&reply)), (status, Some(SPA)), "{reply:?}");
        let reply = call.header("origin", EVIL).send_unwritten().await;
        assert_eq!((reply.status(), allowed(&reply)), (status, None), "{reply:?}");
    }
}

/// A page of a development server or in the web view of an application has another origin than any redirect URI.
#[tokio::test]
async fn a_client_names_further_origins() {
    let origins = ["http://127.0.0.1:5173", "capacitor://localhost"];
    let client = public("app").with(|client| client.cors_origins = origins.map(str::to_owned).into());
    let server = TestServer::new().client(client).client(public("spa")).account("alice").start().await;
    for origin in origins {
        assert_eq!(allowed(&preflight(&server, "/token", origin).send().await), Some(origin));
        let code = server.browser().sign_in("alice").authorize("app").code().await;
        let reply = server.redemption(&code).header("origin", origin).send().await.ok();
        assert_eq!(allowed(&reply), Some(origin));
        let code = server.browser().sign_in("alice").authorize("spa").code().await;
        let reply = server.redemption(&code).header("origin", origin).send().await.ok();
        assert_eq!(allowed(&reply), None, "an answer to another client");
    }
    for other in ["http://127.0.0.1:5174", "capacitor://localhost/", "CAPACITOR://localhost"] {
        assert_eq!(allowed(&preflight(&server, "/token", other).send().await), None, "{other}");
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
        let call = server.request(Method::OPTIONS, path).header("origin", EVIL);
        let call = call.header("access-control-request-method", "GET");
        let reply = call.header("access-control-request-headers", "x-requested-with").send_unwritten().await;
        assert_eq!((reply.status(), allowed(&reply)), (204, Some("*")), "{path}");
        assert_eq!(reply.header("access-control-allow-headers"), Some("x-requested-with"), "{path}");
        assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD"), "{path}");
        let refused = server.post(path).header("origin", EVIL).send_unwritten().await;
        assert_eq!((refused.status(), allowed(&refused)), (405, Some("*")), "{path}");
    }
}
