//! The authorization request (RFC 6749 §4.1.1): stages as types, each needs the one before.
//!
//! [`source`] reads the parameters, [`client`] finds whose they are and makes the
//! [`Returnable`](return_to::Returnable), [`request`] validates, [`decision`] says what is still to be asked, and
//! [`approval`] grants. Until there is a `Returnable`, whatever is wrong is a page, never a redirect; from there on it
//! is sent to the client, with `state` and `iss`. Nothing here pauses: `endpoints/authorize.rs` connects these stages
//! with `pause`.

pub(crate) mod approval;
pub(crate) mod client;
pub(crate) mod decision;
pub(crate) mod deliver;
pub(crate) mod front_channel;
pub(crate) mod object;
pub(crate) mod push_rates;
pub(crate) mod pushed;
pub(crate) mod request;
pub(crate) mod requested;
pub(crate) mod requested_claims;
pub(crate) mod return_to;
pub(crate) mod source;
