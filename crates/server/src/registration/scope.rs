//! The registration of a scope.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    checks::scopes,
    entry::Entry,
    finding::{Findings, pointer},
    members::SCOPE,
    rules::Rules,
};
use crate::store::Scope;

/// The language of a description without a language, as shown on the consent page.
const DEFAULT_LANGUAGE: &str = "en";

/// Reads a scope at a JSON pointer (RFC 6901). Errors are added to the findings.
pub fn read_scope(at: String, value: Value, rules: &Rules, findings: &mut Findings) -> Option<Scope> {
    let mut entry = Entry::read(at, value, SCOPE, rules, findings)?;
    let one = |text: &str| scopes::is_one(text).then(|| text.to_owned());
    let scope = entry.take_parsed("scope", one, "must be one scope, without spaces (RFC 6749 section 3.3)");
    let mut description = BTreeMap::new();
    match entry.take("description") {
        Some(Value::String(text)) => drop(description.insert(DEFAULT_LANGUAGE.to_owned(), text)),
        Some(Value::Object(texts)) => {
            for (language, text) in texts {
                match text {
                    Value::String(text) => drop(description.insert(language, text)),
                    _ => entry.refuse(&pointer("description", &language), "must be a string"),
                }
            }
        }
        Some(_) | None => {}
    }
    let claims = entry.texts("claims");
    Some(Scope { scope: scope?, description, claims, applied: false })
}
