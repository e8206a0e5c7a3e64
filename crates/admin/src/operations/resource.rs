//! Resources: created, edited, given another secret or a token of their own, deleted.

mod token;

use protocol::{Audience, ClientId};
use serde_json::Map;
use server::store::Resource;
use zeroize::Zeroizing;

use super::{
    members::{Edited, MemberEdit, Saved, plan, saved},
    settle::{Decision, settle},
};
use crate::{
    administration::{Administration, api_identifier},
    error::{Noun, OperationError, Refusal},
    record,
    world::{World, plan::Plan},
    writer::Changes,
};

pub use token::{IssueResourceToken, ListResourceTokens, ListedToken, ResourceToken, RevokeResourceToken};

/// The member that names a resource.
const KEY: &str = "resource";

/// By what a new resource authenticates.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// By a new id.
    Drawn,
    /// By this id, which may be that of a client whose credentials it shares.
    Id(String),
    /// Not at all: it never calls this server.
    Without,
}

/// Registers a resource. A secret that it needs and that is not given is made.
#[derive(Clone, Debug)]
pub struct CreateResource {
    /// Its identifier.
    pub identifier: String,
    /// Its members.
    pub members: Vec<MemberEdit>,
    /// By what it authenticates.
    pub authentication: Authentication,
    /// Its secret.
    pub secret: Option<Zeroizing<String>>,
}

impl CreateResource {
    /// Does it. The answer has the secret, whether it was given or made.
    ///
    /// # Errors
    /// [`OperationError::Exists`], [`OperationError::Wrongs`] with pointers into the members, and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        let client_id = match &self.authentication {
            Authentication::Drawn => Some(administration.server.draws().id()),
            Authentication::Id(id) => Some(id.clone()),
            Authentication::Without => None,
        };
        settle(administration, || self.decide(administration, client_id.as_deref())).await
    }

    async fn decide(
        &self,
        administration: &Administration,
        client_id: Option<&str>,
    ) -> Result<Decision<Saved>, OperationError> {
        let identifier = self.identifier.as_str();
        let stored = administration.server.store().resources().await?;
        if let Some(known) = stored.iter().find(|resource| resource.identifier.is(identifier)) {
            return Err(OperationError::Exists { kind: Noun::Resource, id: known.identifier.to_string() });
        }
        let named = client_id.map(|id| ("client_id".to_owned(), id.into()));
        let members = Map::from_iter([(KEY.to_owned(), identifier.into())].into_iter().chain(named));
        let edited = Edited::new(members, KEY).edit(&self.members).secret(self.secret.as_ref());
        let world = edited.read(administration, World::of_resource);
        let plan = plan(administration, &world).await?;
        Ok(decision(plan, self.secret.as_ref()))
    }
}

/// Changes a resource. Where it now needs a secret and has none, one is made.
#[derive(Clone, Debug)]
pub struct EditResource {
    /// Which: its identifier, or the only one with this `client_id`.
    pub name: String,
    /// What changes.
    pub members: Vec<MemberEdit>,
    /// Its new secret.
    pub secret: Option<Zeroizing<String>>,
}

impl EditResource {
    /// Does it. The answer has a secret only where one was made.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::Ambiguous`], [`OperationError::Wrongs`] with pointers into the members,
    /// and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(&self, administration: &Administration) -> Result<Decision<Saved>, OperationError> {
        let before = find_resource(administration, &self.name).await?;
        let edited = edited(&before).edit(&self.members);
        let world = edited.secret(self.secret.as_ref()).read(administration, World::of_resource);
        let plan = plan(administration, &world).await?;
        Ok(decision(plan, None))
    }
}

/// Gives a resource another secret.
#[derive(Clone, Debug)]
pub struct ChangeResourceSecret {
    /// Which: its identifier, or the only one with this `client_id`.
    pub name: String,
    /// The secret; without one, one is made.
    pub secret: Option<Zeroizing<String>>,
}

impl ChangeResourceSecret {
    /// Does it. The answer has the secret.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::Ambiguous`], [`Refusal::SharesCredentials`],
    /// [`Refusal::WithoutCredentials`], [`OperationError::Wrongs`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(&self, administration: &Administration) -> Result<Decision<Saved>, OperationError> {
        let before = find_resource(administration, &self.name).await?;
        let Some(id) = before.caller.as_ref().map(|caller| &caller.id) else {
            return Err(Refusal::WithoutCredentials(before.identifier.to_string()).into());
        };
        if administration.server.store().client(id).await?.is_some() {
            return Err(Refusal::SharesCredentials(id.clone()).into());
        }
        let edited = edited(&before).another_secret(self.secret.as_ref());
        let world = edited.read(administration, World::of_resource);
        let plan = plan(administration, &world).await?;
        Ok(decision(plan, self.secret.as_ref()))
    }
}

/// Deletes a resource; its credentials end.
#[derive(Clone, Debug)]
pub struct DeleteResource {
    /// Which: its identifier, or the only one with this `client_id`.
    pub name: String,
}

impl DeleteResource {
    /// Does it; answers the identifier.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::Ambiguous`], [`Refusal::OwnApi`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Audience, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(&self, administration: &Administration) -> Result<Decision<Audience>, OperationError> {
        let identifier = find_resource(administration, &self.name).await?.identifier;
        let issuer = &administration.server.settings().issuer;
        if identifier.as_str() == api_identifier(issuer.as_str()) {
            return Err(Refusal::OwnApi.into());
        }
        let mut changes = Changes::new(&administration.server);
        changes.delete_resource(identifier.clone());
        Ok(Decision { changes, answer: identifier })
    }
}

/// The resource with this identifier, or the only one with this `client_id`.
///
/// # Errors
/// [`OperationError::NotFound`], [`Refusal::Ambiguous`], and the store's.
pub async fn find_resource(administration: &Administration, name: &str) -> Result<Resource, OperationError> {
    let mut found = find_all(administration, name).await?;
    match (found.pop(), found.is_empty()) {
        (Some(resource), true) => Ok(resource),
        (Some(_), false) => Err(Refusal::Ambiguous(name.to_owned()).into()),
        (None, _) => Err(OperationError::NotFound { kind: Noun::Resource, id: name.to_owned() }),
    }
}

/// The resource with this identifier, or else all with this `client_id`.
async fn find_all(administration: &Administration, name: &str) -> Result<Vec<Resource>, OperationError> {
    let mut resources = administration.server.store().resources().await?;
    let is_called =
        |resource: &Resource, id: &ClientId| resource.caller.as_ref().is_some_and(|caller| caller.id == *id);
    if resources.iter().any(|resource| resource.identifier.is(name)) {
        resources.retain(|resource| resource.identifier.is(name));
        return Ok(resources);
    }
    let id = ClientId::parse(name);
    resources.retain(|resource| id.as_ref().is_some_and(|id| is_called(resource, id)));
    Ok(resources)
}

fn decision(plan: Plan, given: Option<&Zeroizing<String>>) -> Decision<Saved> {
    let record = plan.resources.first().map(record::resource).unwrap_or_default();
    saved(plan, record, given)
}

fn edited(before: &Resource) -> Edited {
    Edited::new(record::resource(before), KEY).of_version(before.version)
}
