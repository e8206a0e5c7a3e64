//! What tests against passavant need.
//!
//! * By default an [`Authority`] for an API's own tests: it mints tokens that a guard accepts.
//! * Feature `server`: a whole authorization server without sockets, its clock and chance in the test's hand.
//! * Feature `store`: the suite that every store must pass, and a store that shows races.
//! * Feature `browser`: a real Chromium, for pages that people use.

mod authority;
#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "server")]
mod clock;
#[cfg(feature = "server")]
mod entropy;
#[cfg(feature = "store")]
mod interleaved;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "store")]
pub mod store_suite;

pub use authority::{AnswerBuilder, Authority, TokenBuilder, Trouble};
#[cfg(feature = "store")]
pub use interleaved::Interleaved;
#[cfg(feature = "server")]
pub use {clock::VirtualClock, entropy::SeededEntropy};
