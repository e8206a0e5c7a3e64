//! What may be written, as values. Each change says its guard: the condition under which it holds.
//!
//! Guards speak of the state *before* the commit, and no write may rely on an earlier one of the same commit.
//! A guard is part of the statement that writes (`UPDATE .. WHERE used_at IS NULL` and its row count), never a look
//! beforehand.

use protocol::{
    AccessToken, AuthorizationCode, ClientId, Digest, FamilyId, GrantId, Handle, InteractionToken, JwtId,
    RefreshToken, SessionId, SessionToken, Subject, Timestamp,
};
use smallvec::SmallVec;

use super::records::{
    Access, Client, Code, Consent, Grant, Interaction, KeyRecord, KeyState, Refresh, Resource, Scope, Session,
};
use crate::reason::Reason;

/// Everything that one decision wants remembered.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The time of the decision. Guards compare with it, never with a clock of the store's own.
    pub now: Timestamp,
    /// Changes that hold only under a condition, the most contended first.
    pub guards: SmallVec<[Change; 2]>,
    /// Changes that always hold.
    pub writes: SmallVec<[Change; 4]>,
}

impl Commit {
    /// Nothing to remember yet.
    pub fn new(now: Timestamp) -> Self {
        Self { now, guards: SmallVec::new(), writes: SmallVec::new() }
    }

    /// Adds a change, where its guard puts it.
    #[must_use]
    pub fn with(mut self, change: impl Into<Change>) -> Self {
        self.push(change);
        self
    }

    /// Adds a change, where its guard puts it.
    pub fn push(&mut self, change: impl Into<Change>) {
        let change = change.into();
        if change.is_guarded() {
            self.guards.push(change);
        } else {
            self.writes.push(change);
        }
    }

    /// Whether there is nothing to remember; such a commit never reaches the store.
    pub fn is_empty(&self) -> bool {
        self.guards.is_empty() && self.writes.is_empty()
    }
}

/// One change, by family.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Authorization codes.
    Code(CodeChange),
    /// Grants and remembered consent.
    Grant(GrantChange),
    /// Access and refresh tokens.
    Token(TokenChange),
    /// Sessions.
    Session(SessionChange),
    /// Interactions.
    Interaction(InteractionChange),
    /// Clients, resources, scopes.
    Registry(RegistryChange),
    /// Signing keys.
    Key(KeyChange),
    /// What may be seen only once.
    Once(Remember),
    /// A value of a grant from outside this crate.
    Item(Item),
    /// Something that others must learn of.
    Event(Event),
}

impl Change {
    /// Whether the change has a guard.
    pub const fn is_guarded(&self) -> bool {
        match self {
            Self::Code(change) => matches!(change, CodeChange::Add(..) | CodeChange::Use(_)),
            Self::Grant(change) => matches!(change, GrantChange::Add(_)),
            Self::Token(change) => {
                matches!(
                    change,
                    TokenChange::AddAccess(..) | TokenChange::AddRefresh(..) | TokenChange::Rotate { .. }
                )
            }
            Self::Session(change) => matches!(change, SessionChange::Add(..) | SessionChange::Renew(..)),
            Self::Interaction(_) | Self::Once(_) | Self::Item(_) => true,
            Self::Registry(change) => {
                matches!(change, RegistryChange::PutClient(..) | RegistryChange::PutResource(..))
            }
            Self::Key(change) => matches!(change, KeyChange::Add(_)),
            Self::Event(_) => false,
        }
    }
}

macro_rules! families {
    ($($family:ident($change:ty)),+ $(,)?) => {
        $(impl From<$change> for Change {
            fn from(change: $change) -> Self {
                Self::$family(change)
            }
        })+
    };
}

families! {
    Code(CodeChange), Grant(GrantChange), Token(TokenChange), Session(SessionChange),
    Interaction(InteractionChange), Registry(RegistryChange), Key(KeyChange), Once(Remember), Item(Item),
    Event(Event),
}

/// Changes of authorization codes.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeChange {
    /// Guard: the id is new.
    Add(Handle<AuthorizationCode>, Box<Code>),
    /// Guard: the code is unused.
    Use(Handle<AuthorizationCode>),
    /// No guard: counts a wrong verifier; at `protocol::limits::CODE_TRIES_MAX` the code is burnt (counts as used).
    CountTry(Handle<AuthorizationCode>),
}

/// Changes of grants and of remembered consent.
#[derive(Clone, Debug, PartialEq)]
pub enum GrantChange {
    /// Guard: the id is new.
    Add(Box<Grant>),
    /// No guard: revoking twice is revoking.
    Revoke(GrantId),
    /// No guard. Ends every grant of this session, subject or client, but those with `offline_access` where
    /// `keep_offline` says so.
    RevokeAll {
        /// Whose.
        of: Of,
        /// Whether grants with `offline_access` live on.
        keep_offline: bool,
    },
    /// No guard: the newest answer stands.
    Consent(Consent),
    /// No guard: forgets what this subject allowed this client.
    ForgetConsent(Subject, ClientId),
}

