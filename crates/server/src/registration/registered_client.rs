//! A registered client, parsed.

use protocol::{ClientAuthMethod, ClientId, ClientMetadata, GrantType, Scopes, scope, uri};

use crate::store::{Caller, Client};

/// A client as the server uses it. It is made from the record of a registration only.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// Its id and credentials.
    pub caller: Caller,
    /// Its registered metadata.
    pub metadata: ClientMetadata,
    /// Its authentication method; `None` if this server does not support it. Where none is registered, the default, and
    /// `client_secret_post` is accepted beside it.
    pub method: Option<ClientAuthMethod>,
    /// The scopes it may request; only `openid` if it registered none. Never `introspection`, which is for resources
    /// only.
    pub scopes: Scopes,
    /// Own member.
    pub require_pkce: bool,
    /// Own member.
    pub skip_consent: bool,
    /// The origins of its redirect URIs, and `cors_origins`: whose pages may read the answers to it.
    pub origins: Vec<String>,
}

impl RegisteredClient {
    /// Parses a record. Registered values that are not supported never match.
    pub(crate) fn read(record: Client) -> Self {
        let Client { caller, metadata, require_pkce, skip_consent, .. } = record;
        let scopes = match &metadata.scope {
            Some(text) => Scopes::parse(text).unwrap_or_default(),
            None => Scopes::stored(scope::OPENID),
        };
        let scopes = scopes.filter(|token| token != scope::INTROSPECTION);
        let redirects = metadata.redirect_uris.iter().filter_map(|redirect| uri::origin(redirect));
        let origins = redirects.chain(metadata.cors_origins.iter().cloned()).collect();
        Self {
            method: ClientAuthMethod::parse(metadata.auth_method()),
            caller,
            metadata,
            scopes,
            require_pkce,
            skip_consent,
            origins,
        }
    }

    /// The `client_id`.
    pub fn id(&self) -> &ClientId {
        &self.caller.id
    }

    /// Whether it has no credential (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.method == Some(ClientAuthMethod::None)
    }

    /// Whether it is a user-agent-based application: public, and not native (RFC 6749 §2.1).
    pub fn is_public_web(&self) -> bool {
        self.is_public() && self.metadata.application_type.as_deref() != Some("native")
    }

    /// Whether it registered this grant type.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types().any(|registered| registered == grant_type.as_str())
    }

    /// The scopes it may request on behalf of a user: administrative scopes can't be delegated by a user.
    pub fn user_scopes(&self) -> Scopes {
        self.scopes.filter(|token| !scope::is_administrative(token))
    }

    /// Whether a scope is among those approved and still registered.
    pub(crate) fn still_has(&self, approved: &Scopes, token: &str) -> bool {
        approved.contains(token) && self.scopes.contains(token)
    }

    /// The scopes of a request without `scope`: all registered ones except `openid` and `offline_access`.
    pub fn default_scopes(&self) -> Scopes {
        self.scopes.filter(|token| token != scope::OPENID && token != scope::OFFLINE_ACCESS)
    }
}
