//! What is registered of a client, read from its members.

use protocol::ClientMetadata;
use serde_json::{Map, Value};
use server::store::{Caller, Client};

use super::secret::needs_secret_itself;
use crate::terminal::{Failure, misused};

/// What is registered of a client besides its id and secret.
#[derive(Clone)]
pub(super) struct Registration {
    metadata: ClientMetadata,
    require_pkce: bool,
    skip_consent: bool,
    pub(super) disabled: bool,
}

impl Registration {
    /// Reads registered members and passavant's own. Whether they make sense is not looked at.
    pub(super) fn read(mut members: Map<String, Value>) -> Result<Self, Failure> {
        let mut own = |name: &str, default: bool| match members.remove(name) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(value),
            Some(_) => Err(misused(format_args!("{name}: must be true or false"))),
        };
        let (require_pkce, skip_consent) = (own("require_pkce", true)?, own("skip_consent", false)?);
        let disabled = own("disabled", false)?;
        let metadata: ClientMetadata = serde_json::from_value(members.into()).map_err(misused)?;
        Ok(Self { metadata, require_pkce, skip_consent, disabled })
    }

    /// What is registered of a client.
    pub(super) fn of(client: &Client) -> Self {
        let (require_pkce, skip_consent) = (client.require_pkce, client.skip_consent);
        Self {
            metadata: client.metadata.clone(),
            require_pkce,
            skip_consent,
            disabled: client.caller.disabled,
        }
    }

    /// The client, with `applied` and `version` as they were.
    pub(super) fn into_client(self, caller: Caller, kept: (bool, i64)) -> Client {
        let Self { metadata, require_pkce, skip_consent, .. } = self;
        Client { caller, metadata, require_pkce, skip_consent, applied: kept.0, version: kept.1 }
    }

    /// Whether the client has a secret.
    pub(super) fn needs_secret(&self) -> bool {
        self.metadata.auth_method().starts_with("client_secret_") || self.needs_secret_itself()
    }

    /// Whether it works only with the secret itself.
    pub(super) fn needs_secret_itself(&self) -> bool {
        serde_json::to_value(&self.metadata).is_ok_and(|members| needs_secret_itself(&members))
    }
}
