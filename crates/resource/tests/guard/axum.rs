//! Extractors for axum, and the resource's own documents.

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use jose::{DecryptionKey, JwkSet, KeyManagement};
use passavant_resource::{Denied, Token};
use serde_json::json;
use tower_service::Service as _;

use crate::support::World;

async fn greet(token: Token) -> String {
    format!("hello {}", token.subject())
}

async fn greet_anybody(token: Option<Token>) -> String {
    token.map_or_else(|| "hello nobody".to_owned(), |token| format!("hello {}", token.subject()))
}

async fn write(token: Token) -> Result<&'static str, Denied> {
    token.require("notes.write")?;
    Ok("written")
}

async fn send(app: &Router, path: &str, token: Option<&str>) -> Response<Body> {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).expect("a request");
    app.clone().call(request).await.expect("infallible")
}

fn challenge(response: &Response<Body>) -> &str {
    response.headers()[WWW_AUTHENTICATE].to_str().expect("ASCII")
}

async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("text")
}

#[tokio::test]
async fn a_handler_takes_the_token() {
    let world = World::new();
    let guard = world.guard();
    let app = Router::new()
        .route("/notes", get(greet))
        .route("/write", get(write))
        .route_layer(guard.require("notes.read"));
    let token = world.jwt(json!({}));
    assert_eq!(text(send(&app, "/notes", Some(&token)).await).await, "hello u-1");
    let missing = send(&app, "/notes", None).await;
    assert_eq!((missing.status().as_u16(), challenge(&missing)), (401, "Bearer"));
    let short = send(&app, "/write", Some(&token)).await;
    assert_eq!(short.status(), 403);
    assert!(challenge(&short).ends_with(", scope=\"notes.write\""), "{}", challenge(&short));
    let poor = send(&app, "/notes", Some(&world.jwt(json!({"scope": "x"})))).await;
    assert_eq!(poor.status(), 403);
}

#[tokio::test]
async fn an_extractor_on_a_route_without_a_guard_refuses() {
    let world = World::new();
    let app = Router::new().route("/notes", get(greet)).route("/any", get(greet_anybody));
    for path in ["/notes", "/any"] {
        for token in [None, Some(world.jwt(json!({})))] {
            let response = send(&app, path, token.as_deref()).await;
            assert_eq!(response.status(), 500, "{path}");
            assert!(!text(response).await.contains("hello"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_route_that_is_added_after_the_layer_is_not_open() {
    let world = World::new();
    let app = Router::new()
        .route("/notes", get(greet))
        .route_layer(world.guard().layer())
        .route("/late", get(greet));
    assert_eq!(send(&app, "/late", Some(&world.jwt(json!({})))).await.status(), 500);
}

#[tokio::test]
async fn nothing_from_outside_passes_for_a_token() {
    let world = World::new();
    let guard = world.guard();
    let token = guard.check(&crate::support::head(&world.jwt(json!({})))).await.expect("accepted");
    let app = Router::new().route("/notes", get(greet)).layer(Extension(token));
    assert_eq!(send(&app, "/notes", None).await.status(), 500);
}

#[tokio::test]
async fn an_optional_token_is_nothing_where_none_came() {
    let world = World::new();
    let app = Router::new()
        .route("/any", get(greet_anybody))
        .route("/notes", get(greet))
        .route_layer(world.guard().layer().optional());
    assert_eq!(text(send(&app, "/any", None).await).await, "hello nobody");
    assert_eq!(text(send(&app, "/any", Some(&world.jwt(json!({})))).await).await, "hello u-1");
    assert_eq!(send(&app, "/any", Some("bad")).await.status(), 401);
    let needed = send(&app, "/notes", None).await;
    assert_eq!((needed.status().as_u16(), challenge(&needed)), (401, "Bearer"));
}

#[tokio::test]
async fn metadata_and_keys_are_served_to_anybody() {
    let world = World::new();
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
    let guard = passavant_resource::Guard::builder("https://id.example", "https://api.example/v1/notes")
        .fetch(world.server.clone())
        .decryption_key(key.clone())
        .build()
        .expect("a guard");
    let app: Router =
        Router::new().route("/v1/notes", get(greet)).route_layer(guard.layer()).merge(guard.metadata());
    let mut documents = Vec::new();
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/v1/notes"] {
        let response = send(&app, path, None).await;
        assert_eq!(response.status(), 200, "{path}");
        documents.push(text(response).await);
    }
    assert_eq!(documents[0], documents[1]);
    let document: serde_json::Value = serde_json::from_str(&documents[0]).expect("JSON");
    assert_eq!(document["resource"], "https://api.example/v1/notes");
    assert_eq!(document["jwks_uri"], "https://api.example/jwks");
    let keys = text(send(&app, "/jwks", None).await).await;
    let set = JwkSet::parse(keys.as_bytes()).expect("public keys");
    assert_eq!(set.keys()[0].thumbprint(), key.public_jwk().expect("public").thumbprint());
    let missing = send(&app, "/v1/notes", None).await;
    assert_eq!(
        missing.headers()[WWW_AUTHENTICATE],
        "Bearer resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/v1/notes\""
    );
}

#[tokio::test]
async fn a_prefix_of_urls_is_compared_with_the_path_that_the_client_sent() {
    let world = World::new();
    let rule = passavant_resource::AudienceRule::UrlPrefix;
    let guard = world.builder().audience_rule(rule).build().expect("a guard");
    let notes = Router::new().route("/notes", get(greet)).route_layer(guard.layer());
    let app = Router::new().nest("/v1", notes);
    for (aud, status) in [("/v1", 200), ("/v1/notes", 200), ("", 200), ("/notes", 401), ("/v1/note", 401)] {
        let token = world.jwt(json!({"aud": format!("https://notes.example{aud}")}));
        assert_eq!(send(&app, "/v1/notes", Some(&token)).await.status(), status, "{aud}");
    }
}

#[tokio::test]
async fn health_is_a_service_to_route() {
    let world = World::new();
    let app: Router = Router::new().route_service("/health/guard", world.guard().health_service());
    let response = send(&app, "/health/guard", None).await;
    assert_eq!(response.status(), 200);
    let document: serde_json::Value = serde_json::from_str(&text(response).await).expect("JSON");
    assert_eq!(document["state"], "idle");
}

#[tokio::test]
async fn metadata_merges_into_a_router_with_state() {
    let world = World::new();
    let app: Router<String> = Router::new().merge(world.guard().metadata());
    let app = app.with_state("state".to_owned());
    assert_eq!(send(&app, "/.well-known/oauth-protected-resource", None).await.status(), 200);
}
