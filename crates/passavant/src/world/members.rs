//! Members of an entry: which there are, of which kind, and the reader that finds everything that is wrong.

use protocol::client_metadata::OTHER_MEMBERS;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Findings, Wrong};
use crate::spelling::suggestion;

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Texts,
    Truth,
    Integer,
    Object,
    /// Whatever was registered.
    Any,
}

use Kind::{Any, Integer, Object, Text, Texts, Truth};

/// RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2, and passavant's own.
pub(super) const CLIENT: &[(&str, Kind)] = &[
    ("client_id", Text),
    ("client_secret", Text),
    ("client_secret_file", Text),
    ("client_name", Text),
    ("client_uri", Text),
    ("logo_uri", Text),
    ("policy_uri", Text),
    ("tos_uri", Text),
    ("application_type", Text),
    ("redirect_uris", Texts),
    ("post_logout_redirect_uris", Texts),
    ("grant_types", Texts),
    ("response_types", Texts),
    ("token_endpoint_auth_method", Text),
    ("token_endpoint_auth_signing_alg", Text),
    ("scope", Text),
    ("jwks", Object),
    ("jwks_uri", Text),
    ("id_token_signed_response_alg", Text),
    ("id_token_encrypted_response_alg", Text),
    ("id_token_encrypted_response_enc", Text),
    ("userinfo_signed_response_alg", Text),
    ("userinfo_encrypted_response_alg", Text),
    ("userinfo_encrypted_response_enc", Text),
    ("subject_type", Text),
    ("default_max_age", Integer),
    ("require_auth_time", Truth),
    ("require_pkce", Truth),
    ("skip_consent", Truth),
    ("disabled", Truth),
];

/// RFC 9701 §6, RFC 9728 §2, and passavant's own.
pub(super) const RESOURCE: &[(&str, Kind)] = &[
    ("resource", Text),
    ("resource_name", Text),
    ("scopes", Texts),
    ("client_id", Text),
    ("client_secret", Text),
    ("client_secret_file", Text),
    ("access_token_format", Text),
    ("access_token_signing_alg", Text),
    ("access_token_lifetime", Integer),
    ("introspection_audience", Text),
    ("introspection_allow_plain", Truth),
    ("introspection_signed_response_alg", Text),
    ("introspection_encrypted_response_alg", Text),
    ("introspection_encrypted_response_enc", Text),
    ("token_endpoint_auth_method", Text),
    ("token_endpoint_auth_signing_alg", Text),
    ("jwks_uri", Text),
    ("jwks", Object),
    ("authorization_servers", Any),
    ("bearer_methods_supported", Any),
    ("resource_signing_alg_values_supported", Any),
    ("resource_documentation", Any),
    ("resource_policy_uri", Any),
    ("resource_tos_uri", Any),
    ("tls_client_certificate_bound_access_tokens", Any),
    ("authorization_details_types_supported", Any),
    ("dpop_signing_alg_values_supported", Any),
    ("dpop_bound_access_tokens_required", Any),
    ("contacts", Any),
];

/// Users.
pub(super) const USER: &[(&str, Kind)] = &[
    ("sub", Text),
    ("username", Text),
    ("password", Text),
    ("password_file", Text),
    ("claims", Object),
    ("disabled", Truth),
];

/// Scopes.
pub(super) const SCOPE: &[(&str, Kind)] = &[("scope", Text), ("description", Object), ("claims", Texts)];

/// Registered members that may be written once for each language (RFC 7591 §2.2).
const FOR_PEOPLE: &[&str] = &["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "resource_name"];

/// One entry, its members checked by kind. What is of the wrong kind counts as absent from then on.
pub(super) struct Members<'f> {
    pub(super) pointer: String,
    pub(super) map: Map<String, Value>,
    pub(super) findings: &'f mut Findings,
}

