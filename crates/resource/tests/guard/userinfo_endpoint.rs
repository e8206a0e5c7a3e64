//! The UserInfo endpoint of an API: claims by scope, request and language, in the client's form, with the statuses of
//! RFC 6750.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use jose::{
    Claims, ContentEncryption, DecryptionKey, Encrypted, KeyManagement, SignatureAlgorithm, Unverified,
};
use passavant_resource::SigningKey;
use passavant_resource::userinfo::{
    ClaimName, ClaimsProvider, ProviderFault, UserInfoEndpoint, UserInfoResponse,
};
use serde_json::{Map, Value, json};
use tower_service::Service as _;

use crate::support::{ISSUER, NOW, World, key};

/// Knows Alice as `u-1`, answers all clients in one form, and can be made to fail.
struct Directory {
    response: UserInfoResponse,
    failing: bool,
}

#[async_trait]
impl ClaimsProvider for Directory {
    async fn claims(
        &self,
        subject: &str,
        wanted: &[ClaimName<'_>],
    ) -> Result<Option<Map<String, Value>>, ProviderFault> {
        if self.failing {
            return Err("the directory is away".into());
        }
        if subject != "u-1" {
            return Ok(None);
        }
        let value = |claim: &ClaimName<'_>| match (claim.name(), claim.locale()) {
            ("name", None) => Some(json!("Alice")),
            ("name", Some("ja")) => Some(json!("アリス")),
            ("nickname", _) => Some(Value::Null),
            ("email", None) => Some(json!("alice@example.org")),
            _ => None,
        };
        let mut found: Map<String, Value> =
            wanted.iter().filter_map(|claim| Some((claim.to_string(), value(claim)?))).collect();
        // Claims that were not requested, and claims that the provider can't set.
        found.insert("salary".to_owned(), json!(1));
        found.insert("sub".to_owned(), json!("u-2"));
        Ok(Some(found))
    }

    async fn response(&self, client: Option<&str>) -> Result<UserInfoResponse, ProviderFault> {
        assert_ne!(client, Some(""), "no client is nothing");
        Ok(self.response.clone())
    }
}

fn endpoint(world: &World, response: UserInfoResponse) -> UserInfoEndpoint {
    world.guard().userinfo_endpoint(Directory { response, failing: false })
}

async fn send(endpoint: &UserInfoEndpoint, method: Method, token: Option<&str>) -> Response<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri("/api/userinfo");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(()).expect("a request");
    endpoint.clone().call(request).await.expect("infallible")
}

async fn body(response: Response<Full<Bytes>>) -> Vec<u8> {
    response.into_body().collect().await.expect("a body").to_bytes().to_vec()
}

async fn claims(world: &World, token: Value) -> Value {
    let response = send(&endpoint(world, UserInfoResponse::Json), Method::GET, Some(&world.jwt(token))).await;
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&body(response).await).expect("JSON")
}

#[tokio::test]
async fn claims_are_those_of_the_scopes() {
    let world = World::new();
    for (scope, expected) in [
        ("openid", json!({"sub": "u-1"})),
        ("openid profile", json!({"sub": "u-1", "name": "Alice"})),
        ("openid email", json!({"sub": "u-1", "email": "alice@example.org"})),
        ("openid phone address", json!({"sub": "u-1"})),
    ] {
        assert_eq!(claims(&world, json!({ "scope": scope })).await, expected, "{scope}");
    }
}

#[tokio::test]
async fn the_claims_request_and_languages_are_honored() {
    let world = World::new();
    let request = json!({"userinfo": {"name": null, "nickname": null}});
    let found =
        claims(&world, json!({"scope": "openid", "claims": request, "claims_locales": "fr ja"})).await;
    assert_eq!(found, json!({"sub": "u-1", "name": "アリス"}));
    let request = json!({"userinfo": {"name": null, "name#ja": {"essential": true}}});
    let found = claims(&world, json!({"scope": "openid", "claims": request.to_string()})).await;
    assert_eq!(found, json!({"sub": "u-1", "name": "Alice", "name#ja": "アリス"}));
}

#[tokio::test]
async fn get_and_post_are_answered_and_nothing_is_stored() {
    let world = World::new();
    let endpoint = endpoint(&world, UserInfoResponse::Json);
    let token = world.jwt(json!({"scope": "openid"}));
    for method in [Method::GET, Method::POST] {
        let response = send(&endpoint, method, Some(&token)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
    }
    for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS] {
        let response = send(&endpoint, method, Some(&token)).await;
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, POST");
    }
}

