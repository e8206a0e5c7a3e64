//! Secrets of clients and resources: their length, and whether the secret itself must be stored.

use jose::{KeyManagement, SignatureAlgorithm};
use protocol::limits::{CLIENT_SECRET_BYTES_MAX, CLIENT_SECRET_CHARS_MIN};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    entry::Entry,
    rules::{Registrar, Rules},
};

/// Removes and checks the secret: long enough, and without characters that a header or a form would change.
pub(super) fn take(entry: &mut Entry<'_>, rules: &Rules) -> Option<Zeroizing<String>> {
    const NAME: &str = "client_secret";
    let Some(Value::String(secret)) = entry.take(NAME) else { return None };
    let secret = Zeroizing::new(secret);
    // The secrets of a development installation are documented.
    let least = if rules.registrar == Registrar::Development { 1 } else { CLIENT_SECRET_CHARS_MIN };
    if secret.chars().count() < least {
        entry.refuse(NAME, format!("must have at least {least} characters"));
        return None;
    }
    if secret.len() > CLIENT_SECRET_BYTES_MAX || secret.chars().any(char::is_control) {
        let text = format!(
            "must have at most {CLIENT_SECRET_BYTES_MAX} bytes, and no control characters such as a newline"
        );
        entry.refuse(NAME, text);
        return None;
    }
    Some(secret)
}

/// Whether a registered method needs the secret itself: a MAC or an encryption that is keyed by it.
pub(super) fn is_needed_itself(registered: &impl Serialize) -> bool {
    let members = serde_json::to_value(registered).unwrap_or_default();
    members.as_object().into_iter().flatten().any(|(name, value)| match value.as_str() {
        Some("client_secret_jwt") => name == "token_endpoint_auth_method",
        Some(value) if name.ends_with("_alg") => {
            SignatureAlgorithm::parse(value).is_some_and(SignatureAlgorithm::is_symmetric)
                || KeyManagement::parse(value).is_some_and(KeyManagement::is_symmetric)
        }
        Some(_) | None => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_mac_or_an_encryption_keyed_by_the_secret_needs_the_secret_itself() {
        for (members, needed) in [
            (json!({"token_endpoint_auth_method": "client_secret_basic"}), false),
            (json!({"token_endpoint_auth_method": "client_secret_jwt"}), true),
            (json!({"id_token_signed_response_alg": "HS512"}), true),
            (json!({"introspection_encrypted_response_alg": "dir"}), true),
            (json!({"introspection_encrypted_response_alg": "RSA-OAEP"}), false),
            (json!({"client_name": "HS256"}), false),
        ] {
            assert_eq!(is_needed_itself(&members), needed, "{members}");
        }
    }
}
