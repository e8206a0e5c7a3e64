//! Client authentication (RFC 6749 §2.3, §3.2.1, §5.2; RFC 7591 §2).
//!
//! Assertions are in `rfc7523_client_assertion.rs`.

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::Reason;
use serde_json::json;
use testkit::server::{Call, Running, TestServer, confidential, public, resource};

/// A secret that reads differently decoded and raw.
const AWKWARD: &str = "a+b%2Fc:d e/ä-long-enough-secret";

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("poster").method("client_secret_post"))
        .client(confidential("awkward").secret(AWKWARD))
        .client(public("spa"))
        .account("alice")
        .start()
        .await
}

fn ask(server: &Running) -> Call {
    server.post("/token").param("grant_type", "client_credentials")
}

const SHOP: &str = "shop-has-a-secret-of-this-length";
const POSTER: &str = "poster-has-a-secret-of-this-length";

/// RFC 6749 §2.3.1: id and secret are form-encoded in the header.
#[tokio::test]
async fn basic_is_accepted_form_encoded() {
    let server = start().await;
    ask(&server).basic("awkward", AWKWARD).send().await.ok();
}

/// django-oauth-toolkit sends both without encoding.
#[tokio::test]
async fn basic_is_accepted_raw() {
    let server = start().await;
    ask(&server).basic_raw(&format!("awkward:{AWKWARD}")).send().await.ok();
}

/// RFC 6749 §2.3.1: an id with a colon in it can be sent form-encoded.
#[tokio::test]
async fn an_id_with_a_colon_is_accepted_form_encoded() {
    let server = TestServer::new().client(confidential("shop:eu")).start().await;
    server.client_credentials("shop:eu").send().await.ok();
}

/// RFC 6749 §2.3.1
#[tokio::test]
async fn id_and_secret_are_accepted_in_the_body() {
    let server = start().await;
    server.client_credentials("poster").send().await.ok();
}

/// RFC 6749 §2.3.1: never in the request URI.
#[tokio::test]
async fn credentials_in_the_query_are_none() {
    let server = start().await;
    let path = format!("/token?client_id=poster&client_secret={POSTER}&grant_type=client_credentials");
    let reply = server.post(&path).send_unwritten().await;
    reply.refused(Reason::ClientSecretMissing);
}

