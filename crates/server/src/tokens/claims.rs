//! The claims about a user that granted scopes release, at UserInfo and in ID tokens (OpenID Connect Core 1.0 §5.4).

use protocol::{Scopes, Subject, scope};
use serde_json::{Map, Value};

use crate::{AuthorizationServer, error::Fault, ports::Standing, registry::Resources};

/// The claims that these scopes release and that are known, without `sub`. None is null (OpenID Connect Core 1.0 §5.3.2).
pub(crate) async fn released(
    server: &AuthorizationServer,
    subject: &Subject,
    scopes: &Scopes,
) -> Result<Map<String, Value>, Fault> {
    let resources = server.registry().resources().await?;
    let names = names(scopes, &resources);
    if names.is_empty() {
        return Ok(Map::new());
    }
    let mut claims = server.accounts().claims(subject, &names).await?;
    claims.retain(is_released);
    Ok(claims)
}

/// The same, with the standing of the subject.
pub(crate) async fn standing_and_released(
    server: &AuthorizationServer,
    subject: &Subject,
    scopes: &Scopes,
) -> Result<(Standing, Map<String, Value>), Fault> {
    let resources = server.registry().resources().await?;
    let names = names(scopes, &resources);
    let (standing, mut claims) = server.accounts().standing_and_claims(subject, &names).await?;
    claims.retain(is_released);
    Ok((standing, claims))
}

fn is_released(name: &String, value: &mut Value) -> bool {
    name != "sub" && !value.is_null()
}

fn names(scopes: &Scopes, resources: &Resources) -> Vec<String> {
    let standard = scope::STANDARD_CLAIMS.iter().filter(|(scope, _)| scopes.contains(scope));
    let mut names: Vec<String> =
        standard.flat_map(|(_, claims)| claims.iter().map(ToString::to_string)).collect();
    for claim in scopes.iter().filter_map(|name| resources.scope(name)).flat_map(|scope| &scope.claims) {
        if !names.contains(claim) {
            names.push(claim.clone());
        }
    }
    names
}
