//! A registered client, parsed.

use protocol::{ClientAuthMethod, ClientId, ClientMetadata, GrantType, Scopes, Timestamp, scope, uri};

use crate::pairwise;
use crate::store::{Caller, Client, Provenance};

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
    /// Who registered it.
    pub provenance: Provenance,
    /// When it was registered first, if it is known.
    pub registered_at: Option<Timestamp>,
    /// Whether a token for more than one resource is refused to it: it is, unless the operator registered otherwise, to
    /// a client that registered itself (RFC 9700 §2.3).
    pub one_resource_per_token: bool,
    /// Whether it is deleted unless it gets a token.
    pub is_unused: bool,
    /// The sector for which its users have subjects of their own (OpenID Connect Core 1.0 §8.1), if it registered that.
    pub sector: Option<Box<str>>,
    /// The origins of its redirect URIs, and `cors_origins`: whose pages may read the answers to it.
    pub origins: Vec<String>,
    /// Whether it is answered at any port and path of `http://localhost`.
    any_localhost: bool,
}

impl RegisteredClient {
    /// Parses a record. Registered values that are not supported never match.
    pub(crate) fn read(record: Client) -> Self {
        let Client { caller, metadata, require_pkce, skip_consent, registered, .. } = record;
        let scopes = match &metadata.scope {
            Some(text) => Scopes::parse(text).unwrap_or_default(),
            None => Scopes::stored(scope::OPENID),
        };
        let scopes = scopes.filter(|token| token != scope::INTROSPECTION);
        let redirects = metadata.redirect_uris.iter().filter_map(|redirect| uri::origin(redirect));
        let origins = redirects.chain(metadata.cors_origins.iter().cloned()).collect();
        Self {
            one_resource_per_token: metadata
                .one_resource_per_token
                .unwrap_or_else(|| registered.by.is_strange()),
            is_unused: registered.unused_until.is_some(),
            registered_at: registered.at,
            sector: pairwise::sector(&caller.id, &metadata),
            provenance: registered.by,
            method: ClientAuthMethod::parse(metadata.auth_method()),
            caller,
            metadata,
            scopes,
            require_pkce,
            skip_consent,
            origins,
            any_localhost: false,
        }
    }

    /// The same where the server is one for development, if it has a redirect URI at `http://localhost`.
    pub(crate) fn at_any_localhost(mut self, is_development: bool) -> Self {
        let is_localhost = |redirect: &String| uri::is_http_localhost(redirect);
        self.any_localhost = is_development && self.metadata.redirect_uris.iter().any(is_localhost);
        self
    }

    /// Whether a request may name this redirect URI.
    pub(crate) fn has_redirect_uri(&self, sent: &str) -> bool {
        let takes_any_port = self.takes_any_port();
        let is_registered =
            |known: &String| known == sent || takes_any_port && uri::is_registered_redirect(known, sent);
        self.metadata.redirect_uris.iter().any(is_registered)
            || (self.any_localhost
                && uri::is_http_localhost(sent)
                && uri::check_redirect_uri(sent, &[]).is_ok())
    }

    /// Whether it is answered at any port of loopback, which is for who can't choose one (RFC 8252 §7.3): the others are
    /// answered exactly where they registered.
    pub(crate) fn takes_any_port(&self) -> bool {
        self.is_public() || self.is_native()
    }

    /// Whether a sign-out may return to this URI: exactly one of its own (OpenID Connect RP-Initiated Logout 1.0 §3).
    pub(crate) fn has_post_logout_redirect_uri(&self, sent: &str) -> bool {
        self.metadata.post_logout_redirect_uris.iter().any(|registered| registered == sent)
            || (self.any_localhost
                && uri::is_http_localhost(sent)
                && uri::check_redirect_uri(sent, &[]).is_ok())
    }

    /// Whether its pages may come from this origin.
    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|registered| registered == origin)
            || (self.any_localhost && uri::is_http_localhost(origin))
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
        self.is_public() && !self.is_native()
    }

    /// Whether it registered that it runs on the user's device (`application_type`).
    pub(crate) fn is_native(&self) -> bool {
        self.metadata.application_type.as_deref() == Some("native")
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
