//! One endpoint, one file. Each turns a request into an [`Answer`](crate::Answer); none of them routes.

pub(crate) mod authorize;
pub(crate) mod end_session;
pub(crate) mod introspection;
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod revocation;
pub(crate) mod token;
pub(crate) mod userinfo;

/// What can be mounted below the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    Authorize,
    EndSession,
    Introspect,
    Jwks,
    Metadata,
    OpenIdMetadata,
    Revoke,
    Token,
    UserInfo,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 9] = [
        Self::Authorize,
        Self::EndSession,
        Self::Introspect,
        Self::Jwks,
        Self::Metadata,
        Self::OpenIdMetadata,
        Self::Revoke,
        Self::Token,
        Self::UserInfo,
    ];

    /// The canonical path: clients of the Model Context Protocol fall back to exactly these.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/authorize",
            Self::EndSession => "/logout",
            Self::Introspect => "/introspect",
            Self::Jwks => "/jwks",
            Self::Metadata => "/.well-known/oauth-authorization-server",
            Self::OpenIdMetadata => "/.well-known/openid-configuration",
            Self::Revoke => "/revoke",
            Self::Token => "/token",
            Self::UserInfo => "/userinfo",
        }
    }
}
