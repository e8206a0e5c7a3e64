//! Tools for tests with passavant.
//!
//! * By default an [`Authority`] for an API's own tests: it listens on loopback, issues tokens that a guard accepts,
//!   and fails on demand.
//! * Feature `server`: a complete authorization server without sockets, with a clock and randomness that the
//!   test controls.
//! * Feature `store`: the suite that every store must pass, and a store that exposes races.
//! * Feature `directory`: the suite that every directory of accounts must pass.
//! * Feature `browser`: a real Chromium, for the tests of pages.
//!
//! The test of an API points its guard at [`Authority::issuer`] and changes one thing at a time:
//!
//! ```
//! use passavant_testkit::{Authority, Malfunction};
//!
//! let server = Authority::start();
//! // let guard = Guard::builder(server.issuer(), API).introspect("notes-rs", "its-secret").build()?;
//! # const API: &str = "https://notes.example.org";
//! let good = server.token(API).subject("alice").scope("notes.read").sign();
//! let poor = server.token(API).scope("notes.list").sign(); // 403
//! let expired = server.token(API).expires_in(-31).sign(); // 401, whatever the leeway of clocks
//! let foreign = server.token("https://other.example.org").sign(); // 401: for another API
//! let opaque = server.token(API).scope("notes.read").opaque(); // to be introspected
//!
//! server.revoke(&opaque); // inactive from now on: 401
//! server.rotate(); // other keys sign; the former ones stay published until `retire`
//! let later = server.token(API).sign();
//! server.misbehave(Malfunction::Status(502)); // 503, and never a pass
//! server.behave();
//! assert_eq!(server.requests("/introspect"), 0); // the number of requests
//! # let kid = |token: &str| jose::Unverified::parse(token).expect("a JWT").kid().map(str::to_owned);
//! # assert_ne!(kid(&good), kid(&later));
//! # for jwt in [poor, expired, foreign] { assert_eq!(kid(&jwt), kid(&good)) }
//! ```
//!
//! The chapter `guide::testing` of `passavant-resource` has complete tests.

mod authority;
#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "server")]
mod clock;
#[cfg(feature = "directory")]
pub mod directory_suite;
#[cfg(feature = "server")]
mod entropy;
#[cfg(feature = "store")]
mod interleaved;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "store")]
pub mod store_suite;

pub use authority::{AnswerBuilder, Authority, Malfunction, TokenBuilder};
#[cfg(feature = "store")]
pub use interleaved::Interleaved;
#[cfg(feature = "server")]
pub use {clock::VirtualClock, entropy::SeededEntropy};
