//! Keys, by value or by reference, and encryption to them.

use jose::{JwkSet, KeyError, KeyManagement, SignatureAlgorithm, SkippedKey};
use protocol::uri;

use super::served;
use crate::registration::{entry::Entry, rules::Rules};

/// Most keys of one set that is registered by value: it is read whenever the client authenticates by one of them.
const KEYS_MAX: usize = 128;

/// `jwks`: a set of public keys, or of the client's own symmetric ones (RFC 7591 §2). A key that can't be used is reported
/// and spoils no other, but for a private key, which must not be stored.
pub(crate) fn by_value(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let set = match entry.value(name).map(JwkSet::from_value) {
        None => return,
        Some(Ok(set)) => set,
        Some(Err(error)) => return entry.refuse(name, error.to_string()),
    };
    let (keys, skipped) = (set.keys().len(), set.skipped());
    if keys + skipped.len() > KEYS_MAX {
        return entry.refuse(name, format!("holds more than {KEYS_MAX} keys"));
    }
    let named = skipped.iter().map(SkippedKey::to_string).collect::<Vec<_>>().join("; ");
    if keys == 0 && !skipped.is_empty() {
        entry.refuse(name, format!("holds no key that can be used: {named}"));
    } else if skipped.iter().any(|key| key.error == KeyError::Private) {
        entry.refuse(name, format!("must hold public keys only: {named}"));
    } else if !skipped.is_empty() {
        entry.warn(name, format!("keys that can't be used are skipped: {named}"));
    }
}

/// `jwks_uri`: not together with `jwks` (RFC 7591 §2), and at a URL that the server may fetch.
pub(crate) fn by_reference(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    let Some(url) = entry.text(name).map(str::to_owned) else { return };
    if entry.has("jwks") {
        entry.refuse(name, "can't be combined with jwks; keep one of them (RFC 7591 section 2)");
        return;
    }
    match uri::Parts::of(&url) {
        Err(error) => entry.refuse(name, error.to_string()),
        Ok(parts) if parts.host.is_some() && parts.scheme == "https" => {}
        Ok(parts) if parts.scheme == "http" && parts.is_loopback() && rules.http_to_loopback => {}
        Ok(_) => entry.refuse(name, "must be https (or http to loopback, where the issuer is http)"),
    }
}

/// `request_object_signing_alg`: supported, and with a key that verifies it (RFC 9101 §6.2).
pub(crate) fn request_object(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    let text = entry.text(name).map(str::to_owned);
    if text.as_deref() == Some("none") {
        entry.refuse(name, "an unsigned request object is never accepted (RFC 9101 section 4)");
        return;
    }
    served::signature(entry, name, rules);
    let algorithm = text.as_deref().and_then(SignatureAlgorithm::parse);
    let has_keys = entry.has("jwks") || entry.has("jwks_uri");
    if algorithm.is_some_and(|algorithm| !algorithm.is_symmetric()) && !has_keys {
        entry.warn(name, "without jwks or jwks_uri there is no key that verifies a request object");
    }
}

/// `.._encrypted_response_alg`: supported, and with a key to encrypt to.
pub(crate) fn encryption(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    served::key_management(entry, name, rules);
    let algorithm = entry.text(name).and_then(KeyManagement::parse);
    let has_keys = entry.has("jwks") || entry.has("jwks_uri");
    if algorithm.is_some_and(|algorithm| !algorithm.is_symmetric()) && !has_keys {
        entry.warn(name, "without jwks or jwks_uri there is no key to encrypt to, and the answer fails");
    }
}

/// `.._encrypted_response_enc`: supported, and together with its `alg` (OpenID Connect Dynamic Client
/// Registration 1.0 §2).
pub(crate) fn content_encryption(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    served::content_encryption(entry, name, rules);
    let algorithm = format!("{}_alg", name.trim_end_matches("_enc"));
    if entry.has(name) && !entry.has(&algorithm) {
        entry.refuse(name, format!("needs {algorithm} beside it"));
    }
}
