//! Discovery (RFC 8414, OpenID Connect Discovery 1.0): the metadata is accurate.
//!
//! Each member is checked, and a member that no test knows fails.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, header};
use http_body_util::BodyExt as _;
use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm, SigningKey};
use passavant_server::Reason;
use serde_json::{Value, json};
use testkit::server::{Running, TestServer, confidential, public, resource};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const SECRET: &str = "a-secret-of-sixty-four-characters-or-more-as-hs512-demands-of-it!";

/// The scopes that release claims (OpenID Connect Core 1.0 §5.4).
const USER_SCOPES: &str = "profile email address phone groups";

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop").scope(&format!("openid offline_access {USER_SCOPES} notes.read")))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
        .start()
        .await
}

async fn metadata(server: &Running) -> BTreeMap<String, Value> {
    let reply = server.get(OPENID).send().await.ok();
    serde_json::from_value(reply.json()).expect("an object")
}

/// A member that lists names.
async fn list(server: &Running, member: &str) -> Vec<String> {
    let mut metadata = metadata(server).await;
    serde_json::from_value(metadata.remove(member).expect("it is there")).expect("a list of names")
}

/// A key for this algorithm; RSA ones are made once.
fn key(algorithm: SignatureAlgorithm, rsa: &Value) -> SigningKey {
    let key = match algorithm.as_str().as_bytes() {
        [b'H', ..] => SigningKey::hmac(algorithm, SECRET.as_bytes()),
        [b'R' | b'P', ..] => SigningKey::from_private_jwk(rsa.to_string().as_bytes(), algorithm),
        _ => SigningKey::generate(algorithm),
    };
    key.expect("a key")
}

fn rsa() -> Value {
    let key = SigningKey::generate(SignatureAlgorithm::Rs256).expect("fails without entropy only");
    let mut jwk: Value = serde_json::from_str(&key.to_private_jwk().expect("private")).expect("JSON");
    let members = jwk.as_object_mut().expect("an object");
    members.retain(|name, _| !matches!(name.as_str(), "alg" | "use" | "key_ops" | "kid"));
    jwk
}

/// RFC 8414 §3, OpenID Connect Discovery 1.0 §4: one public, cacheable document at both places.
#[tokio::test]
async fn one_document_is_at_both_well_known_places() {
    let server = start().await;
    let (openid, oauth) = (server.get(OPENID).send().await.ok(), server.get(OAUTH).send().await.ok());
    assert_eq!(openid.json(), oauth.json());
    for reply in [openid, oauth] {
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
        assert_eq!((reply.header("access-control-allow-origin"), reply.header("pragma")), (Some("*"), None));
    }
}

/// RFC 8414 §3.3, OpenID Connect Discovery 1.0 §3: all required members are present.
#[tokio::test]
async fn what_is_required_is_there() {
    let metadata = metadata(&start().await).await;
    for member in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ] {
        assert!(metadata.contains_key(member), "{member}");
    }
    assert_eq!(metadata["issuer"], "https://as.example");
    let algorithms = metadata["id_token_signing_alg_values_supported"].as_array().expect("a list");
    assert!(algorithms.contains(&json!("RS256")), "OpenID Connect Discovery 1.0 §3 demands it");
}

/// Each member needs a check below.
#[tokio::test]
async fn every_member_is_one_that_a_test_here_knows() {
    let known = [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "introspection_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
        "pushed_authorization_request_endpoint",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "dpop_signing_alg_values_supported",
        "tls_client_certificate_bound_access_tokens",
        "mtls_endpoint_aliases",
        "revocation_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
        "introspection_signing_alg_values_supported",
        "introspection_encryption_alg_values_supported",
        "introspection_encryption_enc_values_supported",
        "code_challenge_methods_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "id_token_encryption_alg_values_supported",
        "id_token_encryption_enc_values_supported",
        "userinfo_signing_alg_values_supported",
        "userinfo_encryption_alg_values_supported",
        "userinfo_encryption_enc_values_supported",
        "authorization_signing_alg_values_supported",
        "authorization_encryption_alg_values_supported",
        "authorization_encryption_enc_values_supported",
        "prompt_values_supported",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
        "acr_values_supported",
        "authorization_details_types_supported",
        "claims_supported",
        "authorization_response_iss_parameter_supported",
        "request_object_signing_alg_values_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "claims_parameter_supported",
    ];
    for (member, value) in metadata(&start().await).await {
        assert!(known.contains(&member.as_str()), "{member}: {value}");
        assert!(!value.is_null() && value != json!([]), "{member}: {value}");
    }
}

