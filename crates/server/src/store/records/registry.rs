//! Clients, resources and scopes, and the credentials of the first two.

use std::collections::BTreeMap;

use protocol::{Audience, ClientId, ClientMetadata, Digest, RegistrationToken, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The credentials behind a `client_id`: a client's, a resource's, or one for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its id, unique among clients and resources.
    pub id: ClientId,
    /// Changes whenever the caller is disabled, or deleted and created again: a token of another epoch is invalid.
    pub epoch: i64,
    /// Whether it is disabled, so that its requests are refused.
    pub disabled: bool,
    /// Its secret, if it has one.
    pub secret: Option<StoredSecret>,
}

/// A client secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// HMAC-SHA-256 under a key derived from the master key.
    pub digest: [u8; 32],
    /// The secret itself, sealed under the master key, only if a registered method needs it.
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
    /// passavant's own member: whether PKCE is required of it even if the server does not require it.
    pub require_pkce: bool,
    /// passavant's own member: whether its users are never asked for consent.
    pub skip_consent: bool,
    /// Whether `apply` made it, so that `apply --prune` may delete it.
    pub applied: bool,
    /// How it came to be registered.
    pub registered: Registered,
    /// Counts up with every change.
    pub version: i64,
}

#[cfg(test)]
impl Client {
    /// A client with this metadata that the operator registered, which must use PKCE.
    pub(crate) fn of(id: &str, metadata: ClientMetadata) -> Self {
        let caller = Caller { id: ClientId::new(id), epoch: 1, disabled: false, secret: None };
        let (require_pkce, skip_consent, applied, version) = (true, false, false, 1);
        let registered = Registered::default();
        Self { caller, metadata, require_pkce, skip_consent, applied, registered, version }
    }
}

/// How and when a client came to be registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// Who registered it.
    pub by: Provenance,
    /// When it was registered first; `None` if the operator did, or it is not known.
    pub at: Option<Timestamp>,
    /// When it is deleted unless it gets a token until then; `None` if it stays.
    pub unused_until: Option<Timestamp>,
}

/// Who registered a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provenance {
    /// The operator.
    #[default]
    Operator,
    /// The client itself (RFC 7591). Its name and its other metadata are its own claims.
    SelfRegistered {
        /// The digest of its registration access token (RFC 7592 §3).
        token: Digest<RegistrationToken>,
    },
    /// The document at the URL that is its id (Client ID Metadata Document). Only the address is verified.
    MetadataDocument {
        /// When the document is to be fetched again.
        fresh_until: Timestamp,
    },
}

impl Provenance {
    /// Its name in the store, in lists and in the admin API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::SelfRegistered { .. } => "self-registered",
            Self::MetadataDocument { .. } => "metadata document",
        }
    }

    /// Whether the operator did not register it.
    pub const fn is_strange(&self) -> bool {
        !matches!(self, Self::Operator)
    }
}

/// A registered resource: a protected API, its audience and scopes.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The resource identifier (RFC 8707 §2), which is its audience.
    pub identifier: Audience,
    /// Its credentials, which are those of the client with the same id if there is one.
    pub caller: Option<Caller>,
    /// Everything else that was registered.
    pub settings: ResourceSettings,
    /// Whether `apply` made it.
    pub applied: bool,
    /// Counts up with every change.
    pub version: i64,
}

/// The members of a resource except its identifier and credentials, under their registered names or passavant's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceSettings {
    /// A human-readable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// The scopes that belong to it.
    pub scopes: Vec<String>,
    /// `opaque` or `jwt`; absent: `jwt` if the resource has no credentials, and could not introspect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<String>,
    /// The `typ` of its JWT access tokens: `at+jwt` (absent) or `JWT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_typ: Option<String>,
    /// Absent: `ES256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signing_alg: Option<String>,
    /// Seconds; absent: 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// The content of `aud` in introspection answers: `resource`, `client_id` or `none`.
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
    /// Whether its assertions must be as RFC 10070 requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_strict_assertions: Option<bool>,
    /// Its public keys, by reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its public keys, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// The types of authorization details that it understands (RFC 9396 §2), by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub authorization_details_types: BTreeMap<String, DetailsType>,
    /// Every other registered member, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A type of authorization details: what they may hold beside the common members of RFC 9396 §2.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetailsType {
    /// What the consent page calls it; absent: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Members that may be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Members that must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
}

/// A registered scope: its description for users, and the claims that it releases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The scope token.
    pub scope: String,
    /// Descriptions for the consent page, by language.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub description: BTreeMap<String, String>,
    /// Claims that UserInfo adds for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Whether `apply` made it.
    #[serde(skip)]
    pub applied: bool,
}
