//! Registered values that this server does not support: they are stored, with a warning.

use jose::{ContentEncryption, KeyManagement, SignatureAlgorithm};
use protocol::{ClientAuthMethod, GrantType, ResponseType};

use super::certificates;
use crate::registration::{entry::Entry, rules::Rules};

fn warn(entry: &mut Entry<'_>, path: &str, value: &str) {
    entry.warn(path, format!("`{value}` is stored, but not supported here"));
}

fn text(entry: &mut Entry<'_>, name: &'static str, is_served: impl Fn(&str) -> bool) {
    if let Some(value) = entry.text(name).map(str::to_owned).filter(|value| !is_served(value)) {
        warn(entry, name, &value);
    }
}

fn texts(entry: &mut Entry<'_>, name: &'static str, is_served: impl Fn(&str) -> bool) {
    for (at, value) in entry.texts(name).into_iter().enumerate().filter(|(_, value)| !is_served(value)) {
        warn(entry, &format!("{name}/{at}"), &value);
    }
}

/// RFC 7591 §2
pub(crate) fn grant_types(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    texts(entry, name, |value| GrantType::parse(value).is_some());
}

/// RFC 6749 §3.1.1
pub(crate) fn response_types(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    texts(entry, name, |value| ResponseType::read(value).is_some());
}

/// RFC 7591 §2, OpenID Connect Core 1.0 §9
pub(crate) fn auth_method(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    text(entry, name, |value| ClientAuthMethod::parse(value).is_some());
    certificates::method(entry, name, rules);
}

/// The same for a resource, which has no member that names it in a certificate.
pub(crate) fn auth_method_of_resource(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    text(entry, name, |value| ClientAuthMethod::parse(value).is_some());
    let method = entry.text(name).and_then(ClientAuthMethod::parse);
    if method.is_some_and(ClientAuthMethod::is_by_certificate) {
        entry.refuse(name, "only a client authenticates by a certificate");
    }
}

/// OpenID Connect Dynamic Client Registration 1.0 §2
pub(crate) fn application_type(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    text(entry, name, |value| matches!(value, "web" | "native"));
}

/// RFC 7518 §3
pub(crate) fn signature(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    text(entry, name, |value| SignatureAlgorithm::parse(value).is_some());
}

/// RFC 7518 §4
pub(crate) fn key_management(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    text(entry, name, |value| KeyManagement::parse(value).is_some());
}

/// RFC 7518 §5
pub(crate) fn content_encryption(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    text(entry, name, |value| ContentEncryption::parse(value).is_some());
}
