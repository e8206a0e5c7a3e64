//! One entry of `resources`.

use jose::SignatureAlgorithm;
use protocol::{Audience, ClientId, Scopes, limits, scope, uri};
use server::{registry::IntrospectionAudience, store::ResourceSettings};
use zeroize::Zeroizing;

use super::{
    Reading,
    client::check_secret,
    members::{Members, at},
    served,
};

/// Longest life of an access token that a resource may ask for, in seconds.
const ACCESS_TOKEN_SECONDS_MAX: i64 = 24 * 3600;
/// Beyond it a revocation that an API does not see lasts too long for comfort, in seconds.
const ACCESS_TOKEN_SECONDS_SENSIBLE: i64 = 3600;

/// A resource as the file says it.
#[derive(Clone)]
pub(super) struct ResourceEntry {
    pub(super) pointer: String,
    pub(super) identifier: Audience,
    pub(super) client_id: Option<ClientId>,
    pub(super) secret: Option<Zeroizing<String>>,
    pub(super) settings: ResourceSettings,
}

impl ResourceEntry {
    /// Reads an entry; what is wrong with it is among the findings.
    pub(super) fn read(mut members: Members<'_>, reading: &Reading<'_>) -> Option<Self> {
        let identifier = members.take_id(
            "resource",
            |text| uri::check_resource(text).ok().map(|()| Audience::new(text)),
            "must be an absolute URI without fragment (RFC 8707 section 2)",
        );
        if identifier.as_ref().is_some_and(|identifier| identifier.as_str() == reading.admin) {
            members.refuse("resource", "is the server's own admin API: the server registers it itself");
        }
        let client_id = match members.map.contains_key("client_id") {
            true => {
                members.take_id("client_id", ClientId::parse, "must be 1 to 255 visible ASCII characters")
            }
            false => None,
        };
        let secret = members.take_secret("client_secret", reading.folder, limits::CLIENT_SECRET_BYTES_MAX);
        let secret = secret.and_then(|secret| check_secret(&mut members, secret, reading));
        if secret.is_some() && client_id.is_none() {
            members.refuse("client_id", "is required beside a secret");
        }
        check_own(&mut members);
        served::check_keys(&mut members, reading.http_to_loopback);
        served::warn(&mut members);
        let Members { pointer, map, findings } = members;
        match serde_json::from_value(map.into()) {
            Ok(settings) => Some(Self { pointer, identifier: identifier?, client_id, secret, settings }),
            Err(error) => {
                findings.refuse(&pointer, error.to_string());
                None
            }
        }
    }

    /// Whether it needs the secret itself, and not only something to compare with.
    pub(super) fn needs_secret_itself(&self) -> bool {
        needs_secret_itself(&self.settings)
    }

    /// Whether it calls by a secret: it has a `client_id`, and no keys of its own to call by.
    pub(super) fn needs_secret(&self) -> bool {
        self.client_id.is_some()
            && (self.settings.token_endpoint_auth_method.as_deref() != Some("private_key_jwt")
                || self.needs_secret_itself())
    }

    /// Where a member is.
    pub(super) fn at(&self, name: &str) -> String {
        at(&self.pointer, name)
    }
}

/// Whether a resource with these settings needs the secret itself.
pub(super) fn needs_secret_itself(settings: &ResourceSettings) -> bool {
    serde_json::to_value(settings).is_ok_and(|members| served::needs_secret_itself(&members))
}

/// The members that are passavant's own, whose values are few.
fn check_own(members: &mut Members<'_>) {
    for (position, text) in members.texts("scopes").into_iter().enumerate() {
        let name = format!("scopes/{position}");
        match Scopes::parse(&text) {
            Ok(parsed) if parsed.as_str() != text || text.is_empty() || text.contains(' ') => {
                members.refuse(&name, "must be one scope, without spaces");
            }
            Ok(_) if text == scope::INTROSPECTION => {
                members.refuse(&name, "`introspection` is the right of every resource, and belongs to none");
            }
            Ok(_) if scope::is_administrative(&text) => {
                members.refuse(&name, format!("`{text}` belongs to the server's own admin API"));
            }
            Ok(_) => {}
            Err(error) => members.refuse(&name, error.to_string()),
        }
    }
    let one_of = |text: Option<&str>, known: &[&str]| text.is_some_and(|text| !known.contains(&text));
    if one_of(members.text("access_token_format"), &["opaque", "jwt"]) {
        members.refuse("access_token_format", "must be opaque or jwt");
    }
    if members.text("introspection_audience").is_some_and(|text| IntrospectionAudience::parse(text).is_none())
    {
        members.refuse("introspection_audience", "must be resource, client_id or none");
    }
    let is_public =
        |name: &str| SignatureAlgorithm::parse(name).is_some_and(|algorithm| !algorithm.is_symmetric());
    if members.text("access_token_signing_alg").is_some_and(|name| !is_public(name)) {
        members.refuse("access_token_signing_alg", "must be an algorithm with a public key, like ES256");
    }
    match members.map.get("access_token_lifetime").and_then(serde_json::Value::as_i64) {
        Some(seconds) if !(1..=ACCESS_TOKEN_SECONDS_MAX).contains(&seconds) => {
            let most = ACCESS_TOKEN_SECONDS_MAX;
            members.refuse("access_token_lifetime", format!("must be 1 to {most} seconds"));
        }
        Some(seconds) if seconds > ACCESS_TOKEN_SECONDS_SENSIBLE => {
            members.warn("access_token_lifetime", "more than an hour is long for a token that may be stolen");
        }
        Some(_) | None => {}
    }
}
