//! Test an API against an authorization server that does what the test says.
//!
//! `passavant_testkit::Authority` listens on a port of 127.0.0.1, publishes metadata and keys, mints tokens and answers
//! introspection. The guard under test is the real one, with the real HTTP client: nothing is mocked. In `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! passavant-testkit = "0.1"
//! ```
//!
//! Take the guard as an argument of the function that builds the app, and an API's own tests are these; each `async fn`
//! is a `#[tokio::test]`.
//!
#![cfg_attr(all(feature = "axum", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "axum", feature = "client")), doc = "```text")]
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, Response, StatusCode, header};
//! use passavant_resource::{Guard, Token};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use std::time::Duration;
//! use tower_service::Service as _;
//!
//! const API: &str = "https://notes.example.org";
//!
//! fn app(guard: &Guard) -> Router {
//!     let notes = Router::new().route("/notes", get(async |token: Token| format!("notes of {}", token.subject())));
//!     notes.route_layer(guard.require("notes.read"))
//! }
//!
//! /// A guard that keeps no answers, so that each test sees at once what it changes.
//! fn guard(server: &Authority) -> Guard {
//!     let builder = Guard::builder(server.issuer(), API).introspect("notes-rs", "its-secret");
//!     builder.cache(Duration::ZERO).build().expect("a guard")
//! }
//!
//! async fn read(guard: &Guard, token: &str) -> Response<Body> {
//!     let request = Request::get("/notes").header(header::AUTHORIZATION, format!("Bearer {token}"));
//!     app(guard).call(request.body(Body::empty()).expect("a request")).await.expect("infallible")
//! }
//!
//! fn challenge(response: &Response<Body>) -> &str {
//!     response.headers()[header::WWW_AUTHENTICATE].to_str().expect("ASCII")
//! }
//!
//! async fn a_token_with_the_scope_is_accepted_and_another_is_not() {
//!     let server = Authority::start();
//!     let guard = guard(&server);
//!     let good = server.token(API).subject("alice").scope("notes.read").sign();
//!     assert_eq!(read(&guard, &good).await.status(), StatusCode::OK);
//!
//!     let poor = read(&guard, &server.token(API).scope("notes.list").sign()).await;
//!     assert_eq!(poor.status(), StatusCode::FORBIDDEN);
//!     assert!(challenge(&poor).contains(r#"error="insufficient_scope""#));
//!
//!     let elsewhere = server.token("https://other.example.org").scope("notes.read").sign();
//!     assert_eq!(read(&guard, &elsewhere).await.status(), StatusCode::UNAUTHORIZED);
//! }
//!
//! async fn an_expired_token_is_refused() {
//!     let server = Authority::start();
//!     // Clocks may differ by 30 seconds: a JWT is expired for certain only after that.
//!     let expired = read(&guard(&server), &server.token(API).scope("notes.read").expires_in(-31).sign()).await;
//!     assert_eq!(expired.status(), StatusCode::UNAUTHORIZED);
//!     assert!(challenge(&expired).contains(r#"error="invalid_token""#));
//! }
//!
//! async fn a_revoked_token_is_refused() {
//!     let server = Authority::start();
//!     let (guard, token) = (guard(&server), server.token(API).scope("notes.read").opaque());
//!     assert_eq!(read(&guard, &token).await.status(), StatusCode::OK);
//!     server.revoke(&token);
//!     assert_eq!(read(&guard, &token).await.status(), StatusCode::UNAUTHORIZED);
//! }
//!
//! async fn new_keys_are_found_without_a_restart() {
//!     let server = Authority::start();
//!     let guard = guard(&server);
//!     let before = server.token(API).scope("notes.read").sign();
//!     assert_eq!(read(&guard, &before).await.status(), StatusCode::OK);
//!     server.rotate();
//!     let after = server.token(API).scope("notes.read").sign();
//!     assert_eq!(read(&guard, &after).await.status(), StatusCode::OK);
//!     assert_eq!(read(&guard, &before).await.status(), StatusCode::OK);
//!     assert_eq!(server.requests("/jwks"), 2);
//! }
//!
//! async fn a_server_that_is_away_is_no_pass() {
//!     let server = Authority::start();
//!     let (guard, token) = (guard(&server), server.token(API).scope("notes.read").opaque());
//!     assert_eq!(read(&guard, &token).await.status(), StatusCode::OK);
//!     server.go_down();
//!     let response = read(&guard, &token).await;
//!     assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
//!     assert_eq!(response.headers()[header::RETRY_AFTER], "5");
//!     server.behave();
//!     assert_eq!(read(&guard, &token).await.status(), StatusCode::OK);
//! }
//! # #[tokio::main]
//! # async fn main() {
//! #     a_token_with_the_scope_is_accepted_and_another_is_not().await;
//! #     an_expired_token_is_refused().await;
//! #     a_revoked_token_is_refused().await;
//! #     new_keys_are_found_without_a_restart().await;
//! #     a_server_that_is_away_is_no_pass().await;
//! # }
//! ```
//!
//! What else a test can do:
//!
//! | to show | do |
//! |---|---|
//! | a defect of one token | `claim`, `typ`, `kid`, `key`, `algorithm`, `sign_without` on the token |
//! | a server that hangs, breaks off, redirects, answers nonsense | `misbehave(Trouble::..)`, with a short `GuardBuilder::deadline` |
//! | RFC 9701 answers, signed or encrypted | `GuardBuilder::response`, `encrypt_to` ([`encrypted`](super::encrypted)) |
//! | how often the server was asked | `requests("/introspect")` |
//! | time that passes | a [`Clock`](crate::Clock) of the test's, and `Authority::at` |
//! | no network, and no feature `client` | a [`Fetch`](crate::Fetch) of the test's, with `Authority::new` |
//!
//! The feature `server` of the testkit is the whole authorization server, where a test needs real grants.
//!
//! # From elsewhere
//!
//! | there | here |
//! |---|---|
//! | Spring `mockMvc.perform(get("/notes").with(jwt()))` | `authority.token(API).scope(..).sign()`, and the guard stays in the path |
//! | django-oauth-toolkit: rows of `AccessToken` in a test's database | `authority.token(API).opaque()` |
//! | `responses` or `requests_mock` for the server of django-lasuite | `Authority`, `Trouble` |
