//! Protect an API: verify or introspect access tokens, challenge, extract.
//!
//! A [`Guard`] trusts an issuer for an audience, or several of them ([`GuardBuilder::and`]). It takes JWT access tokens
//! (RFC 9068), which it verifies with the issuer's published keys, and every other token by introspection (RFC 7662,
//! RFC 9701) where that is set up; a handler does not see the difference. Refusals are the challenges of RFC 6750.
//! Nothing is fetched before a token comes, so start-up never waits for the authorization server.
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
//! **The [`guide`] has a chapter for each task**: other frameworks, opaque tokens, caching, encrypted answers, several
//! issuers, DPoP and client certificates, MCP servers, UserInfo, testing.
//!
//! Opaque tokens need credentials for introspection, and [`Guard::builder`] takes them: a secret, or [`Credentials`]
//! that sign, show a certificate, or get an access token of their own. With no framework at all there is
//! [`Guard::check`].
//!
//! # Features
//!
//! None is on by default: then there is no HTTP client (fill the [`Fetch`] port), no runtime and no framework, and the
//! crate brings 53 crates, itself included.
//!
//! | feature | brings | crates more |
//! |---|---|---|
//! | `client` | `ReqwestFetch`, `ClientTls`, `Guard::new`, `Guard::from_env`, `GuardBuilder::from_lookup` | 54 |
//! | `axum` | `Token`, `Option<Token>` and [`extract::Claims`] as extractors, `Denied` as an answer, `Guard::metadata` | 18 |
//! | `actix` | `Guard::actix`, `Require::actix`, the same extractors (`OptionalToken` for `Option<Token>`), `Denied` as an answer, `Guard::actix_metadata` | 71 |
//! | `tonic` | `Guard::tonic`, `Require::tonic`, `Denied` as a gRPC status | 9 |
//!
//! All of them together make 152 crates, since they share many. Count with
//! `cargo tree -p passavant-resource -e normal --prefix none --no-dedupe --features axum | sort -u | wc -l`.
//!
//! No feature changes what is accepted, refused or answered: `cargo xtask test` runs the tests of the guard without any
//! and with all. The one place where a rule looks at a feature's types is the path of a request, which axum's nested
//! routers cut off and keep beside it: `axum` reads the whole one, for proofs (`htu`) and [`AudienceRule::UrlPrefix`].
//!
//! # What it guarantees
//!
//! Stolen tokens: a token that is bound to a key (`cnf`) is taken only from who holds the key. With
//! [`GuardBuilder::dpop`] the sender shows that by a proof (RFC 9449); a token bound to a client certificate (RFC 8705)
//! needs the [`ClientCertificate`] of its connection as an extension of the request. Where neither came the token is
//! refused, whatever is set up ([`guide::bound`]).
//!
//! Revocation: an introspected token is refused within the cache time ([`GuardBuilder::cache`]) after it was revoked,
//! unless [`GuardBuilder::danger_accept_last_answer`] says otherwise; a JWT that is verified here is accepted until its
//! `exp`. While the authorization server does not answer, what needs it is answered with 503 ([`guide::caching`]).
//!
//! Where to read on: [`Guard`] (the way from a request to a token), [`Reason`] (every refusal), [`limits`].

mod answer;
mod face;
pub mod guide;
mod judging;
pub mod limits;
mod proof;
mod reason;
mod trust;
pub mod userinfo;

pub use answer::challenge::{Denied, RefusalForm};
pub use face::builder::GuardBuilder;
pub use face::error::GuardError;
pub use face::extract;
#[cfg(feature = "client")]
pub use face::from_env::EnvError;
pub use face::guard::Guard;
pub use face::health::{Health, HealthService, HealthState, IssuerHealth, SourceHealth};
pub use face::layer::{Guarded, Require};
pub use face::mcp::{GuardedMcp, Mcp};
pub use face::metadata::MetadataService;
pub use face::token::Token;
#[cfg(feature = "client")]
pub use fetching::{ClientTls, ReqwestFetch};
pub use fetching::{Clock, EndpointError, Fetch, FetchError, FetchLimits, SystemClock};
pub use jose::{
    Claims, ContentEncryption, DecryptionKey, EncryptionKey, JwkSet, KeyManagement, SignatureAlgorithm,
    SigningKey, Thumbprint,
};
pub use judging::audience::AudienceRule;
pub use judging::introspection::{AnswerForm, AssertionAudience, ClientAuth, Credentials};
pub use judging::issuers::SubjectClaim;
pub use judging::policy::Policy;
pub use judging::verifier::Mode;
pub use proof::confirmation::ClientCertificate;
pub use proof::dpop::{Dpop, MemoryReplays, ProofId, Replays, ReplaysError, Seen};
pub use protocol::{Audience, ClientMetadata, Issuer, ResourceMetadata, Scopes, Timestamp};
pub use reason::Reason;

/// The example in README.md, compiled with every test.
#[cfg(all(doctest, feature = "axum", feature = "client"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
