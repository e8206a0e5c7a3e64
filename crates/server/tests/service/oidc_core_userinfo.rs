//! UserInfo (OpenID Connect Core 1.0 §5.3), as JSON, signed, encrypted, or both.

use jose::{
    ContentEncryption, DecryptionKey, Encrypted, KeyManagement, SignatureAlgorithm, Unverified, VerifyingKey,
    base64url,
};
use passavant_server::{Reason, ports::Standing, store::Scope};
use protocol::ClientMetadata;
use serde_json::{Value, json};
use testkit::server::{Running, TestClient, TestServer, confidential, resource, subject};

const SECRET: &str = "a-secret-of-forty-characters-or-even-more";
const KEYS: &str = "https://shop.example/jwks";

async fn start(client: TestClient) -> Running {
    TestServer::new().client(client).account("alice").start().await
}

async fn token(server: &Running, scope: &str) -> String {
    let request = server.browser().sign_in("alice").authorize("shop").scope(scope);
    request.tokens().await.member("access_token")
}

fn with(change: impl FnOnce(&mut ClientMetadata)) -> TestClient {
    confidential("shop").secret(SECRET).with(change)
}

fn header(token: &str) -> Value {
    let encoded = token.split('.').next().expect("compact");
    serde_json::from_slice(&base64url::decode(encoded).expect("base64url")).expect("JSON")
}

fn decrypt(token: &str, key: &DecryptionKey) -> Vec<u8> {
    let encrypted = Encrypted::parse(token).expect("a JWE");
    encrypted.decrypt(key, ContentEncryption::ALL).expect("for this key").plaintext().to_vec()
}

fn serve(server: &Running, key: &DecryptionKey) {
    let public = key.public_jwk().expect("it is no shared secret").to_value();
    server.fetch.serve(KEYS, &json!({ "keys": [public] }));
}

/// OpenID Connect Core 1.0 §5.3.1, §5.3.2: by GET or POST, the token in the header or in the form.
#[tokio::test]
async fn the_token_comes_by_get_post_or_form() {
    let server = start(confidential("shop")).await;
    let token = token(&server, "openid").await;
    for call in [
        server.get("/userinfo").bearer(&token),
        server.post("/userinfo").bearer(&token),
        server.post("/userinfo").bearer(&token).body(None, ""),
        server.post("/userinfo").param("access_token", &token),
        server.get("/userinfo/").bearer(&token),
    ] {
        let reply = call.send().await.ok();
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.json(), json!({ "sub": subject("alice").as_str() }));
    }
}

/// OpenID Connect Core 1.0 §5.4
#[tokio::test]
async fn scopes_open_claims() {
    let server = start(confidential("shop")).await;
    let sub = subject("alice");
    for (scope, expected) in [
        ("openid", json!({ "sub": sub.as_str() })),
        (
            "openid email",
            json!({ "sub": sub.as_str(), "email": "alice@example.org", "email_verified": true }),
        ),
        ("openid profile", json!({ "sub": sub.as_str(), "name": "alice of Passavant", "locale": "de" })),
    ] {
        let token = token(&server, scope).await;
        assert_eq!(server.userinfo(&token).await.ok().json(), expected, "{scope}");
    }
}

/// A registered scope opens the claims that it names.
#[tokio::test]
async fn registered_scopes_open_their_claims() {
    let groups = Scope { scope: "groups".to_owned(), claims: vec!["groups".to_owned()], ..Scope::default() };
    let client = confidential("shop").scope("openid groups");
    let server = TestServer::new().client(client).scope(groups).account("alice").start().await;
    server.accounts.set_claim("alice", "groups", json!(["admins"]));
    let token = token(&server, "openid groups").await;
    assert_eq!(server.userinfo(&token).await.ok().json()["groups"], json!(["admins"]));
}

/// OpenID Connect Core 1.0 §5.3.2: unknown claims are omitted, never null; `sub` is that of the token.
#[tokio::test]
async fn no_claim_is_null_and_none_replaces_the_subject() {
    let scope = Scope { scope: "all".to_owned(), claims: vec!["sub".to_owned()], ..Scope::default() };
    let client = confidential("shop").scope("openid email all");
    let server = TestServer::new().client(client).scope(scope).account("alice").start().await;
    server.accounts.set_claim("alice", "email", Value::Null);
    server.accounts.set_claim("alice", "sub", json!("u-bob"));
    let token = token(&server, "openid email all").await;
    let claims = server.userinfo(&token).await.ok().json();
    assert_eq!(claims, json!({ "sub": subject("alice").as_str(), "email_verified": true }));
}

