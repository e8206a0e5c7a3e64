//! The guard in actix-web: middleware, extractors, and what happens without middleware.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use passavant_resource::extract::{Claims, OptionalToken};
use passavant_resource::{Denied, Token};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::introspection::active;
use crate::support::{Log, World, json_answer};

async fn greet(token: Token) -> String {
    format!("hello {}", token.subject())
}

async fn greet_anybody(OptionalToken(token): OptionalToken) -> String {
    token.map_or_else(|| "hello nobody".to_owned(), |token| format!("hello {}", token.subject()))
}

async fn greet_carelessly(token: Option<Token>) -> String {
    token.map_or_else(|| "hello nobody".to_owned(), |token| format!("hello {}", token.subject()))
}

async fn write(token: Token) -> Result<&'static str, Denied> {
    token.require("notes.write")?;
    Ok("written")
}

#[derive(Deserialize)]
struct Member {
    sub: String,
    level: u8,
}

async fn level(Claims(member): Claims<Member>) -> String {
    format!("{} {}", member.sub, member.level)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn challenge(&self) -> Option<&str> {
        self.headers.get("www-authenticate").map(|value| value.to_str().expect("ASCII"))
    }
}

/// Sends one request. A macro, since actix-web does not export the type of its services' requests.
macro_rules! send {
    ($app:expr, $path:expr, $token:expr) => {
        answer(call_service($app, request($path, $token).to_request()).await).await
    };
}

fn request(path: &str, token: Option<&str>) -> TestRequest {
    let request = TestRequest::get().uri(path);
    match token {
        Some(token) => request.insert_header((AUTHORIZATION, format!("Bearer {token}"))),
        None => request,
    }
}

async fn answer<B: MessageBody>(response: ServiceResponse<B>) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = String::from_utf8(read_body(response).await.to_vec()).expect("text");
    Answer { status, headers, body }
}

#[actix_web::test]
async fn a_handler_takes_the_token() {
    let world = World::new();
    let guard = world.guard();
    let app = App::new().wrap(guard.require("notes.read").actix());
    let app =
        init_service(app.route("/notes", web::get().to(greet)).route("/write", web::get().to(write))).await;
    let token = world.jwt(json!({}));
    let greeted = send!(&app, "/notes", Some(&token));
    assert_eq!((greeted.status, &*greeted.body), (200, "hello u-1"));
    let missing = send!(&app, "/notes", None);
    assert_eq!((missing.status, missing.challenge(), &*missing.body), (401, Some("Bearer"), ""));
    let bad = send!(&app, "/notes", Some("x"));
    assert_eq!(bad.status, 401);
    assert!(bad.challenge().is_some_and(|text| text.starts_with("Bearer error=\"invalid_token\"")));
    assert!(bad.body.contains("invalid_token") && bad.headers.get("cache-control").is_some());
    let short = send!(&app, "/write", Some(&token));
    assert_eq!(short.status, 403);
    assert!(short.challenge().is_some_and(|text| text.ends_with(", scope=\"notes.write\"")));
    assert_eq!(send!(&app, "/notes", Some(&world.jwt(json!({"scope": "x"})))).status, 403);
}

#[actix_web::test]
async fn a_token_twice_is_refused_and_one_in_the_query_is_none() {
    let world = World::new();
    let app = App::new().wrap(world.guard().actix()).route("/notes", web::get().to(greet));
    let app = init_service(app).await;
    let token = world.jwt(json!({}));
    assert_eq!(send!(&app, &format!("/notes?access_token={token}"), None).status, 401);
    assert_eq!(send!(&app, "/notes?access_token=x", Some(&token)).status, 400);
    let header = (AUTHORIZATION, format!("Bearer {token}"));
    let twice = TestRequest::get().uri("/notes").append_header(header.clone()).append_header(header);
    assert_eq!(call_service(&app, twice.to_request()).await.status().as_u16(), 400);
}

#[actix_web::test]
async fn an_authorization_server_that_is_away_is_503() {
    let world = World::new();
    world.server.set("/jwks", crate::support::status(500));
    let app = init_service(App::new().wrap(world.guard().actix()).route("/", web::get().to(greet))).await;
    let away = send!(&app, "/", Some(&world.jwt(json!({}))));
    assert_eq!((away.status, away.challenge()), (503, None));
    assert!(away.headers.get("retry-after").is_some());
}

