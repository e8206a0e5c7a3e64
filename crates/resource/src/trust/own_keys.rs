//! The API's own keys, to which the authorization server encrypts introspection answers (RFC 9701 §6). They can be
//! replaced at run time.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use jose::DecryptionKey;
use serde_json::{Value, json};

use crate::limits::OWN_KEYS_MAX;

/// The path at which they are served.
pub(crate) const PATH: &str = "/jwks";

/// The decryption keys of a guard, some of which are published. Clones share them.
#[derive(Clone)]
pub(crate) struct OwnKeys(Arc<RwLock<Arc<Held>>>);

/// The keys at one moment.
pub(crate) struct Held {
    /// The published ones first, each in the order given.
    pub(crate) all: Vec<DecryptionKey>,
    document: Option<Bytes>,
}

/// Too many keys, or a replacement that would begin or end encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DecryptionKeysError;

impl OwnKeys {
    /// # Errors
    ///
    /// [`DecryptionKeysError`] beyond [`OWN_KEYS_MAX`].
    pub(crate) fn new(
        published: &[DecryptionKey],
        kept: &[DecryptionKey],
    ) -> Result<Self, DecryptionKeysError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(Held::new(published, kept)?)))))
    }

    /// The keys as they are now.
    pub(crate) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there are none. This never changes: whether answers must be encrypted is decided when the guard is
    /// built.
    pub(crate) fn is_empty(&self) -> bool {
        self.held().all.is_empty()
    }

    /// The published key set; `None` if there is no public key.
    pub(crate) fn document(&self) -> Option<Bytes> {
        self.held().document.clone()
    }

    /// Uses these from now on.
    pub(crate) fn replace(
        &self,
        published: &[DecryptionKey],
        kept: &[DecryptionKey],
    ) -> Result<(), DecryptionKeysError> {
        let next = Held::new(published, kept)?;
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.document.is_none() || next.document.is_none() {
            return Err(DecryptionKeysError);
        }
        *held = Arc::new(next);
        Ok(())
    }
}

impl Held {
    fn new(published: &[DecryptionKey], kept: &[DecryptionKey]) -> Result<Self, DecryptionKeysError> {
        if published.len() + kept.len() > OWN_KEYS_MAX {
            return Err(DecryptionKeysError);
        }
        Ok(Self { all: published.iter().chain(kept).cloned().collect(), document: document(published) })
    }
}

impl fmt::Debug for OwnKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held();
        f.debug_list().entries(held.all.iter().map(DecryptionKey::kid)).finish()
    }
}

/// The key set of these keys; `None` if there is no public key.
///
/// A key that is used with several algorithms is published once, without `alg`, since the server chooses.
fn document(keys: &[DecryptionKey]) -> Option<Bytes> {
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

    fn key() -> DecryptionKey {
        DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key")
    }

    fn kids(keys: &OwnKeys) -> Vec<String> {
        let set: Value = serde_json::from_slice(&keys.document().expect("a set")).expect("JSON");
        let keys = set["keys"].as_array().expect("a list").iter();
        keys.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
    }

    #[test]
    fn a_key_for_two_algorithms_is_shown_once_and_public() {
        let first = key();
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

    #[test]
    fn a_rotation_shows_the_new_key_first_and_keeps_the_old_one() {
        let (old, new) = (key(), key());
        let keys = OwnKeys::new(std::slice::from_ref(&old), &[]).expect("keys");
        assert_eq!(kids(&keys), [old.kid()]);
        keys.replace(&[new.clone(), old.clone()], &[]).expect("replaced");
        assert_eq!(kids(&keys), [new.kid(), old.kid()]);
        keys.replace(std::slice::from_ref(&new), std::slice::from_ref(&old)).expect("replaced");
        assert_eq!(kids(&keys), [new.kid()]);
        assert_eq!(
            keys.held().all.iter().map(DecryptionKey::kid).collect::<Vec<_>>(),
            [new.kid(), old.kid()]
        );
    }

    #[test]
    fn keys_never_come_to_a_guard_without_nor_go_from_one_with() {
        let without = OwnKeys::new(&[], &[]).expect("no keys");
        assert_eq!(without.replace(&[key()], &[]), Err(DecryptionKeysError));
        let with = OwnKeys::new(&[key()], &[]).expect("keys");
        assert_eq!(with.replace(&[], &[key()]), Err(DecryptionKeysError));
        assert_eq!(with.replace(&vec![key(); OWN_KEYS_MAX + 1], &[]), Err(DecryptionKeysError));
        assert!(!with.is_empty());
    }
}
