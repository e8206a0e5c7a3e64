//! The storage port: reads, and one write operation.
//!
//! A read returns one row (or a page of rows) and changes nothing. Every write is one
//! [`Store::commit`], which is atomic: it writes everything, or nothing and returns a [`Conflict`]. Validity is
//! read *through* the grant: a code, a refresh token and an access token are returned together with what ended them,
//! so a token that is added while its grant is being revoked is never valid.

pub mod change;
pub mod memory;
pub mod records;

use async_trait::async_trait;
use protocol::{
    AccessToken, AuthorizationCode, ClientId, DeferredCode, DeferredId, FamilyId, GrantId, Handle,
    InteractionToken, JwtId, RefreshToken, SessionId, SessionToken, Stored, Subject, Timestamp, TokenId,
    UserCode,
};

pub use change::{
    Basis, Change, CodeChange, Commit, DeferredChange, End, Expect, GrantChange, InteractionChange, Item,
    KeepRefusals, KeyChange, Of, RegistryChange, Remember, SessionChange, Space, TokenChange, UserBasis, Why,
};
pub use records::{
    Access, AccessRead, Actor, Caller, Client, Code, Consent, Deferred, DeferredRead, DeferredState,
    DetailsType, Ended, Event, EventKind, Grant, GrantDetails, Interaction, KeyRecord, KeyState, Provenance,
    Refresh, RefusedRequest, Registered, Resource, ResourceSettings, Scope, ScopeAt, SeenSubject, Session,
    StoredSecret, Through, TokenDetails, Whose,
};

use crate::error::Fault;

