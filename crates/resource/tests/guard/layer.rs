//! The guard as a `tower` layer, without a framework.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, WWW_AUTHENTICATE};
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use passavant_resource::{Guard, Require, Token};
use serde_json::json;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::introspection::active;
use crate::support::{World, json_answer};

/// Greets the subject, or nobody; refuses as `Token::optional_of` says.
#[derive(Clone)]
struct Greeting;

impl Service<Request<()>> for Greeting {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok(match Token::optional_of(request.extensions()) {
            Ok(Some(token)) => Response::new(Full::from(format!("hello {}", token.subject()))),
            Ok(None) => Response::new(Full::from("hello nobody")),
            Err(denied) => denied.response(),
        }))
    }
}

async fn call<S, B>(service: S, token: Option<&str>) -> (u16, Option<String>, String)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let mut service = service;
    let mut request = Request::get("/");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let response = service.call(request.body(()).expect("a request")).await.expect("infallible");
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map(|value| value.to_str().expect("ASCII").to_owned());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, challenge, String::from_utf8(body.to_vec()).expect("text"))
}

fn behind(layer: &Require) -> impl Service<Request<()>, Response = Response<Body>, Error = Infallible> {
    layer.layer(Greeting)
}

type Body = http_body_util::Either<Full<Bytes>, Full<Bytes>>;

#[tokio::test]
async fn a_layer_lets_only_accepted_tokens_through() {
    let world = World::new();
    let guard = world.guard();
    let (status, _, body) = call(behind(&guard.layer()), Some(&world.jwt(json!({})))).await;
    assert_eq!((status, &*body), (200, "hello u-1"));
    let (status, challenge, body) = call(behind(&guard.layer()), None).await;
    assert_eq!((status, challenge.as_deref(), &*body), (401, Some("Bearer"), ""));
    let (status, challenge, body) = call(behind(&guard.layer()), Some("x")).await;
    assert_eq!(status, 401);
    assert!(challenge.is_some_and(|text| text.contains("invalid_token")) && body.contains("invalid_token"));
}

#[tokio::test]
async fn a_layer_demands_its_scopes() {
    let world = World::new();
    let guard = world.guard();
    let token = world.jwt(json!({"scope": "notes.read notes.write"}));
    for (scopes, expected) in [
        ("notes.read", 200),
        ("notes.write notes.read", 200),
        ("notes.read admin", 403),
        ("notes", 403),
        ("no\"scope", 403),
    ] {
        let (status, challenge, _) = call(behind(&guard.require(scopes)), Some(&token)).await;
        assert_eq!(status, expected, "{scopes}");
        assert_eq!(challenge.is_some_and(|text| text.contains("insufficient_scope")), expected == 403);
    }
}

#[tokio::test]
async fn an_optional_layer_lets_nobody_through_and_no_bad_token() {
    let world = World::new();
    let layer = world.guard().layer().optional();
    assert_eq!(call(behind(&layer), None).await.2, "hello nobody");
    assert_eq!(call(behind(&layer), Some(&world.jwt(json!({})))).await.2, "hello u-1");
    assert_eq!(call(behind(&layer), Some("bad")).await.0, 401);
    let closed = layer.layer(world.guard().layer().layer(Greeting));
    assert_eq!(call(closed, None).await.0, 401, "an inner layer still refuses");
}

#[tokio::test]
async fn a_service_without_a_layer_refuses() {
    assert_eq!(call(Greeting, None).await.0, 500);
}

#[tokio::test]
async fn layers_of_one_guard_check_the_token_once() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().cache(std::time::Duration::ZERO).build().expect("a guard");
    let twice = guard.layer().layer(guard.require("read").layer(Greeting));
    assert_eq!(call(twice, Some("opaque")).await.0, 200);
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[tokio::test]
async fn a_token_of_another_guard_counts_for_nothing() {
    let world = World::new();
    let other: Guard = Guard::builder("https://id.example", "https://other.example")
        .fetch(world.server.clone())
        .clock(world.clock.clone())
        .build()
        .expect("a guard");
    let both = world.guard().layer().layer(other.layer().layer(Greeting));
    assert_eq!(call(both, Some(&world.jwt(json!({})))).await.0, 401);
}

#[tokio::test]
async fn challenges_name_the_metadata_that_is_served() {
    let world = World::new();
    let guard = world.builder().scopes_supported("notes.read notes.write").build().expect("a guard");
    let mut service = guard.metadata_service();
    let request = Request::get("/.well-known/oauth-protected-resource").body(()).expect("a request");
    let document = service.call(request).await.expect("infallible").into_body();
    let document = document.collect().await.expect("a body").to_bytes();
    let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
    assert_eq!(
        document,
        json!({
            "resource": "https://notes.example", "authorization_servers": ["https://id.example"],
            "scopes_supported": ["notes.read", "notes.write"], "bearer_methods_supported": ["header"]
        })
    );
    let (_, challenge, _) = call(behind(&guard.layer()), None).await;
    let named = "Bearer resource_metadata=\"https://notes.example/.well-known/oauth-protected-resource\"";
    assert_eq!(challenge.as_deref(), Some(named));
}

#[tokio::test]
async fn a_refusal_that_leaves_a_body_unread_says_that_it_ends_the_connection() {
    let world = World::new();
    let mut service = world.guard().layer().layer(Greeting);
    for (header, value, version, ends) in [
        (CONTENT_LENGTH, "7", Version::HTTP_11, true),
        (TRANSFER_ENCODING, "chunked", Version::HTTP_11, true),
        (CONTENT_LENGTH, "0", Version::HTTP_11, false),
        (CONTENT_LENGTH, "7", Version::HTTP_2, false),
    ] {
        let request = Request::post("/").version(version).header(&header, value).body(()).expect("a request");
        let answer = service.call(request).await.expect("infallible");
        let said = answer.headers().get(CONNECTION).map(|value| value.to_str().expect("ASCII"));
        assert_eq!(
            (answer.status().as_u16(), said),
            (401, ends.then_some("close")),
            "{header} {value} {version:?}"
        );
    }
}
