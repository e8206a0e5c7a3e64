//! Rules that span the roles of an id: a client, resources, a user. Each is checked whichever of them is registered.

use protocol::{Audience, ClientId, ClientMetadata, Subject};

use super::Credentials;
use crate::{
    registration::{
        client::ClientRegistration,
        finding::{Finding, Findings},
        registered_resource::AccessTokenType,
        resource::ResourceRegistration,
    },
    store::ResourceSettings,
};

const METHOD: &str = "token_endpoint_auth_method";

/// What is said where a client would have the `sub` of a user (RFC 9700 §4.15).
const IS_A_USER: &str = "is the sub of a user: an API could take a token of the client for one of that user \
                         (RFC 9700 section 4.15); choose another client_id";

/// What is said where the audience of an ID token would be that of an access token, and nothing else would differ.
const IS_AN_AUDIENCE: &str = "a client_id is this resource, whose access_token_typ is JWT: an ID token of the client would \
                              be an access token to the API (RFC 8725 section 3.12); choose another client_id, or at+jwt";

/// The authentication of a resource as far as it is known: its identifier, and its registered method.
type Shared<'s> = (&'s Audience, Option<&'s str>);

impl Credentials<'_> {
    /// Whether an account may be added under this `sub`. Otherwise the text of the error: a client or resource has it as
    /// its `client_id`, and a token of that could be taken for one of the user (RFC 9700 §4.15).
    ///
    /// # Errors
    /// The text.
    pub fn subject(&self, subject: &Subject) -> Result<(), String> {
        let Some(id) = ClientId::parse(subject.as_str()) else { return Ok(()) };
        let is_client = self.view.clients.contains_key(&id) || self.index.clients.contains_key(&id);
        match is_client || self.is_resource(&id) {
            true => Err(
                "is the client_id of a client or resource: an API could take a token of that for one of the \
                         user (RFC 9700 section 4.15); choose another sub"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }

    /// A new client has no user's `sub`. One that has it since an earlier version is warned of.
    pub(super) fn client_is_no_user(
        &self,
        entry: &ClientRegistration,
        is_stored: bool,
        findings: &mut Findings,
    ) {
        if self.is_user(&entry.id) {
            let finding = Finding::new(entry.at("client_id"), IS_A_USER);
            if is_stored { findings.warn(finding) } else { findings.refuse(finding) }
        }
    }

    /// No client has the name of a resource whose access tokens have the type of ID tokens: `aud` tells these apart, which is the
    /// client in an ID token (OpenID Connect Core 1.0 §2). What is stored so since an earlier version is warned of.
    pub(super) fn client_is_no_audience(
        &self,
        entry: &ClientRegistration,
        is_stored: bool,
        findings: &mut Findings,
    ) {
        let stored = self.index.stored_resources.get(&Audience::new(entry.id.as_str()));
        let kept = stored.filter(|resource| !self.index.resources.contains(&resource.identifier));
        if kept.is_some_and(|resource| has_type_of_id_tokens(&resource.settings)) {
            let finding = Finding::new(entry.at("client_id"), IS_AN_AUDIENCE);
            if is_stored { findings.warn(finding) } else { findings.refuse(finding) }
        }
    }

    /// The same from the side of the resource.
    pub(super) fn resource_is_no_client(&self, entry: &ResourceRegistration, findings: &mut Findings) {
        if !has_type_of_id_tokens(&entry.settings) {
            return;
        }
        let stored = self.index.stored_resources.get(&entry.identifier);
        let was_so = stored.is_some_and(|resource| has_type_of_id_tokens(&resource.settings));
        for id in spellings(&entry.identifier) {
            let is_stored = self.view.clients.contains_key(&id) && !self.batch.deleted.contains(&id);
            if is_stored || self.index.clients.contains_key(&id) {
                let finding = Finding::new(entry.at("access_token_typ"), IS_AN_AUDIENCE);
                if is_stored && was_so { findings.warn(finding) } else { findings.refuse(finding) }
            }
        }
    }

    /// A client whose credentials resources use must authenticate, and by a method of theirs. Resources that are
    /// registered by the same batch are checked with it.
    pub(super) fn client_fits_its_resources(&self, entry: &ClientRegistration, findings: &mut Findings) {
        for (identifier, method) in self.stored_resources_of(&entry.id) {
            if let Err(text) = agree(&entry.metadata, method) {
                let text = format!("the resource {identifier} uses these credentials, and {text}");
                findings.refuse(Finding::new(entry.at(METHOD), text));
            }
        }
    }

    /// The same from the side of the resource; and all resources with one id authenticate in one way.
    pub(super) fn resource_fits_its_client(&self, entry: &ResourceRegistration, findings: &mut Findings) {
        let Some(id) = &entry.client_id else { return };
        let is_new = !self.of_resources.contains_key(id) && !self.view.clients.contains_key(id);
        if self.is_user(id) {
            let finding = Finding::new(entry.at("client_id"), IS_A_USER);
            if is_new { findings.refuse(finding) } else { findings.warn(finding) }
        }
        let own = entry.settings.token_endpoint_auth_method.as_deref();
        let client = self.client_metadata(id);
        match client.map(|metadata| agree(metadata, own)) {
            // What a public client means for a resource is said where the credentials are shared.
            Some(Err(text)) if !self.is_public(id) => {
                let text = format!("the client {id} has these credentials, and {text}");
                findings.refuse(Finding::new(entry.at(METHOD), text));
            }
            Some(_) => {}
            None => self.resource_fits_the_others(entry, own, findings),
        }
        let others = self.stored_resources_of(id).filter(|(identifier, _)| **identifier != entry.identifier);
        let is_shared = client.is_some() || others.count() > 0 || self.listed_resources_of(id).count() > 1;
        if is_shared && entry.settings.introspection_audience.as_deref() == Some("none") {
            let text =
                format!("has no effect: {id} answers for others too, and must be told for whom a token is");
            findings.warn(Finding::new(entry.at("introspection_audience"), text));
        }
    }

    fn resource_fits_the_others(
        &self,
        entry: &ResourceRegistration,
        own: Option<&str>,
        findings: &mut Findings,
    ) {
        let Some(id) = &entry.client_id else { return };
        for (identifier, method) in self.stored_resources_of(id).chain(self.listed_resources_of(id)) {
            if *identifier != entry.identifier && own.is_some() && method.is_some() && own != method {
                let text = format!("differs from that of {identifier}, which has the same client_id");
                findings.refuse(Finding::new(entry.at(METHOD), text));
            }
        }
    }

    /// The client of this id as it will be.
    pub(super) fn client_metadata(&self, id: &ClientId) -> Option<&ClientMetadata> {
        let listed = self.index.clients.get(id).map(|entry| &entry.metadata);
        let stored = || self.view.clients.get(id).map(|client| &client.metadata);
        listed.or_else(stored)
    }

    /// The stored resources that use this id, without those that the batch replaces.
    fn stored_resources_of<'s>(&'s self, id: &ClientId) -> impl Iterator<Item = Shared<'s>> {
        let own = self.index.stored_of.get(id).into_iter().flatten();
        let kept = own.filter(|stored| !self.index.resources.contains(&stored.identifier));
        kept.map(|stored| (&stored.identifier, stored.settings.token_endpoint_auth_method.as_deref()))
    }

    /// Those of the batch.
    fn listed_resources_of<'s>(&'s self, id: &ClientId) -> impl Iterator<Item = Shared<'s>> {
        let listed = self.index.listed_of.get(id).into_iter().flatten();
        listed.map(|entry| (&entry.identifier, entry.settings.token_endpoint_auth_method.as_deref()))
    }

    fn is_user(&self, id: &ClientId) -> bool {
        self.view.users.contains(id) || self.batch.subjects.contains(id.as_str())
    }
}

