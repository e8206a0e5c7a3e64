//! Protect an API: verify or introspect access tokens, challenge, extract.
//!
//! A [`Guard`] trusts one issuer for one audience. It takes JWT access tokens (RFC 9068), which it verifies with the
//! issuer's published keys, and every other token by introspection (RFC 7662, RFC 9701) where that is set up; a
//! handler does not see the difference. Refusals are the challenges of RFC 6750. Nothing is fetched before a token
//! comes, so start-up never waits for the authorization server.
//!
#![cfg_attr(all(feature = "axum", feature = "client"), doc = "```")]
#![cfg_attr(not(all(feature = "axum", feature = "client")), doc = "```text")]
//! use axum::{Router, routing::get};
//! use passavant_resource::{Guard, Token};
//!
//! # fn app() -> Result<Router, passavant_resource::GuardError> {
//! let guard = Guard::new("https://id.example.org", "https://notes.example.org")?;
//! let app = Router::new()
//!     .route("/notes", get(async |token: Token| format!("hello {}", token.subject())))
//!     .route_layer(guard.require("notes.read"))
//!     .merge(guard.metadata());
//! # Ok(app)
//! # }
//! # assert!(app().is_ok());
//! ```
//!
//! Opaque tokens need credentials for introspection, and [`Guard::builder`] takes them. With no framework at all
//! there is [`Guard::check`]. By default the crate brings no HTTP client and no framework: fill the [`Fetch`] port,
//! or enable these features, which bring dependencies and change nothing else.
//!
//! | feature | brings |
//! |---|---|
//! | `client` | `ReqwestFetch`, `Guard::new`, `Guard::from_env` |
//! | `axum` | `Token`, `Option<Token>` and [`extract::Claims`] as extractors, `Guard::metadata` |
//! | `actix` | `Guard::actix`, the same extractors, `Guard::actix_metadata` |
//! | `tonic` | `Guard::tonic`, `Denied` as a gRPC status |
//!
//! Revocation: an introspected token is refused within the cache time ([`GuardBuilder::cache`]) after it was revoked;
//! a JWT that is verified here is accepted until its `exp`.
//!
//! Where to read on: [`guard`](Guard) (the way from a request to a token), [`Reason`] (every refusal), [`limits`].

mod bearer;
mod challenge;
mod claims;
#[cfg(feature = "client")]
mod client;
mod clock;
mod discovery;
pub mod extract;
mod fetch;
mod flight;
#[cfg(feature = "client")]
mod from_env;
mod guard;
mod introspection;
mod jwks;
mod jwt;
mod keys;
mod layer;
pub mod limits;
mod metadata;
mod reason;
mod remembered;
mod remote;
mod token;
pub mod userinfo;
mod verifier;

pub use challenge::Denied;
#[cfg(feature = "client")]
pub use client::ReqwestFetch;
pub use clock::{Clock, SystemClock};
pub use discovery::EndpointError;
pub use fetch::{Fetch, FetchError, FetchLimits};
#[cfg(feature = "client")]
pub use from_env::EnvError;
pub use guard::{Guard, GuardBuilder, GuardError};
pub use introspection::{AnswerForm, ClientAuth};
pub use jose::{
    Claims, ContentEncryption, DecryptionKey, EncryptionKey, JwkSet, KeyManagement, SignatureAlgorithm,
    SigningKey,
};
pub use layer::{Guarded, Require};
pub use metadata::MetadataService;
pub use protocol::{Audience, ClientMetadata, Issuer, Scopes, Timestamp};
pub use reason::Reason;
pub use token::Token;
pub use verifier::Mode;
