//! Pushed authorization requests (RFC 9126).

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{Ask, Reason, RequestContext};
use testkit::server::{Authorize, Running, TestServer, confidential, public, resource};

async fn start() -> Running {
    let pushing = |client: &mut protocol::ClientMetadata| {
        client.require_pushed_authorization_requests = Some(true);
    };
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("other"))
        .client(confidential("pushing").with(pushing))
        .client(confidential("signing").key(&key))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
        .start()
        .await
}

fn authorize(server: &Running, client: &str) -> Authorize {
    server.browser().sign_in("alice").authorize(client)
}

/// RFC 9126 §2.2: 201, `request_uri` and `expires_in`, in the form that the section recommends, and unguessable (§7.1).
#[tokio::test]
async fn a_pushed_request_gets_a_reference_of_a_minute() {
    let server = start().await;
    let reply = authorize(&server, "shop").pushing().send().await;
    assert_eq!((reply.status(), reply.header("cache-control")), (201, Some("no-store")));
    assert_eq!(reply.json()["expires_in"], 60);
    let request_uri = reply.member("request_uri");
    let secret = request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").expect("the prefix");
    assert_eq!(secret.len(), 43);
}

/// RFC 9126 §4: the browser carries `client_id` and `request_uri`.
#[tokio::test]
async fn the_reference_stands_for_the_whole_request() {
    let server = start().await;
    for client in ["shop", "signing", "spa", "pushing"] {
        let request = authorize(&server, client).param("state", "kept").push().await;
        let landing = request.clone().finish().await;
        assert_eq!(landing.param("state").as_deref(), Some("kept"), "{client}: {landing:?}");
        server.redeem(&request.code_of(&landing)).await.ok();
    }
}

/// RFC 9126 §2.1: an assertion may name the endpoint, the token endpoint or the issuer.
#[tokio::test]
async fn an_assertion_may_name_the_endpoint_as_its_audience() {
    let server = start().await;
    for audience in ["https://as.example/par", "https://as.example/token", "https://as.example"] {
        let request = authorize(&server, "signing");
        let params: Vec<_> = request.sent_params().iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let assertion = server.assertion("signing").claim("aud", audience).sign();
        let reply = server.post("/par").asserting(&assertion).params(&params).send().await;
        assert_eq!(reply.status(), 201, "{reply:?}");
    }
}

/// RFC 9126 §2.1: the client authenticates as at the token endpoint.
#[tokio::test]
async fn a_client_that_fails_to_authenticate_pushes_nothing() {
    let server = start().await;
    let request = authorize(&server, "shop");
    let params: Vec<_> = request.sent_params().iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let wrong = server.post("/par").basic("shop", "another-secret-of-that-length").params(&params);
    wrong.send_unwritten().await.refused(Reason::ClientSecretWrong);
    let without = server.post("/par").params(&params);
    without.send_unwritten().await.refused(Reason::ClientSecretMissing);
    let of_resource = server.post("/par").as_client("notes").param("response_type", "code");
    of_resource.send_unwritten().await.refused(Reason::GrantTypeNotRegistered);
}

/// RFC 9126 §2.1: a pushed request is validated "as it would an authorization request", and refused as JSON (§2.3).
#[tokio::test]
async fn what_the_authorization_endpoint_would_refuse_is_refused_at_once() {
    let server = start().await;
    let request = || authorize(&server, "shop");
    for (request, reason) in [
        (request().param("response_type", "cods"), Reason::ResponseTypeUnsupported),
        (request().param("redirect_uri", "https://evil.example/cb"), Reason::RedirectUriMismatch),
        (request().param("scope", "openid phone"), Reason::ScopeNotRegistered),
        (request().without_pkce(), Reason::PkceMissing),
        (request().param("prompt", "none login"), Reason::PromptInvalid),
        (request().param("id_token_hint", "x"), Reason::HintInvalid),
        (request().param("resource", "https://nowhere.example"), Reason::AudienceNotRegistered),
        (request().param("request_uri", "urn:ietf:params:oauth:request_uri:x"), Reason::RequestUriUnexpected),
        (request().param("request_uri", "https://shop.example/request"), Reason::RequestUriUnexpected),
        (request().param("client_id", "other"), Reason::ClientIdMismatch),
    ] {
        request.pushing().send_unwritten().await.refused(reason);
    }
    let get = server.get("/par").send().await;
    assert_eq!((get.status(), get.header("allow")), (405, Some("POST")));
}

/// RFC 9126 §2.2, §7.1: the reference is bound to the client that pushed.
#[tokio::test]
async fn the_reference_of_another_client_is_unknown() {
    let server = start().await;
    let reply = authorize(&server, "shop").pushing().send().await;
    let foreign = authorize(&server, "other").refer("request_uri", &reply.member("request_uri"));
    foreign.finish().await.refused(Reason::RequestUriUnknown);
    let unknown = "urn:ietf:params:oauth:request_uri:".to_owned() + &"A".repeat(43);
    for request_uri in [unknown.as_str(), "urn:ietf:params:oauth:request_uri:"] {
        let landing = authorize(&server, "shop").refer("request_uri", request_uri).finish().await;
        landing.refused(Reason::RequestUriUnknown);
    }
}

