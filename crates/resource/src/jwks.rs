//! The API's own public keys: what the authorization server encrypts introspection answers to (RFC 9701 §6).

use bytes::Bytes;
use jose::DecryptionKey;
use serde_json::{Value, json};

/// Where they are served.
pub(crate) const PATH: &str = "/jwks";

/// The key set, or nothing if there is no public key to show.
///
/// A key that is held for several algorithms is shown once, without `alg`, since the server chooses.
pub(crate) fn document(keys: &[DecryptionKey]) -> Option<Bytes> {
    let mut shown: Vec<(&str, Value)> = Vec::new();
    for key in keys {
        let Some(public) = key.public_jwk() else { continue };
        match shown.iter_mut().find(|(kid, _)| *kid == key.kid()) {
            Some((_, Value::Object(members))) => {
                members.remove("alg");
            }
            Some(_) => {}
            None => shown.push((key.kid(), public.to_value())),
        }
    }
    let keys: Vec<Value> = shown.into_iter().map(|(_, key)| key).collect();
    (!keys.is_empty()).then(|| Bytes::from(json!({ "keys": keys }).to_string()))
}

#[cfg(test)]
mod tests {
    use jose::{JwkSet, KeyManagement};

    use super::*;

    #[test]
    fn a_key_for_two_algorithms_is_shown_once_and_public() {
        let first = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
        let text = first.to_private_jwk().expect("a text");
        let mut members: Value = serde_json::from_str(&text).expect("JSON");
        members.as_object_mut().expect("an object").remove("alg");
        let second =
            DecryptionKey::from_private_jwk(members.to_string().as_bytes(), KeyManagement::EcdhEsA256Kw);
        let document = document(&[first, second.expect("the same key")]).expect("a set");
        let set = JwkSet::parse(&document).expect("public keys alone");
        assert_eq!(set.keys().len(), 1);
        assert_eq!(set.keys()[0].algorithm(), None);
        assert_eq!(set.keys()[0].key_use(), Some("enc"));
    }

    #[test]
    fn a_shared_secret_is_not_shown() {
        let secret = DecryptionKey::generate(KeyManagement::A256Kw).expect("a key");
        assert_eq!(document(&[secret]), None);
    }
}
