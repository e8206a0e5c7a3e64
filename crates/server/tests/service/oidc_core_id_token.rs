//! ID tokens (OpenID Connect Core 1.0 §2, §3.1.3.6, §10), verified with the published key set as by a client.

use jose::{
    ContentEncryption, DecryptionKey, Encrypted, KeyManagement, SignatureAlgorithm, Unverified, VerifyingKey,
    base64url, primitives,
};
use passavant_server::{
    Reason,
    ports::{Clock as _, FetchError},
    store::{Commit, Expect, RegistryChange, Scope},
};
use protocol::{ClientId, ClientMetadata};
use serde_json::{Value, json};
use testkit::server::{Running, TestClient, TestServer, confidential, subject};

const SECRET: &str = "a-secret-of-sixty-four-characters-or-more-as-hs512-demands-of-it!";
const KEYS: &str = "https://shop.example/jwks";

async fn start(client: TestClient) -> Running {
    TestServer::new().client(client).account("alice").start().await
}

fn signed(alg: &str) -> TestClient {
    let alg = Some(alg.to_owned());
    confidential("shop").secret(SECRET).with(|client| client.id_token_signed_response_alg = alg)
}

fn encrypted(alg: KeyManagement, enc: Option<ContentEncryption>) -> TestClient {
    confidential("shop").with(|client: &mut ClientMetadata| {
        client.id_token_encrypted_response_alg = Some(alg.as_str().to_owned());
        client.id_token_encrypted_response_enc = enc.map(|enc| enc.as_str().to_owned());
        client.jwks_uri = Some(KEYS.to_owned());
    })
}

fn header(token: &str) -> Value {
    let encoded = token.split('.').next().expect("compact");
    serde_json::from_slice(&base64url::decode(encoded).expect("base64url")).expect("JSON")
}

/// OpenID Connect Core 1.0 §2, §3.1.3.6, §3.1.3.7
#[tokio::test]
async fn an_id_token_has_these_claims() {
    let server = start(confidential("shop")).await;
    let signed_in_at = server.now();
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    server.clock.advance(9);
    let reply = server.redeem(&code).await.ok();
    let claims = server.claims(&reply.member("id_token")).await;
    let digest = primitives::sha256(reply.member("access_token").as_bytes());
    let sid = claims["sid"].clone();
    assert!(sid.as_str().is_some_and(|sid| !sid.is_empty()));
    let expected = json!({
        "iss": "https://as.example", "sub": subject("alice").as_str(), "aud": "shop",
        "iat": signed_in_at + 9, "exp": signed_in_at + 609, "auth_time": signed_in_at,
        "nonce": code.nonce, "amr": ["pwd"], "sid": sid, "at_hash": base64url::encode(&digest[..16]),
    });
    assert_eq!(claims, expected);
}

/// OpenID Connect Core 1.0 §3.1.2.1: "If present in the Authentication Request".
#[tokio::test]
async fn without_a_nonce_there_is_none() {
    let server = start(confidential("shop")).await;
    let reply = server.browser().sign_in("alice").authorize("shop").without("nonce").tokens().await;
    assert_eq!(server.claims(&reply.member("id_token")).await.get("nonce"), None);
}

/// OpenID Connect Core 1.0 §3.1.2.1: `openid` makes it an OpenID request.
#[tokio::test]
async fn without_openid_there_is_no_id_token() {
    let server = start(confidential("shop")).await;
    let reply = server.browser().sign_in("alice").authorize("shop").scope("email").tokens().await;
    assert_eq!(reply.json().get("id_token"), None);
}

/// OpenID Connect Dynamic Client Registration 1.0 §2: RS256 where the client registered nothing.
#[tokio::test]
async fn an_id_token_is_signed_with_rs256_where_nothing_is_registered() {
    let server = start(confidential("shop")).await;
    let token = server.browser().sign_in("alice").authorize("shop").tokens().await.member("id_token");
    let header = header(&token);
    let kid = header["kid"].clone();
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT", "kid": kid }));
}

