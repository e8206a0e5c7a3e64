//! Introspection as a JWT (RFC 9701): signed, and encrypted to the key of the resource.

use futures_util::future::join_all;
use jose::{ContentEncryption, DecryptionKey, Encrypted, KeyManagement, Unverified, base64url};
use passavant_server::{Reason, ports::FetchError, store::ResourceSettings};
use serde_json::{Value, json};
use testkit::server::{Call, Reply, Running, TestResource, TestServer, confidential, resource};

const NOTES: &str = "https://notes.example";
const KEYS: &str = "https://notes.example/jwks";
const JWT: &str = "application/token-introspection+jwt";

async fn start(api: TestResource) -> (Running, String) {
    let server =
        TestServer::new().client(confidential("shop").scope("notes.read")).resource(api).start().await;
    let token = machine_token(&server).await;
    (server, token)
}

async fn machine_token(server: &Running) -> String {
    server.client_credentials("shop").send().await.ok().member("access_token")
}

fn notes() -> TestResource {
    resource(NOTES, "notes.read").caller("notes")
}

/// A resource that demands encryption to the key at [`KEYS`].
fn encrypting(alg: KeyManagement, enc: Option<ContentEncryption>) -> TestResource {
    notes().with(|settings| {
        settings.introspection_encrypted_response_alg = Some(alg.as_str().to_owned());
        settings.introspection_encrypted_response_enc = enc.map(|enc| enc.as_str().to_owned());
        settings.jwks_uri = Some(KEYS.to_owned());
    })
}

fn serve(server: &Running, key: &DecryptionKey) {
    let public = key.public_jwk().expect("it is no shared secret").to_value();
    server.fetch.serve(KEYS, &json!({ "keys": [public] }));
}

fn ask(server: &Running, token: &str) -> Call {
    server.post("/introspect").as_client("notes").param("token", token)
}

async fn as_jwt(server: &Running, token: &str) -> Reply {
    let reply = ask(server, token).header("accept", JWT).send().await.ok();
    assert_eq!(reply.header("content-type"), Some(JWT));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply
}

/// The protected header of a compact JWS or JWE.
fn header(token: &str) -> Value {
    let encoded = token.split('.').next().expect("compact");
    serde_json::from_slice(&base64url::decode(encoded).expect("base64url")).expect("JSON")
}

fn decrypt(token: &str, key: &DecryptionKey) -> String {
    let encrypted = Encrypted::parse(token).expect("a JWE");
    let plain = encrypted.decrypt(key, ContentEncryption::ALL).expect("for this key");
    String::from_utf8(plain.into_plaintext().to_vec()).expect("a compact JWS")
}

/// RFC 9701 §5: the header is exactly this.
#[tokio::test]
async fn a_signed_answer_has_this_header_and_no_more() {
    let (server, token) = start(notes()).await;
    let jwt = as_jwt(&server, &token).await;
    let header = header(jwt.body());
    let kid = header["kid"].clone();
    assert_eq!(header, json!({ "alg": "RS256", "typ": "token-introspection+jwt", "kid": kid }));
    server.verified(jwt.body()).await;
}

/// RFC 9701 §5: no top-level `sub` or `exp`, so that it can't be used as a token.
#[tokio::test]
async fn a_signed_answer_has_these_claims_and_no_more() {
    let (server, token) = start(notes()).await;
    let claims = server.claims(as_jwt(&server, &token).await.body()).await;
    let as_json = ask(&server, &token).send().await.ok().json();
    let expected = json!({
        "iss": "https://as.example", "aud": "notes", "iat": server.now(), "token_introspection": as_json,
    });
    assert_eq!((claims, as_json["active"].clone()), (expected, json!(true)));
}

/// RFC 9701 §6: `introspection_signed_response_alg`
#[tokio::test]
async fn the_answer_is_signed_as_the_resource_registered() {
    let es256 =
        notes().with(|settings| settings.introspection_signed_response_alg = Some("ES256".to_owned()));
    let (server, token) = start(es256).await;
    let jwt = as_jwt(&server, &token).await;
    assert_eq!(header(jwt.body())["alg"], "ES256");
    server.verified(jwt.body()).await;
}

