//! Requests that their user answers in another place than the client: device authorizations (RFC 8628) and backchannel
//! authentication requests (OpenID Connect Client-Initiated Backchannel Authentication 1.0).
//!
//! Both are stored as one family ([`DeferredChange`](crate::store::DeferredChange)): the client polls with a secret, the
//! user finds the request and approves it on a page, and its grant is redeemed once. The grant is not in the session of
//! the browser that approved it, which must only live when it is approved: the account, the client and whoever lists
//! grants can end it.

mod approval;
mod facts;
mod memory;
mod pauses;
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
pub(crate) use memory::DeferredMemory;
pub(crate) use rates::Rate;
pub(crate) use redemption::{Kind, decide};
pub(crate) use request::asked;
