//! The audience of a token: resources, by the scopes they list (RFC 8707, RFC 9068 §3).

use std::{collections::BTreeSet, sync::Arc};

use protocol::{Audience, Scopes, limits, scope};
use serde_json::Value;

use crate::{
    details,
    reason::Reason,
    registry::{AccessTokenFormat, AccessTokenType, RegisteredClient, RegisteredResource, Resources},
    store::{Grant, ScopeAt, TokenDetails},
};

/// The scopes that a token has at these resources: those that they list, and those of OpenID Connect.
pub(crate) fn scopes_at(resources: &[Arc<RegisteredResource>], scopes: &Scopes) -> Scopes {
    let lists = |token: &str| resources.iter().any(|resource| resource.scopes.contains(token));
    scopes.filter(|token| scope::STANDARD.contains(&token) || lists(token))
}

/// The `resource` parameters of a request, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedResources(pub Vec<Audience>);

impl RequestedResources {
    /// Parses them.
    ///
    /// # Errors
    /// [`Reason::AudienceNotRegistered`] for more than [`limits::RESOURCES_MAX`].
    pub fn read<'a>(resources: impl IntoIterator<Item = &'a str>) -> Result<Self, Reason> {
        let mut wanted: Vec<Audience> = Vec::new();
        for resource in resources {
            if wanted.len() == limits::RESOURCES_MAX {
                return Err(Reason::AudienceNotRegistered);
            }
            let resource = Audience::new(resource);
            if !wanted.contains(&resource) {
                wanted.push(resource);
            }
        }
        Ok(Self(wanted))
    }
}

/// The audience of an access token and its scopes there.
#[derive(Clone, Debug)]
pub struct TokenAudience {
    /// Its resources; if empty, the token is only for the issuer's UserInfo endpoint.
    pub resources: Vec<Arc<RegisteredResource>>,
    /// The scopes of the token.
    pub scopes: Scopes,
    /// Whether the client named the resources.
    pub narrowed: bool,
    /// Whether a token for more than one resource is refused to this client.
    pub(crate) one_resource: bool,
}

impl TokenAudience {
    /// Adds resources that are not among its own yet.
    pub(crate) fn add<'r>(&mut self, resources: impl Iterator<Item = &'r Arc<RegisteredResource>>) {
        for resource in resources {
            if !self.resources.iter().any(|known| known.identifier == resource.identifier) {
                self.resources.push(resource.clone());
            }
        }
    }

    /// What a token of this grant for this audience holds beside scopes: of the authorization details, those for its
    /// resources (RFC 9396 §9).
    pub(crate) fn details(&self, grant: &Grant) -> Option<Box<TokenDetails>> {
        let mut details = *grant.token_details()?;
        let is_here = |one: &Value| self.resources.iter().any(|resource| details::is_for(one, resource));
        details.authorization_details.retain(is_here);
        details.boxed()
    }

    /// The identifiers of the resources.
    pub fn identifiers(&self) -> Vec<Audience> {
        self.resources.iter().map(|resource| resource.identifier.clone()).collect()
    }

    /// Each scope at every resource of the audience that lists it: what a user is asked to approve.
    pub(crate) fn approvals(&self, scopes: &Scopes) -> BTreeSet<ScopeAt> {
        let mut asked = BTreeSet::new();
        for scope in scopes.iter() {
            let before = asked.len();
            let owners = self.resources.iter().filter(|resource| resource.scopes.contains(scope));
            asked.extend(
                owners.map(|owner| ScopeAt { scope: scope.into(), resource: Some(owner.identifier.clone()) }),
            );
            if asked.len() == before {
                asked.insert(ScopeAt::nowhere(scope));
            }
        }
        asked
    }

    /// JWT only if every resource asks for it.
    pub fn format(&self) -> AccessTokenFormat {
        let jwt = |resource: &Arc<RegisteredResource>| resource.format == AccessTokenFormat::Jwt;
        if !self.resources.is_empty() && self.resources.iter().all(jwt) {
            AccessTokenFormat::Jwt
        } else {
            AccessTokenFormat::Opaque
        }
    }

    /// `JWT` only if every resource asks for it.
    pub fn access_token_type(&self) -> AccessTokenType {
        let plain = |resource: &Arc<RegisteredResource>| resource.access_token_type == AccessTokenType::Jwt;
        if !self.resources.is_empty() && self.resources.iter().all(plain) {
            AccessTokenType::Jwt
        } else {
            AccessTokenType::AtJwt
        }
    }

    /// The shortest lifetime that a resource asks for, in seconds.
    pub fn lifetime(&self, default: i64) -> i64 {
        self.resources
            .iter()
            .map(|resource| resource.access_token_lifetime.unwrap_or(default))
            .min()
            .unwrap_or(default)
    }
}