/// RFC 9701 §6: an unsupported algorithm is a refusal, not a server error, and no other form is sent.
#[tokio::test]
async fn a_registered_algorithm_that_is_not_served_is_refused() {
    let signed = |alg: &str| {
        let alg = Some(alg.to_owned());
        notes().with(|settings| settings.introspection_signed_response_alg = alg)
    };
    let unknown_enc = encrypting(KeyManagement::EcdhEs, None)
        .with(|settings| settings.introspection_encrypted_response_enc = Some("A192CBC-HS384".to_owned()));
    let symmetric = encrypting(KeyManagement::Dir, None);
    for api in [signed("none"), signed("HS256"), signed("EdDSA"), unknown_enc, symmetric] {
        let (server, token) = start(api).await;
        let reply = ask(&server, &token).header("accept", JWT).send().await;
        reply.refused(Reason::RegistrationNotServed);
    }
}

/// RFC 9701 §4: the media type may be anywhere in `Accept`.
#[tokio::test]
async fn the_media_type_is_found_in_any_accept_header() {
    let (server, token) = start(notes()).await;
    for accept in [
        JWT,
        "Application/Token-Introspection+JWT",
        "application/json, application/token-introspection+jwt; q=1",
        "text/html;x=\u{c6}, application/token-introspection+jwt",
        "text/html;x=\"a, b;\", application/token-introspection+jwt;x=\u{c6}",
    ] {
        let reply = ask(&server, &token).header("accept", accept).send().await.ok();
        assert_eq!(reply.header("content-type"), Some(JWT), "{accept}");
    }
    for accept in ["application/jwt", "application/token-introspection+jwt;q=0, application/json"] {
        let plain = ask(&server, &token).header("accept", accept).send().await.ok();
        assert_eq!(plain.header("content-type"), Some("application/json"), "{accept}");
    }
}

/// RFC 9701 §5: the response for an inactive token has the same form.
#[tokio::test]
async fn an_inactive_token_comes_in_the_same_envelope() {
    let (server, _) = start(notes()).await;
    let claims = server.claims(as_jwt(&server, "x").await.body()).await;
    assert_eq!(claims["token_introspection"], json!({ "active": false }));
    assert_eq!((&claims["aud"], claims.get("sub")), (&json!("notes"), None));
}

/// RFC 9701 §5: signed, then encrypted to the key at `jwks_uri`, with exactly this header.
#[tokio::test]
async fn a_nested_answer_has_this_header_and_no_more() {
    let key = DecryptionKey::generate(KeyManagement::RsaOaep).expect("fails without entropy only");
    let (server, token) = start(encrypting(KeyManagement::RsaOaep, Some(ContentEncryption::A256Gcm))).await;
    serve(&server, &key);
    let jwe = as_jwt(&server, &token).await;
    let expected = json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT", "kid": key.kid() });
    assert_eq!(header(jwe.body()), expected);
    let jws = decrypt(jwe.body(), &key);
    let claims = server.claims(&jws).await;
    assert_eq!(claims["token_introspection"]["active"], true);
    assert_eq!(Unverified::parse(&jws).expect("a JWS").typ(), Some("token-introspection+jwt"));
}

/// ECDH-ES adds its ephemeral key (RFC 7518 §4.6.1.1), and nothing else is added.
#[tokio::test]
async fn every_registered_encryption_is_served() {
    for alg in KeyManagement::ALL.iter().copied().filter(|alg| !alg.is_symmetric()) {
        let key = DecryptionKey::generate(alg).expect("fails without entropy only");
        for enc in ContentEncryption::ALL.iter().copied() {
            let (server, token) = start(encrypting(alg, Some(enc))).await;
            serve(&server, &key);
            let jwe = as_jwt(&server, &token).await;
            let mut header = header(jwe.body());
            header.as_object_mut().expect("an object").remove("epk");
            let expected =
                json!({ "alg": alg.as_str(), "enc": enc.as_str(), "cty": "JWT", "kid": key.kid() });
            assert_eq!(header, expected);
            let claims = server.claims(&decrypt(jwe.body(), &key)).await;
            assert_eq!(claims["token_introspection"]["active"], true);
        }
    }
}

/// RFC 9701 §6: the default of `introspection_encrypted_response_enc` is A128CBC-HS256.
#[tokio::test]
async fn the_content_encryption_has_a_default() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEsA256Kw).expect("fails without entropy only");
    let (server, token) = start(encrypting(KeyManagement::EcdhEsA256Kw, None)).await;
    serve(&server, &key);
    assert_eq!(header(as_jwt(&server, &token).await.body())["enc"], "A128CBC-HS256");
}

