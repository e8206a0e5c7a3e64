//! Protect routes, and require scopes.
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
//!         token.require("notes.large")?; // in addition to the route's scopes
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
//! * The **issuer** is compared with `iss` byte for byte; a trailing slash counts. The **audience** must be named by
//!   `aud`: it is the identifier under which the API is registered, preferably its URL. Both are required, since a
//!   token for another API must not be accepted (RFC 9068 §4).
//! * `route_layer` guards the routes above it; `layer` also guards unknown paths, which then answer 401 instead of
//!   404.
//! * [`Token`](crate::Token) is the accepted token, and [`extract::Claims`](crate::extract::Claims) deserializes it
//!   into a type of yours. On a route without a guard, either one answers 500 and logs an error: nothing is accepted
//!   unchecked.
//! * `guard.metadata()` serves the resource metadata (RFC 9728), and from then on challenges name it. It must not be
//!   behind a layer of the guard.
//! * The token is read only from the `Authorization` header, never from a query, a form or a cookie.
//!
//! Nothing is fetched before the first token arrives. `Guard::from_env` reads the same settings from
//! `PASSAVANT_ISSUER`, `PASSAVANT_AUDIENCE` and other variables.
//!
//! # Responses
//!
//! | case | status | `WWW-Authenticate` |
//! |---|---|---|
//! | no token | 401 | only the scheme, without `error` (RFC 6750 §3.1) |
//! | a token that is not accepted | 401 | `error="invalid_token"` |
//! | missing scopes | 403 | `error="insufficient_scope"`, and the scopes that are needed |
//! | a sign-in that is too weak or too old | 401 | `error="insufficient_user_authentication"` (RFC 9470) |
//! | a malformed request | 400 | `error="invalid_request"` |
//! | the authorization server is unavailable | 503 | none; `Retry-After` |
//!
//! [`Denied`](crate::Denied) is that response, and [`Reason`](crate::Reason) names the rule. 4xx are logged at
//! `debug`, 5xx at `warn`. [`Policy`](crate::Policy) has more rules: any of several scopes, scopes by method, custom
//! rules.
//!
//! # Health
//!
//! [`Guard::health_service`](crate::Guard::health_service) answers probes without sending requests: serve it on the
//! operator's port. A new guard is `idle` and answers 200, so that start-up never waits for the authorization server.
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
//! tonic (`examples/with_tonic.rs`): refusals are gRPC statuses with the challenge in their metadata.
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
//! (`examples/with_hyper.rs`); without any framework there is one call (`examples/without_framework.rs`):
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
//! For services in other languages there is `passavant guard`, a proxy with the same rules (`docs/guard.md`).
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | Spring `oauth2.resourceserver.jwt.issuer-uri`, `.audiences` | the two arguments; the audience is not optional |
//! | Spring `hasAuthority("SCOPE_notes.read")` | `guard.require("notes.read")`, or in a handler `token.require("notes.read")?` |
//! | Spring `hasAnyAuthority(..)` | `Policy::any_of("notes.read notes.admin")` |
//! | Spring `@AuthenticationPrincipal Jwt` | `Token`, or `Claims<T>` |
//! | django-oauth-toolkit `TokenHasScope`, `required_scopes` | `Policy::all_of` |
//! | django-oauth-toolkit `TokenHasReadWriteScope` | `Policy::all_of("notes").and(Policy::read_write("read", "write"))` |
//! | django-oauth-toolkit `TokenHasResourceScope` | `Policy::resource_scopes("notes")` |
//! | django-oauth-toolkit `TokenMatchesOASRequirements` | `Policy::by_method` |
//! | django-oauth-toolkit's decorators, which answer a bare 403 | `GuardBuilder::refusals(RefusalForm::Bare)`, if callers rely on it |
//! | Django REST framework's body, `{"detail": ..}` | `GuardBuilder::refusals(RefusalForm::DjangoRest { .. })` |
//! | django-lasuite `OIDC_RS_SCOPES`, any of which is enough | `GuardBuilder::require(Policy::any_of("groups teams"))` |
//! | django-lasuite `request.resource_server_token_audience` | `token.client()`, if `OIDC_RS_AUDIENCE_CLAIM` is `client_id` |
