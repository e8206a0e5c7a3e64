//! Long-lived access tokens by which a resource may introspect, for settings that want a static one: issued, listed,
//! revoked. They end with the secret of the resource.

use protocol::{AccessToken, Audience, ClientId, Handle, Scopes, Timestamp, TokenId, scope};
use server::store::{Access, Caller, TokenChange};
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
    /// Its id in the list.
    pub id: TokenId,
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
        let (audience, caller) = named(administration, &self.name).await?;
        if caller.disabled {
            return Err(Refusal::Disabled(caller.id).into());
        }
        let token: AccessToken = administration.server.draws().token(AccessToken::mint);
        let mut changes = Changes::new(&administration.server);
        let issued_at = changes.commit.now;
        let expires_at = issued_at + self.lifetime;
        let answer = ResourceToken {
            id: TokenId(token.handle().id),
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
            confirmation: None,
            details: None,
            act: None,
        };
        changes.push(TokenChange::AddAccess(token.handle(), access));
        Ok(Decision { changes, answer })
    }
}

/// Lists the live tokens by which a resource may introspect, without the tokens themselves.
#[derive(Clone, Debug)]
pub struct ListResourceTokens {
    /// Which: its identifier, or the `client_id` of one or more.
    pub name: String,
}

/// A token as it is listed.
#[derive(Clone, Debug)]
pub struct ListedToken {
    /// Its id.
    pub id: TokenId,
    /// The id that it authenticates.
    pub client_id: ClientId,
    /// The resources that it is for; empty for all that its id authenticates.
    pub audience: Vec<Audience>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    handle: Handle<AccessToken>,
}

impl ListResourceTokens {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::WithoutCredentials`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Vec<ListedToken>, OperationError> {
        listed(administration, &self.name).await
    }
}

/// Ends one token by which a resource may introspect.
#[derive(Clone, Debug)]
pub struct RevokeResourceToken {
    /// Whose: its identifier, or the `client_id` of one or more.
    pub name: String,
    /// Which, by its id in the list.
    pub id: String,
}

impl RevokeResourceToken {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::WithoutCredentials`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        settle(administration, || async {
            let tokens = listed(administration, &self.name).await?;
            let token = tokens.iter().find(|token| token.id.to_string() == self.id);
            let token =
                token.ok_or_else(|| OperationError::NotFound { kind: Noun::Token, id: self.id.clone() })?;
            let mut changes = Changes::new(&administration.server);
            changes.push(TokenChange::EndAccess(token.handle));
            Ok(Decision { changes, answer: () })
        })
        .await
    }
}

/// Tokens that are read at once.
const PAGE: u32 = 500;

async fn listed(administration: &Administration, name: &str) -> Result<Vec<ListedToken>, OperationError> {
    let (resources, caller) = named(administration, name).await?;
    let (server, now) = (&administration.server, administration.server.now());
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = server.store().list_introspection_tokens(&caller.id, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after = Some(TokenId(last.id));
        let is_meant = |access: &Access| {
            access.expires_at > now
                && (access.audience.is_empty() || access.audience.iter().any(|one| resources.contains(one)))
        };
        found.extend(page.into_iter().filter(|(_, access)| is_meant(access)).map(|(handle, access)| {
            ListedToken {
                id: TokenId(handle.id),
                client_id: access.client,
                audience: access.audience,
                issued_at: access.issued_at,
                expires_at: access.expires_at,
                handle,
            }
        }));
    }
}

/// The resources of this name, and the credentials that they have.
async fn named(
    administration: &Administration,
    name: &str,
) -> Result<(Vec<Audience>, Caller), OperationError> {
    let resources = find_all(administration, name).await?;
    let audience: Vec<_> = resources.iter().map(|resource| resource.identifier.clone()).collect();
    let Some(resource) = resources.into_iter().next() else {
        return Err(OperationError::NotFound { kind: Noun::Resource, id: name.to_owned() });
    };
    let Some(caller) = resource.caller else {
        return Err(Refusal::WithoutCredentials(resource.identifier.to_string()).into());
    };
    Ok((audience, caller))
}