/// Responses for inactive tokens are confidential too.
#[tokio::test]
async fn an_inactive_token_is_encrypted_too() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, _) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    serve(&server, &key);
    let claims = server.claims(&decrypt(as_jwt(&server, "x").await.body(), &key)).await;
    assert_eq!(claims["token_introspection"], json!({ "active": false }));
}

/// RFC 9701 §4, §5: a resource that registered encryption never receives unencrypted responses.
#[tokio::test]
async fn a_resource_that_registered_encryption_gets_nothing_plain() {
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    for accept in [None, Some("*/*"), Some("application/json")] {
        let mut call = ask(&server, &token);
        if let Some(accept) = accept {
            call = call.header("accept", accept);
        }
        call.send_unwritten().await.refused(Reason::IntrospectionPlainRefused);
    }
}

/// `introspection_allow_plain`
#[tokio::test]
async fn a_resource_may_register_that_it_takes_plain_answers_as_well() {
    let allowed = encrypting(KeyManagement::EcdhEs, None)
        .with(|settings| settings.introspection_allow_plain = Some(true));
    let (server, token) = start(allowed).await;
    assert_eq!(ask(&server, &token).send().await.ok().json()["active"], true);
}

/// If the response must be encrypted and the key is unavailable, it is 503, never unencrypted.
#[tokio::test]
async fn without_the_resources_key_there_is_no_answer() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    server.fetch.fail(KEYS, FetchError::Timeout);
    let unfit = DecryptionKey::generate(KeyManagement::RsaOaep).expect("fails without entropy only");
    for keys_of_no_use in [None, Some(&unfit)] {
        if let Some(key) = keys_of_no_use {
            serve(&server, key);
        }
        let reply = ask(&server, &token).header("accept", JWT).send_unwritten().await;
        assert_eq!((reply.status(), reply.header("retry-after")), (503, Some("1")));
        assert_eq!(reply.json()["error"], "temporarily_unavailable");
        server.clock.advance(300);
    }
    serve(&server, &key);
    let token = machine_token(&server).await;
    as_jwt(&server, &token).await;
}

/// A new key of a resource is used within five minutes; while its server is unavailable, the last valid key is used.
#[tokio::test]
async fn the_resources_key_is_kept_for_five_minutes() {
    let [old, new] =
        [(); 2].map(|()| DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only"));
    let (server, _) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    serve(&server, &old);
    decrypt(as_jwt(&server, "x").await.body(), &old);
    server.fetch.refuse(KEYS, 503);
    server.clock.advance(301);
    decrypt(as_jwt(&server, "x").await.body(), &old);
    serve(&server, &new);
    server.clock.advance(301);
    decrypt(as_jwt(&server, "x").await.body(), &new);
    assert_eq!(server.fetch.asked(KEYS), 3);
}

/// Concurrent responses share one fetch, and none of them is a 503.
#[tokio::test]
async fn many_at_once_share_one_fetch() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    serve(&server, &key);
    let calls = (0..8).map(|_| as_jwt(&server, &token));
    for reply in join_all(calls).await {
        decrypt(reply.body(), &key);
    }
    assert_eq!(server.fetch.asked(KEYS), 1);
}

/// If one caller serves two resources, one of which requires encryption, its responses are encrypted.
#[tokio::test]
async fn what_one_of_two_resources_demands_holds_for_their_caller() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    server.put_resource(resource("https://also.example", "also.use").caller("notes")).await;
    serve(&server, &key);
    ask(&server, &token).send().await.refused(Reason::IntrospectionPlainRefused);
    decrypt(as_jwt(&server, &token).await.body(), &key);
}

/// A client that is not a resource may request signed responses.
#[tokio::test]
async fn a_client_gets_a_signed_answer_too() {
    let (server, token) = start(notes()).await;
    let call = server.post("/introspect").as_client("shop").param("token", &token).header("accept", JWT);
    let claims = server.claims(call.send().await.ok().body()).await;
    assert_eq!((&claims["aud"], &claims["token_introspection"]["active"]), (&json!("shop"), &json!(true)));
}

