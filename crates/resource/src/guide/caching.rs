//! What is cached, for how long, and how long a revoked token still works.
//!
//! | what | used for | limit |
//! |---|---|---|
//! | an introspection answer, active or not | [`GuardBuilder::cache`](crate::GuardBuilder::cache): 10 s, at most an hour, zero disables it | never past `exp`; 10,000 tokens and 16 MiB for each issuer |
//! | the result of a signature check | the same time, while the issuer's keys are the same | as above, together |
//! | the issuer's keys | 10 minutes; a day while they can't be fetched | fetched again for an unknown `kid`: three times at once, then once in 2 s; 256 KiB |
//! | its metadata | an hour, longer while it can't be fetched | 64 KiB |
//!
//! The age of an answer counts from the request, not from the response. Its key is the SHA-256 of the whole token, and
//! each issuer and audience has its own cache. Decisions about scopes are not cached, and neither are failures.
//!
//! Concurrent requests with the same token share one request to the server. All numbers are in
//! [`limits`](crate::limits).
//!
//! # How long a revoked token works
//!
//! * introspected: until the cached answer expires, ten seconds by default. `cache(Duration::ZERO)` introspects for
//!   each request.
//! * a JWT, verified locally: until its `exp`. Issue tokens with a shorter lifetime, or use
//!   [`Mode::Introspection`](crate::Mode::Introspection).
//!
//! # While the server is unavailable
//!
//! Unavailable means: no connection, no answer within [`GuardBuilder::deadline`](crate::GuardBuilder::deadline) (5 s),
//! 429, 502, 503 or 504. A cached answer is used until it expires; then callers get 503 with `Retry-After`. After five
//! consecutive failures introspection is paused for five seconds, and callers get 503 at once; then one request probes
//! the server. JWTs need only the cached keys.
//!
//! A 401 or 403 from the server is different: it refuses *this API*, which is logged as an error, and callers get 503.
//!
//! If an outage of the server must not become one of the API, the last answer can be used for a limited time. The
//! price is in the name of the setting: **a revoked token may be accepted for that long.**
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{Guard, Reason};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use std::time::Duration;
//!
//! # fn head(token: &str) -> http::request::Parts {
//! #     let request = http::Request::get("/notes").header("authorization", format!("Bearer {token}"));
//! #     request.body(()).expect("a request").into_parts().0
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start();
//! let api = "https://notes.example.org";
//! let builder = || Guard::builder(server.issuer(), api).introspect("notes-rs", "its-secret");
//! let strict = builder().cache(Duration::ZERO).build()?;
//! let usual = builder().build()?; // 10 s
//! let lenient = builder()
//!     .cache(Duration::ZERO)
//!     .danger_accept_last_answer(Duration::from_secs(300))
//!     .build()?;
//!
//! let token = server.token(api).opaque();
//! for guard in [&strict, &usual, &lenient] {
//!     assert!(guard.check(&head(&token)).await.is_ok());
//! }
//!
//! server.revoke(&token);
//! assert_eq!(strict.check(&head(&token)).await.expect_err("asked").reason(), Reason::TokenInactive);
//! assert!(usual.check(&head(&token)).await.is_ok()); // for ten seconds at most
//!
//! server.go_down();
//! let denied = strict.check(&head(&token)).await.expect_err("nobody to ask");
//! assert_eq!((denied.reason(), denied.status().as_u16()), (Reason::IntrospectionFailed, 503));
//! assert_eq!(denied.response().headers()["retry-after"], "5");
//! assert!(lenient.check(&head(&token)).await.is_ok()); // revoked, and the server can't say so
//! # Ok(())
//! # }
//! ```
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | django-oauth-toolkit `RESOURCE_SERVER_TOKEN_CACHING_SECONDS`, ten hours by default | `GuardBuilder::cache`, ten seconds by default |
//! | django-lasuite and Spring's `OpaqueTokenIntrospector`, which introspect for each request | `.cache(Duration::ZERO)` |
//! | Spring's cache of the JWK set | built in, with limits on time and requests |
