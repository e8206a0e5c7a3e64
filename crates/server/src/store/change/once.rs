//! What may be seen only once.

use protocol::Timestamp;

use crate::reason::Reason;

/// Guard: never seen before `until` (the `jti` of an assertion, say). Its conflict is a refusal, not a reason to
/// look again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// Values of different spaces never meet.
    pub space: Space,
    /// What was seen; at most 64 characters (long values are digested by the caller).
    pub key: Box<str>,
    /// Until when it matters.
    pub until: Timestamp,
    /// The refusal that a second sight is.
    pub replayed: Reason,
}

/// A kind of value that may be seen only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// The `jti` of client assertions.
    ClientAssertion,
}
