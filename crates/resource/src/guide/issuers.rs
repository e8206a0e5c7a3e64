//! Several issuers, and requirements beyond scopes.
//!
//! # Several issuers
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{Guard, Reason};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//!
//! # fn head(token: &str) -> http::request::Parts {
//! #     let request = http::Request::get("/notes").header("authorization", format!("Bearer {token}"));
//! #     request.body(()).expect("a request").into_parts().0
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (ours, partner, stranger) = (Authority::start(), Authority::start(), Authority::start());
//! let api = "https://notes.example.org";
//! let guard = Guard::builder(ours.issuer(), api)
//!     .and(Guard::builder(partner.issuer(), api).introspect("notes-rs", "its-secret").required_scopes("notes.read"))
//!     .build()?;
//!
//! let token = guard.check(&head(&ours.token(api).subject("u-1").sign())).await?;
//! assert_eq!(token.issuer().as_str(), ours.issuer());
//!
//! // A token that names no issuer goes to the one that introspects.
//! let opaque = partner.token(api).subject("u-1").scope("notes.read").opaque();
//! let other = guard.check(&head(&opaque)).await?;
//! assert_ne!((token.issuer(), token.subject()), (other.issuer(), other.subject()));
//!
//! let denied = guard.check(&head(&stranger.token(api).sign())).await.expect_err("trusted by nobody");
//! assert_eq!(denied.reason(), Reason::IssuerWrong);
//! # Ok(())
//! # }
//! ```
//!
//! * A JWT is verified with the issuer that it names, and never sent to another. At most one issuer introspects, so
//!   that no token is sent to the wrong server; a second one is an error when the guard is built.
//! * **A user is identified by issuer and subject together.** Two issuers may both have a `u-1`.
//! * Audience, keys, credentials, required scopes, cache and the subject claim are settings of each issuer; clock,
//!   realm, form of refusals, description and DPoP belong to the first builder.
//! * The list of issuers is fixed at run time, and no issuer is discovered from a token.
//!
//! # Step-up: how and when the user signed in (RFC 9470)
//!
#![cfg_attr(feature = "client", doc = "```")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use passavant_resource::{Guard, Policy};
//! # use testkit as passavant_testkit;
//! use passavant_testkit::Authority;
//! use std::time::Duration;
//!
//! # fn head(token: &str) -> http::request::Parts {
//! #     let request = http::Request::post("/payments").header("authorization", format!("Bearer {token}"));
//! #     request.body(()).expect("a request").into_parts().0
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Authority::start();
//! let api = "https://bank.example.org";
//! let guard = Guard::builder(server.issuer(), api).build()?;
//! let paying = Policy::all_of("payments").acr("urn:example:mfa").max_age(Duration::from_secs(300));
//!
//! let weak = server.token(api).scope("payments").claim("acr", "urn:example:password").sign();
//! let denied = guard.check(&head(&weak)).await?.require(&paying).expect_err("too weak");
//! assert_eq!(denied.status(), 401);
//! let challenge = denied.challenge().expect("it says what to do").to_str()?;
//! assert!(challenge.contains(r#"error="insufficient_user_authentication""#));
//! assert!(challenge.contains(r#"acr_values="urn:example:mfa", max_age="300""#));
//! # Ok(())
//! # }
//! ```
//!
//! The client repeats its authorization request with these `acr_values` and `max_age`. `paying` works in a layer as
//! well: `guard.require(paying)`. The claims are `acr` and `auth_time` (RFC 9068 §2.2.1); a token without them is
//! refused.
//!
//! # Custom rules
//!
//! ```
//! use passavant_resource::{Policy, Reason};
//!
//! let staff = Policy::all_of("notes.admin").check(|claims| match claims.string("department") {
//!     Ok(Some("archive")) => Ok(()),
//!     _ => Err(Reason::ClaimsRefused),
//! });
//! # let _ = staff;
//! ```
//!
//! # Equivalents
//!
//! | elsewhere | here |
//! |---|---|
//! | Spring `JwtIssuerAuthenticationManagerResolver.fromTrustedIssuers(..)` | `GuardBuilder::and` |
//! | Spring `principal-claim-name` | `GuardBuilder::subject`: `sub` or `username`; any other with `Claims<T>` |
//! | Spring `OAuth2TokenValidator<Jwt>` | `Policy::check`, for all routes with `GuardBuilder::require` |
//! | a check of `acr` in a Django view | `Policy::acr`, whose challenge also tells the client what to do |