/// A caller with a bearer token is identified by its id, and its resource's registration applies.
#[tokio::test]
async fn a_bearer_caller_is_answered_as_its_resource_registered() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None)).await;
    serve(&server, &key);
    let bearer = server.client_credentials("notes").send().await.ok().member("access_token");
    let call = server.post("/introspect").bearer(&bearer).param("token", &token);
    call.clone().send_unwritten().await.refused(Reason::IntrospectionPlainRefused);
    let jwe = call.header("accept", JWT).send().await.ok();
    assert_eq!(server.claims(&decrypt(jwe.body(), &key)).await["aud"], "notes");
}

/// RFC 7517 §5: each key of a resource stands for itself; that for encrypting is found by its type and use.
#[tokio::test]
async fn a_bad_neighbor_spoils_no_key_to_encrypt_to() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let public = key.public_jwk().expect("it is no shared secret").to_value();
    let mut signing = public.clone();
    signing["use"] = "sig".into();
    let oct = json!({ "kty": "oct", "k": "b25lLW9jdGV0LWtleS1vZi0zMi1ieXRlcy0tLS0tLQ" });
    let by_value = |settings: &mut ResourceSettings| {
        settings.jwks_uri = None;
        settings.jwks = Some(json!({ "keys": [null, signing, oct, public] }));
    };
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None).with(by_value)).await;
    decrypt(as_jwt(&server, &token).await.body(), &key);
}

/// A key registered by value is not fetched.
#[tokio::test]
async fn the_resources_key_may_be_registered_by_value() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let public = key.public_jwk().expect("it is no shared secret").to_value();
    let by_value = |settings: &mut ResourceSettings| {
        settings.jwks_uri = None;
        settings.jwks = Some(json!({ "keys": [public] }));
    };
    let (server, token) = start(encrypting(KeyManagement::EcdhEs, None).with(by_value)).await;
    decrypt(as_jwt(&server, &token).await.body(), &key);
}

/// RFC 9701 §6: the members are a client's as well. Its answers are encrypted, and never plain.
#[tokio::test]
async fn a_client_that_registered_encryption_is_answered_so() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, token) = start(notes()).await;
    serve(&server, &key);
    let encrypting = |client: &mut protocol::ClientMetadata| {
        client.introspection_signed_response_alg = Some("ES256".to_owned());
        client.introspection_encrypted_response_alg = Some("ECDH-ES".to_owned());
        client.introspection_encrypted_response_enc = Some("A256GCM".to_owned());
        client.jwks_uri = Some(KEYS.to_owned());
    };
    server.put_client(confidential("shop").scope("notes.read").with(encrypting)).await;
    let call = server.post("/introspect").as_client("shop").param("token", &token);
    call.clone().send_unwritten().await.refused(Reason::IntrospectionPlainRefused);
    let jwe = call.header("accept", JWT).send().await.ok();
    let expected = json!({"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", "kid": key.kid()});
    let mut found = header(jwe.body());
    found.as_object_mut().map(|found| found.remove("epk"));
    assert_eq!(found, expected);
    let signed = decrypt(jwe.body(), &key);
    assert_eq!(header(&signed)["alg"], "ES256");
    let claims = server.claims(&signed).await;
    assert_eq!((&claims["aud"], &claims["token_introspection"]["active"]), (&json!("shop"), &json!(true)));
}

/// If the id of a resource is a client's too, whichever of them registered encryption is obeyed.
#[tokio::test]
async fn what_the_client_registered_holds_for_a_resource_with_its_id() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let (server, _) = start(notes()).await;
    serve(&server, &key);
    let encrypting = |client: &mut protocol::ClientMetadata| {
        client.introspection_encrypted_response_alg = Some("ECDH-ES".to_owned());
        client.jwks_uri = Some(KEYS.to_owned());
    };
    server.put_client(confidential("portal").scope("notes.read").with(encrypting)).await;
    server.put_resource(resource("https://portal.example", "portal.use").shares("portal")).await;
    let call = server.post("/introspect").as_client("portal").param("token", "x");
    call.clone().send_unwritten().await.refused(Reason::IntrospectionPlainRefused);
    let signed = decrypt(call.header("accept", JWT).send().await.ok().body(), &key);
    assert_eq!(server.claims(&signed).await["token_introspection"], json!({"active": false}));
}