/// RFC 9126 §4: "An expired `request_uri` MUST be rejected as invalid."
#[tokio::test]
async fn an_expired_reference_is_refused() {
    let server = start().await;
    let request = authorize(&server, "shop").push().await;
    server.clock.advance(59);
    request.clone().until(Ask::SignIn).await;
    server.clock.advance(1);
    request.finish().await.refused(Reason::RequestUriExpired);
}

/// A user may take longer to sign in than the reference lasts.
#[tokio::test]
async fn an_interaction_outlasts_the_reference() {
    let server = start().await;
    let browser = server.browser();
    let request = browser.authorize("shop").push().await;
    let page = request.until(Ask::SignIn).await;
    server.clock.advance(800);
    let landing = browser.clone().sign_in("alice").open(&page.url).await;
    assert!(landing.param("code").is_some(), "{landing:?}");
}

/// RFC 9126 §7.3: used once. FAPI 2.0 Security Profile §5.3.2.2: before that, a reload opens it again.
#[tokio::test]
async fn a_reference_gives_one_code() {
    let server = start().await;
    let request = authorize(&server, "shop").push().await;
    request.clone().until(Ask::SignIn).await;
    request.clone().until(Ask::SignIn).await;
    request.clone().code().await;
    request.finish().await.refused(Reason::RequestUriUnknown);
}

/// RFC 9126 §7.3: two tabs that were opened with one reference.
#[tokio::test]
async fn two_interactions_of_one_reference_give_one_code() {
    let server = start().await;
    let (one, two) = (server.browser().sign_in("alice"), server.browser().sign_in("alice"));
    let reply = one.authorize("shop").pushing().send().await;
    let request_uri = reply.member("request_uri");
    let pages = [&one, &two].map(|browser| browser.authorize("shop").refer("request_uri", &request_uri));
    let [first, second] = pages;
    let (first, second) = (first.until(Ask::SignIn).await, second.until(Ask::SignIn).await);
    assert!(one.open(&first.url).await.param("code").is_some());
    two.open(&second.url).await.refused(Reason::RequestUriReused);
}

/// RFC 9126 §5, §6: a client that must push can't send its parameters through the browser.
#[tokio::test]
async fn a_client_that_must_push_is_refused_otherwise() {
    let server = start().await;
    authorize(&server, "pushing").finish().await.refused(Reason::PushedRequestMissing);
    assert!(authorize(&server, "pushing").push().await.finish().await.param("code").is_some());
    let all = TestServer::new()
        .client(confidential("shop"))
        .account("alice")
        .settings(|settings| {
            settings.pushed_requests = Some(passavant_server::PushedRequests { lifetime: 5, required: true })
        })
        .start()
        .await;
    authorize(&all, "shop").finish().await.refused(Reason::PushedRequestMissing);
    assert_eq!(
        all.get("/.well-known/openid-configuration").send().await.json()["require_pushed_authorization_requests"],
        true
    );
}

/// RFC 9126 §5
#[tokio::test]
async fn the_endpoint_is_announced_where_it_is_served() {
    let member = "pushed_authorization_request_endpoint";
    let server = start().await;
    let metadata = server.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata[member], "https://as.example/par");
    let without = TestServer::new().settings(|settings| settings.pushed_requests = None).start().await;
    let metadata = without.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata[member], serde_json::Value::Null);
    assert_eq!(without.post("/par").send().await.status(), 404);
}

/// RFC 9126 §2.1: the credentials of the client are not part of the request.
#[tokio::test]
async fn no_credential_is_stored() {
    let server = start().await;
    server.put_client(confidential("posting").method("client_secret_post")).await;
    for (client, secret) in [("signing", "client_assertion"), ("posting", "client_secret")] {
        let request_uri = authorize(&server, client).pushing().send().await.member("request_uri");
        let (_, secret_part) = request_uri.rsplit_once(':').expect("an URN");
        let handle = protocol::PushedRequest::presented(secret_part).expect("a secret").handle();
        let key = jose::base64url::encode(handle.digest.as_bytes());
        let stored = server.store.item("pushed request", &key).await.expect("the store works");
        let stored = String::from_utf8(stored.expect("it is stored").0).expect("JSON");
        assert!(stored.contains("code_challenge") && !stored.contains(secret), "{stored}");
        assert!(!stored.contains(secret_part), "{stored}");
    }
}

/// RFC 9126 §7.2: anybody can push in the name of a public client.
#[tokio::test]
async fn public_clients_push_a_limited_number_of_requests() {
    let server = start().await;
    let push = |client: &str| {
        let mut request = authorize(&server, client).pushing().request();
        request.extensions_mut().insert(RequestContext::new("r-1", [192, 0, 2, 1].into()));
        server.call(request)
    };
    for _ in 0..300 {
        assert_eq!(push("spa").await.status(), 201);
    }
    push("spa").await.refused(Reason::PushedTooMany);
    assert_eq!(push("shop").await.status(), 201, "who authenticates is not limited");
    server.clock.advance(60);
    assert_eq!(push("spa").await.status(), 201);
}
