//! The scopes that a consent page shows.

use std::sync::Arc;

use protocol::Scopes;

use serde_json::Value;

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

/// One object of `authorization_details` (RFC 9396) as a consent page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedDetails {
    /// The title that a resource registered for its type, or the type.
    pub title: String,
    /// Its members, in order: name, and value as text.
    pub members: Vec<(String, String)>,
}

/// The requested authorization details.
pub(super) fn details(details: &[Value], resources: &Resources) -> Vec<AskedDetails> {
    let shown = |one: &Value| {
        let kind = one.get("type").and_then(Value::as_str).unwrap_or_default();
        let members = one.as_object().into_iter().flatten().filter(|(name, _)| *name != "type");
        let title = resources
            .all()
            .iter()
            .find_map(|resource| resource.settings.authorization_details_types.get(kind)?.title.clone());
        AskedDetails {
            title: title.unwrap_or_else(|| kind.to_owned()),
            members: members.map(|(name, value)| (name.clone(), text(value))).collect(),
        }
    };
    details.iter().map(shown).collect()
}

/// A value without the signs of JSON, as far as it needs none.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("{name}: {}", text(value));
            members.iter().map(member).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
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
