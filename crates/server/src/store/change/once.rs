//! Values that are accepted only once.

use protocol::Timestamp;

use crate::reason::Reason;

/// Guard: the value (such as the `jti` of an assertion) is not stored, or has expired. Its conflict is a refusal, not a
/// reason to decide again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// The namespace of the value.
    pub space: Space,
    /// The value; at most 64 characters (the caller hashes longer ones).
    pub key: Box<str>,
    /// Until when it is not accepted again.
    pub until: Timestamp,
    /// The refusal of a repetition.
    pub replayed: Reason,
}

/// A kind of value that is accepted only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// The `jti` of client assertions.
    ClientAssertion,
    /// The `jti` of assertions that speak for users (RFC 7523 §2.1).
    BearerAssertion,
    /// The `jti` of request objects (RFC 9101).
    RequestObject,
    /// The key and `jti` of DPoP proofs.
    DpopProof,
}
