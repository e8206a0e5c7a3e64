//! One entry of `users`, and one of `scopes`.

use std::collections::BTreeMap;

use accounts::{Password, Username, passwords::PASSWORD_BYTES_MAX};
use protocol::{Scopes, Subject};
use serde_json::{Map, Value};
use server::store::Scope;

use super::{
    Reading,
    members::{Members, at},
};

/// The language of a description that names none: what the consent page shows.
const DEFAULT_LANGUAGE: &str = "en";

/// A user as the file says it.
#[derive(Clone)]
pub(super) struct UserEntry {
    pub(super) pointer: String,
    pub(super) subject: Subject,
    pub(super) username: Username,
    /// For an account that does not exist yet.
    pub(super) password: Option<Password>,
    pub(super) claims: Map<String, Value>,
    pub(super) disabled: bool,
}

impl UserEntry {
    /// Reads an entry; what is wrong with it is among the findings.
    pub(super) fn read(mut members: Members<'_>, reading: &Reading<'_>) -> Option<Self> {
        let subject = members.take_id(
            "sub",
            Subject::parse,
            "must be 1 to 255 visible ASCII characters without spaces",
        );
        let username =
            members.take_id("username", Username::parse, "must not be empty or hold control characters");
        let password = members.take_secret("password", reading.folder, PASSWORD_BYTES_MAX);
        let password = password.and_then(|(text, name)| {
            let password = reading.password_rule.accept(&text);
            password.map_err(|error| members.refuse(&name, error.to_string())).ok()
        });
        let claims = match members.map.remove("claims") {
            Some(Value::Object(claims)) => claims,
            Some(_) | None => Map::new(),
        };
        if claims.contains_key("sub") {
            members.refuse("claims/sub", "is the user's own member `sub`");
        }
        let disabled = members.take_truth("disabled", false);
        let pointer = members.pointer;
        Some(Self { pointer, subject: subject?, username: username?, password, claims, disabled })
    }
}

/// Reads an entry of `scopes`.
pub(super) fn read_scope(mut members: Members<'_>) -> Option<Scope> {
    let one = |text: &str| {
        let parsed = Scopes::parse(text).ok()?;
        (!text.is_empty() && parsed.as_str() == text && !text.contains(' ')).then(|| text.to_owned())
    };
    let scope = members.take_id("scope", one, "must be one scope, without spaces (RFC 6749 section 3.3)");
    let mut description = BTreeMap::new();
    match members.map.remove("description") {
        Some(Value::String(text)) => drop(description.insert(DEFAULT_LANGUAGE.to_owned(), text)),
        Some(Value::Object(texts)) => {
            for (language, text) in texts {
                match text {
                    Value::String(text) => drop(description.insert(language, text)),
                    _ => members.refuse(&at("description", &language), "must be a text"),
                }
            }
        }
        Some(_) | None => {}
    }
    let claims = members.texts("claims");
    Some(Scope { scope: scope?, description, claims, applied: false })
}
