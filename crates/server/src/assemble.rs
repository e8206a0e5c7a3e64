//! The one place where the parts of a server are put together and optional ones are switched on.

use crate::{
    AuthorizationServer,
    context::Installed,
    endpoints::Endpoint,
    error::Fault,
    grants::{
        authorization_code::AuthorizationCodeGrant, client_credentials::ClientCredentials,
        refresh_token::RefreshTokenGrant,
    },
    ports::Ports,
    settings::Settings,
};

impl AuthorizationServer {
    /// Puts a server together. Nothing is read or written yet; see [`Self::ensure_keys`].
    pub fn assemble(settings: Settings, ports: Ports) -> Self {
        let installed = Installed {
            grants: vec![
                Box::new(AuthorizationCodeGrant),
                Box::new(ClientCredentials),
                Box::new(RefreshTokenGrant),
            ],
            endpoints: Endpoint::ALL.to_vec(),
        };
        Self::new(settings, ports, installed)
    }

    /// One bounded step of housekeeping: what ended and retired keys; answers how many rows went. The host calls it every few seconds, and again
    /// at once while it answers with `limit`.
    ///
    /// # Errors
    /// The store's.
    pub async fn maintain(&self, limit: u32) -> Result<u32, Fault> {
        let swept = self.store().sweep(self.now(), limit).await?;
        Ok(swept + self.delete_outlived_keys(limit.saturating_sub(swept)).await?)
    }
}