/// Every listed URL is called and is the right endpoint.
#[tokio::test]
async fn every_url_is_served() {
    let server = start().await;
    for (member, value) in metadata(&server).await {
        let url = value.as_str().filter(|url| url.starts_with("https://") && member != "issuer");
        let Some(url) = url else { continue };
        let path = url.strip_prefix(server.issuer()).expect("below the issuer");
        match member.as_str() {
            "jwks_uri" => assert!(server.get(path).send().await.ok().json()["keys"].is_array()),
            "authorization_endpoint" => {
                server.get(path).send().await.refused(Reason::ParameterMissing("client_id"));
            }
            "end_session_endpoint" => assert_eq!(server.get(path).send().await.status(), 303),
            "userinfo_endpoint" => {
                server.get(path).send().await.refused(Reason::TokenMissing);
            }
            "token_endpoint" => {
                let call = server.post(path).as_client("shop");
                call.send().await.refused(Reason::ParameterMissing("grant_type"));
            }
            "pushed_authorization_request_endpoint" => {
                let call = server.post(path).as_client("shop");
                call.send().await.refused(Reason::ResponseTypeMissing);
            }
            "introspection_endpoint" | "revocation_endpoint" => {
                let call = server.post(path).as_client("shop");
                call.send().await.refused(Reason::ParameterMissing("token"));
            }
            other => panic!("nobody knows how to call {other}"),
        }
    }
}

/// An issuer with a path lists its endpoints below that path.
#[tokio::test]
async fn an_issuer_with_a_path_lists_what_is_below_it() {
    let server = TestServer::new()
        .client(confidential("shop"))
        .account("alice")
        .settings(|settings| {
            *settings = passavant_server::Settings::new("https://as.example/tenant/1").expect("https");
        })
        .start()
        .await;
    let metadata = metadata(&server).await;
    assert_eq!(metadata["issuer"], "https://as.example/tenant/1");
    assert_eq!(metadata["token_endpoint"], "https://as.example/tenant/1/token");
    let tokens = server.browser().sign_in("alice").authorize("shop").tokens().await;
    let claims = server.claims(&tokens.member("id_token")).await;
    assert_eq!(claims["iss"], "https://as.example/tenant/1");
}

/// `scopes_supported`
#[tokio::test]
async fn every_scope_can_be_asked_for() {
    let server = start().await;
    let scopes = list(&server, "scopes_supported").await;
    let expected = format!("openid offline_access {USER_SCOPES} notes.read");
    assert_eq!(scopes.join(" "), expected);
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").scope(&scopes.join(" ")).tokens().await;
}

/// `grant_types_supported`
#[tokio::test]
async fn every_grant_type_is_served() {
    let server = start().await;
    let grant_types = list(&server, "grant_types_supported").await;
    assert_eq!(grant_types, ["authorization_code", "client_credentials", "refresh_token"]);
    for grant_type in grant_types {
        let reply = server.post("/token").as_client("shop").param("grant_type", &grant_type).send().await;
        assert_ne!(reply.reason(), Some(Reason::GrantTypeUnsupported), "{grant_type}");
    }
}

/// `response_types_supported`, `response_modes_supported`, `code_challenge_methods_supported`,
/// `prompt_values_supported`
#[tokio::test]
async fn every_word_of_the_authorization_request_is_understood() {
    let server = start().await;
    for (member, parameter) in
        [("code_challenge_methods_supported", "code_challenge_method"), ("prompt_values_supported", "prompt")]
    {
        let browser = server.browser().sign_in("alice");
        browser.authorize("shop").code().await;
        for word in list(&server, member).await {
            browser.authorize("shop").param(parameter, &word).code().await;
        }
    }
    for (member, parameter) in
        [("response_types_supported", "response_type"), ("response_modes_supported", "response_mode")]
    {
        let both = |client: &mut protocol::ClientMetadata| {
            client.response_types = Some(vec!["code".to_owned(), "none".to_owned()]);
        };
        server.put_client(confidential("both").with(both)).await;
        let browser = server.browser().sign_in("alice");
        for word in list(&server, member).await {
            let landing = browser.authorize("both").param(parameter, &word).finish().await;
            assert_eq!(landing.reply.expect("an answer").reason(), None, "{parameter} {word}");
        }
    }
}

