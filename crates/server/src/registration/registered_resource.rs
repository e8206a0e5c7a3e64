//! A registered resource, its members read once.

use jose::SignatureAlgorithm;
use protocol::{Audience, ClientAuthMethod, Scopes};

use crate::store::{Caller, Resource, ResourceSettings};

/// A protected API as the server uses it. Made only from the record of a registration.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegisteredResource {
    /// Its identifier, which is its audience.
    pub identifier: Audience,
    /// Its credentials, if it calls this server.
    pub caller: Option<Caller>,
    /// The scopes that belong to it.
    pub scopes: Scopes,
    /// What its access tokens are.
    pub format: AccessTokenFormat,
    /// What signs its JWT access tokens.
    pub algorithm: SignatureAlgorithm,
    /// Seconds that its access tokens live, where it says so.
    pub access_token_lifetime: Option<i64>,
    /// What stands in `aud` of introspection answers; `None`: as the default rule says.
    pub introspection_audience: Option<IntrospectionAudience>,
    /// How it authenticates; `None`: any way with its secret.
    pub method: Option<ClientAuthMethod>,
    /// The other members.
    pub settings: ResourceSettings,
}

/// What an access token is to the API that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokenFormat {
    /// A row of the store, read by introspection.
    Opaque,
    /// A JWT (RFC 9068).
    Jwt,
}

/// What stands in `aud` of introspection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntrospectionAudience {
    /// The token's audience.
    Resource,
    /// The token's client, as django-oidc-provider has it.
    ClientId,
    /// Nothing.
    None,
}

impl IntrospectionAudience {
    /// Reads the member's value.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "resource" => Some(Self::Resource),
            "client_id" => Some(Self::ClientId),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl RegisteredResource {
    /// Reads a record.
    pub(crate) fn read(record: Resource) -> Self {
        let Resource { identifier, caller, settings, .. } = record;
        Self {
            identifier,
            caller,
            scopes: settings.scopes.iter().map(String::as_str).collect(),
            format: match settings.access_token_format.as_deref() {
                Some("jwt") => AccessTokenFormat::Jwt,
                Some(_) | None => AccessTokenFormat::Opaque,
            },
            algorithm: settings
                .access_token_signing_alg
                .as_deref()
                .and_then(SignatureAlgorithm::parse)
                .unwrap_or(SignatureAlgorithm::Es256),
            access_token_lifetime: settings.access_token_lifetime,
            introspection_audience: settings
                .introspection_audience
                .as_deref()
                .and_then(IntrospectionAudience::parse),
            method: settings.token_endpoint_auth_method.as_deref().and_then(ClientAuthMethod::parse),
            settings,
        }
    }
}