#[actix_web::test]
async fn an_extractor_on_a_route_without_a_guard_refuses_and_says_why() {
    let world = World::new();
    let app = App::new().route("/notes", web::get().to(greet)).route("/any", web::get().to(greet_anybody));
    let app = init_service(app.route("/level", web::get().to(level))).await;
    for path in ["/notes", "/any", "/level"] {
        for token in [None, Some(world.jwt(json!({"level": 7})))] {
            let log = Log::listen();
            let refused = send!(&app, path, token.as_deref());
            assert_eq!(refused.status, 500, "{path}");
            assert!(!refused.body.contains("hello") && log.text().contains("no guard covers"), "{path}");
        }
    }
}

/// actix-web's `Option` hides the refusal; what remains is `None`, and the log line.
#[actix_web::test]
async fn the_frameworks_own_option_finds_nobody_on_a_route_without_a_guard() {
    let world = World::new();
    let app = init_service(App::new().route("/", web::get().to(greet_carelessly))).await;
    let log = Log::listen();
    assert_eq!(send!(&app, "/", Some(&world.jwt(json!({})))).body, "hello nobody");
    assert!(log.text().contains("no guard covers"));
}

#[actix_web::test]
async fn an_optional_token_is_nothing_where_none_came() {
    let world = World::new();
    let app = App::new().wrap(world.guard().layer().optional().actix());
    let app = app.route("/any", web::get().to(greet_anybody)).route("/notes", web::get().to(greet));
    let app = init_service(app).await;
    assert_eq!(send!(&app, "/any", None).body, "hello nobody");
    assert_eq!(send!(&app, "/any", Some(&world.jwt(json!({})))).body, "hello u-1");
    assert_eq!(send!(&app, "/any", Some("bad")).status, 401);
    let needed = send!(&app, "/notes", None);
    assert_eq!((needed.status, needed.challenge()), (401, Some("Bearer")));
}

#[actix_web::test]
async fn caches_are_told_what_differs_by_who_asks_and_what_holds_a_token() {
    let world = World::new();
    let guard = world.builder().danger_token_in_query().build().expect("a guard");
    let app = App::new().wrap(guard.layer().optional().actix()).route("/any", web::get().to(greet_anybody));
    let app = init_service(app).await;
    let nobody = send!(&app, "/any", None);
    assert_eq!(nobody.headers.get("vary").map(HeaderValue::as_bytes), Some(&b"Authorization"[..]));
    assert_eq!(nobody.headers.get("cache-control"), None);
    let queried = send!(&app, &format!("/any?access_token={}", world.jwt(json!({}))), None);
    assert_eq!(queried.body, "hello u-1");
    assert_eq!(queried.headers.get("cache-control").map(HeaderValue::as_bytes), Some(&b"private"[..]));
}

#[actix_web::test]
async fn claims_that_do_not_fit_are_refused() {
    let world = World::new();
    let app = init_service(App::new().wrap(world.guard().actix()).route("/", web::get().to(level))).await;
    assert_eq!(send!(&app, "/", Some(&world.jwt(json!({"level": 7})))).body, "u-1 7");
    for level in [json!(null), json!("7"), json!(256)] {
        let refused = send!(&app, "/", Some(&world.jwt(json!({ "level": level }))));
        assert_eq!(refused.status, 401, "{level}");
        assert!(refused.challenge().is_some_and(|text| text.starts_with("Bearer error=\"invalid_token\"")));
    }
}

#[actix_web::test]
async fn middlewares_of_one_guard_check_the_token_once() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().cache(std::time::Duration::ZERO).build().expect("a guard");
    let inner = web::scope("/api").wrap(guard.require("read").actix()).route("/me", web::get().to(greet));
    let app = init_service(App::new().wrap(guard.actix()).service(inner)).await;
    assert_eq!(send!(&app, "/api/me", Some("opaque")).status, 200);
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[actix_web::test]
async fn metadata_is_served_to_anybody() {
    let world = World::new();
    let guard = world.guard();
    let notes = web::scope("/notes").wrap(guard.actix()).route("", web::get().to(greet));
    let app = init_service(App::new().configure(guard.actix_metadata()).service(notes)).await;
    let found = send!(&app, "/.well-known/oauth-protected-resource", None);
    assert_eq!(found.status, 200);
    let document: Value = serde_json::from_str(&found.body).expect("JSON");
    assert_eq!(document["resource"], "https://notes.example");
    let missing = send!(&app, "/notes", None);
    assert!(missing.challenge().is_some_and(|text| text.starts_with("Bearer resource_metadata=")));
}
