//! The one place where the parts of a server are put together and optional ones are switched on.

use protocol::{GrantType, uri};

use crate::{
    authorize::{deliver::web_message, front_channel, object},
    context::{AuthorizationServer, Endpoint, GrantHandler, Installed},
    endpoints::{
        authorize, end_session, introspection, jwks, metadata, par, registration, revocation, token, userinfo,
    },
    error::Fault,
    grants::{
        authorization_code, ciba, client_credentials, device_code, jwt_bearer, refresh_token, token_exchange,
    },
    mutual_tls,
    ports::Ports,
    registration::{client_document, unused},
    settings::Settings,
};

/// A server that is being put together.
#[must_use = "nothing is served before `build`"]
pub struct ServerBuilder {
    settings: Settings,
    ports: Ports,
    installed: Installed,
    wrong: Option<AssemblyError>,
}

impl AuthorizationServer {
    /// Begins a server with everything that this crate serves.
    pub fn builder(settings: Settings, ports: Ports) -> ServerBuilder {
        ServerBuilder { settings, ports, installed: Installed::default(), wrong: None }
            .always(authorize::install)
            .always(authorization_code::install)
            .always(token::install)
            .always(refresh_token::install)
            .always(client_credentials::install)
            .always(introspection::install)
            .always(revocation::install)
            .always(userinfo::install)
            .always(end_session::install)
            .always(jwks::install)
            .with(|settings| settings.danger_front_channel_tokens.then_some(&()), front_channel::install)
            .with(|settings| settings.web_messages.then_some(&()), web_message::install)
            .with(|settings| settings.pushed_requests.as_ref(), par::install)
            .with(|settings| settings.request_objects.as_ref(), object::install)
            .with(|settings| settings.dynamic_registration.as_ref(), registration::install)
            .with(|settings| settings.client_documents.as_ref(), client_document::install)
            .always(unused::install)
            .with(|settings| settings.device.as_ref(), device_code::install)
            .with(|settings| settings.mutual_tls.as_ref(), mutual_tls::install)
            .with(|settings| settings.token_exchange.as_ref(), token_exchange::install)
            .with(|settings| settings.backchannel.as_ref(), ciba::install)
            .with(|settings| settings.jwt_bearer.as_ref(), jwt_bearer::install)
            .always(metadata::install)
    }

    /// Puts a server together that serves what this crate does, and nothing else. Nothing is read or written yet; see
    /// [`Self::ensure_keys`].
    pub fn assemble(settings: Settings, ports: Ports) -> Self {
        let ServerBuilder { settings, ports, installed, .. } = Self::builder(settings, ports);
        Self::new(settings, ports, installed)
    }

    /// One bounded step of housekeeping: deletes ended rows and retired keys, and returns the number of rows. The host
    /// calls it every few seconds, and again at once while it answers with `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn maintain(&self, limit: u32) -> Result<u32, Fault> {
        let mut deleted = self.store().sweep(self.now(), limit).await?;
        for step in &self.installed().maintenance {
            deleted += step(self, limit.saturating_sub(deleted)).await?;
        }
        Ok(deleted)
    }
}

impl ServerBuilder {
    /// Installs what every server has.
    fn always(mut self, install: fn(&mut Installed)) -> Self {
        install(&mut self.installed);
        self
    }

    /// Installs what a setting enables.
    fn with<S>(mut self, setting: impl Fn(&Settings) -> Option<&S>, install: fn(&mut Installed, &S)) -> Self {
        if let Some(setting) = setting(&self.settings) {
            install(&mut self.installed, setting);
        }
        self
    }

    /// Installs a grant of the host's own. Clients use it that list its name in `grant_types`.
    pub fn grant(mut self, handler: impl GrantHandler) -> Self {
        let grant_type = handler.grant_type().as_str();
        if GrantType::parse(grant_type).is_none() && uri::Parts::of(grant_type).is_err() {
            self.wrong.get_or_insert(AssemblyError::GrantTypeInvalid(grant_type));
        }
        if self.installed.grants.contains_key(grant_type) {
            self.wrong.get_or_insert(AssemblyError::GrantTypeTaken(grant_type));
        }
        self.installed.grant(handler);
        self
    }

    /// Mounts an endpoint of the host's own.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        let path = &*endpoint.path;
        if !path.starts_with('/') || path.ends_with('/') {
            self.wrong.get_or_insert_with(|| AssemblyError::PathInvalid(path.to_owned()));
        }
        if self.installed.endpoints.iter().any(|other| other.path == path) {
            self.wrong.get_or_insert_with(|| AssemblyError::PathTaken(path.to_owned()));
        }
        self.installed.endpoint(endpoint);
        self
    }

    /// The server. Nothing is read or written yet; see [`AuthorizationServer::ensure_keys`].
    ///
    /// # Errors
    /// The first thing that was wrong with what the host installed.
    pub fn build(self) -> Result<AuthorizationServer, AssemblyError> {
        match self.wrong {
            Some(wrong) => Err(wrong),
            None => Ok(AuthorizationServer::new(self.settings, self.ports, self.installed)),
        }
    }
}

/// Why a part of the host's own can't be installed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// RFC 6749 §4.5: an extension grant is named by an absolute URI.
    #[error("the grant type {0} is neither registered nor an absolute URI")]
    GrantTypeInvalid(&'static str),
    /// A grant type has one handler.
    #[error("the grant type {0} is installed already")]
    GrantTypeTaken(&'static str),
    /// Requests are matched by a path that starts with a slash and does not end with one.
    #[error("the path {0} must start with a slash, and must not end with one")]
    PathInvalid(String),
    /// A path leads to one endpoint.
    #[error("the path {0} is mounted already")]
    PathTaken(String),
}
