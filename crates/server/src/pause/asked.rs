//! The scopes that a consent page shows.

use std::sync::Arc;

use crate::{AuthorizationServer, authorize::request::Requested, error::Fault, registry::RegisteredResource};

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

/// The requested scopes, each once for every resource that it belongs to.
pub(super) async fn asked(
    server: &AuthorizationServer,
    requested: &Requested,
) -> Result<Vec<AskedScope>, Fault> {
    let resources = server.registry().resources().await?;
    let wanted = requested.wanted();
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
    for scope in requested.scopes.iter() {
        let before = asked.len();
        let is_wanted = |resource: &&Arc<RegisteredResource>| {
            wanted.0.is_empty() || wanted.0.contains(&resource.identifier)
        };
        let owners = resources.listing(scope).filter(is_wanted);
        asked.extend(owners.map(|owner| describe(scope, Some(owner))));
        if asked.len() == before {
            asked.push(describe(scope, None));
        }
    }
    Ok(asked)
}
