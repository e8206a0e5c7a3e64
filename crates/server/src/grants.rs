//! The ways a client may obtain tokens: one file per `grant_type`.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use async_trait::async_trait;
use protocol::{GrantType, Params, Timestamp};

pub(crate) use crate::settle::ATTEMPTS_MAX;
pub use crate::settle::Decision;
use crate::{
    AuthorizationServer, clients::AuthenticatedClient, error::Error, reason::Reason, tokens::Issued,
};

/// Answers token requests of one `grant_type`.
#[async_trait]
pub trait GrantHandler: Send + Sync + 'static {
    /// Which one.
    fn grant_type(&self) -> GrantType;

    /// Looks at what is remembered and decides. Deciding changes nothing: the caller commits.
    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error>;
}

/// A token request whose client is known.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// Who asks.
    pub client: AuthenticatedClient,
    /// What it sent.
    pub params: &'a Params<'a>,
    /// When.
    pub now: Timestamp,
}

impl TokenRequest<'_> {
    /// A parameter that must be there.
    pub(crate) fn require(&self, name: &'static str) -> Result<&str, Reason> {
        self.params.get(name).ok_or(Reason::ParameterMissing(name))
    }
}
