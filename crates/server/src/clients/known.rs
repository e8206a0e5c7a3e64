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

    /// A client authenticates by its registered method. A resource that registered none may use any method that sends
    /// its secret.
    pub(super) fn must_be(&self, method: ClientAuthMethod) -> Result<(), Reason> {
        if self.registered().map_or(method != ClientAuthMethod::None, |registered| registered == Some(method))
        {
            return Ok(());
        }
        Err(match method {
            ClientAuthMethod::None => Reason::ClientSecretMissing,
            _ => Reason::ClientMethodNotRegistered,
        })
    }

    /// `None`: any method with the secret. `Some(None)`: a method that this server does not support.
    fn registered(&self) -> Option<Option<ClientAuthMethod>> {
        match &self.client {
            Some(client) => Some(client.method),
            // A resource can't be public (RFC 7662 §2.1): with the method `none` it must still send its secret.
            None => {
                self.resources.first()?.method.filter(|method| *method != ClientAuthMethod::None).map(Some)
            }
        }
    }
}
