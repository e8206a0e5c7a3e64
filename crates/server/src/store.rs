//! What the server must remember: questions, and one verb.
//!
//! Reads answer a question about one row (or a page of rows) and change nothing. Every write is one
//! [`Store::commit`]: all of it, or a [`Conflict`] and none of it. Validity is read *through*: a code, a refresh
//! token and an access token come back together with what ended them, so a token that is added while its grant is
//! being revoked is dead on arrival.

pub mod change;
pub mod memory;
pub mod records;

use async_trait::async_trait;
use protocol::{
    AccessToken, AuthorizationCode, ClientId, FamilyId, GrantId, Handle, InteractionToken, JwtId,
    RefreshToken, SessionId, SessionToken, Stored, Subject, Timestamp,
};

pub use change::{
    Basis, Change, CodeChange, Commit, End, Expect, GrantChange, InteractionChange, Item, KeyChange, Of,
    RegistryChange, Remember, SessionChange, Space, TokenChange, Why,
};
pub use records::{
    Access, AccessRead, Actor, Caller, Client, Code, Consent, Ended, Event, EventKind, Grant, Interaction,
    KeyRecord, KeyState, Refresh, Resource, ResourceSettings, Scope, SeenSubject, Session, StoredSecret,
    Through,
};

use crate::error::Fault;

/// A store for one issuer. Implementations pass `testkit::store_suite!`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The code with this id, read through its grant. One statement.
    async fn code(
        &self,
        code: Handle<AuthorizationCode>,
    ) -> Result<Option<Stored<AuthorizationCode, Through<Code>>>, Fault>;

    /// The access token with this id, read through its grant, or through its client where it has none. One
    /// statement.
    async fn access(
        &self,
        token: Handle<AccessToken>,
    ) -> Result<Option<Stored<AccessToken, AccessRead>>, Fault>;

    /// The family with this id, read through its grant and session. One statement.
    async fn refresh(
        &self,
        family: FamilyId,
    ) -> Result<Option<Stored<RefreshToken, Through<Refresh>>>, Fault>;

    /// What ended a JWT access token before its `exp`, if anything did: its grant (or, where it has none, its client
    /// with this epoch), or the revocation of this very `jti`. One statement.
    async fn jwt_ended(
        &self,
        jti: &JwtId,
        grant: Option<GrantId>,
        client: &ClientId,
        epoch: i64,
    ) -> Result<Option<Ended>, Fault>;

    /// The session that a cookie opens. Ended sessions are not found; expired ones are.
    async fn session(
        &self,
        token: Handle<SessionToken>,
    ) -> Result<Option<Stored<SessionToken, Session>>, Fault>;

    /// A subject and how often it was ended, so that what begins for it can be guarded by that.
    async fn subject(&self, subject: &Subject) -> Result<SeenSubject, Fault>;

    /// The pause of an authorization request.
    async fn interaction(
        &self,
        token: Handle<InteractionToken>,
    ) -> Result<Option<Stored<InteractionToken, Interaction>>, Fault>;

    /// What this subject remembered to allow this client.
    async fn consent(&self, subject: &Subject, client: &ClientId) -> Result<Option<Consent>, Fault>;

    /// The value of a grant from outside this crate, and until when it is kept; the caller weighs the time.
    async fn item(&self, space: &str, key: &str) -> Result<Option<(Vec<u8>, Timestamp)>, Fault>;

    /// The registered client with this id, disabled or not.
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Fault>;

    /// Every registered resource.
    async fn resources(&self) -> Result<Vec<Resource>, Fault>;

    /// Every registered scope.
    async fn scopes(&self) -> Result<Vec<Scope>, Fault>;

    /// Every signing key.
    async fn keys(&self) -> Result<Vec<KeyRecord>, Fault>;

    /// Moves whenever a client, resource, scope or key changed, by whatever process, at most 250 ms late. What the
    /// server caches of them holds while this stands still.
    fn registry_version(&self) -> Result<i64, Fault>;

    /// Clients after this id, by id.
    async fn list_clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, Fault>;

    /// Grants after this id, by id, ended ones left out.
    async fn list_grants(
        &self,
        of: Option<&Of>,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<Vec<Grant>, Fault>;

    /// Sessions after this id, by id, ended ones left out.
    async fn list_sessions(
        &self,
        subject: Option<&Subject>,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionId, Session)>, Fault>;

    /// Events after this cursor, oldest first, each with its cursor.
    async fn events(&self, after: i64, limit: u32) -> Result<Vec<(i64, Event)>, Fault>;

    /// The newest time that any commit carried: at start, the clock is not set below it.
    async fn newest(&self) -> Result<Timestamp, Fault>;

    /// Does all of it, durably, or nothing, and appends the events of its changes ([`Commit::events`]) in the same
    /// transaction. `Ok(Ok(_))` is said only after it would survive a power cut.
    async fn commit(&self, commit: Commit) -> Result<Result<Committed, Conflict>, Fault>;

    /// Deletes at most `limit` rows that ended more than an hour before `now`; answers how many.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Fault>;
}

/// What a commit ended before its time: rows that had neither ended nor expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Sessions.
    pub sessions: u64,
    /// Grants.
    pub grants: u64,
}

/// The state moved between the look and the commit; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Index into [`Commit::guards`] of the first one that did not hold.
    pub guard: usize,
}

/// Seconds after its end that a row is kept, so that a replay is still recognized as one.
pub const KEPT_AFTER_END_SECONDS: i64 = 3600;

/// Seconds that an event of the outbox is kept for its readers: 30 days.
pub const EVENTS_KEPT_SECONDS: i64 = 30 * 86_400;
