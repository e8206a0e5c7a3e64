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

/// What the registrations of an id need of its secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Whether a registered method needs the secret itself: a MAC or an encryption that is keyed by it.
    pub(super) itself: bool,
    /// The registered MAC that needs the longest key.
    mac: Option<SignatureAlgorithm>,
}

impl Needs {
    /// What these members need.
    pub(super) fn of(registered: &impl Serialize) -> Self {
        let members = serde_json::to_value(registered).unwrap_or_default();
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let asserts = text(METHOD) == Some("client_secret_jwt");
        let algorithms = members.as_object().into_iter().flatten();
        let algorithms = algorithms.filter(|(name, _)| name.ends_with("_alg"));
        let is_symmetric = |name: &str| {
            SignatureAlgorithm::parse(name).is_some_and(SignatureAlgorithm::is_symmetric)
                || KeyManagement::parse(name).is_some_and(KeyManagement::is_symmetric)
        };
        let itself = asserts || algorithms.filter_map(|(_, value)| value.as_str()).any(is_symmetric);
        // An assertion whose algorithm is not registered is at least one of HS256.
        let assertion = asserts.then(|| text(ASSERTION_ALGORITHM).unwrap_or("HS256"));
        let macs = SIGNED.iter().filter_map(|name| text(name)).chain(assertion);
        let macs = macs.filter_map(SignatureAlgorithm::parse).filter(|algorithm| algorithm.is_symmetric());
        Self { itself, mac: macs.max_by_key(|algorithm| mac_bytes(*algorithm)) }
    }

    /// What both need.
    pub(super) fn and(self, other: Self) -> Self {
        let macs = [self.mac, other.mac].into_iter().flatten();
        Self { itself: self.itself || other.itself, mac: macs.max_by_key(|algorithm| mac_bytes(*algorithm)) }
    }

    /// The least length of the secret in bytes, as far as a MAC demands one.
    pub(super) fn bytes_min(self) -> usize {
        self.mac.map_or(0, mac_bytes)
    }

    /// Whether a secret of this length can be used for everything that is registered.
    pub(super) fn allow(self, bytes: usize) -> Result<(), String> {
        match self.mac {
            Some(mac) if bytes < mac_bytes(mac) => Err(format!(
                "{mac} needs a secret of at least {} bytes (RFC 7518 section 3.2), and this one has {bytes}: give a \
                 longer one, or register another algorithm",
                mac_bytes(mac)
            )),
            Some(_) | None => Ok(()),
        }
    }
}

const METHOD: &str = "token_endpoint_auth_method";
const ASSERTION_ALGORITHM: &str = "token_endpoint_auth_signing_alg";
/// What this server signs with the secret of a client, and what the client signs with it.
const SIGNED: [&str; 4] = [
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "request_object_signing_alg",
];

/// The least length of the key of a MAC: that of its hash (RFC 7518 §3.2).
fn mac_bytes(algorithm: SignatureAlgorithm) -> usize {
    match algorithm {
        SignatureAlgorithm::Hs256 => 32,
        SignatureAlgorithm::Hs384 => 48,
        SignatureAlgorithm::Hs512 => 64,
        _ => 0,
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
            assert_eq!(Needs::of(&members).itself, needed, "{members}");
        }
    }

    /// RFC 7518 §3.2: "A key of the same size as the hash output or larger MUST be used".
    #[test]
    fn a_secret_is_as_long_as_the_hash_of_its_mac() {
        let jwt = |alg: Option<&str>| json!({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": alg});
        for (members, bytes) in [
            (json!({"id_token_signed_response_alg": "HS256"}), 32),
            (json!({"userinfo_signed_response_alg": "HS384"}), 48),
            (json!({"id_token_signed_response_alg": "HS256", "userinfo_signed_response_alg": "HS512"}), 64),
            (json!({"id_token_signed_response_alg": "RS256"}), 0),
            (json!({"introspection_signed_response_alg": "HS512"}), 0),
            (json!({"token_endpoint_auth_signing_alg": "HS512"}), 0),
            (jwt(None), 32),
            (jwt(Some("HS512")), 64),
        ] {
            let needs = Needs::of(&members);
            assert_eq!(needs.bytes_min(), bytes, "{members}");
            assert!(
                needs.allow(bytes).is_ok() && (bytes == 0 || needs.allow(bytes - 1).is_err()),
                "{members}"
            );
        }
        let both = Needs::of(&jwt(None)).and(Needs::of(&json!({"id_token_signed_response_alg": "HS384"})));
        assert_eq!(both.bytes_min(), 48);
    }
}