/// `id_token_signed_response_alg`; the hash of `at_hash` is the signature's (§3.1.3.6).
#[tokio::test]
async fn an_id_token_is_signed_as_the_client_registered() {
    for (alg, algorithm) in [("ES256", SignatureAlgorithm::Es256), ("EdDSA", SignatureAlgorithm::EdDsa)] {
        let server = start(signed(alg)).await;
        if alg == "EdDSA" {
            server
                .authorization_server
                .rotate_key(algorithm, passavant_server::KeyStart::Now)
                .await
                .expect("makes a key");
        }
        let reply = server.browser().sign_in("alice").authorize("shop").tokens().await;
        let token = reply.member("id_token");
        assert_eq!(header(&token)["alg"], alg);
        let claims = server.claims(&token).await;
        let half = primitives::left_half_hash(algorithm, reply.member("access_token").as_bytes());
        assert_eq!(claims["at_hash"], base64url::encode(&half));
    }
}

/// OpenID Connect Core 1.0 §10.1: a MAC with the octets of the secret as key.
#[tokio::test]
async fn an_id_token_may_be_under_the_clients_secret() {
    for (alg, algorithm) in [
        ("HS256", SignatureAlgorithm::Hs256),
        ("HS384", SignatureAlgorithm::Hs384),
        ("HS512", SignatureAlgorithm::Hs512),
    ] {
        let server = start(signed(alg)).await;
        let token = server.browser().sign_in("alice").authorize("shop").tokens().await.member("id_token");
        assert_eq!(header(&token), json!({ "alg": alg, "typ": "JWT" }));
        let key = VerifyingKey::hmac(algorithm, SECRET.as_bytes()).expect("long enough");
        let verified = Unverified::parse(&token).expect("a JWS").verify(&key).expect("a good signature");
        assert_eq!(verified.claims().expect("claims").string("aud"), Ok(Some("shop")));
    }
}

/// OpenID Connect Core 1.0 §10.2: signed, then encrypted.
#[tokio::test]
async fn an_id_token_is_encrypted_as_the_client_registered() {
    let key = DecryptionKey::generate(KeyManagement::EcdhEsA128Kw).expect("fails without entropy only");
    for (enc, expected) in [(None, "A128CBC-HS256"), (Some(ContentEncryption::A256Gcm), "A256GCM")] {
        let server = start(encrypted(KeyManagement::EcdhEsA128Kw, enc)).await;
        let public = key.public_jwk().expect("it is no shared secret").to_value();
        server.fetch.serve(KEYS, &json!({ "keys": [public] }));
        let token = server.browser().sign_in("alice").authorize("shop").tokens().await.member("id_token");
        let header = header(&token);
        assert_eq!(
            (&header["enc"], &header["cty"], &header["kid"]),
            (&json!(expected), &json!("JWT"), &json!(key.kid()))
        );
        let plain =
            Encrypted::parse(&token).expect("a JWE").decrypt(&key, ContentEncryption::ALL).expect("opens");
        let signed = String::from_utf8(plain.plaintext().to_vec()).expect("text");
        assert_eq!(server.claims(&signed).await["aud"], "shop");
    }
}

/// A token that must be encrypted is never sent unencrypted; the code is not consumed.
#[tokio::test]
async fn without_the_clients_key_there_is_no_id_token() {
    let server = start(encrypted(KeyManagement::EcdhEs, None)).await;
    server.fetch.fail(KEYS, FetchError::Timeout);
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    let reply = server.redeem(&code).await;
    assert_eq!((reply.status(), reply.header("retry-after")), (503, Some("1")));
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let public = key.public_jwk().expect("it is no shared secret").to_value();
    server.fetch.serve(KEYS, &json!({ "keys": [public] }));
    server.clock.advance(30);
    server.redeem(&code).await.ok();
}

