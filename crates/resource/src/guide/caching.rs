//! What is kept, for how long, and what a revoked token can still do.
//!
//! | what | serves for | bound |
//! |---|---|---|
//! | an introspection answer, active or not | [`GuardBuilder::cache`](crate::GuardBuilder::cache): 10 s, at most an hour, zero for never | never past `exp`; 10,000 tokens and 16 MiB for each issuer |
//! | what a signature said of a JWT | the same time, while the issuer's keys are the same | as above, together |
//! | the issuer's keys | 10 minutes; a day while they can't be fetched | fetched anew for an unknown `kid`, once in 30 s |
//! | its metadata | an hour, or until it can be fetched again | 64 KiB |
//!
//! An answer counts from when it was asked for, not from when it came. It is found by the SHA-256 of the whole token, and
//! each issuer and audience has a cache of its own. No decision about scope is kept, and no failure.
//!
//! Askers of one token wait for one request. `limits` has every figure.
//!
//! # How long a revoked token works
//!
//! * introspected: until the kept answer ends, ten seconds by default. `cache(Duration::ZERO)` asks for each request.
//! * a JWT, verified here: until its `exp`. A shorter life at the server is the remedy, or
//!   [`Mode::Introspection`](crate::Mode::Introspection).
//!
//! # While the server is away
//!
//! Away is: no connection, no answer within [`GuardBuilder::deadline`](crate::GuardBuilder::deadline) (5 s), 429, 502, 503 or 504.
//! A kept answer serves to its end; then the caller reads 503 with `Retry-After`. After five failures in a row the server
//! is left alone for five seconds, and callers read their 503 at once; then one request probes it. A JWT needs no more than
//! the keys at hand.
//!
//! A 401 or 403 from the server is not that: it refuses *us*, the log says so aloud, and callers read 503.
//!
//! Where an outage must not become yours, the last answer may serve on, for as long as you say. The name says what it
//! costs: **a token that was revoked may be accepted for so long.**
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
//! # From elsewhere
//!
//! | there | here |
//! |---|---|
//! | django-oauth-toolkit `RESOURCE_SERVER_TOKEN_CACHING_SECONDS`, ten hours by default | `GuardBuilder::cache`, ten seconds by default |
//! | django-lasuite and Spring's `OpaqueTokenIntrospector`, which ask for each request | `.cache(Duration::ZERO)` |
//! | Spring's cache of the JWK set | built in, bounded in time and in requests |
