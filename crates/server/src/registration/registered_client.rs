//! A registered client, its members read once.

use protocol::{ClientAuthMethod, ClientId, ClientMetadata, GrantType, Scopes, scope, uri};

use crate::store::{Caller, Client};

/// A client as the server uses it. Made only from the record of a registration.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// Its id and credentials.
    pub caller: Caller,
    /// What it registered.
    pub metadata: ClientMetadata,
    /// How it authenticates; `None`: by a method that this server does not serve.
    pub method: Option<ClientAuthMethod>,
    /// What it may ask for; only `openid` where it registered no scope. Never `introspection`, which is the scope of
    /// resources.
    pub scopes: Scopes,
    /// Own member.
    pub require_pkce: bool,
    /// Own member.
    pub skip_consent: bool,
    /// The origins of its redirect URIs, for CORS.
    pub origins: Vec<String>,
}

impl RegisteredClient {
    /// Reads a record. Registered values that are not served simply never match.
    pub(crate) fn read(record: Client) -> Self {
        let Client { caller, metadata, require_pkce, skip_consent, .. } = record;
        let scopes = match &metadata.scope {
            Some(text) => Scopes::parse(text).unwrap_or_default(),
            None => Scopes::stored(scope::OPENID),
        };
        let scopes = scopes.filter(|token| token != scope::INTROSPECTION);
        let origins = metadata.redirect_uris.iter().filter_map(|redirect| uri::origin(redirect)).collect();
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

    /// Its id.
    pub fn id(&self) -> &ClientId {
        &self.caller.id
    }

    /// Whether it has no credential (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.method == Some(ClientAuthMethod::None)
    }

    /// Whether it is a script in a page: public, and not installed on a device (RFC 6749 §2.1).
    pub fn is_public_web(&self) -> bool {
        self.is_public() && self.metadata.application_type.as_deref() != Some("native")
    }

    /// Whether it registered this grant type.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types().any(|registered| registered == grant_type.as_str())
    }

    /// What it may ask for on behalf of a user: a person's approval makes no administrator.
    pub fn user_scopes(&self) -> Scopes {
        self.scopes.filter(|token| !scope::is_administrative(token))
    }

    /// Whether a scope is among those approved and still registered.
    pub(crate) fn still_has(&self, approved: &Scopes, token: &str) -> bool {
        approved.contains(token) && self.scopes.contains(token)
    }

    /// What a request without `scope` asks for: everything registered but `openid` and `offline_access`.
    pub fn default_scopes(&self) -> Scopes {
        self.scopes.filter(|token| token != scope::OPENID && token != scope::OFFLINE_ACCESS)
    }
}
