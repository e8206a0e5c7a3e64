//! Rows that are read together with what they were issued from: a row does not record its own validity.

use protocol::Timestamp;

use super::{grant::Grant, token::Access};

/// A row, the grant it was issued from, and whether that grant has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through<T> {
    /// The row itself.
    pub row: T,
    /// The grant it was issued from.
    pub grant: Grant,
    /// Whether the grant was revoked.
    pub ended: Option<Ended>,
    /// When the grant's session expires; `None` if it has none or it has ended.
    pub session_expires_at: Option<Timestamp>,
}

/// An access token, and what ended it before its expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRead {
    /// The row itself.
    pub row: Access,
    /// What ended it, if anything did.
    pub ended: Option<Ended>,
}

/// What ended a token before its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its client was disabled, deleted, or created again since.
    Client,
    /// Its grant was revoked.
    Grant,
    /// This one token was revoked.
    Token,
}
