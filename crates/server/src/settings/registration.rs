//! Clients that the operator does not register: who may, and as what.

use protocol::{ClientAuthMethod, GrantType};

/// What clients may register that the operator does not register. What is asked beyond it is left out, and the answer to a
/// registration says so.
#[derive(Clone, Debug)]
pub struct RegistrationPolicy {
    /// The grant types that may be registered.
    pub grant_types: Vec<String>,
    /// How a client may authenticate.
    pub auth_methods: Vec<ClientAuthMethod>,
    /// The scopes that may be registered. `None`: those of OpenID Connect, and those that a resource lists.
    pub scopes: Option<Vec<String>>,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        let grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken];
        Self {
            grant_types: grant_types.map(|grant_type| grant_type.as_str().to_owned()).into(),
            auth_methods: ClientAuthMethod::ALL.to_vec(),
            scopes: None,
        }
    }
}

/// Who may register itself, and as what (RFC 7591).
#[derive(Clone, Debug)]
pub struct DynamicRegistration {
    /// Whether a registration needs an initial access token (RFC 7591 §3), which the operator gives out.
    pub needs_token: bool,
    /// What may be registered.
    pub policy: RegistrationPolicy,
    /// Whose software statements count (RFC 7591 §2.3).
    pub statement_issuers: Vec<StatementIssuer>,
    /// Most registrations in an hour without a token, from one IPv4 address, or from one IPv6 /64 or /48.
    pub hourly_per_address_max: u32,
    /// The same from all addresses.
    pub hourly_max: u32,
    /// Seconds after which a client that got no token is deleted.
    pub unused_lifetime: i64,
}

impl Default for DynamicRegistration {
    fn default() -> Self {
        Self {
            needs_token: false,
            policy: RegistrationPolicy::default(),
            statement_issuers: Vec::new(),
            hourly_per_address_max: 20,
            hourly_max: 500,
            unused_lifetime: 7 * 86_400,
        }
    }
}

/// How the metadata of clients is read whose id is its URL (Client ID Metadata Document).
#[derive(Clone, Debug)]
pub struct ClientDocuments {
    /// What may be registered.
    pub policy: RegistrationPolicy,
    /// Most documents of new clients that are fetched in an hour.
    pub hourly_max: u32,
    /// Seconds after which a client that got no token is deleted.
    pub unused_lifetime: i64,
    /// Whether documents of this machine are read, over plain http too. Only for tests and development: a stranger could
    /// have the server call services that only this machine reaches.
    pub danger_loopback: bool,
}

impl Default for ClientDocuments {
    fn default() -> Self {
        let DynamicRegistration { policy, hourly_max, unused_lifetime, .. } = DynamicRegistration::default();
        Self { policy, hourly_max, unused_lifetime, danger_loopback: false }
    }
}

/// An issuer of software statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementIssuer {
    /// Its `iss`.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
}