/// OpenID Connect Dynamic Client Registration 1.0 §2: an unsupported algorithm is a refusal, not a server error; the
/// code is not consumed.
#[tokio::test]
async fn a_registered_algorithm_that_is_not_served_is_refused() {
    let symmetric = encrypted(KeyManagement::A128Kw, None);
    let unknown_enc = encrypted(KeyManagement::EcdhEs, None)
        .with(|client| client.id_token_encrypted_response_enc = Some("A192CBC-HS384".to_owned()));
    let short_secret = signed("HS512").secret("a-secret-that-is-too-short-for-hs512");
    // EdDSA is known, but no key of it is in the ring.
    for client in [signed("none"), signed("EdDSA"), signed("XY512"), symmetric, unknown_enc, short_secret] {
        let server = start(client).await;
        let code = server.browser().sign_in("alice").authorize("shop").code().await;
        server.redeem(&code).await.refused(Reason::RegistrationNotServed);
        server.put_client(confidential("shop").secret(SECRET)).await;
        server.redeem(&code).await.ok();
    }
}

/// OpenID Connect Core 1.0 §10.1: HS* needs the secret itself, which is stored only if the algorithm was registered
/// before it.
#[tokio::test]
async fn a_secret_that_is_not_kept_signs_nothing() {
    let server = start(confidential("shop").secret(SECRET)).await;
    let stored = server.store.client(&ClientId::new("shop")).await.expect("the store answers");
    let mut client = stored.expect("registered");
    client.metadata.id_token_signed_response_alg = Some("HS256".to_owned());
    let expect = Expect::Version(client.version);
    let change = RegistryChange::PutClient(Box::new(client), expect);
    server.commit(Commit::new(server.clock.now()).with(change)).await;
    let code = server.browser().sign_in("alice").authorize("shop").code().await;
    server.redeem(&code).await.refused(Reason::RegistrationNotServed);
}

/// The same for a refresh: the presented token stays valid.
#[tokio::test]
async fn a_refresh_whose_id_token_cannot_be_signed_rotates_nothing() {
    let server = start(confidential("shop").secret(SECRET)).await;
    let request = server.browser().sign_in("alice").authorize("shop").scope("openid offline_access");
    let first = request.tokens().await.member("refresh_token");
    server.put_client(signed("XY512")).await;
    server.refresh("shop", &first).await.refused(Reason::RegistrationNotServed);
    server.clock.advance(60);
    server.put_client(confidential("shop").secret(SECRET)).await;
    server.refresh("shop", &first).await.ok();
}

/// Its signature can be verified with the published keys until it expires.
#[tokio::test]
async fn an_id_token_of_a_retired_key_still_verifies() {
    let server = start(signed("ES256")).await;
    let token = server.browser().sign_in("alice").authorize("shop").tokens().await.member("id_token");
    server
        .authorization_server
        .rotate_key(SignatureAlgorithm::Es256, passavant_server::KeyStart::Now)
        .await
        .expect("rotates");
    server.verified(&token).await;
}

/// All clients of a session receive the same `sid`; another session has another.
#[tokio::test]
async fn the_session_has_one_name_for_all_clients() {
    let server = start(confidential("shop")).await;
    server.put_client(confidential("other")).await;
    let browser = server.browser().sign_in("alice");
    let mut sids = Vec::new();
    for (browser, client) in
        [(&browser, "shop"), (&browser, "other"), (&server.browser().sign_in("alice"), "shop")]
    {
        let token = browser.authorize(client).tokens().await.member("id_token");
        sids.push(server.claims(&token).await["sid"].clone());
    }
    assert!(sids[0] == sids[1] && sids[1] != sids[2], "{sids:?}");
}

/// Registers what the ID token says of the user, in the names of a registration.
fn telling(claims: Value) -> TestClient {
    let scope = "openid profile email groups offline_access notes";
    let registered = serde_json::from_value(claims).expect("a registration");
    confidential("shop").scope(scope).with(|client| client.id_token_claims = registered)
}