/// RFC 6749 §3.2.1: a public client names itself.
#[tokio::test]
async fn a_public_client_names_itself_and_no_more() {
    let server = start().await;
    let code = server.browser().sign_in("alice").authorize("spa").code().await;
    server.redeem(&code).await.ok();
    let with_secret = ask(&server).params(&[("client_id", "spa"), ("client_secret", "x")]);
    with_secret.send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    ask(&server).basic("spa", "x").send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// Libraries send an `Authorization` header though there is no secret: an empty one, or one for another server.
#[tokio::test]
async fn a_public_client_with_a_header_that_is_no_credential_is_public() {
    let server = start().await;
    let code = || async { server.browser().sign_in("alice").authorize("spa").code().await };
    for value in ["Bearer x", "Bearer a.b.c", "Digest x", "x", "Basic", "Basic Og=="] {
        let redemption = server.redemption(&code().await).header("authorization", value);
        redemption.send().await.ok();
    }
    server.redemption(&code().await).basic("spa", "").send().await.ok();
    server.redemption(&code().await).without("client_id").basic("spa", "").send().await.ok();
    let other = server.redemption(&code().await).basic("shop", "");
    other.send_unwritten().await.refused(Reason::ClientIdMismatch);
    // Nobody else is taken for public by that.
    ask(&server).basic("shop", "").send_unwritten().await.refused(Reason::ClientSecretWrong);
    let stray = |id: &str| ask(&server).param("client_id", id).header("authorization", "Bearer x");
    stray("shop").send_unwritten().await.refused(Reason::BasicMalformed);
    stray("nobody").send_unwritten().await.refused(Reason::BasicMalformed);
}

/// The header of another scheme is no second method of client authentication (RFC 6749 §2.3).
#[tokio::test]
async fn a_bearer_token_beside_a_secret_in_the_body_is_ignored() {
    let server = start().await;
    let posted = |secret| ask(&server).params(&[("client_id", "poster"), ("client_secret", secret)]);
    posted(POSTER).header("authorization", "Bearer x").send().await.ok();
    let wrong = posted("wrong").header("authorization", "Bearer x").send_unwritten().await;
    wrong.refused(Reason::ClientSecretWrong);
    let malformed = posted(POSTER).header("authorization", "Basic !").send_unwritten().await;
    malformed.refused(Reason::BasicMalformed);
}

/// As for the secret: an id is read decoded and raw.
#[tokio::test]
async fn an_id_with_a_percent_or_a_plus_is_accepted_raw() {
    for id in ["a+b", "50%", "a%20b", "a+b%2Fc d", "%zz", "shop%3Aeu"] {
        let server = TestServer::new().client(confidential(id)).start().await;
        let secret = format!("{id}-has-a-secret-of-this-length");
        ask(&server).basic(id, &secret).send().await.ok();
        let raw = || ask(&server).basic_raw(&format!("{id}:{secret}"));
        raw().send().await.ok();
        raw().param("client_id", id).send().await.ok();
        raw().param("client_id", "other").send_unwritten().await.refused(Reason::ClientIdMismatch);
        let wrong = ask(&server).basic_raw(&format!("{id}:wrong")).send_unwritten().await;
        wrong.refused(Reason::ClientSecretWrong);
    }
    // Where both readings are registered, each has its own secret.
    let server = TestServer::new().client(confidential("a+b")).client(confidential("a b")).start().await;
    for secret in ["a+b-has-a-secret-of-this-length", "a b-has-a-secret-of-this-length"] {
        ask(&server).basic_raw(&format!("a+b:{secret}")).send().await.ok();
    }
}

/// One library sends its secret in the header with a code, and in the body with a refresh token.
#[tokio::test]
async fn a_client_that_registered_no_method_sends_its_secret_either_way() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    let client = confidential("shop").with(|client| {
        client.token_endpoint_auth_method = None;
        client.jwks = Some(json!({ "keys": [key.public_jwk().expect("public").to_value()] }));
    });
    let server = TestServer::new().client(client).client(confidential("signer").key(&key)).start().await;
    ask(&server).basic("shop", SHOP).send().await.ok();
    ask(&server).params(&[("client_id", "shop"), ("client_secret", SHOP)]).send().await.ok();
    ask(&server).basic("shop", "wrong").send_unwritten().await.refused(Reason::ClientSecretWrong);
    ask(&server).param("client_id", "shop").send_unwritten().await.refused(Reason::ClientSecretMissing);
    let signed = server.assertion("signer").claim("iss", "shop").claim("sub", "shop");
    ask(&server).asserting(&signed.sign()).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// RFC 6749 §3.2.1: "Confidential clients or other clients issued client credentials MUST authenticate".
#[tokio::test]
async fn a_confidential_client_without_credentials_is_refused() {
    let server = start().await;
    ask(&server).param("client_id", "shop").send_unwritten().await.refused(Reason::ClientSecretMissing);
    ask(&server).param("client_id", "poster").send_unwritten().await.refused(Reason::ClientSecretMissing);
    ask(&server).send_unwritten().await.refused(Reason::ClientSecretMissing);
}

/// RFC 6749 §5.2: 401, and a challenge of the scheme that the client used.
#[tokio::test]
async fn a_wrong_secret_is_refused_with_a_basic_challenge() {
    let server = start().await;
    for wrong in ["", "x", &SHOP[1..], &format!("{SHOP}\n"), &format!("{SHOP} "), &"s".repeat(600)] {
        let reply = ask(&server).basic("shop", wrong).send_unwritten().await;
        reply.refused(Reason::ClientSecretWrong);
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"passavant\""));
    }
    let posted = ask(&server).params(&[("client_id", "poster"), ("client_secret", SHOP)]);
    posted.send_unwritten().await.refused(Reason::ClientSecretWrong);
}