/// `authorization_response_iss_parameter_supported`, and members of unsupported features.
#[tokio::test]
async fn the_yes_and_no_members_are_true() {
    let server = start().await;
    let metadata = metadata(&server).await;
    let landing = server.browser().sign_in("alice").authorize("shop").finish().await;
    let has_iss = landing.param("iss").is_some();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], has_iss);
    for (member, parameter) in
        [("request_parameter_supported", "request"), ("request_uri_parameter_supported", "request_uri")]
    {
        let landing = server.browser().authorize("shop").param(parameter, "x").finish().await;
        let unsupported = format!("{parameter}_not_supported");
        let is_supported = landing.param("error").is_none_or(|error| error != unsupported);
        assert_eq!(metadata[member], is_supported, "{member}");
    }
    let claims = r#"{"id_token":{"email":{"essential":true}}}"#;
    let request = server.browser().sign_in("alice").authorize("shop").param("claims", claims);
    let token = request.tokens().await.member("id_token");
    assert_eq!(metadata["claims_parameter_supported"], server.claims(&token).await.get("email").is_some());
}

/// `subject_types_supported`: all clients receive the same subject unless they registered `pairwise`.
#[tokio::test]
async fn subjects_are_public() {
    let server = start().await;
    assert_eq!(list(&server, "subject_types_supported").await, ["public", "pairwise"]);
    let browser = server.browser().sign_in("alice");
    let mut subjects = Vec::new();
    for client in ["shop", "spa"] {
        let token = browser.authorize(client).tokens().await.member("id_token");
        subjects.push(server.claims(&token).await["sub"].clone());
    }
    assert_eq!(subjects[0], subjects[1]);
}

/// `claims_supported`
#[tokio::test]
async fn every_claim_can_be_had() {
    let server = start().await;
    let supported = list(&server, "claims_supported").await;
    for claim in &supported {
        let is_own = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "acr", "amr"]
            .contains(&claim.as_str());
        if !is_own {
            server.accounts.set_claim("alice", claim, json!("known"));
        }
    }
    let request = server.browser().sign_in("alice").authorize("shop").param("acr_values", "any");
    let scope = format!("openid {USER_SCOPES}");
    let claims = server.claims(&request.scope(&scope).tokens().await.member("id_token")).await;
    for claim in ["name", "email", "email_verified", "phone_number", "address", "groups"].map(str::to_owned) {
        assert!(supported.contains(&claim), "{claim}");
    }
    for claim in supported {
        assert!(claims.get(&claim).is_some(), "{claim}");
    }
}

/// `token_endpoint_auth_methods_supported`, `revocation_endpoint_auth_methods_supported`
#[tokio::test]
async fn every_method_of_client_authentication_is_served() {
    let server = start().await;
    let methods = list(&server, "token_endpoint_auth_methods_supported").await;
    assert_eq!(methods, list(&server, "revocation_endpoint_auth_methods_supported").await);
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    for method in methods {
        let client = match method.as_str() {
            "none" => public("x"),
            "private_key_jwt" => confidential("x").key(&key),
            secret => confidential("x").secret(SECRET).method(secret),
        };
        server.put_client(client).await;
        server.browser().sign_in("alice").authorize("x").tokens().await;
        server.revoke("nothing", "x").await.ok();
    }
}

