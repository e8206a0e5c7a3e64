//! A registered resource, parsed.

use jose::SignatureAlgorithm;
use protocol::{Audience, ClientAuthMethod, Scopes};

use super::RegisteredClient;
use crate::store::{Caller, Resource, ResourceSettings};

/// A protected API as the server uses it. It is made from the record of a registration only.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegisteredResource {
    /// Its identifier, which is its audience.
    pub identifier: Audience,
    /// Its credentials, if it calls this server.
    pub caller: Option<Caller>,
    /// The scopes that belong to it.
    pub scopes: Scopes,
    /// The format of its access tokens: by default JWT if it has no credentials, since it could not introspect.
    pub format: AccessTokenFormat,
    /// The `typ` of its JWT access tokens.
    pub access_token_type: AccessTokenType,
    /// The signature algorithm of its JWT access tokens.
    pub algorithm: SignatureAlgorithm,
    /// Lifetime of its access tokens in seconds, if it registered one.
    pub access_token_lifetime: Option<i64>,
    /// The value of `aud` in introspection answers; `None`: by the default rule.
    pub introspection_audience: Option<IntrospectionAudience>,
    /// Its authentication method; `None`: any that uses its secret.
    pub method: Option<ClientAuthMethod>,
    /// The other members.
    pub settings: ResourceSettings,
}

/// The format of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessTokenFormat {
    /// A row of the store, read by introspection.
    Opaque,
    /// A JWT (RFC 9068).
    Jwt,
}

/// The `typ` of a JWT access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTokenType {
    /// `at+jwt` (RFC 9068 §2.1).
    #[default]
    AtJwt,
    /// `JWT`, for frameworks that accept nothing else.
    Jwt,
}

impl AccessTokenType {
    /// Parses the value of the member, as a media type without regard to case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::AtJwt, Self::Jwt].into_iter().find(|one| one.as_str().eq_ignore_ascii_case(text))
    }

    /// The value in the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtJwt => "at+jwt",
            Self::Jwt => "JWT",
        }
    }
}

/// The value of `aud` in introspection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntrospectionAudience {
    /// The token's audience.
    Resource,
    /// The token's client, as in django-oidc-provider.
    ClientId,
    /// No `aud`.
    None,
}

impl IntrospectionAudience {
    /// Parses the value of the member.
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
    /// Whether it understands a type of authorization details that the client may request (RFC 9396 §10).
    pub(crate) fn shares_details(&self, client: &RegisteredClient) -> bool {
        let types = &client.metadata.authorization_details_types;
        types.iter().any(|kind| self.settings.authorization_details_types.contains_key(kind))
    }

    /// Parses a record.
    pub(crate) fn read(record: Resource) -> Self {
        let Resource { identifier, caller, settings, .. } = record;
        Self {
            identifier,
            scopes: settings.scopes.iter().map(String::as_str).collect(),
            format: match settings.access_token_format.as_deref() {
                Some("jwt") => AccessTokenFormat::Jwt,
                None if caller.is_none() => AccessTokenFormat::Jwt,
                Some(_) | None => AccessTokenFormat::Opaque,
            },
            access_token_type: settings
                .access_token_typ
                .as_deref()
                .and_then(AccessTokenType::parse)
                .unwrap_or_default(),
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
            caller,
            method: settings.token_endpoint_auth_method.as_deref().and_then(ClientAuthMethod::parse),
            settings,
        }
    }
}
