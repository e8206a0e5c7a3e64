//! The valid registration of a resource.

use protocol::{Audience, ClientId, uri};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    entry::Entry,
    finding::{Findings, pointer},
    members::RESOURCE,
    rules::Rules,
    secret::{self, Needs},
};
use crate::store::ResourceSettings;

/// The registration of a resource. Its members satisfy every rule that needs no other record.
#[derive(Clone, Debug)]
pub struct ResourceRegistration {
    pub(super) pointer: String,
    pub(super) identifier: Audience,
    pub(super) client_id: Option<ClientId>,
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) settings: ResourceSettings,
}

impl ResourceRegistration {
    /// Reads the members of a resource at a JSON pointer (RFC 6901). Errors are added to the findings.
    pub fn read(at: String, value: Value, rules: &Rules, findings: &mut Findings) -> Option<Self> {
        let mut entry = Entry::read(at, value, RESOURCE, rules, findings)?;
        let identifier = entry.take_parsed(
            "resource",
            |text| uri::check_resource(text).ok().map(|()| Audience::new(text)),
            "must be an absolute URI without fragment (RFC 8707 section 2)",
        );
        if identifier.is_some() && identifier == rules.reserved {
            entry.refuse("resource", "is the server's own admin API: the server registers it itself");
        }
        let client_id = match entry.has("client_id") {
            true => {
                entry.take_parsed("client_id", ClientId::parse, "must be 1 to 255 visible ASCII characters")
            }
            false => None,
        };
        let secret = secret::take(&mut entry, rules);
        if secret.is_some() && client_id.is_none() {
            entry.refuse("client_id", "is required beside a secret");
        }
        entry.check(rules);
        let (pointer, settings) = entry.finish();
        Some(Self { pointer, identifier: identifier?, client_id, secret, settings: settings? })
    }

    /// Its identifier, which is its audience.
    pub fn identifier(&self) -> &Audience {
        &self.identifier
    }

    /// The id that it authenticates with, if it calls this server.
    pub fn client_id(&self) -> Option<&ClientId> {
        self.client_id.as_ref()
    }

    /// The JSON pointer to a member.
    pub fn at(&self, name: &str) -> String {
        pointer(&self.pointer, name)
    }

    pub(super) fn needs(&self) -> Needs {
        Needs::of(&self.settings)
    }

    /// Whether it authenticates with a secret: it has a `client_id`, and no keys of its own for that.
    pub(super) fn needs_secret(&self) -> bool {
        self.client_id.is_some() && needs_secret(&self.settings)
    }
}

/// Whether a resource with these members authenticates with a secret, rather than with registered keys.
pub(super) fn needs_secret(settings: &ResourceSettings) -> bool {
    settings.token_endpoint_auth_method.as_deref() != Some("private_key_jwt") || Needs::of(settings).itself
}