/// The claims about the user in an ID token of these scopes.
async fn told(client: TestClient, scope: &str) -> Value {
    const OWN: [&str; 10] =
        ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr", "sid", "at_hash"];
    let notes = Scope {
        scope: "notes".to_owned(),
        claims: ["note_count", "aud", "nonce"].map(str::to_owned).into(),
        ..Scope::default()
    };
    let server = TestServer::new().client(client).scope(notes).account("alice").start().await;
    server.accounts.set_claim("alice", "groups", json!(["staff"]));
    server.accounts.set_claim("alice", "note_count", json!(7));
    server.accounts.set_claim("alice", "aud", json!("another"));
    server.accounts.set_claim("alice", "nonce", json!("another"));
    let reply = server.browser().sign_in("alice").authorize("shop").scope(scope).tokens().await;
    let claims = server.claims(&reply.member("id_token")).await;
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!("shop"), &json!(subject("alice").as_str())));
    assert_ne!(claims["nonce"], "another");
    if scope.contains("offline_access") {
        let refreshed = server.refresh("shop", &reply.member("refresh_token")).await.ok();
        let refreshed = server.claims(&refreshed.member("id_token")).await;
        assert_eq!(refreshed.get("email"), claims.get("email"), "a refreshed ID token says the same");
    }
    let mut claims = claims.as_object().expect("an object").clone();
    claims.retain(|name, _| !OWN.contains(&name.as_str()));
    claims.into()
}

/// OpenID Connect Core 1.0 §5.4 returns them by UserInfo. Auth.js, kubectl and others read only the ID token.
#[tokio::test]
async fn an_id_token_has_the_claims_of_its_scopes() {
    for (scope, expected) in [
        ("openid", json!({})),
        ("openid email", json!({ "email": "alice@example.org", "email_verified": true })),
        (
            "openid profile groups",
            json!({ "name": "alice of Passavant", "locale": "de", "groups": ["staff"] }),
        ),
        ("openid notes", json!({ "note_count": 7 })),
        ("openid email offline_access", json!({ "email": "alice@example.org", "email_verified": true })),
    ] {
        assert_eq!(told(telling(Value::Null), scope).await, expected, "{scope}");
        assert_eq!(told(telling(json!("scopes")), scope).await, expected, "{scope}");
        assert_eq!(told(telling(json!("none")), scope).await, json!({}), "{scope}");
    }
}

/// `id_token_claims` as a list never adds what the scopes don't release.
#[tokio::test]
async fn a_client_chooses_among_the_claims_of_its_scopes() {
    let client = || telling(json!(["email", "groups", "note_count", "aud"]));
    assert_eq!(told(client(), "openid profile email").await, json!({ "email": "alice@example.org" }));
    assert_eq!(told(client(), "openid notes groups").await, json!({ "groups": ["staff"], "note_count": 7 }));
    assert_eq!(told(client(), "openid").await, json!({}));
}

/// An ID token is sent back in a URL at sign-out (OpenID Connect RP-Initiated Logout 1.0 §2).
#[tokio::test]
async fn a_claim_that_is_too_long_is_only_at_userinfo() {
    let server = start(telling(Value::Null)).await;
    let groups: Vec<String> = (0..1_000).map(|at| format!("group-{at}")).collect();
    server.accounts.set_claim("alice", "groups", json!(groups));
    let request = server.browser().sign_in("alice").authorize("shop").scope("openid email groups profile");
    let reply = request.tokens().await;
    let id_token = reply.member("id_token");
    let claims = server.claims(&id_token).await;
    assert_eq!((claims.get("groups"), &claims["name"]), (None, &json!("alice of Passavant")));
    assert!(id_token.len() < 7_000, "{}", id_token.len());
    let userinfo = server.userinfo(&reply.member("access_token")).await.ok().json();
    assert_eq!(userinfo["groups"], json!(groups));
}

/// A scope that the client has lost releases nothing.
#[tokio::test]
async fn a_scope_that_was_taken_from_the_client_tells_nothing() {
    let server = start(confidential("shop")).await;
    let code = server.browser().sign_in("alice").authorize("shop").scope("openid email").code().await;
    server.put_client(confidential("shop").scope("openid")).await;
    let claims = server.claims(&server.redeem(&code).await.ok().member("id_token")).await;
    assert_eq!(claims.get("email"), None);
}
