//! What a registration excuses a client from, and what it expects that this server does not do.

use serde_json::Value;

use crate::registration::{entry::Entry, rules::Rules};

/// `require_pkce`: only a confidential client may do without (RFC 9700 §2.1.1).
pub(crate) fn pkce(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.value(name) != Some(&Value::Bool(false)) {
        return;
    }
    match entry.text("token_endpoint_auth_method") {
        Some("none") => {
            entry.warn(name, "has no effect: a client without a credential must use PKCE (RFC 9700 section 2.1.1)");
        }
        _ => entry.warn(
            name,
            "the client may send neither code_challenge nor nonce: a code that leaks can then be injected into it (RFC \
             9700 section 4.5)",
        ),
    }
}

/// `client_secret_expires_at`: 0 where the secret does not expire (RFC 7591 §3.2.1).
pub(crate) fn secret_expiry(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.value(name).and_then(Value::as_i64).is_some_and(|at| at != 0) {
        entry.warn(name, "is not obeyed: secrets do not expire here");
    }
}