/// The audience of a token with these scopes.
///
/// With `resource`: those resources, each of which must list a scope that is registered to the client, and the scopes
/// narrowed to theirs and the OpenID ones. Without: every resource that lists one of the scopes.
///
/// # Errors
/// [`Reason::AudienceNotRegistered`] or [`Reason::ResourceNotAllowed`], both `invalid_target` (RFC 8707 §2).
pub fn of(
    resources: &Resources,
    client: &RegisteredClient,
    scopes: &Scopes,
    wanted: &RequestedResources,
) -> Result<TokenAudience, Reason> {
    let one_resource = client.one_resource_per_token;
    if wanted.0.is_empty() {
        let resources = resources.listing_any(scopes).cloned().collect();
        return Ok(TokenAudience { resources, scopes: scopes.clone(), narrowed: false, one_resource });
    }
    let mut named = Vec::with_capacity(wanted.0.len());
    for identifier in &wanted.0 {
        let resource = resources.by_identifier(identifier).ok_or(Reason::AudienceNotRegistered)?;
        if !resource.scopes.iter().any(|token| client.scopes.contains(token))
            && !resource.shares_details(client)
        {
            return Err(Reason::ResourceNotAllowed);
        }
        if !named.iter().any(|known: &Arc<RegisteredResource>| known.identifier == resource.identifier) {
            named.push(resource.clone());
        }
    }
    let scopes = scopes_at(&named, scopes);
    Ok(TokenAudience { resources: named, scopes, narrowed: true, one_resource })
}

/// The audience of a token for an earlier approval, as far as it is still registered.
///
/// Scopes that the client no longer has are dropped, and so are resources that were deleted or list none of the scopes
/// any more. A resource outside of the approved audience is never added, whichever scopes it lists. `scopes` are the
/// approved scopes or some of them; `wanted` are some of the approved resources, or empty for all of them.
///
/// # Errors
/// Those of [`of`]; [`Reason::ApprovalEnded`] if nothing is left, or [`Reason::ScopeNotGranted`] if nothing is left of
/// the part that was requested (RFC 6749 §6).
pub(crate) fn approved(
    resources: &Resources,
    client: &RegisteredClient,
    grant: &Grant,
    scopes: &Scopes,
    wanted: &RequestedResources,
) -> Result<TokenAudience, Reason> {
    let registered = client.user_scopes();
    let kept = scopes.filter(|token| registered.contains(token));
    let mut left = match wanted.0.is_empty() {
        true => still_listed(resources, client, grant, &kept),
        false => of(resources, client, &kept, wanted)?,
    };
    let approved_details = grant.authorization_details();
    if wanted.0.is_empty() && !approved_details.is_empty() {
        let is_approved = |owner: &&Arc<RegisteredResource>| grant.audience.contains(&owner.identifier);
        left.add(details::owners(approved_details, resources).filter(is_approved));
    }
    let opens_nothing = |scopes: &Scopes| scopes.iter().all(|token| token == scope::OFFLINE_ACCESS);
    let lost_scopes = opens_nothing(&kept) && !opens_nothing(scopes);
    let lost_resources =
        !grant.audience.is_empty() && left.resources.is_empty() && opens_nothing(&left.scopes);
    match lost_scopes || lost_resources {
        true if *scopes == grant.scopes => Err(Reason::ApprovalEnded),
        true => Err(Reason::ScopeNotGranted),
        false => Ok(left),
    }
}

