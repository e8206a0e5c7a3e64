//! What is stored of a pause, and where the browser goes with it.

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ask, AskedScope};
use crate::{
    AuthorizationServer,
    authorize::request::AuthorizationRequest,
    endpoints::end_session::SignOut,
    error::{Error, Fault},
    registry::RegisteredResource,
};

/// A paused request, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Paused {
    pub(crate) pending: Pending,
    /// When the user signed in for this very interaction.
    pub(crate) signed_in_at: Option<Timestamp>,
}

/// What is waiting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pending {
    /// An authorization request, and what it waits for; `None`: nothing was decided yet.
    Authorize(Option<Ask>, Box<AuthorizationRequest>),
    /// A request to sign out.
    SignOut(SignOut),
}

impl Pending {
    pub(crate) fn ask(&self) -> Option<Ask> {
        match self {
            Self::Authorize(ask, _) => *ask,
            Self::SignOut(_) => Some(Ask::SignOut),
        }
    }
}

impl Paused {
    pub(crate) fn to_text(&self) -> Result<Box<str>, Fault> {
        serde_json::to_string(self).map(Into::into).map_err(Fault::new)
    }
}

/// The URL of the page that asks.
pub(crate) fn page_url(server: &AuthorizationServer, ask: Option<Ask>, token: &str) -> String {
    let pages = &server.settings().pages;
    let path = match ask {
        Some(Ask::SignIn) => &pages.sign_in,
        Some(Ask::Consent) => &pages.consent,
        Some(Ask::SignOut) => &pages.sign_out,
        None => "/authorize",
    };
    format!("{}?interaction={token}", server.settings().url(path))
}

/// What a consent page shows of the request: each scope once for every resource that it belongs to.
pub(super) async fn asked(server: &AuthorizationServer, paused: &Paused) -> Result<Vec<AskedScope>, Error> {
    let Pending::Authorize(_, request) = &paused.pending else { return Ok(Vec::new()) };
    let resources = server.registry().resources().await?;
    let wanted = request.wanted();
    let describe = |scope: &str, owner: Option<&RegisteredResource>| {
        let description = resources.scope(scope).map(|scope| &scope.description);
        let sentence =
            description.and_then(|by_language| by_language.get("en").or(by_language.values().next()));
        AskedScope {
            scope: scope.to_owned(),
            description: sentence.cloned(),
            resource: owner.map(|resource| resource.identifier.to_string()),
            resource_name: owner.and_then(|resource| resource.settings.resource_name.clone()),
        }
    };
    let mut asked = Vec::new();
    for scope in request.scopes.iter() {
        let before = asked.len();
        let owners = resources.all.iter().filter(|resource| {
            let is_wanted = wanted.0.is_empty() || wanted.0.contains(&resource.identifier);
            is_wanted && resource.scopes.contains(scope)
        });
        asked.extend(owners.map(|owner| describe(scope, Some(owner))));
        if asked.len() == before {
            asked.push(describe(scope, None));
        }
    }
    Ok(asked)
}
