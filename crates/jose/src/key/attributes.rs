//! The attributes of a JWK (RFC 7517 §4), and the uses that they permit.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::{
    algorithm::{ContentEncryption, KeyManagement, SignatureAlgorithm},
    error::KeyError,
    limits::{CERTIFICATES_PER_KEY, KEY_ID_BYTES, KEY_OPERATIONS},
};

/// The attributes of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) kid: Option<String>,
    pub(crate) algorithm: Option<String>,
    pub(crate) key_use: Option<String>,
    pub(crate) operations: Option<Vec<String>>,
    pub(crate) certificates: Vec<Vec<u8>>,
}

impl Attributes {
    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        Ok(Self {
            kid: text(members, "kid")?,
            algorithm: text(members, "alg")?,
            key_use: text(members, "use")?,
            operations: operations(members)?,
            certificates: certificates(members),
        })
    }

    pub(crate) fn write(&self, members: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("kid", self.kid.clone().map(Value::from));
        put("alg", self.algorithm.clone().map(Value::from));
        put("use", self.key_use.clone().map(Value::from));
        put("key_ops", self.operations.clone().map(Value::from));
        let chain: Vec<String> = self.certificates.iter().map(|der| STANDARD.encode(der)).collect();
        put("x5c", (!chain.is_empty()).then(|| Value::from(chain)));
    }

    /// Whether `use` is absent or this one, `key_ops` is absent or has one of these, and `alg` is absent or one of
    /// these.
    pub(crate) fn permits(&self, key_use: &str, operations: &[&str], names: &[&str]) -> Result<(), KeyError> {
        if self.key_use.as_deref().is_some_and(|own| own != key_use) {
            return Err(KeyError::Use);
        }
        if let Some(own) = &self.operations
            && !own.iter().any(|operation| operations.contains(&operation.as_str()))
        {
            return Err(KeyError::Use);
        }
        if self.algorithm.as_deref().is_some_and(|own| !names.contains(&own)) {
            return Err(KeyError::Algorithm);
        }
        Ok(())
    }

    /// Whether the key may encrypt. WebCrypto exports public Diffie-Hellman keys with an empty `key_ops`.
    pub(crate) fn permits_encryption(&self, algorithm: KeyManagement) -> Result<(), KeyError> {
        let operations = match algorithm {
            KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => &["encrypt", "wrapKey"][..],
            KeyManagement::A128Kw | KeyManagement::A256Kw => &["wrapKey"],
            KeyManagement::Dir => &["encrypt"],
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
                if self.operations.as_ref().is_some_and(Vec::is_empty) {
                    let silent = Self { operations: None, ..self.clone() };
                    return silent.permits("enc", &[], key_management_names(algorithm));
                }
                &["deriveKey", "deriveBits"]
            }
        };
        self.permits("enc", operations, key_management_names(algorithm))
    }

    /// The only content encryption of a key of algorithm `dir`, if its `alg` names one.
    pub(crate) fn content_encryption(&self) -> Option<ContentEncryption> {
        ContentEncryption::parse(self.algorithm.as_deref()?)
    }
}

/// The values of `alg` that mean the algorithm: RFC 9864 has `Ed25519` where RFC 8037 has `EdDSA`.
pub(crate) fn signature_names(algorithm: SignatureAlgorithm) -> &'static [&'static str] {
    match algorithm {
        SignatureAlgorithm::Hs256 => &["HS256"],
        SignatureAlgorithm::Hs384 => &["HS384"],
        SignatureAlgorithm::Hs512 => &["HS512"],
        SignatureAlgorithm::Rs256 => &["RS256"],
        SignatureAlgorithm::Rs384 => &["RS384"],
        SignatureAlgorithm::Rs512 => &["RS512"],
        SignatureAlgorithm::Ps256 => &["PS256"],
        SignatureAlgorithm::Ps384 => &["PS384"],
        SignatureAlgorithm::Ps512 => &["PS512"],
        SignatureAlgorithm::Es256 => &["ES256"],
        SignatureAlgorithm::Es384 => &["ES384"],
        SignatureAlgorithm::Es512 => &["ES512"],
        SignatureAlgorithm::EdDsa => &["EdDSA", "Ed25519"],
    }
}

/// The values of `alg` that mean the algorithm. A shared key of `dir` may name its content encryption instead,
/// as RFC 7520 §5.6.1 does.
pub(crate) fn key_management_names(algorithm: KeyManagement) -> &'static [&'static str] {
    match algorithm {
        KeyManagement::RsaOaep => &["RSA-OAEP"],
        KeyManagement::RsaOaep256 => &["RSA-OAEP-256"],
        KeyManagement::EcdhEs => &["ECDH-ES"],
        KeyManagement::EcdhEsA128Kw => &["ECDH-ES+A128KW"],
        KeyManagement::EcdhEsA256Kw => &["ECDH-ES+A256KW"],
        KeyManagement::A128Kw => &["A128KW"],
        KeyManagement::A256Kw => &["A256KW"],
        KeyManagement::Dir => &["dir", "A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"],
    }
}

/// The values of `key_ops` that permit decryption with a private key.
pub(crate) fn decryption_operations(algorithm: KeyManagement) -> &'static [&'static str] {
    match algorithm {
        KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => &["decrypt", "unwrapKey"],
        KeyManagement::A128Kw | KeyManagement::A256Kw => &["unwrapKey"],
        KeyManagement::Dir => &["decrypt"],
        KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
            &["deriveKey", "deriveBits"]
        }
    }
}

fn text(members: &Map<String, Value>, name: &'static str) -> Result<Option<String>, KeyError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= KEY_ID_BYTES => Ok(Some(text.clone())),
        Some(_) => Err(KeyError::Member(name)),
    }
}

/// `key_ops`: an array of strings without repetition (RFC 7517 §4.3).
fn operations(members: &Map<String, Value>) -> Result<Option<Vec<String>>, KeyError> {
    const WRONG: KeyError = KeyError::Member("key_ops");
    let Some(value) = members.get("key_ops").filter(|value| !value.is_null()) else { return Ok(None) };
    let items = value.as_array().filter(|items| items.len() <= KEY_OPERATIONS).ok_or(WRONG)?;
    let mut operations = Vec::with_capacity(items.len());
    for item in items {
        let operation = item.as_str().ok_or(WRONG)?.to_owned();
        if operations.contains(&operation) {
            return Err(WRONG);
        }
        operations.push(operation);
    }
    Ok(Some(operations))
}

/// `x5c`: an array of certificates in standard base64, with padding (RFC 7517 §4.7). A chain that is not one is left
/// out: no key is chosen or trusted by it, so it must not make the key unusable.
fn certificates(members: &Map<String, Value>) -> Vec<Vec<u8>> {
    let items =
        members.get("x5c").and_then(Value::as_array).filter(|items| items.len() <= CERTIFICATES_PER_KEY);
    let read = |item: &Value| STANDARD.decode(item.as_str()?).ok();
    items.and_then(|items| items.iter().map(read).collect()).unwrap_or_default()
}
