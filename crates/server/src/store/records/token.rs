//! Access and refresh tokens.

use protocol::{Audience, ClientId, FamilyId, GrantId, Scopes, Subject, Timestamp};

/// An opaque access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it was issued from; `None` for client_credentials, where nobody approved anything.
    pub grant: Option<GrantId>,
    /// Who it was issued to.
    pub client: ClientId,
    /// The [`Caller::epoch`](crate::store::Caller::epoch) at issuance.
    pub epoch: i64,
    /// On whose behalf.
    pub subject: Option<Subject>,
    /// What it allows.
    pub scopes: Scopes,
    /// Whom it is for; empty: the issuer alone.
    pub audience: Vec<Audience>,
    /// Whether the client named the audience by `resource` (RFC 8707).
    pub narrowed: bool,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires_at: Timestamp,
}

/// A family of refresh tokens: one row, however often it is rotated. What was approved stands in its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Its row.
    pub family: FamilyId,
    /// What it renews.
    pub grant: GrantId,
    /// How many rotations made the live token.
    pub generation: u32,
    /// When the live token was made.
    pub rotated_at: Timestamp,
    /// When it ends if it is not used.
    pub expires_at: Timestamp,
    /// The derived key that makes successors, by name.
    pub key: u32,
}