/// A store for one issuer. Implementations must pass `testkit::store_suite!`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The code with this id, read through its grant. One statement.
    async fn code(
        &self,
        code: Handle<AuthorizationCode>,
    ) -> Result<Option<Stored<AuthorizationCode, Through<Code>>>, Fault>;

    /// The access token with this id, read through its grant, or through its client if it has none. One
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

    /// The request with this id that its user answers elsewhere, read through the grant that it was approved with. One
    /// statement.
    async fn deferred(
        &self,
        code: Handle<DeferredCode>,
    ) -> Result<Option<Stored<DeferredCode, DeferredRead>>, Fault>;

    /// The request with this user code. Answered and expired ones are returned as long as they are stored.
    async fn deferred_by_user_code(&self, code: &UserCode) -> Result<Option<(DeferredId, Deferred)>, Fault>;

    /// Requests that name this user and are neither answered nor expired at `now`, the oldest first.
    async fn list_deferred(
        &self,
        subject: &Subject,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(DeferredId, Deferred)>, Fault>;

    /// What ended a JWT access token before its `exp`, if anything did: the end of its grant (or, if it has none, of
    /// its client with this epoch), or the revocation of this `jti`. One statement.
    async fn jwt_ended(
        &self,
        jti: &JwtId,
        grant: Option<GrantId>,
        client: &ClientId,
        epoch: i64,
    ) -> Result<Option<Ended>, Fault>;

    /// The session that this cookie refers to. Expired sessions are returned, ended ones are not.
    async fn session(
        &self,
        token: Handle<SessionToken>,
    ) -> Result<Option<Stored<SessionToken, Session>>, Fault>;

    /// A subject and the number of times it was ended, which guards the sessions and grants that are added for it.
    async fn subject(&self, subject: &Subject) -> Result<SeenSubject, Fault>;

    /// The interaction (a paused authorization request) of this token.
    async fn interaction(
        &self,
        token: Handle<InteractionToken>,
    ) -> Result<Option<Stored<InteractionToken, Interaction>>, Fault>;

    /// The consent of this subject to this client, if it was remembered.
    async fn consent(&self, subject: &Subject, client: &ClientId) -> Result<Option<Consent>, Fault>;

    /// The value of an [`Item`], and when it expires. The caller compares the time.
    async fn item(&self, space: &str, key: &str) -> Result<Option<(Vec<u8>, Timestamp)>, Fault>;

    /// The registered client with this id, disabled or not.
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Fault>;

    /// Every registered resource.
    async fn resources(&self) -> Result<Vec<Resource>, Fault>;

    /// Every registered scope.
    async fn scopes(&self) -> Result<Vec<Scope>, Fault>;

    /// Every signing key.
    async fn keys(&self) -> Result<Vec<KeyRecord>, Fault>;

    /// Increases whenever a client, resource, scope or key is changed by any process, at most 250 ms late. The server
    /// caches them until it changes.
    fn registry_version(&self) -> Result<RegistryVersion, Fault>;

    /// The clients that were changed or deleted after this [`RegistryVersion::clients`], each at least once; `None` if
    /// that is more than [`CLIENT_CHANGES_KEPT`] changes ago, so that they are not known.
    async fn clients_changed(&self, after: i64) -> Result<Option<Vec<ClientId>>, Fault>;

    /// At most `limit` clients that were to be deleted unless they were used before `now`.
    async fn unused_clients(&self, now: Timestamp, limit: u32) -> Result<Vec<ClientId>, Fault>;

    /// Clients after this id, in the order of ids.
    async fn list_clients(&self, after: Option<&ClientId>, limit: u32) -> Result<Vec<Client>, Fault>;

    /// Grants after this id that have not ended, in the order of ids.
    async fn list_grants(
        &self,
        of: Option<&Of>,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<Vec<Grant>, Fault>;

    /// The clients that have grants of a session or of a subject which are still stored, ended or not.
    async fn clients_of(&self, of: &Of) -> Result<Vec<ClientId>, Fault>;

    /// Sessions after this id that have not ended, in the order of ids.
    async fn list_sessions(
        &self,
        subject: Option<&Subject>,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<(SessionId, Session)>, Fault>;

    /// Introspection tokens ([`Access::only_introspects`]) of this caller after this id, in the order of ids: opaque ones
    /// that were neither revoked, nor ended with the caller's epoch. Expired ones may be among them.
    async fn list_introspection_tokens(
        &self,
        caller: &ClientId,
        after: Option<TokenId>,
        limit: u32,
    ) -> Result<Vec<(Handle<AccessToken>, Access)>, Fault>;

    /// Events after this cursor, oldest first, each with its cursor.
    async fn events(&self, after: i64, limit: u32) -> Result<Vec<(i64, Event)>, Fault>;

    /// The cursor of the latest event; 0 if there was none.
    async fn latest_event(&self) -> Result<i64, Fault>;

    /// The refused requests with this id, oldest first. An id is that of one request, unless hosts that share a store
    /// chose the same one.
    async fn refusals(&self, request_id: &str) -> Result<Vec<RefusedRequest>, Fault>;

    /// The latest [`Commit::now`] of all commits. The clock does not start before it.
    async fn newest(&self) -> Result<Timestamp, Fault>;

    /// Applies all changes durably, or none, and appends their events ([`Commit::events`]) in the same transaction.
    /// `Ok(Ok(_))` is returned only once the commit would survive a power failure.
    async fn commit(&self, commit: Commit) -> Result<Result<Committed, Conflict>, Fault>;

    /// Deletes at most `limit` rows that ended more than an hour before `now`, and interactions that ended before `now`;
    /// returns their number.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Fault>;
}

/// How many changes of clients a store remembers at least, for [`Store::clients_changed`].
pub const CLIENT_CHANGES_KEPT: u32 = 1_000;

/// The version of what is registered. Each part only increases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegistryVersion {
    /// Of the clients.
    pub clients: i64,
    /// Of resources, scopes and keys.
    pub rest: i64,
}

/// What a commit ended early: the numbers of rows that had neither ended nor expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Sessions.
    pub sessions: u64,
    /// Grants.
    pub grants: u64,
}

/// The state changed between the read and the commit; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Index into [`Commit::guards`] of the first guard that failed.
    pub guard: usize,
}

/// Seconds for which a row is kept after its end, so that a replay is still recognized.
pub const KEPT_AFTER_END_SECONDS: i64 = 3600;

/// Seconds for which an interaction is kept after its end: anybody can open one, and none is accepted twice.
pub const INTERACTION_KEPT_AFTER_END_SECONDS: i64 = 0;

/// Seconds for which a refused request is kept: 7 days.
pub const REFUSALS_KEPT_SECONDS: i64 = 7 * 86_400;

/// Most refused requests of one issuer that are kept.
pub const REFUSALS_MAX: u32 = 50_000;

/// Seconds for which an event of the outbox is kept for its readers: 30 days.
pub const EVENTS_KEPT_SECONDS: i64 = 30 * 86_400;