#[tokio::test]
async fn refusals_are_those_of_rfc_6750() {
    let world = World::new();
    let directory = endpoint(&world, UserInfoResponse::Json);
    let away = world.guard().userinfo_endpoint(Directory { response: UserInfoResponse::Json, failing: true });
    let nested = endpoint(&world, UserInfoResponse::Signed(key(SignatureAlgorithm::Es256)));
    let openid = |mut claims: Value| {
        if claims.get("scope").is_none() {
            claims["scope"] = json!("openid");
        }
        Some(world.jwt(claims))
    };
    for (name, endpoint, token, status, challenge) in [
        ("no token", &directory, None, 401, Some("Bearer")),
        ("garbage", &directory, Some("x".to_owned()), 401, Some("Bearer error=\"invalid_token\"")),
        (
            "expired",
            &directory,
            openid(json!({"exp": NOW - 60})),
            401,
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "no openid",
            &directory,
            openid(json!({"scope": "email"})),
            403,
            Some("Bearer error=\"insufficient_scope\""),
        ),
        (
            "nobody here",
            &directory,
            openid(json!({"sub": "u-9"})),
            401,
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "a bad request in it",
            &directory,
            openid(json!({"claims": 7})),
            401,
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "no client to address",
            &nested,
            openid(json!({"client_id": null})),
            401,
            Some("Bearer error=\"invalid_token\""),
        ),
        ("the directory is away", &away, openid(json!({})), 503, None),
    ] {
        let response = send(endpoint, Method::GET, token.as_deref()).await;
        assert_eq!(response.status(), status, "{name}");
        let found =
            response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().expect("ASCII").to_owned());
        match challenge {
            Some(challenge) => assert!(found.is_some_and(|found| found.starts_with(challenge)), "{name}"),
            None => assert_eq!(found, None, "{name}"),
        }
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store", "{name}");
        assert!(!String::from_utf8_lossy(&body(response).await).contains("directory"), "{name}");
    }
}

fn verified(text: &str, key: &SigningKey) -> Claims {
    let token = Unverified::parse(text).expect("a JWT");
    assert!(token.is_type("JWT") && token.kid() == Some(key.kid()));
    token.verify(&key.verifying_key()).expect("signed").claims().expect("claims")
}

/// The other claims of a JWT answer: issuer, audience and time (OpenID Connect Core 1.0 §5.3.2).
fn expected() -> Value {
    json!({"sub": "u-1", "email": "alice@example.org", "iss": ISSUER, "aud": "shop", "iat": NOW})
}

async fn jwt(world: &World, response: UserInfoResponse) -> String {
    let token = world.jwt(json!({"scope": "openid email"}));
    let response = send(&endpoint(world, response), Method::GET, Some(&token)).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "application/jwt");
    String::from_utf8(body(response).await).expect("text")
}

#[tokio::test]
async fn an_answer_is_signed_encrypted_or_both_as_the_client_registered() {
    let world = World::new();
    let signing = key(SignatureAlgorithm::Es256);
    let opening = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
    let (to, content) = (opening.encryption_key().expect("a key"), ContentEncryption::A256Gcm);
    let signed = jwt(&world, UserInfoResponse::Signed(signing.clone())).await;
    assert_eq!(Value::Object(verified(&signed, &signing).into_map()), expected());
    let decrypt = |text: &str| {
        let token = Encrypted::parse(text).expect("a JWE");
        let cty = token.cty().map(str::to_owned);
        let opened = token.decrypt(&opening, ContentEncryption::ALL).expect("for this key");
        (cty, String::from_utf8(opened.plaintext().to_vec()).expect("text"))
    };
    let (cty, inner) = decrypt(&jwt(&world, UserInfoResponse::Encrypted(to.clone(), content)).await);
    assert_eq!((cty, serde_json::from_str(&inner).ok()), (None, Some(expected())));
    let (cty, inner) = decrypt(&jwt(&world, UserInfoResponse::Nested(signing.clone(), to, content)).await);
    assert_eq!(cty.as_deref(), Some("JWT"));
    assert_eq!(Value::Object(verified(&inner, &signing).into_map()), expected());
}

#[tokio::test]
async fn one_half_reads_what_the_other_writes() {
    let world = World::new();
    let opening = DecryptionKey::generate(KeyManagement::EcdhEsA256Kw).expect("a key");
    let to = opening.encryption_key().expect("a key");
    let asking = world.guard().userinfo("shop").url(&format!("{ISSUER}/userinfo")).decryption_key(opening);
    let asking = asking.build().expect("what asks");
    let answer =
        jwt(&world, UserInfoResponse::Nested(world.key.clone(), to, ContentEncryption::A128CbcHs256)).await;
    let script =
        crate::support::Script::Answer { status: 200, media_type: "application/jwt", body: answer.into() };
    world.server.set("/userinfo", script);
    let claims = asking.ask("an-access-token", "u-1").await.expect("claims");
    assert_eq!(claims.string("email"), Ok(Some("alice@example.org")));
}

#[tokio::test]
async fn an_endpoint_behind_a_layer_checks_the_token_once() {
    let world = World::new();
    world.server.set(
        "/introspect",
        crate::support::json_answer(&json!({"active": true, "sub": "u-1", "scope": "openid"})),
    );
    let guard = world.introspecting().cache(std::time::Duration::ZERO).build().expect("a guard");
    let directory = Directory { response: UserInfoResponse::Json, failing: false };
    let mut service = tower_layer::Layer::layer(&guard.layer(), guard.userinfo_endpoint(directory));
    let request = Request::get("/").header(AUTHORIZATION, "Bearer opaque").body(()).expect("a request");
    assert_eq!(service.call(request).await.expect("infallible").status(), 200);
    assert_eq!(world.server.calls("/introspect"), 1);
}