/// The approved resources that are still registered, and the scopes that are left there.
fn still_listed(
    resources: &Resources,
    client: &RegisteredClient,
    grant: &Grant,
    scopes: &Scopes,
) -> TokenAudience {
    let registered = &client.user_scopes();
    // A resource that the client named stays if the client has any scope there, as when it was approved.
    let of_use = if grant.narrowed { registered } else { scopes };
    let is_of_use =
        |resource: &&Arc<RegisteredResource>| of_use.iter().any(|token| resource.scopes.contains(token));
    let left: Vec<_> = resources.of(&grant.audience).filter(is_of_use).cloned().collect();
    let lists = |resource: &Arc<RegisteredResource>, token: &str| resource.scopes.contains(token);
    // A scope that no resource lists gives access to nothing, and is kept as it was at approval.
    let may_be_unlisted = !grant.narrowed && left.is_empty() == grant.audience.is_empty();
    let scopes = scopes.filter(|token| {
        scope::STANDARD.contains(&token)
            || left.iter().any(|resource| lists(resource, token))
            || may_be_unlisted && resources.listing(token).next().is_none()
    });
    let one_resource = client.one_resource_per_token;
    TokenAudience { resources: left, scopes, narrowed: grant.narrowed, one_resource }
}

#[cfg(test)]
mod tests {
    use protocol::ClientMetadata;

    use super::*;
    use crate::store::{Client, Resource, ResourceSettings};

    fn world() -> (Resources, RegisteredClient) {
        let resource = |identifier: &str, scopes: &[&str], format: &str| {
            let settings = ResourceSettings {
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
                access_token_format: Some(format.to_owned()),
                ..ResourceSettings::default()
            };
            let identifier = Audience::new(identifier);
            let record = Resource { identifier, caller: None, settings, applied: false, version: 1 };
            Arc::new(RegisteredResource::read(record))
        };
        let all = vec![
            resource("https://notes.example", &["notes.read", "shared"], "jwt"),
            resource("https://music.example", &["music.read", "shared"], "opaque"),
            resource("https://secret.example", &["secret.read"], "jwt"),
        ];
        let scope = Some("openid notes.read music.read shared".to_owned());
        let metadata = ClientMetadata { scope, ..ClientMetadata::default() };
        let client = Client { require_pkce: false, ..Client::of("c", metadata) };
        (Resources::new(all, vec![]), RegisteredClient::read(client))
    }

    fn audience(scopes: &str, wanted: &[&str]) -> Result<(Vec<String>, String, AccessTokenFormat), Reason> {
        let (resources, client) = world();
        let wanted = RequestedResources(wanted.iter().map(|resource| Audience::new(*resource)).collect());
        let found = of(&resources, &client, &Scopes::stored(scopes), &wanted)?;
        let names = found.identifiers().iter().map(ToString::to_string).collect();
        Ok((names, found.scopes.to_string(), found.format()))
    }

    #[test]
    fn without_resource_every_owner_of_a_scope_is_the_audience() {
        let (names, scopes, format) = audience("openid notes.read", &[]).expect("fine");
        assert_eq!((names, &*scopes), (vec!["https://notes.example".to_owned()], "openid notes.read"));
        assert_eq!(format, AccessTokenFormat::Jwt);
        let (names, _, format) = audience("shared", &[]).expect("fine");
        assert_eq!((names.len(), format), (2, AccessTokenFormat::Opaque));
        let (names, _, format) = audience("openid", &[]).expect("fine");
        assert_eq!((names.len(), format), (0, AccessTokenFormat::Opaque));
    }

    /// RFC 3986 §6.2.3: the audience has the registered spelling.
    #[test]
    fn the_empty_path_of_a_resource_is_a_slash() {
        let (names, ..) = audience("notes.read", &["https://notes.example/"]).expect("fine");
        assert_eq!(names, ["https://notes.example".to_owned()]);
        let (names, ..) =
            audience("notes.read", &["https://notes.example/", "https://notes.example"]).expect("fine");
        assert_eq!(names.len(), 1);
    }

    #[test]
    fn with_resource_the_scope_is_narrowed_to_it_and_the_openid_ones() {
        let (names, scopes, _) =
            audience("openid notes.read music.read", &["https://music.example"]).expect("fine");
        assert_eq!((names, &*scopes), (vec!["https://music.example".to_owned()], "openid music.read"));
    }

    #[test]
    fn resources_compare_byte_for_byte_and_must_be_of_use_to_the_client() {
        for (wanted, reason) in [
            ("https://notes.example//", Reason::AudienceNotRegistered),
            ("https://NOTES.example", Reason::AudienceNotRegistered),
            ("https://secret.example", Reason::ResourceNotAllowed),
        ] {
            assert_eq!(audience("notes.read", &[wanted]), Err(reason), "{wanted}");
        }
    }
}
