//! Members of an entry: which there are, of which kind, and the reader that finds everything that is wrong.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

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
    /// One text, or one for each language.
    Wording,
    /// Whatever was registered.
    Any,
}

use Kind::{Any, Integer, Object, Text, Texts, Truth, Wording};

/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 4 * 1024;
/// Longest list of texts, in entries.
const TEXTS_MAX: usize = 256;

/// Which members an entry may have.
pub(super) struct Known {
    members: &'static [(&'static str, Kind)],
    /// Those that are only kept.
    kept: &'static [&'static str],
}

/// RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2, and passavant's own.
pub(super) const CLIENT: Known = Known {
    kept: OTHER_MEMBERS,
    members: &[
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
    ],
};

/// RFC 9701 §6, RFC 9728 §2, and passavant's own.
pub(super) const RESOURCE: Known = Known {
    kept: &[],
    members: &[
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
    ],
};

/// Users.
pub(super) const USER: Known = Known {
    kept: &[],
    members: &[
        ("sub", Text),
        ("username", Text),
        ("password", Text),
        ("password_file", Text),
        ("claims", Object),
        ("disabled", Truth),
    ],
};

/// Scopes.
pub(super) const SCOPE: Known =
    Known { kept: &[], members: &[("scope", Text), ("description", Wording), ("claims", Texts)] };

/// Registered members that may be written once for each language (RFC 7591 §2.2).
const FOR_PEOPLE: &[&str] =
    &["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "resource_name"];

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
        known: &Known,
        findings: &'f mut Findings,
    ) -> Option<Self> {
        let Value::Object(mut map) = value else {
            findings.refuse(&pointer, "must be an object");
            return None;
        };
        map.retain(|name, value| {
            let at = at(&pointer, name);
            match known.kind(name) {
                // As if it were not there.
                Some(_) if value.is_null() => false,
                Some(kind) => {
                    let wrongs = mismatches(kind, value, &at);
                    let fits = wrongs.is_empty();
                    findings.wrongs.extend(wrongs);
                    fits || keeps_places(kind, value)
                }
                None => {
                    let candidates =
                        known.members.iter().map(|(name, _)| *name).chain(known.kept.iter().copied());
                    findings.refuse(&at, format!("unknown member{}", suggestion(name, candidates)));
                    false
                }
            }
        });
        Some(Self { pointer, map, findings })
    }

    /// Where a member is, or what is below it: `redirect_uris/0`.
    pub(super) fn at(&self, way: &str) -> String {
        format!("{}/{way}", self.pointer)
    }

    pub(super) fn refuse(&mut self, way: &str, text: impl Into<String>) {
        let at = self.at(way);
        self.findings.refuse(&at, text);
    }

    pub(super) fn warn(&mut self, way: &str, text: impl Into<String>) {
        let at = self.at(way);
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
    pub(super) fn take_id<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Option<T> {
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

    /// Takes a secret out that is written here, or in the file that `.._file` names, and answers which of the two
    /// members gave it. Without a folder a file is refused: whoever sends a document reads its files.
    pub(super) fn take_secret(
        &mut self,
        name: &str,
        folder: Option<&Path>,
        bytes_max: usize,
    ) -> Option<(Zeroizing<String>, String)> {
        let by_file = format!("{name}_file");
        let written = match self.map.remove(name) {
            Some(Value::String(text)) => Some(Zeroizing::new(text)),
            Some(_) | None => None,
        };
        let Some(Value::String(file)) = self.map.remove(&by_file) else {
            return written.map(|secret| (secret, name.to_owned()));
        };
        if written.is_some() {
            self.refuse(&by_file, format!("{name} is there as well; keep one of them"));
            return None;
        }
        let Some(folder) = folder else {
            let text = "names a file, and a server reads none for others: passavant apply --server sends what it holds";
            self.refuse(&by_file, text);
            return None;
        };
        let path = folder.join(file);
        match read_bounded(&path, bytes_max + "\r\n".len()) {
            Ok(Some(text)) => {
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Some((Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()), by_file))
            }
            Ok(None) => {
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

/// The text of a file, or `None` where it is longer.
fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Option<Zeroizing<String>>> {
    let mut text = Zeroizing::new(String::new());
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    File::open(path)?.take(limit.saturating_add(1)).read_to_string(&mut text)?;
    Ok((text.len() <= bytes_max).then_some(text))
}

/// A JSON pointer one step further (RFC 6901 §3).
pub(super) fn at(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

impl Known {
    fn kind(&self, name: &str) -> Option<Kind> {
        let find = |name: &str| self.members.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let translated = || {
            let (base, _) = name.split_once('#').filter(|(base, _)| FOR_PEOPLE.contains(base))?;
            find(base)
        };
        find(name).or_else(translated).or_else(|| self.kept.contains(&name).then(|| kind_of_kept(name)))
    }
}

/// Of a list with wrong entries the others are looked at all the same, each in its place.
fn keeps_places(kind: Kind, value: &mut Value) -> bool {
    let Some(items) = value.as_array_mut().filter(|_| kind == Texts) else { return false };
    items.iter_mut().filter(|item| !item.is_string()).for_each(|item| *item = "".into());
    true
}

/// The types of registered members that are only kept (RFC 7591 §2 and the registry that it set up).
fn kind_of_kept(name: &str) -> Kind {
    match name {
        "contacts"
        | "request_uris"
        | "default_acr_values"
        | "authorization_details_types"
        | "response_modes" => Texts,
        "tls_client_certificate_bound_access_tokens" | "dpop_bound_access_tokens" => Truth,
        "backchannel_user_code_parameter" => Truth,
        name if name.starts_with("require_") || name.ends_with("_required") => Truth,
        _ => Text,
    }
}

/// Everything that keeps a value from being of its kind.
fn mismatches(kind: Kind, value: &Value, at: &str) -> Vec<Wrong> {
    let wrong = |text: &str| vec![Wrong { pointer: at.to_owned(), text: text.to_owned() }];
    match kind {
        Text => match value.as_str() {
            None => wrong("must be a text"),
            Some(text) if text.len() > TEXT_BYTES_MAX => {
                wrong(&format!("must have at most {TEXT_BYTES_MAX} bytes"))
            }
            Some(_) => Vec::new(),
        },
        Texts => match value.as_array() {
            None => wrong("must be a list of texts"),
            Some(items) if items.len() > TEXTS_MAX => {
                wrong(&format!("must have at most {TEXTS_MAX} entries"))
            }
            Some(items) => {
                let item = |(position, item)| mismatches(Text, item, &format!("{at}/{position}"));
                items.iter().enumerate().flat_map(item).collect()
            }
        },
        Truth if !value.is_boolean() => wrong("must be true or false"),
        Integer if value.as_i64().is_none_or(|number| number < 0) => wrong("must be a whole number from 0"),
        Object if !value.is_object() => wrong("must be an object"),
        Wording if !value.is_object() && !value.is_string() => {
            wrong("must be a text, or one for each language")
        }
        Truth | Integer | Object | Wording | Any => Vec::new(),
    }
}
