//! Authorization responses in a JWT (JWT Secured Authorization Response Mode for OAuth 2.0).

use jose::{DecryptionKey, Encrypted, KeyManagement, SignatureAlgorithm};
use passavant_server::Reason;
use serde_json::Value;
use testkit::server::{Authorize, Landing, Running, TestServer, confidential};

async fn start() -> Running {
    let es256 = |client: &mut protocol::ClientMetadata| {
        client.authorization_signed_response_alg = Some("ES256".to_owned());
    };
    let not_served = |client: &mut protocol::ClientMetadata| {
        client.authorization_signed_response_alg = Some("ES512".to_owned());
    };
    TestServer::new()
        .client(confidential("shop"))
        .client(confidential("es256").with(es256))
        .client(confidential("unserved").with(not_served))
        .account("alice")
        .start()
        .await
}

fn authorize(server: &Running, client: &str, mode: &str) -> Authorize {
    server.browser().sign_in("alice").authorize(client).param("response_mode", mode)
}

/// The only parameter of the response.
fn response(landing: &Landing) -> String {
    let reply = landing.reply.as_ref().expect("an answer");
    let mut params = if reply.status() == 303 { landing.params() } else { reply.form().1 };
    let response = params.remove("response").expect("a response");
    assert!(params.is_empty(), "{params:?}");
    response
}

/// JARM §2.1, §2.3: `iss`, `aud`, `exp` of ten minutes at most, and the parameters, in each of the modes.
#[tokio::test]
async fn a_response_is_signed_for_its_client() {
    let server = start().await;
    for (mode, place) in [
        ("jwt", "https://shop.example/cb?response="),
        ("query.jwt", "https://shop.example/cb?response="),
        ("fragment.jwt", "https://shop.example/cb#response="),
        ("form_post.jwt", "https://as.example/"),
    ] {
        let request = authorize(&server, "shop", mode).param("state", "s");
        let landing = request.clone().finish().await;
        assert!(landing.url.starts_with(place), "{}", landing.url);
        let claims = server.claims(&response(&landing)).await;
        assert_eq!((&claims["iss"], &claims["aud"]), (&"https://as.example".into(), &"shop".into()));
        assert_eq!((claims["exp"].as_i64(), &claims["state"]), (Some(server.now() + 600), &"s".into()));
        assert!(claims["code"].is_string() && claims.get("sub").is_none(), "{claims}");
    }
}

/// JARM §3: RS256 unless the client registered another algorithm.
#[tokio::test]
async fn the_algorithm_is_the_registered_one() {
    let server = start().await;
    for (client, algorithm) in [("shop", SignatureAlgorithm::Rs256), ("es256", SignatureAlgorithm::Es256)] {
        let landing = authorize(&server, client, "jwt").finish().await;
        assert_eq!(server.verified(&response(&landing)).await.algorithm(), algorithm);
    }
    let landing = authorize(&server, "unserved", "jwt").finish().await;
    landing.reply.expect("an answer").refused(Reason::RegistrationNotServed);
}

/// JARM §2.1: an error is a response too.
#[tokio::test]
async fn an_error_is_signed_too() {
    let server = start().await;
    let landing = authorize(&server, "shop", "jwt").param("scope", "phone").finish().await;
    let claims = server.claims(&response(&landing)).await;
    assert_eq!(claims["error"], "invalid_scope");
    assert_eq!(landing.reply.expect("an answer").reason(), Some(Reason::ScopeNotRegistered));
}

/// JARM §2.2: signed and then encrypted to the client.
#[tokio::test]
async fn a_response_is_encrypted_if_the_client_registered_that() {
    let server = start().await;
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("fails without entropy only");
    let public: Value = serde_json::to_value(key.public_jwk().expect("public").to_value()).expect("JSON");
    let encrypted = |client: &mut protocol::ClientMetadata| {
        client.authorization_encrypted_response_alg = Some("ECDH-ES".to_owned());
        client.jwks = Some(serde_json::json!({ "keys": [public] }));
    };
    server.put_client(confidential("private").with(encrypted)).await;
    let landing = authorize(&server, "private", "jwt").finish().await;
    let text = response(&landing);
    let opened = Encrypted::parse(&text)
        .expect("a JWE")
        .decrypt(&key, &[jose::ContentEncryption::A128CbcHs256])
        .expect("for this key");
    let inner = String::from_utf8(opened.plaintext().to_vec()).expect("a JWS");
    assert!(server.claims(&inner).await["code"].is_string());
}

/// A response is no token: nothing that reads one accepts it.
#[tokio::test]
async fn a_response_is_no_token() {
    let server = start().await;
    let landing = authorize(&server, "shop", "jwt").finish().await;
    let token = response(&landing);
    server.userinfo(&token).await.refused(Reason::TokenInactive);
    let hint = server.browser().sign_in("alice").authorize("shop").param("id_token_hint", &token);
    hint.finish().await.refused(Reason::HintInvalid);
}
