//! The admin API as a resource of its own server.

use protocol::{Audience, scope};
use server::store::{Resource, ResourceSettings};

use super::settle::{Decision, settle};
use crate::{
    administration::{Administration, api_identifier},
    error::OperationError,
    writer::Changes,
};

/// Registers the admin API as a resource, or restores it where it was changed. No `--prune` deletes it, since no
/// `apply` made it.
#[derive(Clone, Copy, Debug)]
pub struct RegisterOwnResource;

impl RegisterOwnResource {
    /// Does it.
    ///
    /// # Errors
    /// The store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(self, administration: &Administration) -> Result<Decision<()>, OperationError> {
        let server = &administration.server;
        let identifier = Audience::new(api_identifier(server.settings().issuer.as_str()));
        let stored = server.store().resources().await?;
        let stored = stored.into_iter().find(|stored| stored.identifier == identifier);
        let settings = ResourceSettings {
            resource_name: Some("Administration of this server".to_owned()),
            scopes: vec![scope::ADMIN.to_owned(), scope::READ.to_owned()],
            access_token_format: Some("opaque".to_owned()),
            ..ResourceSettings::default()
        };
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let own = Resource { identifier, caller: None, settings, applied: false, version };
        let mut changes = Changes::new(server);
        if stored.as_ref() != Some(&own) {
            changes.put_resource(own);
        }
        Ok(Decision { changes, answer: () })
    }
}
