//! JWT-secured authorization requests (RFC 9101).

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{Reason, RequestObjects};
use serde_json::{Value, json};
use testkit::server::{Assertion, Authorize, Running, TestServer, confidential};

const SECRET: &str = "a-secret-of-thirty-two-characters-or-more";

fn key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only")
}

async fn start() -> Running {
    let only = |client: &mut protocol::ClientMetadata| {
        client.request_object_signing_alg = Some("ES384".to_owned());
    };
    let must_sign = |client: &mut protocol::ClientMetadata| {
        client.require_signed_request_object = Some(true);
    };
    let strict = |client: &mut protocol::ClientMetadata| client.require_strict_assertions = Some(true);
    TestServer::new()
        .client(confidential("shop").key(&key()))
        .client(confidential("other").key(&key()))
        .client(confidential("only").key(&key()).with(only))
        .client(confidential("signing").key(&key()).with(must_sign))
        .client(confidential("strict").key(&key()).with(strict))
        .client(confidential("keyless"))
        .account("alice")
        .start()
        .await
}

fn authorize(server: &Running, client: &str) -> Authorize {
    server.browser().sign_in("alice").authorize(client)
}

/// An object with these parameters, for a minute.
fn object(server: &Running, client: &str, request: &Authorize) -> Assertion {
    let object = server.assertion(client).claim("sub", Value::Null).claim("nbf", server.now());
    request.sent_params().iter().fold(object, |object, (name, value)| object.claim(name, value.as_str()))
}

/// A valid request, changed.
async fn refused(server: &Running, client: &str, change: impl Fn(Assertion) -> Assertion) -> Option<Reason> {
    let request = authorize(server, client);
    let object = change(object(server, client, &request)).sign();
    request.refer("request", &object).send().await.reason()
}

/// RFC 9101 §5.1: the parameters are in the object, `client_id` stands beside it.
#[tokio::test]
async fn a_signed_object_stands_for_the_request() {
    let server = start().await;
    for typ in [None, Some("oauth-authz-req+jwt"), Some("application/oauth-authz-req+jwt"), Some("JWT")] {
        let request = authorize(&server, "shop").param("state", "inside");
        let object = object(&server, "shop", &request);
        let object = typ.into_iter().fold(object, |object, typ| object.typ(typ)).sign();
        let request = request.refer("request", &object);
        let landing = request.clone().finish().await;
        assert_eq!(landing.param("state").as_deref(), Some("inside"), "{typ:?}");
        server.redeem(&request.code_of(&landing)).await.ok();
    }
}

/// RFC 9101 §6.3: "MUST only use the parameters in the Request Object even if the same parameter is provided in the query
/// parameter".
#[tokio::test]
async fn what_is_sent_beside_the_object_is_not_read() {
    let server = start().await;
    let request = authorize(&server, "shop").without("state").without("nonce");
    let signed = object(&server, "shop", &request).sign();
    let landing = request.and("request", &signed).and("state", "outside").and("nonce", "n").finish().await;
    assert!(landing.param("code").is_some() && landing.param("state").is_none(), "{landing:?}");
    let bare = authorize(&server, "shop").without("redirect_uri").without("code_challenge");
    let signed = object(&server, "shop", &bare).sign();
    let landing = authorize(&server, "shop").and("request", &signed).finish().await;
    landing.reply.expect("an answer").refused(Reason::PkceMissing);
}

/// RFC 9101 §6.2: the signature is validated with a registered key of the client, and an algorithm that is registered.
#[tokio::test]
async fn an_object_that_the_client_did_not_sign_is_refused() {
    let server = start().await;
    let foreign = refused(&server, "shop", |object| object.key(&key())).await;
    assert_eq!(foreign, Some(Reason::RequestObjectSignatureWrong));
    let others = refused(&server, "shop", |o| o.key(&key()).kid(None)).await;
    assert_eq!(others, Some(Reason::RequestObjectSignatureWrong));
    let other_algorithm = refused(&server, "only", |object| object).await;
    assert_eq!(other_algorithm, Some(Reason::RequestObjectMalformed));
    let mac = SigningKey::hmac(SignatureAlgorithm::Hs256, SECRET.as_bytes()).expect("long enough");
    assert_eq!(refused(&server, "shop", |o| o.key(&mac)).await, Some(Reason::RequestObjectMalformed));
    let request = authorize(&server, "keyless");
    let signed = object(&server, "shop", &request).claim("iss", "keyless").sign();
    let landing = request.refer("request", &signed).send().await;
    assert_eq!(landing.reason(), Some(Reason::RequestObjectSignatureWrong));
}

/// RFC 9101 §4, OpenID Connect Core 1.0 §6.1: `none` is no signature.
#[tokio::test]
async fn an_unsigned_object_is_refused() {
    let server = start().await;
    let encoded = |value: Value| jose::base64url::encode(value.to_string().as_bytes());
    let claims =
        json!({"client_id": "shop", "response_type": "code", "redirect_uri": "https://shop.example/cb"});
    let unsigned = format!("{}.{}.", encoded(json!({"alg": "none"})), encoded(claims));
    for object in [unsigned.as_str(), "x", "a.b.c"] {
        let page = authorize(&server, "shop").refer("request", object).send().await;
        page.refused(Reason::RequestObjectMalformed);
        // With a redirect URI beside it, the client learns of it.
        let landing = authorize(&server, "shop").and("request", object).finish().await;
        landing.refused(Reason::RequestObjectMalformed);
    }
}