/// `introspection_endpoint_auth_methods_supported`: RFC 8414 §2 takes names of authentication methods and of access
/// token types.
#[tokio::test]
async fn every_method_of_introspection_callers_is_served() {
    let server = start().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    for method in list(&server, "introspection_endpoint_auth_methods_supported").await {
        let call = match method.as_str() {
            "Bearer" => {
                let bearer = server.client_credentials("notes").send().await.ok().member("access_token");
                server.post("/introspect").bearer(&bearer)
            }
            "DPoP" => {
                let proof = server.proof(&key, "POST", "/token").sign();
                let call = server.client_credentials("notes").header("dpop", &proof);
                let token = call.send().await.ok().member("access_token");
                let proof = server.proof(&key, "POST", "/introspect").token(&token).sign();
                server.post("/introspect").dpop(&token, &proof)
            }
            "private_key_jwt" => {
                server.put_client(confidential("x").key(&key)).await;
                server.post("/introspect").as_client("x")
            }
            secret => {
                server.put_client(confidential("x").secret(SECRET).method(secret)).await;
                server.post("/introspect").as_client("x")
            }
        };
        call.param("token", "x").send().await.ok();
    }
}

/// `*_endpoint_auth_signing_alg_values_supported`
#[tokio::test]
async fn every_algorithm_of_assertions_is_served() {
    let (server, rsa) = (start().await, rsa());
    let member = |endpoint: &str| format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
    let names = list(&server, &member("token")).await;
    for endpoint in ["introspection", "revocation"] {
        assert_eq!(names, list(&server, &member(endpoint)).await);
    }
    for name in names {
        let algorithm = SignatureAlgorithm::parse(&name).expect("a known name");
        let key = key(algorithm, &rsa);
        let client = match algorithm.is_symmetric() {
            true => confidential("x").secret(SECRET).method("client_secret_jwt"),
            false => confidential("x").key(&key),
        };
        server.put_client(client).await;
        let assertion = server.assertion("x").key(&key).sign();
        let call = server.post("/token").param("grant_type", "client_credentials").asserting(&assertion);
        call.send().await.ok();
    }
}

/// `id_token_signing_alg_values_supported`, `userinfo_signing_alg_values_supported`: the algorithms of the signing
/// keys, and those with the client's secret.
#[tokio::test]
async fn every_algorithm_of_answers_to_clients_is_served() {
    let server = start().await;
    server
        .authorization_server
        .rotate_key(SignatureAlgorithm::EdDsa, passavant_server::KeyStart::Now)
        .await
        .expect("makes a key");
    let names = list(&server, "id_token_signing_alg_values_supported").await;
    assert_eq!(names, list(&server, "userinfo_signing_alg_values_supported").await);
    assert!(names.contains(&"EdDSA".to_owned()), "{names:?}");
    for name in names {
        let client = confidential("x").secret(SECRET).with(|client| {
            client.id_token_signed_response_alg = Some(name.clone());
            client.userinfo_signed_response_alg = Some(name.clone());
        });
        server.put_client(client).await;
        let tokens = server.browser().sign_in("alice").authorize("x").tokens().await;
        let answer = server.userinfo(&tokens.member("access_token")).await.ok();
        for token in [&*tokens.member("id_token"), answer.body()] {
            assert_eq!(jose::Unverified::parse(token).expect("a JWS").algorithm_name(), name);
        }
    }
}

/// `introspection_signing_alg_values_supported`
#[tokio::test]
async fn every_algorithm_of_introspection_answers_is_served() {
    let server = start().await;
    for name in list(&server, "introspection_signing_alg_values_supported").await {
        let api = resource("https://notes.example", "notes.read").caller("notes");
        let alg = Some(name.clone());
        server.put_resource(api.with(|settings| settings.introspection_signed_response_alg = alg)).await;
        let call = server.post("/introspect").as_client("notes").param("token", "x");
        let reply = call.header("accept", "application/token-introspection+jwt").send().await.ok();
        assert_eq!(jose::Unverified::parse(reply.body()).expect("a JWS").algorithm_name(), name);
    }
}

/// `*_encryption_alg_values_supported`, `*_encryption_enc_values_supported`: those whose every pair
/// `rfc9701_introspection.rs` decrypts.
#[tokio::test]
async fn the_encryptions_are_those_that_are_served() {
    let server = start().await;
    let metadata = metadata(&server).await;
    let algs: Vec<&str> =
        KeyManagement::ALL.iter().filter(|alg| !alg.is_symmetric()).map(|alg| alg.as_str()).collect();
    let encs: Vec<&str> = ContentEncryption::ALL.iter().map(|enc| enc.as_str()).collect();
    for answer in ["id_token", "userinfo", "introspection"] {
        for (kind, served) in [("alg", &algs), ("enc", &encs)] {
            let member = format!("{answer}_encryption_{kind}_values_supported");
            assert_eq!(metadata.get(&member), Some(&json!(served)), "{member}");
        }
    }
}

