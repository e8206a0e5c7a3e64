//! What an operation works on.

use std::sync::Arc;

use accounts::{Directory, PasswordRule, Passwords};
use protocol::Audience;
use server::{
    AuthorizationServer, Fault,
    registration::{Registrar, Rules},
    store::{Actor, Committed},
};

use crate::writer::Changes;

/// Where the admin API is, below the issuer.
const API_PATH: &str = "/admin/api/v1";

/// The audience of tokens for the admin API of this issuer.
pub fn api_identifier(issuer: &str) -> String {
    format!("{issuer}{API_PATH}")
}

/// What an operation works on. Cheap to clone.
#[derive(Clone)]
pub struct Administration {
    /// The server whose registry is changed.
    pub server: AuthorizationServer,
    /// The accounts beside it.
    pub directory: Arc<dyn Directory>,
    /// How a new password is hashed.
    pub passwords: Arc<Passwords>,
    /// What a new password must be.
    pub password_rule: PasswordRule,
    /// Who has it done, for the outbox.
    pub actor: Actor,
}

impl Administration {
    /// The same, done by somebody else.
    #[must_use]
    pub fn acting_for(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// The rules for whoever registers at this server.
    pub(crate) fn rules(&self, registrar: Registrar) -> Rules {
        let settings = self.server.settings();
        Rules::new(settings, registrar).reserve(Audience::new(api_identifier(settings.issuer.as_str())))
    }

    /// Writes changes, all of them or none, and answers how much ended by them. `None`: a concurrent change came first.
    pub(crate) async fn commit(&self, changes: Changes) -> Result<Option<Committed>, Fault> {
        if changes.is_empty() {
            return Ok(Some(Committed::default()));
        }
        let Changes { people, commit, .. } = changes;
        Ok(self.directory.commit_people(people, commit.by(self.actor.clone())).await?.ok())
    }
}