/// Responses don't reveal which ids are registered.
#[tokio::test]
async fn an_unknown_client_reads_the_same_as_a_wrong_secret() {
    let server = start().await;
    let unknown = ask(&server).basic("nobody", SHOP).send_unwritten().await;
    unknown.refused(Reason::ClientUnknown);
    let wrong = ask(&server).basic("shop", "wrong").send_unwritten().await;
    assert_eq!((unknown.status(), unknown.body()), (wrong.status(), wrong.body()));
    assert_eq!(unknown.header("www-authenticate"), wrong.header("www-authenticate"));
}

/// RFC 6749 §2.3.1: guessing is rate-limited without locking out the client.
#[tokio::test]
async fn the_31st_failure_in_a_minute_is_one_too_many() {
    for (id, expected) in [("shop", Reason::ClientSecretWrong), ("nobody", Reason::ClientUnknown)] {
        let server = start().await;
        for _ in 0..30 {
            ask(&server).basic(id, "wrong").send().await.refused(expected);
        }
        let reply = ask(&server).basic(id, "wrong").send_unwritten().await;
        reply.refused(Reason::ClientFailuresTooMany);
        assert_eq!((reply.status(), reply.header("retry-after")), (429, Some("60")));
        server.client_credentials("shop").send().await.ok();
        server.clock.advance(60);
        ask(&server).basic(id, "wrong").send().await.refused(expected);
    }
}

/// RFC 7591 §2: a client authenticates by the method that it registered.
#[tokio::test]
async fn another_method_than_the_registered_one_is_refused() {
    let server = start().await;
    let posted = ask(&server).params(&[("client_id", "shop"), ("client_secret", SHOP)]);
    posted.send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    let basic = ask(&server).basic("poster", POSTER);
    basic.send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// A registered method that is not served never matches.
#[tokio::test]
async fn a_method_that_is_not_served_lets_nobody_in() {
    let server =
        TestServer::new().client(confidential("shop").method("attest_jwt_client_auth")).start().await;
    ask(&server).basic("shop", SHOP).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    ask(&server).param("client_id", "shop").send_unwritten().await.refused(Reason::ClientSecretMissing);
}

/// RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
#[tokio::test]
async fn two_methods_in_one_request_are_refused() {
    let server = start().await;
    let both = ask(&server).basic("shop", SHOP).param("client_secret", SHOP);
    both.send_unwritten().await.refused(Reason::ClientMethodRepeated);
    let both = ask(&server).basic("shop", SHOP).asserting("a.b.c");
    both.send_unwritten().await.refused(Reason::ClientMethodRepeated);
    let both = ask(&server).params(&[("client_id", "poster"), ("client_secret", POSTER)]).asserting("a.b.c");
    both.send_unwritten().await.refused(Reason::ClientMethodRepeated);
}

/// RFC 6749 §3.2.1: an authenticated client may repeat its id, but no other.
#[tokio::test]
async fn the_id_in_the_body_must_be_the_authenticated_one() {
    let server = start().await;
    ask(&server).basic("shop", SHOP).param("client_id", "shop").send().await.ok();
    let other = ask(&server).basic("shop", SHOP).param("client_id", "poster");
    other.send_unwritten().await.refused(Reason::ClientIdMismatch);
}

/// A disabled client is refused even with valid credentials.
#[tokio::test]
async fn a_disabled_client_is_refused() {
    let server = start().await;
    server.put_client(confidential("shop").disabled()).await;
    ask(&server).basic("shop", SHOP).send_unwritten().await.refused(Reason::ClientDisabled);
}

/// The current registry applies, not a cached one.
#[tokio::test]
async fn a_new_secret_holds_at_once_and_the_old_one_no_longer() {
    let server = start().await;
    server.client_credentials("shop").send().await.ok();
    server.put_client(confidential("shop").secret("another-secret-of-good-length")).await;
    server.client_credentials("shop").send().await.ok();
    ask(&server).basic("shop", SHOP).send_unwritten().await.refused(Reason::ClientSecretWrong);
}

/// RFC 7617 §2, RFC 9110 §11.4
#[tokio::test]
async fn an_authorization_header_that_is_no_basic_is_refused() {
    let server = start().await;
    for value in
        ["Basic", "Basic ", "Basic !!!", "Basic c2hvcA", "Basic c2hvcA==", "Digest x", "Bearer x", "x"]
    {
        let reply = ask(&server).header("authorization", value).send_unwritten().await;
        reply.refused(Reason::BasicMalformed);
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"passavant\""), "{value}");
    }
    let twice = ask(&server).basic("shop", SHOP).basic("shop", SHOP);
    twice.send_unwritten().await.refused(Reason::BasicMalformed);
    ask(&server).basic_raw("shop:a\0b").send_unwritten().await.refused(Reason::BasicMalformed);
}

