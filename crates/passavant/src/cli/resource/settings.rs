//! What the members of a resource mean for its secret.

use protocol::ClientId;
use server::store::{ResourceSettings, StoredSecret};

use crate::{cli::client::secret::needs_secret_itself, wiring::Installation};

/// Whether the resource shows a secret when it calls: unless it registered keys for that.
pub(super) fn has_secret(settings: &ResourceSettings) -> bool {
    settings.token_endpoint_auth_method.as_deref() != Some("private_key_jwt") || needs_itself(settings)
}

/// Whether a registered method works only with the secret itself.
pub(super) fn needs_itself(settings: &ResourceSettings) -> bool {
    serde_json::to_value(settings).is_ok_and(|members| needs_secret_itself(&members))
}

/// The secret as these settings need it.
pub(super) fn store_secret(
    installation: &Installation,
    id: &ClientId,
    settings: &ResourceSettings,
    secret: &str,
) -> StoredSecret {
    installation.master.store_secret(id, secret, needs_itself(settings))
}
