//! Registered values that this server does not serve: kept, and told.

use jose::{ContentEncryption, JwkSet, KeyManagement, SignatureAlgorithm};
use protocol::{ClientAuthMethod, GrantType, uri};
use serde_json::Value;

use super::members::Members;

/// Members that are notes: nothing is promised by them.
const NOTES: &[&str] =
    &["contacts", "software_id", "software_version", "initiate_login_uri", "default_acr_values"];

/// Warns of every value that has no effect here.
pub(super) fn warn(members: &mut Members<'_>) {
    let names: Vec<String> = members.map.keys().cloned().collect();
    for name in &names {
        if let Some(value) = members.text(name).map(str::to_owned)
            && !is_served(name, &value)
        {
            members.warn(name, format!("`{value}` is kept, and not served here"));
        }
        for (at, value) in members.texts(name).into_iter().enumerate() {
            if !is_served(name, &value) {
                members.warn(&format!("{name}/{at}"), format!("`{value}` is kept, and not served here"));
            }
        }
    }
}

/// Warns of members that are only kept.
pub(super) fn warn_of_kept(members: &mut Members<'_>, kept: &[&str]) {
    let names: Vec<String> = members.map.keys().cloned().collect();
    for name in names.iter().filter(|name| kept.contains(&name.as_str()) && !NOTES.contains(&name.as_str())) {
        members.warn(name, "is kept, and has no effect here");
    }
}

/// Checks keys: either by value or by reference, public ones, at an address that may be asked.
pub(super) fn check_keys(members: &mut Members<'_>, http_to_loopback: bool) {
    let url = members.text("jwks_uri").map(str::to_owned);
    check_encryption(members, url.is_some() || members.map.contains_key("jwks"));
    if let Some(keys) = members.map.get("jwks") {
        if let Err(error) = JwkSet::from_value(keys) {
            members.refuse("jwks", error.to_string());
        } else if url.is_some() {
            members.refuse("jwks_uri", "jwks is there as well; keep one of them (RFC 7591 section 2)");
        }
    }
    let Some(url) = url else { return };
    match uri::Parts::of(&url) {
        Err(error) => members.refuse("jwks_uri", error.to_string()),
        Ok(parts) if parts.host.is_some() && parts.scheme == "https" => {}
        Ok(parts) if parts.scheme == "http" && parts.is_loopback() && http_to_loopback => {}
        Ok(_) => members.refuse("jwks_uri", "must be https (or http to loopback, where the issuer is http)"),
    }
}

/// An answer is encrypted to one of the keys, in a way that names both of its algorithms.
fn check_encryption(members: &mut Members<'_>, has_keys: bool) {
    for of in ["id_token", "userinfo", "introspection"] {
        let (alg, enc) = (format!("{of}_encrypted_response_alg"), format!("{of}_encrypted_response_enc"));
        match members.text(&alg).and_then(KeyManagement::parse) {
            Some(alg_served) if !alg_served.is_symmetric() && !has_keys => {
                members.warn(
                    &alg,
                    "without jwks or jwks_uri there is no key to encrypt to, and such an answer fails",
                );
            }
            None if members.map.contains_key(&enc) && !members.map.contains_key(&alg) => {
                members.refuse(&enc, format!("needs {alg} beside it"));
            }
            Some(_) | None => {}
        }
    }
}

/// Whether a registered method works only with the secret itself: a MAC or an encryption keyed by it.
pub(crate) fn needs_secret_itself(members: &Value) -> bool {
    members.as_object().into_iter().flatten().any(|(name, value)| match value.as_str() {
        Some("client_secret_jwt") => name == "token_endpoint_auth_method",
        Some(value) if name.ends_with("_alg") => {
            SignatureAlgorithm::parse(value).is_some_and(SignatureAlgorithm::is_symmetric)
                || KeyManagement::parse(value).is_some_and(KeyManagement::is_symmetric)
        }
        Some(_) | None => false,
    })
}

fn is_served(name: &str, value: &str) -> bool {
    match name {
        "grant_types" => GrantType::parse(value).is_some(),
        "response_types" => value == "code",
        "token_endpoint_auth_method" => ClientAuthMethod::parse(value).is_some(),
        "application_type" => matches!(value, "web" | "native"),
        "subject_type" => value == "public",
        name if name.ends_with("_encrypted_response_alg") => KeyManagement::parse(value).is_some(),
        name if name.ends_with("_encrypted_response_enc") => ContentEncryption::parse(value).is_some(),
        name if name.ends_with("_signing_alg") || name.ends_with("_signed_response_alg") => {
            SignatureAlgorithm::parse(value).is_some()
        }
        _ => true,
    }
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
            assert_eq!(needs_secret_itself(&members), needed, "{members}");
        }
    }
}