/// OpenID Connect Core 1.0 §6.1: a MAC with the secret, where the client registered that.
#[tokio::test]
async fn a_registered_mac_with_the_secret_is_accepted() {
    let server = start().await;
    let hs256 = |client: &mut protocol::ClientMetadata| {
        client.request_object_signing_alg = Some("HS256".to_owned());
        client.id_token_signed_response_alg = Some("HS256".to_owned());
    };
    server.put_client(confidential("mac").method("client_secret_jwt").secret(SECRET).with(hs256)).await;
    let request = authorize(&server, "mac");
    let signed = object(&server, "mac", &request).sign();
    assert!(request.refer("request", &signed).finish().await.param("code").is_some());
}

/// RFC 9101 §4, §5: of this client, for this server, and of no other kind of JWT (§10.8).
#[tokio::test]
async fn an_object_with_a_wrong_claim_is_refused() {
    let server = start().await;
    let cases: [(&str, Value, Reason); 10] = [
        ("client_id", json!("other"), Reason::RequestObjectClaimWrong),
        ("client_id", Value::Null, Reason::RequestObjectClaimWrong),
        ("iss", json!("other"), Reason::RequestObjectClaimWrong),
        ("aud", json!("https://other.example"), Reason::RequestObjectClaimWrong),
        ("sub", json!("shop"), Reason::RequestObjectClaimWrong),
        ("request", json!("x"), Reason::RequestObjectClaimWrong),
        ("request_uri", json!("https://x.example"), Reason::RequestObjectClaimWrong),
        ("exp", json!(server.now() - 60), Reason::RequestObjectExpired),
        ("nbf", json!(server.now() + 60), Reason::RequestObjectExpired),
        ("jti", json!(""), Reason::RequestObjectClaimWrong),
    ];
    for (name, value, reason) in cases {
        let found = refused(&server, "shop", |object| object.claim(name, value.clone())).await;
        assert_eq!(found, Some(reason), "{name} {value}");
    }
    let at_jwt = refused(&server, "shop", |object| object.typ("at+jwt")).await;
    assert_eq!(at_jwt, Some(Reason::RequestObjectMalformed));
    // An assertion is no request object, and a request object no assertion.
    let request = authorize(&server, "shop");
    let assertion = server.assertion("shop").sign();
    let refused = request.clone().refer("request", &assertion).send().await;
    assert_eq!(refused.reason(), Some(Reason::RequestObjectClaimWrong));
    let signed = object(&server, "shop", &request).sign();
    let call = server.post("/token").param("grant_type", "client_credentials").asserting(&signed);
    call.send().await.refused(Reason::AssertionClaimWrong);
}

/// RFC 9101 §10.8: an explicit type, of clients that registered `require_strict_assertions`.
#[tokio::test]
async fn a_strict_client_types_its_objects() {
    let server = start().await;
    assert_eq!(refused(&server, "strict", |object| object).await, Some(Reason::RequestObjectMalformed));
    assert_eq!(refused(&server, "strict", |object| object.typ("oauth-authz-req+jwt")).await, None);
}

/// RFC 7519 §4.1.7: a `jti` gives one code. Until then, a browser that reloads sends it again.
#[tokio::test]
async fn an_object_gives_one_code() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let request = browser.authorize("shop");
    let signed = object(&server, "shop", &request).sign();
    let request = request.refer("request", &signed);
    request.clone().until(passavant_server::Ask::SignIn).await;
    request.clone().code().await;
    request.finish().await.reply.expect("an answer").refused(Reason::RequestObjectReplayed);
}

/// RFC 9126 §3: an object may be pushed, and an invalid one is refused there.
#[tokio::test]
async fn an_object_may_be_pushed() {
    let server = start().await;
    for client in ["shop", "signing"] {
        let request = authorize(&server, client);
        let signed = object(&server, client, &request).sign();
        let push = || server.post("/par").as_client(client).param("request", &signed);
        let reply = push().send().await;
        assert_eq!(reply.status(), 201, "{reply:?}");
        push().send().await.refused(Reason::RequestObjectReplayed);
        let landing = request.refer("request_uri", &reply.member("request_uri")).finish().await;
        assert!(landing.param("code").is_some(), "{landing:?}");
    }
    let foreign = object(&server, "other", &authorize(&server, "other")).sign();
    let call = server.post("/par").as_client("shop").param("request", &foreign);
    call.send().await.refused(Reason::RequestObjectSignatureWrong);
}