/// A resource without a registered method may use any method with its secret; otherwise only the registered one.
#[tokio::test]
async fn a_resource_authenticates_by_any_method_with_its_secret() {
    let api = resource("https://notes.example", "notes.read").caller("notes");
    let server = TestServer::new().resource(api.clone()).start().await;
    let secret = "notes-has-a-secret-of-this-length";
    let ask = || server.post("/introspect").param("token", "x");
    ask().basic("notes", secret).send().await.ok();
    ask().params(&[("client_id", "notes"), ("client_secret", secret)]).send().await.ok();
    ask().param("client_id", "notes").send_unwritten().await.refused(Reason::ClientSecretMissing);
    let method = "client_secret_post".to_owned();
    server.put_resource(api.with(|settings| settings.token_endpoint_auth_method = Some(method))).await;
    ask().basic("notes", secret).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// The same rules hold wherever a client authenticates.
#[tokio::test]
async fn every_endpoint_that_authenticates_refuses_alike() {
    let server = start().await;
    for path in ["/token", "/introspect", "/revoke"] {
        server.post(path).basic("shop", "x").send_unwritten().await.refused(Reason::ClientSecretWrong);
        server.post(path).param("client_id", "x").send_unwritten().await.refused(Reason::ClientUnknown);
        server.post(path).send_unwritten().await.refused(Reason::ClientSecretMissing);
    }
}

/// A secret in the header that was proven once is neither read nor compared again, until what is registered changes.
#[tokio::test]
async fn a_proven_secret_is_good_only_for_the_client_that_it_was_proven_for() {
    let server = start().await;
    let ask = || ask(&server).basic("shop", SHOP);
    for _ in 0..2 {
        ask().send().await.ok();
        ask().param("client_id", "shop").send().await.ok();
        ask().param("client_id", "poster").send_unwritten().await.refused(Reason::ClientIdMismatch);
        let twice = ask().param("client_secret", SHOP);
        twice.send_unwritten().await.refused(Reason::ClientMethodRepeated);
        let both = ask().basic("shop", SHOP);
        both.send_unwritten().await.refused(Reason::BasicMalformed);
    }
    server.put_client(confidential("shop").secret("shop-has-another-secret-now")).await;
    ask().send_unwritten().await.refused(Reason::ClientSecretWrong);
    server.put_client(confidential("shop")).await;
    ask().send().await.ok();
    server.put_client(confidential("shop").method("client_secret_post")).await;
    ask().send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    server.put_client(confidential("shop")).await;
    ask().send().await.ok();
    server.put_client(confidential("shop").disabled()).await;
    ask().send_unwritten().await.refused(Reason::ClientDisabled);
    server.delete_client("shop").await;
    ask().send_unwritten().await.refused(Reason::ClientUnknown);
}

/// The same for a resource, and for an id that becomes that of a resource too.
#[tokio::test]
async fn a_proven_secret_is_good_only_for_the_resources_that_it_was_proven_for() {
    let api = |secret: &str| resource("https://notes.example", "notes.read").caller_with("notes", secret);
    let (before, after) = ("notes-has-a-secret-of-this-length", "notes-has-another-secret-now");
    let server = TestServer::new().client(confidential("shop")).resource(api(before)).start().await;
    let ask = |id: &str, secret: &str| server.post("/introspect").basic(id, secret).param("token", "x");
    for _ in 0..2 {
        ask("notes", before).send().await.ok();
        ask("shop", SHOP).send().await.ok();
    }
    server.put_resource(api(after)).await;
    ask("notes", before).send_unwritten().await.refused(Reason::ClientSecretWrong);
    ask("notes", after).send().await.ok();
    ask("shop", SHOP).send().await.ok();
}
