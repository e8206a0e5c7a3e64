//! A set of keys (RFC 7517 §5). Each key stands for itself: one that can't be used spoils no other.

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};

use crate::{
    algorithm::{KeyManagement, SignatureAlgorithm},
    encryption::EncryptionKey,
    error::KeyError,
    json::{self, JsonError, split},
    jwk::Jwk,
    limits::{CANDIDATES_PER_TOKEN, KEY_ID_BYTES, KEY_SET_BYTES, KEYS_PER_SET},
    verifying::VerifyingKey,
};

/// The usable keys of a set, and why the others are not. Several keys may have one `kid`; a symmetric key is never beside
/// asymmetric ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
}

/// A key of a set that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the set, from zero.
    pub index: usize,
    /// Its `kid`, if that could be read.
    pub kid: Option<String>,
    /// Why.
    pub error: KeyError,
}

impl JwkSet {
    /// Reads a set from its JSON, of at most [`KEY_SET_BYTES`]. A byte order mark is ignored.
    ///
    /// A key that is malformed, unknown, or disclosed, since its private members or its secret are published with it, is
    /// skipped (RFC 7517 §5), as are those after the first [`KEYS_PER_SET`]: see [`JwkSet::skipped`].
    ///
    /// # Errors
    ///
    /// [`KeyError`] for a text that is longer, or not an object with one `keys`, which is an array.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        if json.len() > KEY_SET_BYTES {
            return Err(KeyError::Member("keys"));
        }
        let members = split::members(json::without_mark(json)).ok_or(JsonError::Malformed)?;
        let mut sets = members.into_iter().filter(|(name, _)| name == "keys");
        let (Some((_, text)), None) = (sets.next(), sets.next()) else {
            return Err(KeyError::Member("keys"));
        };
        let items = split::items(text).ok_or(KeyError::Member("keys"))?;
        let entries =
            items.map(|item| Ok(Cow::Owned(json::object(String::from_utf8_lossy(item).as_bytes())?)));
        Ok(Self::read(entries))
    }

    /// Reads a set from a JSON value that was read strictly (see [`crate::json`]).
    ///
    /// # Errors
    ///
    /// As [`JwkSet::parse`].
    pub fn from_value(value: &Value) -> Result<Self, KeyError> {
        let members = value.as_object().ok_or(JsonError::NotObject)?;
        let items = members.get("keys").and_then(Value::as_array).ok_or(KeyError::Member("keys"))?;
        Ok(Self::read(
            items.iter().map(|item| item.as_object().map(Cow::Borrowed).ok_or(JsonError::NotObject)),
        ))
    }

    fn read<'a>(entries: impl Iterator<Item = Result<Cow<'a, Map<String, Value>>, JsonError>>) -> Self {
        let (mut set, mut secrets, mut is_public) = (Self::default(), Vec::new(), false);
        for (index, entry) in entries.enumerate() {
            let text = |name| entry.as_ref().ok()?.get(name)?.as_str();
            let kid = text("kid").filter(|kid| kid.len() <= KEY_ID_BYTES).map(str::to_owned);
            is_public |= text("kty").is_some_and(|kty| kty != "oct");
            let error = match &entry {
                _ if index >= KEYS_PER_SET => KeyError::TooMany,
                Err(error) => KeyError::Json(*error),
                Ok(members) => match Jwk::from_members(members) {
                    Ok(key) if key.is_symmetric() => {
                        secrets.push((index, key));
                        continue;
                    }
                    Ok(key) => {
                        set.keys.push(key);
                        continue;
                    }
                    Err(error) => error,
                },
            };
            set.skipped.push(SkippedKey { index, kid, error });
            if index >= KEYS_PER_SET {
                break;
            }
        }
        // A secret that is published beside public keys is one that everybody knows.
        for (index, secret) in secrets {
            match is_public {
                false => set.keys.push(secret),
                true => {
                    let kid = secret.kid().map(str::to_owned);
                    set.skipped.push(SkippedKey { index, kid, error: KeyError::Mixed });
                }
            }
        }
        set.skipped.sort_by_key(|skipped| skipped.index);
        set
    }

    /// A set of these keys, to be published: each `kid` is unique.
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
        Ok(Self { keys, skipped: Vec::new() })
    }

    /// The usable keys in the order of the set.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that are not used, in the order of the set.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The set with public members only.
    pub fn to_value(&self) -> Value {
        serde_json::json!({ "keys": self.keys.iter().map(Jwk::to_value).collect::<Vec<_>>() })
    }

    /// The keys that a token can be signed with, for [`crate::Unverified::verify_any`]: those with this `kid`, or all if
    /// the token names none, that are for verifying with this algorithm by their type, `use` and `alg`. At least one,
    /// at most [`CANDIDATES_PER_TOKEN`].
    ///
    /// # Errors
    ///
    /// [`KeyError::Unknown`] if none has the `kid` or, without one, none matches. If the `kid` is only that of keys that
    /// are for something else or are skipped: why.
    pub fn verifying_keys(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<VerifyingKey>, KeyError> {
        let named = self.keys.iter().filter(|key| kid.is_none() || key.kid() == kid);
        let (mut found, mut unfit) = (Vec::new(), None);
        for key in named {
            match key.verifying_key(algorithm) {
                Ok(key) => found.push(key),
                Err(error) => unfit = unfit.or(Some(error)),
            }
            if found.len() == CANDIDATES_PER_TOKEN {
                break;
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let skipped = self.skipped.iter().find(|skipped| kid.is_some() && skipped.kid.as_deref() == kid);
        let why = skipped.map(|skipped| skipped.error.clone()).or(unfit).filter(|_| kid.is_some());
        Err(why.unwrap_or(KeyError::Unknown))
    }

    /// The key for encrypting with this algorithm: the first that says so by its `use`, else the first that may be used.
    /// It keeps its `kid`.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unknown`] if none is.
    pub fn encryption_key(&self, algorithm: KeyManagement) -> Result<EncryptionKey, KeyError> {
        let (said, silent): (Vec<_>, Vec<_>) = self.keys.iter().partition(|key| key.key_use() == Some("enc"));
        let mut fitting = said.into_iter().chain(silent).filter_map(|key| key.encryption_key(algorithm).ok());
        fitting.next().ok_or(KeyError::Unknown)
    }
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kid {
            Some(kid) => write!(formatter, "{kid:?}: {}", self.error),
            None => write!(formatter, "keys[{}]: {}", self.index, self.error),
        }
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

    fn skipped(set: &JwkSet) -> Vec<String> {
        set.skipped().iter().map(ToString::to_string).collect()
    }

    fn fits(set: &JwkSet, kid: &str, algorithm: SignatureAlgorithm) -> usize {
        set.verifying_keys(Some(kid), algorithm).map_or(0, |keys| keys.len())
    }

    #[test]
    fn keys_that_cannot_be_used_are_skipped_and_say_why() {
        let unknown = key(r#""kty":"AKP","alg":"ML-DSA-44","pub":"AA""#, "a");
        let broken = key(r#""kty":"EC","crv":"P-256","x":"AA","y":"AA""#, "b");
        let curve = r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#.to_owned();
        let found = set(&[unknown, broken, curve, key(EC, "a")]).expect("a set");
        assert_eq!(found.keys().len(), 1);
        assert_eq!(fits(&found, "a", SignatureAlgorithm::Es256), 1);
        let why = [
            r#""a": the key type does not match"#,
            r#""b": the key member "x" is missing or malformed"#,
            "keys[2]: the curve does not match",
        ];
        assert_eq!(skipped(&found), why);
        let named = found.verifying_keys(Some("b"), SignatureAlgorithm::Es256);
        assert_eq!(named.err(), Some(KeyError::Member("x")), "the token is told what is wrong with its key");
    }

    #[test]
    fn one_bad_neighbor_spoils_no_key() {
        let private = key(&format!("{EC},\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""), "p");
        for bad in [
            "null",
            "7",
            "[]",
            "{}",
            "{\"kty\":null}",
            "{\"kty\":\"EC\",\"kty\":\"EC\"}",
            "{\"kty\":\"RSA\",\"n\":1e999}",
            "{\"kid\":\"\\ud800\"}",
            "{\"kid\":7,\"kty\":\"OKP\"}",
            &*key(OCT, "s"),
            &private,
            &format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)),
        ] {
            let found = set(&[bad.to_owned(), key(EC, "a")]).expect("a set");
            assert_eq!(fits(&found, "a", SignatureAlgorithm::Es256), 1, "{bad}");
            assert_eq!((found.keys().len(), found.skipped().len()), (1, 1), "{bad}");
        }
        let garbage =
            [b"\xef\xbb\xbf{\"x\":\"\xff\",\"keys\":[{\"kid\":\"\xff\"},", key(EC, "a").as_bytes(), b"]}"]
                .concat();
        assert_eq!(fits(&JwkSet::parse(&garbage).expect("a set"), "a", SignatureAlgorithm::Es256), 1);
    }

    #[test]
    fn a_member_that_is_null_is_absent() {
        let nulls = r#""use":null,"alg":null,"key_ops":null,"x5c":null,"d":null,"oth":null"#;
        let found = set(&[format!("{{{EC},{nulls},\"kid\":null}}")]).expect("a set");
        assert_eq!(found.verifying_keys(None, SignatureAlgorithm::Es256).map(|keys| keys.len()), Ok(1));
    }

    #[test]
    fn keys_with_one_kid_are_told_apart_by_type_use_and_algorithm() {
        let encrypting = key(&format!("{EC},\"use\":\"enc\""), "a");
        let found = set(&[encrypting, key(OKP, "a"), key(EC, "a"), key(EC, "a")]).expect("a set");
        assert_eq!(found.skipped(), []);
        assert_eq!(fits(&found, "a", SignatureAlgorithm::EdDsa), 1);
        assert_eq!(fits(&found, "a", SignatureAlgorithm::Es256), 2, "both are tried");
        let other = found.verifying_keys(Some("a"), SignatureAlgorithm::Rs256).err();
        assert_eq!(other, Some(KeyError::Use));
        let many: Vec<_> = (0..20).map(|_| key(EC, "a")).collect();
        assert_eq!(fits(&set(&many).expect("a set"), "a", SignatureAlgorithm::Es256), CANDIDATES_PER_TOKEN);
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
    fn secrets_are_read_where_they_are_by_themselves() {
        assert_eq!(set(&[key(OCT, "a"), key(OCT, "b")]).map(|set| set.keys().len()), Ok(2));
        let broken = key(r#""kty":"EC","crv":"P-256","x":"AA","y":"AA""#, "b");
        let mixed = set(&[key(OCT, "a"), broken]).expect("a set");
        assert_eq!((mixed.keys().len(), mixed.skipped().len()), (0, 2));
    }

    #[test]
    fn keys_beyond_the_limit_are_skipped() {
        let keys = |count: usize| (0..count).map(|at| key(OKP, &at.to_string())).collect::<Vec<_>>();
        for (count, skipped) in [(KEYS_PER_SET, 0), (KEYS_PER_SET + 1, 1), (KEYS_PER_SET + 9, 1)] {
            let found = set(&keys(count)).expect("a set");
            assert_eq!((found.keys().len(), found.skipped().len()), (KEYS_PER_SET, skipped), "{count}");
        }
    }

    #[test]
    fn a_set_may_be_as_long_as_256_kib() {
        let padded = |bytes: usize| format!("{{\"keys\":[]{}}}", " ".repeat(bytes - 11));
        assert!(JwkSet::parse(padded(KEY_SET_BYTES).as_bytes()).is_ok());
        assert!(JwkSet::parse(padded(KEY_SET_BYTES + 1).as_bytes()).is_err());
    }

    #[test]
    fn invalid_sets_are_refused() {
        for text in ["{}", "{\"keys\":{}}", "{\"keys\":null}"] {
            assert_eq!(JwkSet::parse(text.as_bytes()), Err(KeyError::Member("keys")), "{text}");
        }
        assert!(JwkSet::parse(b"{\"keys\":[],\"keys\":[]}").is_err());
        assert_eq!(JwkSet::parse(b"{\"keys\":[]}"), Ok(JwkSet::default()));
    }

    #[test]
    fn only_the_key_named_by_kid_is_tried() {
        let found = set(&[key(EC, "a"), key(OKP, "b")]).expect("a set");
        let verifying = |kid, algorithm| found.verifying_keys(kid, algorithm).map(|keys| keys.len());
        assert_eq!(verifying(Some("a"), SignatureAlgorithm::Es256), Ok(1));
        assert_eq!(verifying(Some("b"), SignatureAlgorithm::Es256), Err(KeyError::Curve));
        assert_eq!(verifying(Some("c"), SignatureAlgorithm::Es256), Err(KeyError::Unknown));
    }

    #[test]
    fn without_kid_every_key_that_fits_is_tried() {
        let found = set(&[key(EC, "a"), key(OKP, "b"), key(EC, "c")]).expect("a set");
        let kids = found.verifying_keys(None, SignatureAlgorithm::Es256).expect("keys");
        assert_eq!(kids.iter().map(VerifyingKey::kid).collect::<Vec<_>>(), [Some("a"), Some("c")]);
        assert_eq!(found.verifying_keys(None, SignatureAlgorithm::Rs256).err(), Some(KeyError::Unknown));
    }

    #[test]
    fn the_first_key_for_encrypting_is_taken_with_its_kid() {
        let signing = key(&format!("{EC},\"use\":\"sig\""), "a");
        let encrypting = key(&format!("{EC},\"use\":\"enc\""), "b");
        let found = set(&[signing.clone(), encrypting.clone()]).expect("a set");
        assert_eq!(found.encryption_key(KeyManagement::EcdhEs).expect("fits").kid(), Some("b"));
        let silent = set(&[key(EC, "c"), encrypting]).expect("a set");
        assert_eq!(silent.encryption_key(KeyManagement::EcdhEs).expect("fits").kid(), Some("b"));
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
