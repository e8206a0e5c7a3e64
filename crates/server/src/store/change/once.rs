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

impl Remember {
    /// The `jti` of a JWT (RFC 7519 §4.1.7), which is unique among those of its maker.
    pub(crate) fn jti(space: Space, maker: &str, jti: &str, until: Timestamp) -> Self {
        let key = jose::primitives::sha256(format!("{maker}\n{jti}").as_bytes());
        let replayed = match space {
            Space::ClientAssertion => Reason::AssertionReplayed,
            Space::BearerAssertion => Reason::BearerAssertionReplayed,
            Space::RequestObject => Reason::RequestObjectReplayed,
            Space::DpopProof => Reason::ProofReplayed,
        };
        Self { space, key: jose::base64url::encode(&key).into(), until, replayed }
    }
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