/// RFC 9110 §13.1.2: a document is not sent again to whoever has its current version.
#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let server = start().await;
    for path in [OPENID, OAUTH, "/jwks"] {
        let first = server.get(path).send().await.ok();
        let etag = first.header("etag").expect("an ETag").to_owned();
        assert_eq!(first.header("etag"), server.get(path).send().await.ok().header("etag"));
        for named in [etag.clone(), format!("W/{etag}"), format!("\"other\" , {etag}"), "*".to_owned()] {
            let again = server.get(path).header("if-none-match", &named).send().await;
            assert_eq!((again.status(), again.body()), (304, ""), "{named}");
            assert_eq!(again.header("etag"), Some(&*etag));
            assert_eq!(again.header("cache-control"), first.header("cache-control"));
            assert_eq!(again.header("access-control-allow-origin"), Some("*"));
        }
        for other in ["\"other\"", "", "W/", etag.trim_matches('"')] {
            let sent = server.get(path).header("if-none-match", other).send().await.ok();
            assert_eq!(sent.body(), first.body(), "{other}");
        }
    }
}

/// A host may ask for a document that is at hand before it reads the rest of a request.
#[tokio::test]
async fn a_document_at_hand_is_the_one_that_the_service_sends() {
    let server = start().await;
    let service = server.authorization_server.service();
    let document =
        |method: &Method, path: &str, headers: &HeaderMap| service.at(path)?.document(method, headers);
    let nothing = HeaderMap::new();
    for (path, rendered) in [(OPENID, false), (OAUTH, true), ("/jwks", false), ("/jwks/", true)] {
        assert_eq!(document(&Method::GET, path, &nothing).is_some(), rendered, "{path}");
        let sent = server.get(path).send().await.ok();
        for method in [Method::GET, Method::HEAD] {
            let at_hand = document(&method, path, &nothing).expect("it was rendered");
            for name in ["etag", "cache-control", "content-type", "access-control-allow-origin"] {
                let value = at_hand.headers().get(name).map(|value| value.to_str().expect("text"));
                assert_eq!(value, sent.header(name), "{path} {name}");
            }
            let body = at_hand.into_body().collect().await.expect("a body").to_bytes();
            assert_eq!(body, sent.body().as_bytes(), "{path}");
        }
        let etag = sent.header("etag").expect("an ETag").parse().expect("a value");
        let named = HeaderMap::from_iter([(header::IF_NONE_MATCH, etag)]);
        let unchanged = document(&Method::GET, path, &named).expect("it was rendered");
        assert_eq!(unchanged.status(), 304);
        for method in [Method::POST, Method::OPTIONS] {
            assert!(document(&method, path, &nothing).is_none(), "{method} {path}");
        }
    }
    assert!(document(&Method::GET, "/userinfo", &nothing).is_none());
    server.put_resource(resource("https://music.example", "music.play")).await;
    assert!(document(&Method::GET, OPENID, &nothing).is_none(), "it is not current");
}

/// The document of a version is kept, and that of the next one is made from what is registered then.
#[tokio::test]
async fn a_change_of_keys_and_scopes_changes_the_documents() {
    let server = start().await;
    let (metadata, keys) = (server.get(OPENID).send().await.ok(), server.get("/jwks").send().await.ok());
    server
        .authorization_server
        .rotate_key(SignatureAlgorithm::EdDsa, passavant_server::KeyStart::Now)
        .await
        .expect("makes a key");
    for (path, before) in [(OPENID, metadata), ("/jwks", keys)] {
        let etag = before.header("etag").expect("an ETag");
        let after = server.get(path).header("if-none-match", etag).send().await.ok();
        assert_ne!(after.header("etag"), Some(etag));
        assert_ne!(after.body(), before.body());
    }
    server.put_resource(resource("https://music.example", "music.play notes.read")).await;
    let scopes = list(&server, "scopes_supported").await;
    assert_eq!(scopes[scopes.len() - 2..], ["music.play", "notes.read"]);
    assert_eq!(scopes.iter().filter(|scope| *scope == "notes.read").count(), 1);
}
