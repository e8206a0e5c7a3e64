//! What is remembered: plain values, secrets only as digests or sealed.

use std::collections::BTreeMap;

use protocol::{
    Audience, BrowserSecret, ClientId, ClientMetadata, CodeChallenge, Digest, FamilyId, GrantId, Scopes,
    SessionId, Subject, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

/// An authorization code (RFC 6749 §4.1.2). What was approved stands in its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What it redeems.
    pub grant: GrantId,
    /// The redirect URI of the authorization request, to be repeated (RFC 6749 §4.1.3).
    pub redirect_uri: Box<str>,
    /// The promise to be kept (RFC 7636).
    pub challenge: Option<CodeChallenge>,
    /// For the ID token.
    pub nonce: Option<Box<str>>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was redeemed.
    pub used: bool,
    /// Wrong verifiers so far.
    pub tries: u32,
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

/// A row, the grant it was issued from, and whether that grant still stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through<T> {
    /// The row itself.
    pub row: T,
    /// What it was issued from.
    pub grant: Grant,
    /// Whether the grant was revoked.
    pub ended: Option<Ended>,
    /// When the grant's session expires; `None` where it has none or it has ended.
    pub session_expires_at: Option<Timestamp>,
}

/// An opaque access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it was issued from; `None` for client_credentials, where nobody approved anything.
    pub grant: Option<GrantId>,
    /// Who it was issued to.
    pub client: ClientId,
    /// The [`Caller::epoch`] at issuance.
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

/// An access token, and what ended it before its time.
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
    /// Its client was disabled, deleted, or made anew since.
    Client,
    /// Its grant was revoked.
    Grant,
    /// This one token was revoked.
    Token,
}

/// A browser's sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who is signed in.
    pub subject: Subject,
    /// When (`auth_time`).
    pub authenticated_at: Timestamp,
    /// How (`amr`), space separated.
    pub amr: Box<str>,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// One pause of an authorization request for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// The browser that may go on with it.
    pub browser: Digest<BrowserSecret>,
    /// The paused request, as the server wrote it (JSON).
    pub request: Box<str>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was answered.
    pub used: bool,
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

/// The credentials behind a `client_id`: a client's, a resource's, or one for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The shared namespace of clients and resources.
    pub id: ClientId,
    /// Drawn anew whenever the caller ends (disabled, deleted and made again): a token of another epoch is dead.
    pub epoch: i64,
    /// Whether it is turned away.
    pub disabled: bool,
    /// What it must know.
    pub secret: Option<StoredSecret>,
}

/// A client secret as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// HMAC-SHA-256 under a key derived from the master key.
    pub digest: [u8; 32],
    /// The secret itself, sealed under the master key, only where a registered method needs it.
    pub sealed: Option<Vec<u8>>,
}

impl std::fmt::Debug for StoredSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredSecret(...)")
    }
}

/// A registered client.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its id and credentials.
    pub caller: Caller,
    /// What it registered.
    pub metadata: ClientMetadata,
    /// Own member: whether PKCE is demanded of it even where the server would not.
    pub require_pkce: bool,
    /// Own member: whether its users are never asked for consent.
    pub skip_consent: bool,
    /// Whether `apply` made it, so that `apply --prune` may delete it.
    pub applied: bool,
    /// Counts up with every change.
    pub version: i64,
}

/// A registered resource: a protected API, its audience and scopes.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The resource identifier (RFC 8707 §2), which is its audience.
    pub identifier: Audience,
    /// Its credentials; those of the client with the same id, where there is one.
    pub caller: Option<Caller>,
    /// Everything else that was registered.
    pub settings: ResourceSettings,
    /// Whether `apply` made it.
    pub applied: bool,
    /// Counts up with every change.
    pub version: i64,
}

/// The members of a resource besides its identifier and credentials, under their registered or own names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceSettings {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// The scopes that belong to it.
    pub scopes: Vec<String>,
    /// `opaque` (the default) or `jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<String>,
    /// Absent: `ES256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signing_alg: Option<String>,
    /// Seconds; absent: 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// What stands in `aud` of introspection answers: `resource`, `client_id` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_audience: Option<String>,
    /// Whether a resource that registered encryption also gets plain JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_allow_plain: Option<bool>,
    /// Absent: `RS256` (RFC 9701 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// Absent: the answer is not encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<String>,
    /// Absent: `A128CBC-HS256`, where an `alg` is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<String>,
    /// How the resource authenticates; absent: any way with its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The one algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Its public keys, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its public keys, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Every other registered member, as it came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A registered scope: how people read it, and which claims it opens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The scope token.
    pub scope: String,
    /// Sentences for the consent page, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub description: BTreeMap<String, String>,
    /// Claims that UserInfo adds for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Whether `apply` made it.
    #[serde(skip)]
    pub applied: bool,
}

/// A signing key of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// The `kid`: the RFC 7638 thumbprint.
    pub kid: String,
    /// The one algorithm it signs with.
    pub algorithm: jose::SignatureAlgorithm,
    /// Where it stands in its life.
    pub state: KeyState,
    /// The private JWK, sealed under the master key.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it left the state `Active`; it is published until its last signature has long expired.
    pub retired_at: Option<Timestamp>,
}

/// The life of a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published, not used yet.
    Next,
    /// Signs.
    Active,
    /// Published, no longer used.
    Retiring,
}

impl KeyState {
    /// The word for it, in the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retiring].into_iter().find(|state| state.as_str() == text)
    }
}
