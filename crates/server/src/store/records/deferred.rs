//! Requests that their user answers elsewhere, while the client polls.

use protocol::{Audience, ClientId, GrantId, Scopes, Subject, Timestamp, UserCode};

use super::{Ended, Grant};

/// A request of a client that its user answers in another place than the client: a device authorization (RFC 8628), or
/// a backchannel authentication request (OpenID Connect Client-Initiated Backchannel Authentication 1.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferred {
    /// How its user finds it. It also tells which grant type redeems it.
    pub whose: Whose,
    /// The client that sent it.
    pub client: ClientId,
    /// What it requests.
    pub scopes: Scopes,
    /// The resources that it requests. One that lists a scope later is not among them.
    pub audience: Vec<Audience>,
    /// Whether the client chose the audience with `resource` (RFC 8707).
    pub narrowed: bool,
    /// What its page shows and its answer needs, as the server wrote it (JSON).
    pub facts: Box<str>,
    /// When it was sent.
    pub asked_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: DeferredState,
}

/// How a deferred request is found by its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// By whoever types this code (RFC 8628 §3.3). No two stored requests have the same.
    Typed(UserCode),
    /// By this user, whom the client named (CIBA Core 1.0 §7.1).
    Subject(Subject),
}

/// What became of a deferred request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferredState {
    /// It is not answered.
    Waiting,
    /// It was denied.
    Denied,
    /// It was approved with this grant.
    Approved(GrantId),
    /// The tokens of this grant were issued.
    Used(GrantId),
}

/// A deferred request, read through the grant that it was approved with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeferredRead {
    /// The row itself.
    pub row: Deferred,
    /// The grant, if it was approved and the grant is still stored.
    pub grant: Option<Grant>,
    /// Whether the grant was revoked.
    pub ended: Option<Ended>,
}
