//! A set of keys (RFC 7517 §5) with unambiguous `kid`s.

use serde_json::{Map, Value};

use crate::{
    algorithm::{KeyManagement, SignatureAlgorithm},
    encryption::EncryptionKey,
    error::KeyError,
    json,
    jwk::Jwk,
    limits::KEYS_PER_SET,
    verifying::VerifyingKey,
};

/// The usable keys of a set: each `kid` is unique, and symmetric and asymmetric keys are never mixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads a set from its JSON.
    ///
    /// Keys of unknown type, with members missing or out of range are skipped (RFC 7517 §5).
    ///
    /// # Errors
    ///
    /// [`KeyError`] for JSON that is not a key set, for more than [`KEYS_PER_SET`] keys, a `kid` that repeats,
    /// mixed symmetric and asymmetric keys, and for a private key, which its owner has thereby disclosed.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        Self::from_members(&json::object(json)?)
    }

    /// Reads a set from a JSON value that was read strictly (see [`crate::json`]).
    ///
    /// # Errors
    ///
    /// As [`JwkSet::parse`].
    pub fn from_value(value: &Value) -> Result<Self, KeyError> {
        Self::from_members(value.as_object().ok_or(json::JsonError::NotObject)?)
    }

    fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        let entries = members.get("keys").and_then(Value::as_array).ok_or(KeyError::Member("keys"))?;
        if entries.len() > KEYS_PER_SET {
            return Err(KeyError::TooMany);
        }
        let mut keys = Vec::with_capacity(entries.len());
        let mut names = Vec::with_capacity(entries.len());
        let mut symmetric = 0;
        for entry in entries {
            let entry_members = entry.as_object().ok_or(KeyError::Member("keys"))?;
            let text = |name| entry_members.get(name).and_then(Value::as_str);
            symmetric += usize::from(text("kty") == Some("oct"));
            match Jwk::from_value(entry) {
                Ok(key) => keys.push(key),
                Err(KeyError::Private) => return Err(KeyError::Private),
                Err(KeyError::KeyType) => continue,
                Err(_) => {}
            }
            // The `kid` of an invalid key stays reserved, so that no other key is used instead.
            if let Some(kid) = text("kid") {
                if names.contains(&kid) {
                    return Err(KeyError::Ambiguous);
                }
                names.push(kid);
            }
        }
        if symmetric != 0 && symmetric != entries.len() {
            return Err(KeyError::Mixed);
        }
        Self::new(keys)
    }

    /// A set of these keys.
    ///
    /// # Errors
    ///
    /// [`KeyError::TooMany`], [`KeyError::Ambiguous`] or [`KeyError::Mixed`].
    pub fn new(keys: Vec<Jwk>) -> Result<Self, KeyError> {
        if keys.len() > KEYS_PER_SET {
            return Err(KeyError::TooMany);
        }
        for (at, key) in keys.iter().enumerate() {
            if key.kid().is_some() && keys[..at].iter().any(|other| other.kid() == key.kid()) {
                return Err(KeyError::Ambiguous);
            }
            if key.is_symmetric() != keys[0].is_symmetric() {
                return Err(KeyError::Mixed);
            }
        }
        Ok(Self(keys))
    }

    /// The usable keys in the order of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// The set with public members only.
    pub fn to_value(&self) -> Value {
        serde_json::json!({ "keys": self.0.iter().map(Jwk::to_value).collect::<Vec<_>>() })
    }

    /// The key for verifying a token: the one with this `kid`, or without `kid` the only one that matches.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unknown`] if none has the `kid` or, without one, none matches; [`KeyError::Ambiguous`] if
    /// without `kid` several match; as [`Jwk::verifying_key`] if the key with the `kid` is for something else.
    pub fn verifying_key(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<VerifyingKey, KeyError> {
        if kid.is_some() {
            let key = self.0.iter().find(|key| key.kid() == kid).ok_or(KeyError::Unknown)?;
            return key.verifying_key(algorithm);
        }
        let mut fitting = self.0.iter().filter_map(|key| key.verifying_key(algorithm).ok());
        let key = fitting.next().ok_or(KeyError::Unknown)?;
        match fitting.next() {
            Some(_) => Err(KeyError::Ambiguous),
            None => Ok(key),
        }
    }

    /// The first key that is for encrypting with this algorithm; it keeps its `kid`.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unknown`] if none is.
    pub fn encryption_key(&self, algorithm: KeyManagement) -> Result<EncryptionKey, KeyError> {
        self.0.iter().find_map(|key| key.encryption_key(algorithm).ok()).ok_or(KeyError::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = concat!(
        r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#,
        r#""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
    );
    const OKP: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    const OCT: &str = r#""kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8""#;

    fn set(keys: &[String]) -> Result<JwkSet, KeyError> {
        JwkSet::parse(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes())
    }

    fn key(members: &str, kid: &str) -> String {
        format!("{{{members},\"kid\":\"{kid}\"}}")
    }

    #[test]
    fn keys_that_cannot_be_used_are_skipped() {
        let unknown = key(r#""kty":"AKP","alg":"ML-DSA-44","pub":"AA""#, "a");
        let broken = key(r#""kty":"EC","crv":"P-256","x":"AA","y":"AA""#, "b");
        let curve = key(r#""kty":"EC","crv":"secp256k1","x":"AA","y":"AA""#, "c");
        let found = set(&[unknown, broken, curve, key(EC, "a")]).expect("a set");
        assert_eq!(found.keys().len(), 1);
        assert!(found.verifying_key(Some("a"), SignatureAlgorithm::Es256).is_ok());
    }

    #[test]
    fn a_kid_that_repeats_is_refused() {
        assert_eq!(set(&[key(EC, "a"), key(OKP, "a")]), Err(KeyError::Ambiguous));
        let broken = key(r#""kty":"EC","crv":"P-256","x":"AA","y":"AA""#, "a");
        assert_eq!(set(&[key(EC, "a"), broken]), Err(KeyError::Ambiguous));
        assert!(set(&[key(EC, "a"), key(OKP, "b")]).is_ok());
    }

    #[test]
    fn set_built_from_keys_is_checked_like_a_parsed_one() {
        let made = |keys: &[String]| {
            let keys = keys.iter().map(|text| Jwk::parse(text.as_bytes()).expect("a key"));
            JwkSet::new(keys.collect()).err()
        };
        assert_eq!(made(&[key(EC, "a"), key(OKP, "a")]), Some(KeyError::Ambiguous));
        assert_eq!(made(&[key(EC, "a"), key(OCT, "b")]), Some(KeyError::Mixed));
        assert_eq!(made(&[key(EC, "a"), key(OKP, "b")]), None);
        let many: Vec<String> = (0..=KEYS_PER_SET).map(|at| key(OKP, &at.to_string())).collect();
        assert_eq!(made(&many), Some(KeyError::TooMany));
    }

    #[test]
    fn secrets_beside_public_keys_are_refused() {
        assert_eq!(set(&[key(EC, "a"), key(OCT, "b")]), Err(KeyError::Mixed));
        let broken = key(r#""kty":"oct","k":"!""#, "b");
        assert_eq!(set(&[key(EC, "a"), broken]), Err(KeyError::Mixed));
        assert!(set(&[key(OCT, "a"), key(OCT, "b")]).is_ok());
    }

    #[test]
    fn a_private_key_in_a_set_is_refused() {
        let private = format!("{EC},\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"");
        assert_eq!(set(&[key(OKP, "a"), key(&private, "b")]), Err(KeyError::Private));
    }

    #[test]
    fn sixty_four_keys_and_no_more() {
        let keys = |count: usize| (0..count).map(|at| key(OKP, &at.to_string())).collect::<Vec<_>>();
        assert_eq!(set(&keys(KEYS_PER_SET)).map(|set| set.keys().len()), Ok(KEYS_PER_SET));
        assert_eq!(set(&keys(KEYS_PER_SET + 1)), Err(KeyError::TooMany));
    }

    #[test]
    fn invalid_sets_are_refused() {
        for text in ["{}", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":null}"] {
            assert_eq!(JwkSet::parse(text.as_bytes()), Err(KeyError::Member("keys")), "{text}");
        }
        assert!(JwkSet::parse(b"{\"keys\":[],\"keys\":[]}").is_err());
        assert_eq!(JwkSet::parse(b"{\"keys\":[]}"), Ok(JwkSet::default()));
    }

    #[test]
    fn only_the_key_named_by_kid_is_tried() {
        let found = set(&[key(EC, "a"), key(OKP, "b")]).expect("a set");
        let verifying = |kid, algorithm| found.verifying_key(kid, algorithm).map(|key| key.algorithm());
        assert_eq!(verifying(Some("a"), SignatureAlgorithm::Es256), Ok(SignatureAlgorithm::Es256));
        assert_eq!(verifying(Some("b"), SignatureAlgorithm::Es256), Err(KeyError::Curve));
        assert_eq!(verifying(Some("c"), SignatureAlgorithm::Es256), Err(KeyError::Unknown));
    }

    #[test]
    fn without_kid_exactly_one_key_must_fit() {
        let one = set(&[key(EC, "a"), key(OKP, "b")]).expect("a set");
        assert_eq!(one.verifying_key(None, SignatureAlgorithm::Es256).expect("fits").kid(), Some("a"));
        assert_eq!(one.verifying_key(None, SignatureAlgorithm::Rs256).err(), Some(KeyError::Unknown));
        let two = set(&[key(EC, "a"), key(EC, "b")]).expect("a set");
        assert_eq!(two.verifying_key(None, SignatureAlgorithm::Es256).err(), Some(KeyError::Ambiguous));
    }

    #[test]
    fn the_first_key_for_encrypting_is_taken_with_its_kid() {
        let signing = key(&format!("{EC},\"use\":\"sig\""), "a");
        let encrypting = key(&format!("{EC},\"use\":\"enc\""), "b");
        let found = set(&[signing.clone(), encrypting]).expect("a set");
        let key = found.encryption_key(KeyManagement::EcdhEs).expect("fits");
        assert_eq!(key.kid(), Some("b"));
        assert_eq!(
            set(&[signing]).expect("a set").encryption_key(KeyManagement::EcdhEs).err(),
            Some(KeyError::Unknown)
        );
    }

    #[test]
    fn set_is_serialized_without_secrets() {
        let text = set(&[key(OCT, "a")]).expect("a set").to_value().to_string();
        assert_eq!(text, r#"{"keys":[{"kid":"a","kty":"oct"}]}"#);
    }
}
