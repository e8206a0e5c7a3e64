//! Grants and remembered consent.

use protocol::{Audience, ClientId, GrantId, Scopes, SessionId, Subject, Timestamp};

/// The lasting record of an approval. Ending it ends every token that was issued from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its row id, and the private claim `gid` of JWT access tokens.
    pub id: GrantId,
    /// Who approved.
    pub subject: Subject,
    /// The client it was approved for.
    pub client: ClientId,
    /// The session it was approved in.
    pub session: Option<SessionId>,
    /// Whether it outlives the session (`offline_access`).
    pub offline: bool,
    /// What was approved.
    pub scopes: Scopes,
    /// The resources its tokens are for.
    pub audience: Vec<Audience>,
    /// Whether the client chose the audience with `resource` (RFC 8707).
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

/// The consent of a subject to a client, as it was remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Who consented.
    pub subject: Subject,
    /// The client.
    pub client: ClientId,
    /// The scopes.
    pub scopes: Scopes,
    /// When.
    pub given_at: Timestamp,
}
