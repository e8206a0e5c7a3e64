//! What an operation works on.

use std::{net::IpAddr, sync::Arc};

use accounts::{Directory, PasswordRule, Passwords};
use http::Extensions;
use protocol::Audience;
use server::{
    AuthorizationServer, Fault, RequestContext,
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
    /// The actor, for the outbox.
    pub actor: Actor,
    /// The request, for the outbox.
    pub request_id: Option<Box<str>>,
    /// The address that it came from, for the outbox.
    pub peer: Option<IpAddr>,
}

impl Administration {
    /// The same with another actor, in a request where there is one.
    #[must_use]
    pub fn acting_for(&self, actor: Actor, request: Option<&Extensions>) -> Self {
        let context = request.and_then(RequestContext::of);
        let request_id = context.map(|context| context.id().into());
        let peer = context.and_then(RequestContext::address);
        Self { actor, request_id, peer, ..self.clone() }
    }

    /// The rules of this server for a registrar.
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
        let mut commit = commit.by(self.actor.clone());
        commit.request_id.clone_from(&self.request_id);
        commit.peer = self.peer;
        Ok(self.directory.commit_people(people, commit).await?.ok())
    }
}
