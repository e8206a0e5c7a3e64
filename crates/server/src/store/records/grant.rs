//! Grants, and what was remembered of consent.

use protocol::{Audience, ClientId, GrantId, Scopes, SessionId, Subject, Timestamp};

/// The lasting record that an approval leaves. Ending it ends every token issued from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its row, and the private claim `gid` of JWT access tokens.
    pub id: GrantId,
    /// Who approved.
    pub subject: Subject,
    /// Whom it was approved for.
    pub client: ClientId,
    /// The session it was approved in.
    pub session: Option<SessionId>,
    /// Whether it outlives the session (`offline_access`).
    pub offline: bool,
    /// What was approved.
    pub scopes: Scopes,
    /// Whom its tokens are for.
    pub audience: Vec<Audience>,
    /// Whether the client named the audience by `resource` (RFC 8707).
    pub narrowed: bool,
    /// When the user signed in (`auth_time`).
    pub authenticated_at: Timestamp,
    /// How the user signed in (`amr`), space separated.
    pub amr: Box<str>,
    /// When it was approved.
    pub approved_at: Timestamp,
    /// When the last token issued from it will have ended: the absolute lifetime of its refresh tokens.
    pub expires_at: Timestamp,
}

/// What a subject remembered to allow a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who said so.
    pub subject: Subject,
    /// For whom.
    pub client: ClientId,
    /// What.
    pub scopes: Scopes,
    /// When.
    pub given_at: Timestamp,
}
