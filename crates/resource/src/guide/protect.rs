//! Protect routes, and say which scopes they need.
//!
//! # axum
//!
#![cfg_attr(all(feature = "axum", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "axum", feature = "client")), doc = "```text")]
//! use axum::{Json, Router, routing::get};
//! use passavant_resource::{Denied, Guard, GuardError, Policy, Token};
//! use serde_json::{Value, json};
//!
//! fn app() -> Result<Router, GuardError> {
//!     let guard = Guard::new("https://id.example.org", "https://notes.example.org")?;
//!     let notes = Router::new()
//!         .route("/notes", get(list).post(add))
//!         .route_layer(guard.require(Policy::read_write("notes.read", "notes.write")));
//!     let anybody = Router::new()
//!         .route("/hello", get(hello))
//!         .route_layer(guard.layer().optional());
//!     Ok(notes.merge(anybody).merge(guard.metadata()))
//! }
//!
//! async fn list(token: Token) -> Json<Value> {
//!     Json(json!({ "notes_of": token.subject(), "read_by": token.client() }))
//! }
//!
//! async fn add(token: Token, note: String) -> Result<String, Denied> {
//!     if note.len() > 1_000 {
//!         token.require("notes.large")?; // beside what the route demands
//!     }
//!     Ok(format!("{} bytes", note.len()))
//! }
//!
//! async fn hello(token: Option<Token>) -> String {
//!     format!("hello {}", token.as_ref().map_or("nobody", Token::subject))
//! }
//! # app().expect("an app");
//! ```
//!
//! * The **issuer** is compared with `iss` byte for byte; a slash at the end counts. The **audience** is what `aud` must
//!   name: the identifier under which the API is registered, best its URL. Both are needed, since a token for another API
//!   is no token for this one (RFC 9068 §4).
//! * `route_layer` guards the routes above it; `layer` guards unknown paths too, which then answer 401 and not 404.
//! * [`Token`](crate::Token) is the accepted token, and [`extract::Claims`](crate::face::extract::Claims) reads it into a type
//!   of yours. Either one on a route without a guard answers 500 and says so in the log: nothing is let through.
//! * `guard.metadata()` serves the resource metadata (RFC 9728), and from then on challenges name it. No layer of the
//!   guard may cover it.
//! * The token is taken from the `Authorization` header alone: never from a query, a form or a cookie.
//!
//! Nothing is fetched before a token comes. `Guard::from_env` reads the same from `PASSAVANT_ISSUER`,
//! `PASSAVANT_AUDIENCE` and their like.
//!
//! # What a caller reads
//!
//! | case | status | `WWW-Authenticate` |
//! |---|---|---|
//! | no token | 401 | the scheme alone, without `error` (RFC 6750 §3.1) |
//! | a token that is not accepted | 401 | `error="invalid_token"` |
//! | too little scope | 403 | `error="insufficient_scope"`, and the scopes that would do |
//! | a sign-in that is too weak or too old | 401 | `error="insufficient_user_authentication"` (RFC 9470) |
//! | a request that can't be read | 400 | `error="invalid_request"` |
//! | the authorization server can't be asked | 503 | none; `Retry-After` |
//!
//! [`Denied`](crate::Denied) is that answer, and [`Reason`](crate::Reason) says which rule it was. 4xx are logged at
//! `debug`, 5xx at `warn`. [`Policy`](crate::Policy) has the other rules: any of several scopes, a table by method, rules
//! of your own.
//!
//! # Health
//!
//! [`Guard::health_service`](crate::Guard::health_service) answers a probe and asks nobody: put it on the operator's port.
//! A new guard is `idle` and answers 200, so a start never waits for the authorization server.
//!
//! # Other frameworks
//!
//! actix-web (`examples/with_actix.rs`):
//!
#![cfg_attr(all(feature = "actix", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "actix", feature = "client")), doc = "```text")]
//! use actix_web::{App, web};
//! use passavant_resource::{Guard, Token};
//!
//! async fn list(token: Token) -> String {
//!     format!("notes of {}", token.subject())
//! }
//!
//! # fn main() -> Result<(), passavant_resource::GuardError> {
//! let guard = Guard::new("https://id.example.org", "https://notes.example.org")?;
//! let notes = web::scope("/notes").wrap(guard.require("notes.read").actix()).route("", web::get().to(list));
//! let app = App::new().configure(guard.actix_metadata()).service(notes);
//! # let _ = app;
//! # Ok(())
//! # }
//! ```
//!
//! tonic (`examples/with_tonic.rs`): refusals are gRPC statuses, and the challenge stands in their metadata.
//!
#![cfg_attr(all(feature = "tonic", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "tonic", feature = "client")), doc = "```text")]
//! use passavant_resource::{Guard, Token};
//! use tonic::{Request, Response, Status, transport::Server};
//!
//! async fn read(request: Request<()>) -> Result<Response<String>, Status> {
//!     let token = Token::of(request.extensions())?;
//!     Ok(Response::new(format!("notes of {}", token.subject())))
//! }
//!
//! # fn main() -> Result<(), passavant_resource::GuardError> {
//! let guard = Guard::new("https://id.example.org", "https://notes.example.org")?;
//! let server = Server::builder().layer(guard.require("notes.read").tonic());
//! # let _ = (server, read);
//! # Ok(())
//! # }
//! ```
//!
//! Any `tower` service takes [`Guard::layer`](crate::Guard::layer) and [`Guard::require`](crate::Guard::require)
//! (`examples/with_hyper.rs`); with no framework at all there is one call (`examples/bare.rs`):
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use http::request::Parts;
//! use passavant_resource::{Denied, Guard};
//!
//! async fn notes(guard: &Guard, head: &Parts) -> Result<String, Denied> {
//!     let token = guard.check(head).await?;
//!     token.require("notes.read")?;
//!     Ok(format!("notes of {}", token.subject()))
//! }
//! # #[tokio::main]
//! # async fn main() {
//! #     let guard = Guard::new("https://id.example.org", "https://notes.example.org").expect("a guard");
//! #     let head = http::Request::new(()).into_parts().0;
//! #     assert_eq!(notes(&guard, &head).await.expect_err("no token").status(), 401);
//! # }
//! ```
//!
//! A service in another language stands behind `passavant guard`, a proxy with the same rules (`docs/guard.md`).
//!
//! # From elsewhere
//!
//! | there | here |
//! |---|---|
//! | Spring `oauth2.resourceserver.jwt.issuer-uri`, `.audiences` | the two arguments; the audience is not optional |
//! | Spring `hasAuthority("SCOPE_notes.read")` | `guard.require("notes.read")`, or in a handler `token.require("notes.read")?` |
//! | Spring `hasAnyAuthority(..)` | `Policy::any_of("notes.read notes.admin")` |
//! | Spring `@AuthenticationPrincipal Jwt` | `Token`, or `Claims<T>` |
//! | django-oauth-toolkit `TokenHasScope`, `required_scopes` | `Policy::all_of` |
//! | django-oauth-toolkit `TokenHasReadWriteScope` | `Policy::all_of("notes").and(Policy::read_write("read", "write"))` |
//! | django-oauth-toolkit `TokenHasResourceScope` | `Policy::resource_scopes("notes")` |
//! | django-oauth-toolkit `TokenMatchesOASRequirements` | `Policy::by_method` |
//! | django-oauth-toolkit's decorators, which answer a bare 403 | `GuardBuilder::refusals(RefusalForm::Bare)`, where callers rely on it |
//! | Django REST framework's body, `{"detail": ..}` | `GuardBuilder::refusals(RefusalForm::DjangoRest { .. })` |
//! | django-lasuite `OIDC_RS_SCOPES`, of which any will do | `GuardBuilder::require(Policy::any_of("groups teams"))` |
//! | django-lasuite `request.resource_server_token_audience` | `token.client()`, where `OIDC_RS_AUDIENCE_CLAIM` is `client_id` |
