//! Requests that their user answers in another place than the client: device authorizations (RFC 8628) and backchannel
//! authentication requests (OpenID Connect Client-Initiated Backchannel Authentication 1.0).
//!
//! Both are stored as one family ([`DeferredChange`](crate::store::DeferredChange)): the client polls with a secret, the
//! user finds the request and approves it on a page, and its grant is redeemed once. The grant is not in the session of
//! the browser that approved it, which must only live when it is approved: the account, the client and whoever lists
//! grants can end it.

mod approval;
mod facts;
pub(crate) mod ping;
mod polls;
mod rates;
mod redemption;
mod request;
pub(crate) mod signed;
mod user_code;
mod waiting;

pub use facts::DeferredFacts;
pub use waiting::WaitingRequest;

pub(crate) use approval::{Approvable, approve, audience_of};
pub(crate) use facts::StoredFacts;
pub(crate) use polls::Polls;
pub(crate) use rates::{Rate, Rates};
pub(crate) use redemption::{Kind, decide};
pub(crate) use request::asked;

/// What a server keeps in memory of deferred requests. Each process has its own.
#[derive(Debug, Default)]
pub(crate) struct DeferredMemory {
    pub(crate) polls: Polls,
    pub(crate) pauses: ping::Pauses,
    pub(crate) rates: Rates,
}