fn has_type_of_id_tokens(settings: &ResourceSettings) -> bool {
    settings.access_token_typ.as_deref().and_then(AccessTokenType::parse) == Some(AccessTokenType::Jwt)
}

/// The client ids that are this audience: with and without the slash of an empty path (RFC 3986 §6.2.3).
fn spellings(audience: &Audience) -> impl Iterator<Item = ClientId> {
    let text = audience.as_str();
    let other = text.strip_suffix('/').map_or_else(|| format!("{text}/"), str::to_owned);
    let same: Vec<_> =
        [text.to_owned(), other].into_iter().filter(|spelling| audience.is(spelling)).collect();
    same.into_iter().filter_map(|spelling| ClientId::parse(&spelling))
}

/// Whether a resource that registered this method can use the credentials of the client. Otherwise why not.
fn agree(client: &ClientMetadata, of_resource: Option<&str>) -> Result<(), String> {
    let registered = client.token_endpoint_auth_method.as_deref();
    if registered == Some("none") {
        return Err("a resource must authenticate: `none` would give its rights to anybody".to_owned());
    }
    let sends_secret = |method| matches!(method, "client_secret_basic" | "client_secret_post");
    match (registered, of_resource) {
        (_, None) => Ok(()),
        (Some(client), Some(resource)) if client == resource => Ok(()),
        (None, Some(resource)) if sends_secret(resource) => Ok(()),
        (client, Some(resource)) => {
            let client = client.unwrap_or("client_secret_basic");
            Err(format!("they authenticate by {client} and {resource}: register one method for both"))
        }
    }
}
