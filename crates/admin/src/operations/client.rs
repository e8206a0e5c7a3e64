//! Clients: created, edited, given another secret, deleted.

use protocol::ClientId;
use serde_json::Map;
use server::{Fault, store::Client};
use zeroize::Zeroizing;

use super::{
    members::{Edited, MemberEdit, Saved, plan, saved},
    settle::{Decision, settle},
};
use crate::{
    administration::Administration,
    error::{Noun, OperationError, Refusal},
    record,
    world::{World, plan::Plan},
    writer::Changes,
};

/// The member that names a client.
const KEY: &str = "client_id";

/// Registers a client. A secret that it needs and that is not given is made.
#[derive(Clone, Debug)]
pub struct CreateClient {
    /// Its id; without one, one is drawn.
    pub id: Option<String>,
    /// Its members.
    pub members: Vec<MemberEdit>,
    /// Its secret.
    pub secret: Option<Zeroizing<String>>,
}

impl CreateClient {
    /// Does it. The answer has the secret, whether it was given or made.
    ///
    /// # Errors
    /// [`OperationError::Exists`], [`OperationError::Wrongs`] with pointers into the members, and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        let id = self.id.clone().unwrap_or_else(|| administration.server.draws().id());
        settle(administration, || self.decide(administration, &id)).await
    }

    async fn decide(
        &self,
        administration: &Administration,
        id: &str,
    ) -> Result<Decision<Saved>, OperationError> {
        if stored(administration, id).await?.is_some() {
            return Err(OperationError::Exists { kind: Noun::Client, id: id.to_owned() });
        }
        let members = Map::from_iter([(KEY.to_owned(), id.into())]);
        let edited = Edited::new(members, KEY).edit(&self.members).secret(self.secret.as_ref());
        let world = edited.read(administration, World::of_client);
        let plan = plan(administration, &world).await?;
        Ok(decision(plan, self.secret.as_ref()))
    }
}

/// Changes a client. Where it now needs a secret and has none, one is made.
#[derive(Clone, Debug)]
pub struct EditClient {
    /// Which.
    pub id: String,
    /// What changes.
    pub members: Vec<MemberEdit>,
    /// Its new secret.
    pub secret: Option<Zeroizing<String>>,
}

impl EditClient {
    /// Does it. The answer has a secret only where one was made.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`OperationError::Wrongs`] with pointers into the members, and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(&self, administration: &Administration) -> Result<Decision<Saved>, OperationError> {
        let before = find_client(administration, &self.id).await?;
        let edited = edited(&before).edit(&self.members);
        let world = edited.secret(self.secret.as_ref()).read(administration, World::of_client);
        let plan = plan(administration, &world).await?;
        Ok(decision(plan, None))
    }
}

/// Gives a client another secret.
#[derive(Clone, Debug)]
pub struct ChangeClientSecret {
    /// Which.
    pub id: String,
    /// The secret; without one, one is made.
    pub secret: Option<Zeroizing<String>>,
}

impl ChangeClientSecret {
    /// Does it. The answer has the secret.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], [`Refusal::NeedsNoSecret`], [`OperationError::Wrongs`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<Saved, OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(&self, administration: &Administration) -> Result<Decision<Saved>, OperationError> {
        let before = find_client(administration, &self.id).await?;
        let edited = edited(&before).another_secret(self.secret.as_ref());
        let world = edited.read(administration, World::of_client);
        if world.clients().iter().any(|entry| !entry.needs_secret()) {
            let method = before.metadata.auth_method().to_owned();
            return Err(Refusal::NeedsNoSecret { id: before.caller.id, method }.into());
        }
        let plan = plan(administration, &world).await?;
        Ok(decision(plan, self.secret.as_ref()))
    }
}

/// Deletes a client; its grants and tokens end.
#[derive(Clone, Debug)]
pub struct DeleteClient {
    /// Which.
    pub id: String,
}

impl DeleteClient {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        settle(administration, || self.decide(administration)).await
    }

    async fn decide(&self, administration: &Administration) -> Result<Decision<()>, OperationError> {
        let client = find_client(administration, &self.id).await?;
        let mut changes = Changes::new(&administration.server);
        changes.delete_client(&client.caller.id);
        Ok(Decision { changes, answer: () })
    }
}

/// The client with this id.
///
/// # Errors
/// [`OperationError::NotFound`], and the store's.
pub async fn find_client(administration: &Administration, id: &str) -> Result<Client, OperationError> {
    let found = stored(administration, id).await?;
    found.ok_or_else(|| OperationError::NotFound { kind: Noun::Client, id: id.to_owned() })
}

async fn stored(administration: &Administration, id: &str) -> Result<Option<Client>, Fault> {
    match ClientId::parse(id) {
        Some(id) => administration.server.store().client(&id).await,
        None => Ok(None),
    }
}

fn decision(plan: Plan, given: Option<&Zeroizing<String>>) -> Decision<Saved> {
    let record = plan.clients.first().map(record::client).unwrap_or_default();
    saved(plan, record, given)
}

fn edited(before: &Client) -> Edited {
    Edited::new(record::client(before), KEY).of_version(before.version)
}
