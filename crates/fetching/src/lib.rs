//! Outbound HTTP, for the authorization server and for the guard of an API alike: one port, who may name a URL, and
//! documents that are fetched when they are needed and kept.
//!
//! Nothing here brings an HTTP client or a runtime: a host fills the [`Fetch`] port, or turns on the feature `client`
//! for a `ReqwestFetch`.
//!
//! | need | type |
//! |---|---|
//! | send a request within a deadline and a size | [`Fetch`], [`FetchLimits`], [`FetchError`] |
//! | decide whether a URL may be fetched | [`NamedBy`] |
//! | read a document | [`Http`], [`DocumentError`] |
//! | share one piece of work among all that need it | [`SingleFlight`] |
//! | keep a document, and fetch it again rarely | [`KeptDocument`], [`Schedule`] |
//! | keep the key sets of many parties | [`KeySets`], [`KeySet`] |
//! | read the time | [`Clock`], [`SystemClock`] |

mod attempts;
#[cfg(feature = "client")]
mod client;
mod clock;
mod destination;
mod document;
mod fetch;
mod kept;
mod key_set;
pub mod limits;
mod single_flight;

pub use attempts::{AttemptLog, Attempts};
#[cfg(feature = "client")]
pub use client::{ClientSettings, ClientTls, ReqwestFetch};
pub use clock::{Clock, SystemClock};
pub use destination::{EndpointError, NamedBy, is_loopback, is_special_use};
pub use document::{DocumentError, Http, document};
pub use fetch::{Fetch, FetchError, FetchLimits, NoFetch};
pub use kept::{Busy, KeptDocument, Lookup, LookupBudget, Schedule};
pub use key_set::{KeySet, KeySets, SkippedLog};
pub use single_flight::SingleFlight;