/// RFC 9101 §6.2: without the key nothing is verified.
#[tokio::test]
async fn keys_that_are_unavailable_verify_nothing() {
    let (url, key) = ("https://shop.example/jwks", key());
    let server = TestServer::new().client(confidential("shop").key_at(url, &key)).start().await;
    let found = refused(&server, "shop", |object| object).await;
    assert_eq!(found, Some(Reason::RequestObjectKeysUnavailable));
    server.clock.advance(60);
    server.serve_keys(url, &[&key]);
    assert_eq!(refused(&server, "shop", |object| object).await, None);
}

/// RFC 9101 §10.5: a client that must sign. FAPI 2.0 Message Signing §5.3.1: its objects have an end.
#[tokio::test]
async fn a_client_that_must_sign_is_refused_otherwise() {
    let server = start().await;
    authorize(&server, "signing").finish().await.refused(Reason::RequestObjectMissing);
    authorize(&server, "signing").pushing().send().await.refused(Reason::RequestObjectMissing);
    for (name, reason) in [
        ("exp", Reason::RequestObjectClaimWrong),
        ("nbf", Reason::RequestObjectClaimWrong),
        ("aud", Reason::RequestObjectClaimWrong),
    ] {
        let found = refused(&server, "signing", |object| object.claim(name, Value::Null)).await;
        assert_eq!(found, Some(reason), "{name}");
    }
    let all = TestServer::new()
        .client(confidential("shop"))
        .account("alice")
        .settings(|settings| {
            settings.request_objects = Some(RequestObjects { required: true, by_reference: false })
        })
        .start()
        .await;
    authorize(&all, "shop").finish().await.refused(Reason::RequestObjectMissing);
    let metadata = all.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata["require_signed_request_object"], true);
}

/// RFC 9101 §5.2, OpenID Connect Core 1.0 §6.2: by reference, from where the client registered, whatever the fragment.
#[tokio::test]
async fn an_object_is_fetched_from_a_registered_uri() {
    let url = "https://shop.example/request.jwt";
    let uris = |client: &mut protocol::ClientMetadata| client.request_uris = vec![format!("{url}#one")];
    let server = TestServer::new()
        .client(confidential("shop").key(&key()).with(uris))
        .account("alice")
        .settings(|settings| {
            settings.request_objects = Some(RequestObjects { required: false, by_reference: true })
        })
        .start()
        .await;
    let request = authorize(&server, "shop").param("state", "inside");
    let refer = |uri: &str| request.clone().refer("request_uri", uri).finish();
    refer(url).await.refused(Reason::RequestUriUnavailable);
    server.fetch.serve_text(url, &object(&server, "shop", &request).sign());
    for sent in [url.to_owned(), format!("{url}#two")] {
        server.fetch.serve_text(url, &object(&server, "shop", &request).sign());
        let landing = refer(&sent).await;
        assert_eq!(landing.param("state").as_deref(), Some("inside"), "{landing:?}");
    }
    server.fetch.serve_text(url, &object(&server, "shop", &request).key(&key()).sign());
    refer(url).await.refused(Reason::RequestObjectSignatureWrong);
    let asked = server.fetch.asked(url);
    for other in
        ["https://shop.example/other", "https://shop.example/request.jwt/", "http://shop.example/request.jwt"]
    {
        refer(other).await.refused(Reason::RequestUriNotRegistered);
    }
    let both = request.clone().and("request", "x").and("request_uri", url).finish().await;
    both.refused(Reason::RequestUriUnexpected);
    assert_eq!(server.fetch.asked(url), asked, "nothing else is fetched");
    let metadata = server.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata["request_uri_parameter_supported"], true);
    assert_eq!(metadata["require_request_uri_registration"], true);
}

/// RFC 9101 §10.4: never an address of this machine or a private network.
#[tokio::test]
async fn no_object_is_fetched_from_a_special_use_address() {
    let urls = ["https://127.0.0.1/r", "https://169.254.169.254/r", "https://[::1]/r", "https://10.0.0.1/r"];
    let uris = |client: &mut protocol::ClientMetadata| client.request_uris = urls.map(str::to_owned).into();
    let server = TestServer::new()
        .client(confidential("shop").key(&key()).with(uris).self_registered())
        .settings(|settings| {
            settings.request_objects = Some(RequestObjects { required: false, by_reference: true })
        })
        .start()
        .await;
    for url in urls {
        let request = authorize(&server, "shop");
        server.fetch.serve_text(url, &object(&server, "shop", &request).sign());
        request.refer("request_uri", url).finish().await.refused(Reason::RequestUriUnavailable);
        assert_eq!(server.fetch.asked(url), 0, "{url}");
    }
}

/// OpenID Connect Core 1.0 §3.1.2.6: a server that does not read objects says so.
#[tokio::test]
async fn a_server_without_objects_refuses_them() {
    let server = TestServer::new()
        .client(confidential("shop").key(&key()))
        .settings(|settings| settings.request_objects = None)
        .start()
        .await;
    let request = authorize(&server, "shop");
    let signed = object(&server, "shop", &request).sign();
    request.and("request", &signed).finish().await.refused(Reason::RequestObjectUnsupported);
    let metadata = server.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata["request_parameter_supported"], false);
}