/// RFC 6750 §3: without a token, the challenge has no error code.
#[tokio::test]
async fn without_a_token_the_challenge_is_bare() {
    let server = start(confidential("shop")).await;
    let token = token(&server, "openid").await;
    for call in [
        server.get("/userinfo"),
        server.post("/userinfo"),
        server.post("/userinfo").param("x", "y"),
        server.get("/userinfo").param("access_token", &token),
        server.get("/userinfo").header("authorization", "Basic YTpi"),
    ] {
        let reply = call.send_unwritten().await;
        reply.refused(Reason::TokenMissing);
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
}

/// RFC 6750 §3.1: 401 `invalid_token`
#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let server = start(confidential("shop")).await;
    let live = token(&server, "openid").await;
    let guessed = format!("{}{}", &live[..20], "A".repeat(23));
    for bad in ["x", "a.b.c", &"A".repeat(43), &guessed, &"x".repeat(9_000), "a b", "\"", ""] {
        let reply = server.get("/userinfo").bearer(bad).send_unwritten().await;
        reply.refused(Reason::TokenInactive);
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    }
}

/// RFC 6750 §3.1
#[tokio::test]
async fn a_token_that_ended_is_refused() {
    let server = start(confidential("shop")).await;
    let (expired, revoked) = (token(&server, "openid").await, token(&server, "openid").await);
    server.revoke(&revoked, "shop").await.ok();
    server.userinfo(&revoked).await.refused(Reason::TokenInactive);
    server.clock.advance(600);
    server.userinfo(&expired).await.refused(Reason::TokenInactive);
}

/// RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
#[tokio::test]
async fn a_token_that_is_sent_twice_is_refused() {
    let server = start(confidential("shop")).await;
    let token = token(&server, "openid").await;
    let both = server.post("/userinfo").bearer(&token).param("access_token", &token);
    both.send_unwritten().await.refused(Reason::TokenRepeated);
    let twice = server.get("/userinfo").bearer(&token).bearer(&token);
    twice.send_unwritten().await.refused(Reason::TokenRepeated);
}

/// RFC 6750 §2.2: the body is a form.
#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let server = start(confidential("shop")).await;
    let json = server.post("/userinfo").body(Some("application/json"), "{\"access_token\":\"x\"}");
    json.send_unwritten().await.refused(Reason::BodyTypeWrong);
    // With a token in the header the body is not needed.
    let token = token(&server, "openid").await;
    for (content_type, body) in
        [("application/json", "{}"), ("application/json", "not JSON"), ("text/plain", "x"), ("", "x")]
    {
        server.post("/userinfo").bearer(&token).body(Some(content_type), body).send().await.ok();
    }
}

/// RFC 6750 §3.1: 403 `insufficient_scope`
#[tokio::test]
async fn a_token_without_openid_is_refused() {
    let server = start(confidential("shop")).await;
    let token = token(&server, "email").await;
    let reply = server.userinfo(&token).await;
    reply.refused(Reason::ScopeInsufficient);
    assert_eq!(reply.status(), 403);
}

/// A client_credentials token has no user, even if the client may request `openid`.
#[tokio::test]
async fn a_machines_token_is_refused() {
    let server = start(confidential("shop")).await;
    let call = server.client_credentials("shop").param("scope", "openid");
    let token = call.send().await.ok().member("access_token");
    server.userinfo(&token).await.refused(Reason::ScopeInsufficient);
}

/// The state of an account is never cached.
#[tokio::test]
async fn nothing_is_told_of_a_disabled_account() {
    let server = start(confidential("shop")).await;
    let token = token(&server, "openid").await;
    for standing in [Standing::Disabled, Standing::Gone] {
        server.accounts.set_standing("alice", standing);
        server.userinfo(&token).await.refused(Reason::TokenInactive);
    }
    server.accounts.set_standing("alice", Standing::Active);
    server.userinfo(&token).await.ok();
}

/// UserInfo takes any live user token with `openid`, opaque or JWT, whatever its audience.
#[tokio::test]
async fn a_jwt_for_another_resource_is_good_here() {
    let client = confidential("shop").scope("openid notes.read");
    let api = resource("https://notes.example", "notes.read").jwt();
    let server = TestServer::new().client(client).resource(api).account("alice").start().await;
    let token = token(&server, "openid notes.read").await;
    assert!(Unverified::parse(&token).is_ok());
    server.userinfo(&token).await.ok();
}

/// OpenID Connect Core 1.0 §5.3.2: signed, with `iss` and `aud`.
#[tokio::test]
async fn the_answer_is_signed_as_the_client_registered() {
    let server = start(with(|client| client.userinfo_signed_response_alg = Some("ES256".to_owned()))).await;
    let token = token(&server, "openid email").await;
    let reply = server.userinfo(&token).await.ok();
    assert_eq!(reply.header("content-type"), Some("application/jwt"));
    assert_eq!(header(reply.body())["alg"], "ES256");
    let expected = json!({
        "iss": "https://as.example", "aud": "shop", "iat": server.now(), "sub": subject("alice").as_str(),
        "email": "alice@example.org", "email_verified": true,
    });
    assert_eq!(server.claims(reply.body()).await, expected);
}

