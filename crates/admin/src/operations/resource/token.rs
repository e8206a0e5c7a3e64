//! A long-lived access token by which a resource may introspect, for settings that want a static one.

use protocol::{AccessToken, Audience, ClientId, Scopes, Timestamp, scope};
use server::store::{Access, TokenChange};
use zeroize::Zeroizing;

use super::find_all;
use crate::{
    administration::Administration,
    error::{Noun, OperationError, Refusal},
    operations::settle::{Decision, settle},
    writer::Changes,
};

/// Issues an access token by which a resource may introspect.
#[derive(Clone, Debug)]
pub struct IssueResourceToken {
    /// Which: its identifier, or the `client_id` of one or more.
    pub name: String,
    /// Seconds until it expires.
    pub lifetime: i64,
}

/// An access token, seen this once.
#[derive(Clone, Debug)]
pub struct ResourceToken {
    /// The token.
    pub access_token: Zeroizing<String>,
    /// The id that it authenticates.
    pub client_id: ClientId,
    /// The resources that it is for.
    pub audience: Vec<Audience>,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl IssueResourceToken {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::WithoutCredentials`], [`Refusal::Disabled`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<ResourceToken, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(
        &self,
        administration: &Administration,
    ) -> Result<Decision<ResourceToken>, OperationError> {
        let resources = find_all(administration, &self.name).await?;
        let audience: Vec<_> = resources.iter().map(|resource| resource.identifier.clone()).collect();
        let Some(resource) = resources.into_iter().next() else {
            return Err(OperationError::NotFound { kind: Noun::Resource, id: self.name.clone() });
        };
        let Some(caller) = resource.caller else {
            return Err(Refusal::WithoutCredentials(resource.identifier.to_string()).into());
        };
        if caller.disabled {
            return Err(Refusal::Disabled(caller.id).into());
        }
        let token: AccessToken = administration.server.draws().token(AccessToken::mint);
        let mut changes = Changes::new(&administration.server);
        let issued_at = changes.commit.now;
        let expires_at = issued_at + self.lifetime;
        let answer = ResourceToken {
            access_token: Zeroizing::new(token.expose().to_string()),
            client_id: caller.id.clone(),
            audience: audience.clone(),
            expires_at,
        };
        let access = Access {
            grant: None,
            client: caller.id,
            epoch: caller.epoch,
            subject: None,
            scopes: Scopes::stored(scope::INTROSPECTION),
            audience,
            narrowed: true,
            issued_at,
            expires_at,
        };
        changes.push(TokenChange::AddAccess(token.handle(), access));
        Ok(Decision { changes, answer })
    }
}
