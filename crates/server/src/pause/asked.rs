//! The scopes that a consent page shows.

use std::sync::Arc;

use protocol::Scopes;

use crate::{
    AuthorizationServer,
    authorize::request::AuthorizationRequest,
    error::Fault,
    registry::{RegisteredResource, Resources},
};

/// One scope as a consent page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedScope {
    /// The scope token.
    pub scope: String,
    /// Its description, where one is registered: the English one, or any other.
    pub description: Option<String>,
    /// The identifier of its resource. A scope of several resources is listed once for each.
    pub resource: Option<String>,
    /// The name of that resource.
    pub resource_name: Option<String>,
}

/// The requested scopes, each once for every resource of the audience that it belongs to.
pub(super) async fn asked(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
) -> Result<Vec<AskedScope>, Fault> {
    let resources = server.registry().resources().await?;
    // Where the request is no longer allowed, the page refuses it.
    let audience = request.audience(&resources).map(|audience| audience.resources).unwrap_or_default();
    Ok(described(&resources, &audience, &request.requested.asked_scopes()))
}

/// The scopes, each once for every resource of the audience that it belongs to.
pub(super) fn described(
    resources: &Resources,
    audience: &[Arc<RegisteredResource>],
    scopes: &Scopes,
) -> Vec<AskedScope> {
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
    for scope in scopes.iter() {
        let before = asked.len();
        let owners = audience.iter().filter(|resource| resource.scopes.contains(scope));
        asked.extend(owners.map(|owner| describe(scope, Some(owner))));
        if asked.len() == before {
            asked.push(describe(scope, None));
        }
    }
    asked
}