/// A signed response is not accepted as an ID token or access token.
#[tokio::test]
async fn a_signed_answer_passes_for_no_other_token() {
    let server = start(with(|client| client.userinfo_signed_response_alg = Some("RS256".to_owned()))).await;
    let token = token(&server, "openid").await;
    let answer = server.userinfo(&token).await.ok().body().to_owned();
    assert!(!server.is_active(&answer, "shop").await);
    server.userinfo(&answer).await.refused(Reason::TokenInactive);
    let hint = server.browser().authorize("shop").param("id_token_hint", &answer).finish().await;
    hint.refused(Reason::HintInvalid);
}

/// `userinfo_signed_response_alg` HS256: signed with the client's secret.
#[tokio::test]
async fn the_answer_may_be_under_the_clients_secret() {
    let server = start(with(|client| client.userinfo_signed_response_alg = Some("HS256".to_owned()))).await;
    let token = token(&server, "openid").await;
    let reply = server.userinfo(&token).await.ok();
    let key = VerifyingKey::hmac(SignatureAlgorithm::Hs256, SECRET.as_bytes()).expect("long enough");
    Unverified::parse(reply.body()).expect("a JWS").verify(&key).expect("a good signature");
}

/// Encrypted without a signature: the plaintext is the claims, so `cty` is not JWT.
#[tokio::test]
async fn the_answer_is_encrypted_as_the_client_registered() {
    let key = DecryptionKey::generate(KeyManagement::RsaOaep256).expect("fails without entropy only");
    let server = start(with(|client| {
        client.userinfo_encrypted_response_alg = Some("RSA-OAEP-256".to_owned());
        client.jwks_uri = Some(KEYS.to_owned());
    }))
    .await;
    serve(&server, &key);
    let token = token(&server, "openid").await;
    let reply = server.userinfo(&token).await.ok();
    assert_eq!(reply.header("content-type"), Some("application/jwt"));
    let expected = json!({ "alg": "RSA-OAEP-256", "enc": "A128CBC-HS256", "kid": key.kid() });
    assert_eq!(header(reply.body()), expected);
    let claims: Value = serde_json::from_slice(&decrypt(reply.body(), &key)).expect("JSON");
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(subject("alice").as_str()), &json!("shop")));
}

/// OpenID Connect Core 1.0 §5.3.2, §10.2: signed, then encrypted.
#[tokio::test]
async fn the_answer_is_nested_as_the_client_registered() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEsA256Kw).expect("fails without entropy only");
    let server = start(with(|client| {
        client.userinfo_signed_response_alg = Some("RS256".to_owned());
        client.userinfo_encrypted_response_alg = Some("ECDH-ES+A256KW".to_owned());
        client.userinfo_encrypted_response_enc = Some("A256CBC-HS512".to_owned());
        client.jwks_uri = Some(KEYS.to_owned());
    }))
    .await;
    serve(&server, &key);
    let token = token(&server, "openid").await;
    let reply = server.userinfo(&token).await.ok();
    let header = header(reply.body());
    assert_eq!((&header["enc"], &header["cty"]), (&json!("A256CBC-HS512"), &json!("JWT")));
    let signed = String::from_utf8(decrypt(reply.body(), &key)).expect("text");
    assert_eq!(server.claims(&signed).await["sub"], subject("alice").as_str());
}

/// A response that must be encrypted is never sent unencrypted.
#[tokio::test]
async fn without_the_clients_key_there_is_no_answer() {
    let server = start(with(|client| {
        client.userinfo_encrypted_response_alg = Some("ECDH-ES".to_owned());
        client.jwks_uri = Some(KEYS.to_owned());
    }))
    .await;
    server.fetch.refuse(KEYS, 404);
    let token = token(&server, "openid").await;
    let reply = server.userinfo(&token).await;
    assert_eq!((reply.status(), reply.header("retry-after")), (503, Some("1")));
}

/// RFC 6750 §3.1: an unsupported algorithm is a refusal, not a server error, and no other form is sent.
#[tokio::test]
async fn a_registered_algorithm_that_is_not_served_is_refused() {
    let clients = [
        with(|client| client.userinfo_signed_response_alg = Some("none".to_owned())),
        with(|client| client.userinfo_signed_response_alg = Some("EdDSA".to_owned())),
        with(|client| client.userinfo_signed_response_alg = Some("HS512".to_owned())),
        with(|client| client.userinfo_encrypted_response_alg = Some("RSA1_5".to_owned())),
        with(|client| client.userinfo_encrypted_response_alg = Some("dir".to_owned())),
        with(|client| {
            client.userinfo_signed_response_alg = Some("RS256".to_owned());
            client.userinfo_encrypted_response_alg = Some("ECDH-ES".to_owned());
            client.userinfo_encrypted_response_enc = Some("A192CBC-HS384".to_owned());
        }),
    ];
    for client in clients {
        let server = start(client).await;
        let reply = server.userinfo(&token(&server, "openid").await).await;
        reply.refused(Reason::UserinfoNotServed);
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer error=\"invalid_request\""), "{challenge}");
    }
}
