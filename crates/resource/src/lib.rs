//! Protect an API: verify or introspect access tokens, challenge, extract.
//!
//! A [`Guard`] trusts an issuer for an audience, or several issuers ([`GuardBuilder::and`]). It verifies JWT access
//! tokens (RFC 9068) with the issuer's published keys and introspects all other tokens (RFC 7662, RFC 9701) if that is
//! configured; handlers do not see the difference. Refused requests are answered with the challenges of RFC 6750.
//! Nothing is fetched before the first token arrives, so start-up never waits for the authorization server.
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
//! that sign assertions, present a certificate, or obtain an access token. Without any framework, call
//! [`Guard::check`].
//!
//! # Features
//!
//! None is enabled by default. Then there is no HTTP client (implement the [`Fetch`] port), no runtime and no
//! framework, and the dependency tree has 53 crates, this one included.
//!
//! | feature | brings | crates more |
//! |---|---|---|
//! | `client` | `ReqwestFetch`, `ClientTls`, `Guard::new`, `Guard::from_env`, `GuardBuilder::from_lookup` | 53 |
//! | `axum` | `Token`, `Option<Token>` and [`extract::Claims`] as extractors, `Denied` as an answer, `Guard::metadata` | 18 |
//! | `actix` | `Guard::actix`, `Require::actix`, the same extractors (`OptionalToken` for `Option<Token>`), `Denied` as an answer, `Guard::actix_metadata` | 71 |
//! | `tonic` | `Guard::tonic`, `Require::tonic`, `Denied` as a gRPC status | 9 |
//!
//! With all of them the tree has 153 crates, since they share many. Count with
//! `cargo tree -p passavant-resource -e normal --prefix none --no-dedupe --features axum | sort -u | wc -l`.
//!
//! No feature changes what is accepted, refused or answered: `cargo xtask test` runs the tests of the guard without
//! any and with all. The only rule that depends on a feature is the one about the path of a request: axum's nested
//! routers strip a prefix and keep the original path in an extension, which `axum` reads for proofs (`htu`) and
//! [`AudienceRule::UrlPrefix`].
//!
//! # What it guarantees
//!
//! Stolen tokens: a token that is bound to a key (`cnf`) is accepted only from a sender who holds the key. With
//! [`GuardBuilder::dpop`] the sender proves that with a DPoP proof (RFC 9449); a token bound to a client certificate
//! (RFC 8705) needs the [`ClientCertificate`] of its connection as an extension of the request. Without either, the
//! token is refused, whatever the configuration ([`guide::bound`]).
//!
//! Revocation: an introspected token is refused within the cache time ([`GuardBuilder::cache`]) after it was revoked,
//! unless [`GuardBuilder::danger_accept_last_answer`] says otherwise; a JWT that is verified locally is accepted until
//! its `exp`. While the authorization server is unavailable, requests that need it are answered with 503
//! ([`guide::caching`]).
//!
//! See also [`Guard`] (from a request to a token), [`Reason`] (every reason to refuse) and [`limits`].

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
pub use face::builder::{GuardBuilder, Provider};
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
pub use protocol::{Audience, ClientMetadata, Difference, Issuer, ResourceMetadata, Scopes, Timestamp};
pub use reason::Reason;

/// The example in README.md, compiled with every test.
#[cfg(all(doctest, feature = "axum", feature = "client"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
