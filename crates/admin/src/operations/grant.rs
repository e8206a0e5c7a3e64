//! Grants that end before their time.

use protocol::GrantId;
use server::{
    Fault,
    store::{End, Grant, Of, Why},
};

use super::settle::{Decision, settle};
use crate::{
    administration::Administration,
    error::{Noun, OperationError},
    writer::Changes,
};

/// Revokes one grant; every token issued from it ends.
#[derive(Clone, Debug)]
pub struct RevokeGrant {
    /// Which.
    pub id: String,
}

impl RevokeGrant {
    /// Does it.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        let found = find(administration, &self.id).await?;
        let grant = found.ok_or(OperationError::NotFound { kind: Noun::Grant, id: self.id })?;
        settle(administration, || async {
            let mut changes = Changes::new(&administration.server);
            changes.push(End::grant(&grant, Why::Revoked));
            Ok(Decision { changes, answer: () })
        })
        .await
    }
}

/// Revokes every grant of a subject, client or session, those with `offline_access` included.
#[derive(Clone, Debug)]
pub struct RevokeGrants {
    /// Whose.
    pub of: Of,
}

impl RevokeGrants {
    /// Does it.
    ///
    /// # Errors
    /// The store's.
    pub async fn run(self, administration: &Administration) -> Result<(), OperationError> {
        settle(administration, || async {
            let mut changes = Changes::new(&administration.server);
            changes.push(changes.ending(self.of.clone(), Why::Revoked));
            Ok(Decision { changes, answer: () })
        })
        .await
    }
}

/// The grant with this id, unless it ended. A list that begins just before it begins with it.
async fn find(administration: &Administration, id: &str) -> Result<Option<Grant>, Fault> {
    let Some(id) = GrantId::parse(id) else { return Ok(None) };
    let before = GrantId(id.0.saturating_sub(1));
    let found = administration.server.store().list_grants(None, Some(before), 1).await?;
    Ok(found.into_iter().find(|grant| grant.id == id))
}
