//! Scopes that a client may request, and that a resource may own.

use protocol::{GrantType, Scopes, scope};

use crate::registration::{
    entry::Entry,
    rules::{Registrar, Rules},
};

/// `scope` of a client (RFC 7591 §2). Only resources have `introspection`; only the operator registers administrative
/// scopes.
pub(crate) fn of_client(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    let Some(text) = entry.text(name) else { return };
    match Scopes::parse(text) {
        Err(error) => entry.refuse(name, error.to_string()),
        Ok(scopes) if scopes.contains(scope::INTROSPECTION) => {
            entry.refuse(name, "`introspection` is for resources only: no client can hold it");
        }
        Ok(scopes) if scopes.iter().any(scope::is_administrative) => administrative(entry, name, rules),
        Ok(_) => {}
    }
}

fn administrative(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    if matches!(rules.registrar, Registrar::Client(_)) {
        entry.refuse(name, "a scope that administers this server is given by its operator only");
        return;
    }
    // A user's token never has an administrative scope.
    let own = GrantType::ClientCredentials.as_str();
    if !entry.texts("grant_types").iter().any(|name| name == own) {
        let text = format!("{} is for clients that act for themselves: only {own} gives it", scope::ADMIN);
        entry.warn(name, text);
    }
}

/// `scopes` of a resource: scope tokens (RFC 6749 §3.3) that are not reserved by the server.
pub(crate) fn of_resource(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    for (position, text) in entry.texts(name).into_iter().enumerate() {
        let path = format!("{name}/{position}");
        match Scopes::parse(&text) {
            Err(error) => entry.refuse(&path, error.to_string()),
            Ok(_) if !is_one(&text) => entry.refuse(&path, "must be one scope, without spaces"),
            Ok(_) if text == scope::INTROSPECTION => {
                entry.refuse(&path, "`introspection` is reserved: every resource may introspect");
            }
            Ok(_) if scope::is_administrative(&text) => {
                entry.refuse(&path, format!("`{text}` belongs to the server's own admin API"));
            }
            Ok(_) => {}
        }
    }
}

/// Whether a text is a single scope token.
pub(crate) fn is_one(text: &str) -> bool {
    !text.is_empty() && !text.contains(' ') && Scopes::parse(text).is_ok_and(|parsed| parsed.as_str() == text)
}
