//! What a client registers of itself (RFC 7591, OpenID Connect Dynamic Client Registration 1.0): judged by the same table as
//! what the operator registers, and narrowed by a policy.

mod choices;
mod information;
mod policy;
mod request;
mod sector;
mod statement;

pub(crate) use choices::Offered;
pub(crate) use information::information;
pub(crate) use policy::Allowed;
pub(crate) use request::{Rejection, Requested};
pub(crate) use sector::lists_redirect_uris;
pub(crate) use statement::vouched;
