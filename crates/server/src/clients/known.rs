//! What is registered with the id that a caller names: a client, resources, or both.

use std::sync::Arc;

use protocol::ClientAuthMethod;

use crate::{
    reason::Reason,
    registry::{RegisteredClient, RegisteredResource},
    store::Caller,
};

/// What is registered with the id that a caller names.
pub(super) struct Known {
    pub(super) client: Option<Arc<RegisteredClient>>,
    pub(super) resources: Vec<Arc<RegisteredResource>>,
}

impl Known {
    pub(super) fn caller(&self) -> Option<&Caller> {
        match &self.client {
            Some(client) => Some(&client.caller),
            None => self.resources.first()?.caller.as_ref(),
        }
    }

    /// A client or resource authenticates by its registered method.
    pub(super) fn must_be(&self, method: ClientAuthMethod) -> Result<(), Reason> {
        if self.accepts(method) {
            return Ok(());
        }
        Err(match method {
            ClientAuthMethod::None => Reason::ClientSecretMissing,
            _ => Reason::ClientMethodNotRegistered,
        })
    }

    /// A client that registered no method sends its secret either way: some libraries send it in the header with a code
    /// and in the body with a refresh token. A resource that registered none may use any method that sends its secret.
    fn accepts(&self, method: ClientAuthMethod) -> bool {
        use ClientAuthMethod::{ClientSecretBasic, ClientSecretPost, None as NoCredential};
        match &self.client {
            Some(client) if client.metadata.token_endpoint_auth_method.is_none() => {
                matches!(method, ClientSecretBasic | ClientSecretPost)
            }
            Some(client) => client.method == Some(method),
            // A resource can't be public (RFC 7662 §2.1): with the method `none` it must still send its secret.
            None => match self.resources.first().and_then(|resource| resource.method) {
                None | Some(NoCredential) => method != NoCredential,
                Some(registered) => registered == method,
            },
        }
    }

    /// Whether the client has no credential, so that nothing in an `Authorization` header can be one.
    pub(super) fn is_public(&self) -> bool {
        self.client.as_ref().is_some_and(|client| client.is_public())
    }

    /// Whether it registered that its assertions are as RFC 10070 requires.
    pub(super) fn is_strict(&self) -> bool {
        let registered = match &self.client {
            Some(client) => client.metadata.require_strict_assertions,
            None => self.resources.first().and_then(|resource| resource.settings.require_strict_assertions),
        };
        registered == Some(true)
    }
}