/// Whose grants are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those approved in this session.
    Session(SessionId),
    /// Those that this subject approved.
    Subject(Subject),
    /// Those approved for this client.
    Client(ClientId),
}

/// Changes of access and refresh tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenChange {
    /// Guard: the id is new. Validity is read through the grant or client, so nothing else is needed.
    AddAccess(Handle<AccessToken>, Access),
    /// Guard: the family is new.
    AddRefresh(Digest<RefreshToken>, Refresh),
    /// Guard: the family is at generation `from`.
    Rotate {
        /// Which family.
        family: FamilyId,
        /// The generation that was looked at.
        from: u32,
        /// The digest of its successor.
        to: Digest<RefreshToken>,
        /// When.
        at: Timestamp,
        /// When the successor ends if it is not used.
        expires_at: Timestamp,
    },
    /// No guard: ends one opaque access token.
    EndAccess(Handle<AccessToken>),
    /// No guard: a JWT access token is revoked; kept until its `exp`.
    RevokeJwt(JwtId, Timestamp),
}

/// Changes of sessions.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionChange {
    /// Guard: the id is new.
    Add(Handle<SessionToken>, Session),
    /// Guard: this subject has a session with this id that has not ended. It goes on under another secret, and what
    /// is known of it is replaced: the secret of before opens nothing any longer, its grants stay its own.
    Renew(Handle<SessionToken>, Session),
    /// No guard: it was used just now.
    Touch(SessionId, Timestamp),
    /// No guard: ending twice is ending. Its grants are ended by a change of their own.
    End(SessionId),
    /// No guard: ends every session of a subject.
    EndAll(Subject),
}

/// Changes of interactions.
#[derive(Clone, Debug, PartialEq)]
pub enum InteractionChange {
    /// Guard: the id is new.
    Add(Handle<InteractionToken>, Interaction),
    /// Guard: it is unanswered and not expired at the commit's `now`. It can't be answered again.
    Use(Handle<InteractionToken>),
    /// Guard: it is unanswered and not expired at the commit's `now`. Goes on with another request text.
    Update(Handle<InteractionToken>, Box<str>),
}

/// Changes of clients, resources and scopes. Each of them moves [`super::Store::registry_version`].
#[derive(Clone, Debug, PartialEq)]
pub enum RegistryChange {
    /// Guard: as [`Expect`] says, and no client or resource has this id as something else. Replaces the record.
    PutClient(Box<Client>, Expect),
    /// No guard: a client that is gone is gone. Where a resource shares its credentials they stay, under another epoch,
    /// so that the client's own tokens end all the same. What subjects remembered to allow it is forgotten.
    DeleteClient(ClientId),
    /// Guard: as [`Expect`] says. Where a client has the same id its credentials are left alone.
    PutResource(Box<Resource>, Expect),
    /// No guard: by resource identifier.
    DeleteResource(protocol::Audience),
    /// No guard: replaces the record.
    PutScope(Scope),
    /// No guard.
    DeleteScope(String),
}

/// What a registry record must be for a change to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// There is none.
    Absent,
    /// There is one with this version.
    Version(i64),
}

/// Changes of signing keys. Each of them moves [`super::Store::registry_version`].
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// Guard: the `kid` is new.
    Add(KeyRecord),
    /// No guard.
    SetState {
        /// Which key.
        kid: String,
        /// What it becomes.
        state: KeyState,
        /// When it left `Active`.
        retired_at: Option<Timestamp>,
    },
    /// No guard.
    Delete(String),
}

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

/// Guard: the stored value is `expect` (`None`: there is none, or it ended before the commit's `now`).
/// Compare-and-set, for grants from outside this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// A name of the outside grant's own.
    pub space: Box<str>,
    /// Which value.
    pub key: Box<str>,
    /// What it becomes; `None` deletes it.
    pub value: Option<Vec<u8>>,
    /// What it must be.
    pub expect: Option<Vec<u8>>,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// No guard: an entry of the one outbox, appended in the same commit and read by cursor, at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// The subject it happened to.
    pub subject: Option<Subject>,
    /// The client it happened to.
    pub client: Option<ClientId>,
    /// The row it happened to (grant, session), as text. Never a secret.
    pub detail: Box<str>,
}

/// What others must learn of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An account was made, disabled, enabled, or its password changed.
    AccountChanged,
    /// A client was registered, changed or deleted.
    ClientChanged,
    /// One or more grants ended before their time.
    GrantsRevoked,
    /// A code or refresh token was presented a second time, and its grant was ended.
    ReplayDetected,
    /// A session ended before its time.
    SessionEnded,
}

impl EventKind {
    /// The word for it, in the store and in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountChanged => "account_changed",
            Self::ClientChanged => "client_changed",
            Self::GrantsRevoked => "grants_revoked",
            Self::ReplayDetected => "replay_detected",
            Self::SessionEnded => "session_ended",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::AccountChanged,
            Self::ClientChanged,
            Self::GrantsRevoked,
            Self::ReplayDetected,
            Self::SessionEnded,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}
