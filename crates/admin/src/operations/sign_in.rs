//! Sign-in limits: what is limited now, and an account that may try again at once.

use accounts::{
    Username,
    limits::{LIMITED, UNLOCKED, Unlock},
};
use serde_json::Value;

use super::{
    settle::{Decision, settle},
    user::find_user,
};
use crate::{administration::Administration, error::OperationError, writer::Changes};

/// The accounts and networks whose sign-ins are limited now, as the running server last wrote them: every few seconds.
///
/// # Errors
/// The store's.
pub async fn limited_sign_ins(administration: &Administration) -> Result<Vec<Value>, OperationError> {
    let (space, key) = LIMITED;
    let server = &administration.server;
    let written = server.store().item(space, key).await?.filter(|(_, until)| *until >= server.now());
    let listed = written.and_then(|(value, _)| serde_json::from_slice(&value).ok());
    Ok(listed.unwrap_or_default())
}

/// Forgives the failed sign-ins of an account. The password stays, and so do sessions and tokens.
#[derive(Clone, Debug)]
pub struct UnlockUser {
    /// Who: a username or `sub`.
    pub user: String,
}

impl UnlockUser {
    /// Does it; answers the canonical username.
    ///
    /// # Errors
    /// [`OperationError::NotFound`], and the store's.
    pub async fn run(self, administration: &Administration) -> Result<String, OperationError> {
        let account = find_user(administration, &self.user).await?;
        let name = Username::canonical(&account.username);
        settle(administration, || async {
            let mut changes = Changes::new(&administration.server);
            let now = changes.commit.now;
            let before = administration.server.store().item(UNLOCKED, &name).await?;
            let before = before.filter(|(_, until)| *until >= now).map(|(value, _)| value);
            changes.push(Unlock::item(&name, before, now));
            Ok(Decision { changes, answer: name.clone() })
        })
        .await
    }
}
