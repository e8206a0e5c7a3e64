//! The claims about a user that granted scopes release, at UserInfo and in ID tokens (OpenID Connect Core 1.0 §5.4).

use protocol::{Scopes, Subject, scope};
use serde_json::{Map, Value};

use crate::{AuthorizationServer, error::Fault, ports::Standing, registry::Resources};

/// What releases claims about a user.
#[derive(Clone, Copy)]
pub(crate) struct Releasing<'a> {
    /// All claims of these scopes.
    pub(crate) scopes: &'a Scopes,
    /// These claims, as far as one of the client's scopes would release them (OpenID Connect Core 1.0 §5.5).
    pub(crate) named: &'a [Box<str>],
    /// The scopes of the client.
    pub(crate) of_client: &'a Scopes,
}

impl Releasing<'_> {
    fn names(&self, resources: &Resources) -> Vec<String> {
        let mut names = names(self.scopes, resources);
        for name in self.named.iter().filter(|name| releasing(name, self.of_client, resources).is_some()) {
            if !names.iter().any(|known| **known == **name) {
                names.push(name.to_string());
            }
        }
        names
    }
}

/// The first of these scopes that releases the claim.
pub(crate) fn releasing<'s>(claim: &str, scopes: &'s Scopes, resources: &Resources) -> Option<&'s str> {
    scopes.iter().find(|scope| {
        let standard = scope::STANDARD_CLAIMS.iter().filter(|(name, _)| name == scope);
        let registered = resources.scope(scope).into_iter().flat_map(|scope| &scope.claims);
        standard.flat_map(|(_, claims)| claims.iter()).any(|known| *known == claim)
            || registered.into_iter().any(|known| known == claim)
    })
}

/// The claims that are released and known, without `sub`. None is null (OpenID Connect Core 1.0 §5.3.2).
pub(crate) async fn released(
    server: &AuthorizationServer,
    subject: &Subject,
    releasing: Releasing<'_>,
) -> Result<Map<String, Value>, Fault> {
    let resources = server.registry().resources().await?;
    let names = releasing.names(&resources);
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
    releasing: Releasing<'_>,
) -> Result<(Standing, Map<String, Value>), Fault> {
    let resources = server.registry().resources().await?;
    let names = releasing.names(&resources);
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
