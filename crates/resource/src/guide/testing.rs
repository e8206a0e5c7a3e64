//! Test an API against a scripted authorization server.
//!
//! `passavant_testkit::Authority` listens on a port of 127.0.0.1, publishes metadata and keys, mints tokens and
//! answers introspection. The guard under test is the real one, with the real HTTP client. In `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! passavant-testkit = "0.1"
//! ```
//!
//! Pass the guard as an argument to the function that builds the app. The tests of an API then look like this; each
//! `async fn` is a `#[tokio::test]`.
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
//! /// A guard without a cache, so that changes take effect at once.
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
//!     // Clocks may differ by 30 seconds: only after that a JWT is certainly expired.
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
//! Other things that a test can do:
//!
//! | to test | use |
//! |---|---|
//! | a defect of one token | `claim`, `typ`, `kid`, `key`, `algorithm`, `sign_without` on the token |
//! | a server that hangs, breaks off, redirects, or sends malformed answers | `misbehave(Malfunction::..)`, with a short `GuardBuilder::deadline` |
//! | RFC 9701 answers, signed or encrypted | `GuardBuilder::response`, `encrypt_to` ([`encrypted`](super::encrypted)) |
//! | the number of requests to the server | `requests("/introspect")` |
//! | passing time | your own [`Clock`](crate::Clock), and `Authority::at` |
//! | no network, or no feature `client` | your own [`Fetch`](crate::Fetch), with `Authority::new`, as below |
//!
//! The feature `server` of the testkit is the whole authorization server, for tests that need real grants.
//!
//! # Without a network
//!
//! A [`Fetch`](crate::Fetch) can be all that the guard sees of a server:
//!
//! ```
//! use async_trait::async_trait;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use passavant_resource::{Fetch, FetchError, FetchLimits, Guard};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use std::sync::Arc;
//!
//! struct Documents(Authority);
//!
//! #[async_trait]
//! impl Fetch for Documents {
//!     async fn fetch(&self, request: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
//!         let document = match request.uri().path() {
//!             "/.well-known/oauth-authorization-server" => self.0.metadata(),
//!             "/jwks" => self.0.jwks(),
//!             other => return Err(FetchError::Unreachable(other.to_owned())),
//!         };
//!         Ok(Response::new(document.to_string().into()))
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::new("https://id.example.org");
//! let api = "https://notes.example.org";
//! let guard = Guard::builder(server.issuer(), api).fetch(Arc::new(Documents(server.clone()))).build()?;
//! let token = server.token(api).subject("alice").sign();
//! let request = Request::get("/notes").header("authorization", format!("Bearer {token}")).body(())?;
//! assert_eq!(guard.check(&request.into_parts().0).await?.subject(), "alice");
//! # Ok(())
//! # }
//! ```
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | Spring `mockMvc.perform(get("/notes").with(jwt()))` | `authority.token(API).scope(..).sign()`, with the guard in the path |
//! | django-oauth-toolkit: rows of `AccessToken` in the test database | `authority.token(API).opaque()` |
//! | `responses` or `requests_mock` for the server of django-lasuite | `Authority`, `Malfunction` |
