//! Requests without a token, or with one elsewhere: preflights, optional routes, queries.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use passavant_resource::{Dpop, Guard, GuardError, Require, Token};
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::introspection::active;
use crate::support::{AUDIENCE, World, json_answer};

/// Greets the subject, or nobody; `/mine` requires a token.
#[derive(Clone)]
struct Handler;

impl Service<Request<()>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let token = match request.uri().path() {
            "/mine" => Token::of(request.extensions()).map(Some),
            _ => Token::optional_of(request.extensions()),
        };
        let answer = |token: Option<Token>| {
            let who = token.map_or_else(|| "nobody".to_owned(), |token| token.subject().to_owned());
            let mut response = Response::new(Full::from(who));
            if request.uri().path() == "/cached" {
                response.headers_mut().insert(CACHE_CONTROL, "no-cache".parse().expect("a value"));
            }
            response
        };
        ready(Ok(token.map_or_else(|denied| denied.response(), answer)))
    }
}

/// Status, headers and text of an answer.
type Wire = (u16, HeaderMap, String);

async fn send(layer: &Require, request: http::request::Builder) -> Wire {
    let mut service = layer.layer(Handler);
    let response = service.call(request.body(()).expect("a request")).await.expect("infallible");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).expect("text"))
}

fn preflight(path: &str) -> http::request::Builder {
    let request = Request::options(path).header("origin", "https://spa.example");
    request.header("access-control-request-method", "POST")
}

#[tokio::test]
async fn preflight_without_token_passes_only_if_enabled() {
    let guard = World::new().guard();
    let closed = send(&guard.require("notes.read"), preflight("/")).await;
    assert_eq!((closed.0, &closed.1[WWW_AUTHENTICATE]), (401, &"Bearer".parse().expect("a value")));
    let open = send(&guard.require("notes.read").public_preflights(), preflight("/")).await;
    assert_eq!((open.0, &*open.2), (200, "nobody"));
}

#[tokio::test]
async fn nothing_but_a_preflight_passes_for_one() {
    let world = World::new();
    let layer = world.guard().layer().public_preflights();
    let bad = || preflight("/").header(AUTHORIZATION, "Bearer bad");
    for (name, request) in [
        ("GET", preflight("/").method(Method::GET)),
        ("POST", preflight("/").method(Method::POST)),
        ("no origin", Request::options("/").header("access-control-request-method", "POST")),
        ("no method", Request::options("/").header("origin", "https://spa.example")),
        ("an override", Request::post("/").header("x-http-method-override", "OPTIONS")),
        ("a token that is none", bad()),
        ("a handler that takes a token", preflight("/mine")),
    ] {
        assert_eq!(send(&layer, request).await.0, 401, "{name}");
    }
    let inner = world.guard().layer();
    let mut both = layer.layer(inner.layer(Handler));
    let response = both.call(preflight("/").body(()).expect("a request")).await.expect("infallible");
    assert_eq!(response.status(), 401, "an inner layer was not told");
}

#[tokio::test]
async fn what_differs_by_who_asks_says_so_to_caches() {
    let world = World::new();
    let (plain, optional) = (world.guard().layer(), world.guard().layer().optional());
    let token = format!("Bearer {}", world.jwt(json!({})));
    let with_token = || Request::get("/").header(AUTHORIZATION, &token);
    for request in [Request::get("/"), with_token()] {
        let (status, headers, _) = send(&optional, request).await;
        assert_eq!((status, &headers[VARY]), (200, &"Authorization".parse().expect("a value")));
    }
    let (status, headers, _) = send(&plain, with_token()).await;
    assert_eq!((status, headers.get(VARY), headers.get(CACHE_CONTROL)), (200, None, None));
}

async fn queried(guard: &Guard, path: &str, header: Option<&str>) -> Wire {
    let mut request = Request::get(path);
    if let Some(header) = header {
        request = request.header(AUTHORIZATION, header);
    }
    send(&guard.layer(), request).await
}

#[tokio::test]
async fn a_token_in_the_query_is_taken_only_where_that_was_asked_for() {
    let world = World::new();
    let path = format!("/notes?access_token={}", world.jwt(json!({})));
    assert_eq!(queried(&world.guard(), &path, None).await.0, 401);
    let guard = world.builder().danger_token_in_query().build().expect("a guard");
    let (status, headers, who) = queried(&guard, &path, None).await;
    assert_eq!((status, &*who, &headers[CACHE_CONTROL]), (200, "u-1", &"private".parse().expect("a value")));
    let cached = queried(&guard, &path.replace("notes", "cached"), None).await;
    assert_eq!(cached.1[CACHE_CONTROL], "no-cache", "the host decided");
    let twice = queried(&guard, &path, Some(&format!("Bearer {}", world.jwt(json!({}))))).await;
    let challenge = twice.1[WWW_AUTHENTICATE].to_str().expect("ASCII").to_owned();
    assert_eq!(twice.0, 400);
    assert!(challenge.starts_with("Bearer error=\"invalid_request\""), "{challenge}");
    assert_eq!(queried(&guard, "/notes?access_token=bad", None).await.0, 401);
    assert_eq!(queried(&guard, "/notes", None).await.0, 401);
}

#[tokio::test]
async fn a_bound_token_is_none_in_the_query() {
    const KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let world = World::new();
    let path = format!("/?access_token={}", world.jwt(json!({"cnf": {"jkt": KEY}})));
    for mode in [Dpop::Off, Dpop::Accept, Dpop::Require] {
        let guard = world.builder().dpop(mode).danger_token_in_query().build().expect("a guard");
        assert_eq!(queried(&guard, &path, None).await.0, 401, "{mode:?}");
    }
}

async fn methods(guard: &Guard) -> Value {
    let request = Request::get("/.well-known/oauth-protected-resource").body(()).expect("a request");
    let document = guard.metadata_service().call(request).await.expect("infallible").into_body();
    let document = document.collect().await.expect("a body").to_bytes();
    serde_json::from_slice::<Value>(&document).expect("JSON")["bearer_methods_supported"].clone()
}

#[tokio::test]
async fn the_metadata_says_where_a_token_may_stand() {
    let world = World::new();
    assert_eq!(methods(&world.guard()).await, json!(["header"]));
    let querying = || world.builder().danger_token_in_query();
    assert_eq!(methods(&querying().build().expect("a guard")).await, json!(["header", "query"]));
    let bound = querying().dpop(Dpop::Require).build().expect("a guard");
    assert_eq!(methods(&bound).await, json!(["header"]), "a query shows no proof");
    let partner = Guard::builder("https://partner.example", AUDIENCE).danger_token_in_query();
    let misplaced = world.builder().and(partner).build().err();
    assert_eq!(misplaced, Some(GuardError::NotFirst("danger_token_in_query")));
}

#[tokio::test]
async fn the_log_of_a_query_holds_no_token() {
    let log = crate::support::Log::listen();
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({"active": false}))));
    let guard = world.introspecting().danger_token_in_query().build().expect("a guard");
    assert_eq!(queried(&guard, "/?access_token=very-secret-token", None).await.0, 401);
    assert!(log.text().contains("inactive") && !log.text().contains("very-secret"), "{}", log.text());
}
