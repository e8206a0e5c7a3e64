//! The guard in tonic: a layer that refuses as gRPC does, and what happens without a layer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use passavant_resource::{Denied, Token};
use serde_json::json;
use tonic::body::Body;
use tonic::{Code, Status};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::introspection::active;
use crate::support::{Log, World, json_answer, status};

/// Greets the subject in a header, as a handler that takes the token does.
#[derive(Clone)]
struct Greeting;

impl Service<Request<Body>> for Greeting {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let greeted = greet(&tonic::Request::from_http(request).map(drop));
        ready(Ok(greeted.map_or_else(Status::into_http, |greeting| {
            Response::builder().header("greeting", greeting).body(Body::empty()).expect("a response")
        })))
    }
}

fn greet(request: &tonic::Request<()>) -> Result<String, Status> {
    let token = Token::of(request.extensions())?;
    Ok(format!("hello {}", token.subject()))
}

/// The greeting, or the status that a gRPC client gets.
async fn call(
    mut service: impl Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    token: Option<&str>,
) -> Result<String, Status> {
    let mut request = Request::post("/example.Notes/Greet");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let response = service.call(request.body(Body::empty()).expect("a request")).await.expect("infallible");
    assert_eq!(response.status(), 200, "gRPC has statuses of its own");
    match Status::from_header_map(response.headers()) {
        Some(status) => {
            assert_eq!(response.headers()[CONTENT_TYPE], "application/grpc");
            Err(status)
        }
        None => Ok(response.headers()["greeting"].to_str().expect("ASCII").to_owned()),
    }
}

fn challenge(status: &Status) -> Option<&str> {
    status.metadata().get("www-authenticate").map(|value| value.to_str().expect("ASCII"))
}

#[tokio::test]
async fn a_call_reaches_its_handler_with_an_accepted_token_alone() {
    let world = World::new();
    let layer = world.guard().require("notes.read").tonic();
    assert_eq!(call(layer.layer(Greeting), Some(&world.jwt(json!({})))).await.expect("greeted"), "hello u-1");
    let poor = world.jwt(json!({"scope": "x"}));
    for (token, code, expected) in [
        (None, Code::Unauthenticated, "Bearer"),
        (Some("x"), Code::Unauthenticated, "Bearer error=\"invalid_token\""),
        (Some("a b"), Code::Unauthenticated, "Bearer error=\"invalid_request\""),
        (Some(&*poor), Code::PermissionDenied, "Bearer error=\"insufficient_scope\""),
    ] {
        let status = call(layer.layer(Greeting), token).await.expect_err("refused");
        assert_eq!(status.code(), code, "{token:?}");
        assert!(challenge(&status).is_some_and(|text| text.starts_with(expected)), "{token:?}: {status:?}");
        assert!(!status.message().is_empty());
    }
}

#[tokio::test]
async fn an_authorization_server_that_is_away_is_unavailable() {
    let world = World::new();
    world.server.set("/jwks", status(500));
    let away = call(world.guard().tonic().layer(Greeting), Some(&world.jwt(json!({})))).await;
    let status = away.expect_err("refused");
    assert_eq!((status.code(), challenge(&status)), (Code::Unavailable, None));
}

#[tokio::test]
async fn a_handler_without_a_layer_refuses_and_says_why() {
    let world = World::new();
    for token in [None, Some(world.jwt(json!({})))] {
        let log = Log::listen();
        let status = call(Greeting, token.as_deref()).await.expect_err("refused");
        assert_eq!((status.code(), challenge(&status)), (Code::Internal, None));
        assert!(log.text().contains("no guard covers"));
    }
}

#[tokio::test]
async fn a_handler_that_demands_more_scope_refuses_with_its_challenge() {
    let world = World::new();
    let token = crate::support::check(&world.guard(), &world.jwt(json!({}))).await.expect("accepted");
    let denied: Denied = token.require("notes.write").expect_err("too little");
    let status = Status::from(denied);
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(challenge(&status).is_some_and(|text| text.ends_with(", scope=\"notes.write\"")));
}

#[tokio::test]
async fn layers_of_one_guard_check_the_token_once() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().cache(std::time::Duration::ZERO).build().expect("a guard");
    let twice = guard.tonic().layer(guard.require("read").tonic().layer(Greeting));
    assert_eq!(call(twice, Some("opaque")).await.expect("greeted"), "hello 1");
    assert_eq!(world.server.calls("/introspect"), 1);
}