impl<'f> Members<'f> {
    /// Takes an entry of an array.
    pub(super) fn of(
        pointer: String,
        value: Value,
        known: &'static [(&'static str, Kind)],
        findings: &'f mut Findings,
    ) -> Option<Self> {
        let Value::Object(mut map) = value else {
            findings.refuse(&pointer, "must be an object");
            return None;
        };
        let is_client = std::ptr::eq(known, CLIENT);
        map.retain(|name, value| {
            let at = at(&pointer, name);
            match kind(known, is_client, name) {
                // As if it were not there.
                Some(_) if value.is_null() => false,
                Some(kind) => match mismatch(kind, value, &at) {
                    Some(wrong) => {
                        findings.wrongs.push(wrong);
                        false
                    }
                    None => true,
                },
                None => {
                    let others = if is_client { OTHER_MEMBERS } else { &[] };
                    let candidates = known.iter().map(|(name, _)| *name).chain(others.iter().copied());
                    findings.refuse(&at, format!("unknown member{}", suggestion(name, candidates)));
                    false
                }
            }
        });
        Some(Self { pointer, map, findings })
    }

    /// Where a member is.
    pub(super) fn at(&self, name: &str) -> String {
        at(&self.pointer, name)
    }

    pub(super) fn refuse(&mut self, name: &str, text: impl Into<String>) {
        let at = self.at(name);
        self.findings.refuse(&at, text);
    }

    pub(super) fn warn(&mut self, name: &str, text: impl Into<String>) {
        let at = self.at(name);
        self.findings.warnings.push(Wrong { pointer: at, text: text.into() });
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.map.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Takes a truth out.
    pub(super) fn take_truth(&mut self, name: &str, default: bool) -> bool {
        self.map.remove(name).and_then(|value| value.as_bool()).unwrap_or(default)
    }

    /// Takes a text out that must be there, parsed.
    pub(super) fn take_id<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, rule: &str) -> Option<T> {
        match self.map.remove(name).as_ref().and_then(Value::as_str).map(parse) {
            Some(Some(id)) => Some(id),
            Some(None) => {
                self.refuse(name, rule);
                None
            }
            None => {
                // Of the wrong kind: that was said already.
                let at = self.at(name);
                if !self.findings.wrongs.iter().any(|wrong| wrong.pointer == at) {
                    self.refuse(name, "is required");
                }
                None
            }
        }
    }

    /// Takes a secret out that is written here, or in the file that `.._file` names.
    pub(super) fn take_secret(&mut self, name: &str, folder: &std::path::Path, bytes_max: usize) -> Option<Zeroizing<String>> {
        let by_file = format!("{name}_file");
        let written = match self.map.remove(name) {
            Some(Value::String(text)) => Some(Zeroizing::new(text)),
            Some(_) | None => None,
        };
        let Some(Value::String(file)) = self.map.remove(&by_file) else { return written };
        if written.is_some() {
            self.refuse(&by_file, format!("{name} is there as well; keep one of them"));
            return None;
        }
        let path = folder.join(file);
        match std::fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(text) if text.len() <= bytes_max + 2 => {
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Some(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
            }
            Ok(_) => {
                self.refuse(&by_file, format!("{} is longer than {bytes_max} bytes", path.display()));
                None
            }
            Err(error) => {
                self.refuse(&by_file, format!("{}: {error}", path.display()));
                None
            }
        }
    }
}

/// A JSON pointer one step further (RFC 6901 §3).
pub(super) fn at(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

fn kind(known: &[(&str, Kind)], is_client: bool, name: &str) -> Option<Kind> {
    let find = |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let translated = || name.split_once('#').filter(|(base, _)| FOR_PEOPLE.contains(base)).and_then(|(base, _)| find(base));
    find(name).or_else(translated).or_else(|| (is_client && OTHER_MEMBERS.contains(&name)).then_some(Any))
}

fn mismatch(kind: Kind, value: &Value, at: &str) -> Option<Wrong> {
    let wrong = |text: &str| Some(Wrong { pointer: at.to_owned(), text: text.to_owned() });
    match kind {
        Text if !value.is_string() => wrong("must be a text"),
        Truth if !value.is_boolean() => wrong("must be true or false"),
        Integer if !value.is_i64() => wrong("must be a whole number"),
        Object if !value.is_object() => wrong("must be an object"),
        Texts => match value.as_array() {
            None => wrong("must be a list of texts"),
            Some(items) => items.iter().position(|item| !item.is_string()).map(|position| Wrong {
                pointer: format!("{at}/{position}"),
                text: "must be a text".to_owned(),
            }),
        },
        Text | Truth | Integer | Object | Any => None,
    }
}
