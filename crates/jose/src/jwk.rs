//! One JSON Web Key (RFC 7517), validated when it is read: a [`Jwk`] need not be checked again.

use std::{fmt, sync::OnceLock};

use serde_json::{Map, Value};

use crate::{
    algorithm::{KeyManagement, SignatureAlgorithm},
    encryption::EncryptionKey,
    error::KeyError,
    json,
    key::{Attributes, Curve, Material, PRIVATE_MEMBERS, Thumbprint, signature_names},
    verifying::VerifyingKey,
};

/// A validated JWK: an RSA, EC or OKP public key, or a symmetric one.
///
/// Sizes, coordinate lengths, and that a point is on its curve are checked when it is read. A key with private
/// members is refused; those are read by [`crate::SigningKey`] and [`crate::DecryptionKey`].
#[derive(Clone)]
pub struct Jwk {
    material: Material,
    attributes: Attributes,
    /// Cache of the key as prepared for verification, since that costs more than some verifications.
    prepared: OnceLock<VerifyingKey>,
}

impl Jwk {
    /// Reads a JWK from its JSON.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for JSON that is not one object with unique members, and as [`Jwk::from_value`].
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        Self::from_members(&json::object(json)?)
    }

    /// Reads a JWK from a JSON value that was read strictly (see [`crate::json`]).
    ///
    /// # Errors
    ///
    /// [`KeyError`] for an unknown `kty` or `crv`, members missing or malformed, RSA keys outside of 2048 to
    /// 8192 bits or with the ROCA fingerprint, points off their curve, private members. A member that is null counts as
    /// absent.
    pub fn from_value(value: &Value) -> Result<Self, KeyError> {
        Self::from_members(value.as_object().ok_or(json::JsonError::NotObject)?)
    }

    pub(crate) fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        let material = Material::from_members(members)?;
        let has = |name: &&str| members.get(*name).is_some_and(|value| !value.is_null());
        if !material.is_symmetric() && PRIVATE_MEMBERS.iter().any(has) {
            return Err(KeyError::Private);
        }
        Ok(Self::new(material, Attributes::from_members(members)?))
    }

    pub(crate) fn new(material: Material, attributes: Attributes) -> Self {
        Self { material, attributes, prepared: OnceLock::new() }
    }

    pub(crate) fn material(&self) -> &Material {
        &self.material
    }

    /// The `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.attributes.kid.as_deref()
    }

    /// The `alg`: the only algorithm of the key, even if this crate does not support it.
    pub fn algorithm(&self) -> Option<&str> {
        self.attributes.algorithm.as_deref()
    }

    /// The `use`: `sig`, `enc` or another.
    pub fn key_use(&self) -> Option<&str> {
        self.attributes.key_use.as_deref()
    }

    /// The `kty`: `RSA`, `EC`, `OKP` or `oct`.
    pub fn key_type(&self) -> &str {
        self.material.key_type()
    }

    /// The `crv`: `P-256`, `P-384`, `P-521`, `Ed25519` or `X25519`; `None` for RSA and symmetric keys.
    pub fn curve(&self) -> Option<&str> {
        self.material.curve().map(Curve::name)
    }

    /// The certificates of `x5c` in DER, the key's own first (RFC 7517 §4.7).
    ///
    /// They are not checked to certify this key: a caller that relies on them must compare them (RFC 8705 §2.2).
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.attributes.certificates
    }

    /// Whether the key is a shared secret (`oct`).
    pub fn is_symmetric(&self) -> bool {
        self.material.is_symmetric()
    }

    /// The SHA-256 thumbprint (RFC 7638). That of a symmetric key is as secret as the key is guessable.
    pub fn thumbprint(&self) -> Thumbprint {
        self.material.thumbprint()
    }

    /// The public members as a JSON object; for a symmetric key, all but `k`.
    pub fn to_value(&self) -> Value {
        let mut members = Map::new();
        self.material.write(&mut members);
        self.attributes.write(&mut members);
        Value::Object(members)
    }

    /// The key for verifying signatures of one algorithm. Prepared once, then cheap.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if `kty`, `crv`, `use`, `key_ops` or `alg` say that the key is for something else, or a
    /// symmetric key is shorter than the hash (RFC 7518 §3.2).
    pub fn verifying_key(&self, algorithm: SignatureAlgorithm) -> Result<VerifyingKey, KeyError> {
        if let Some(key) = self.prepared.get().filter(|key| key.algorithm() == algorithm) {
            return Ok(key.clone());
        }
        self.attributes.permits("sig", &["verify"], signature_names(algorithm))?;
        let key = VerifyingKey::new(algorithm, &self.material, self.kid())?;
        let _kept = self.prepared.set(key.clone());
        Ok(key)
    }

    /// The key for encrypting to its holder.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if `kty`, `crv`, `use`, `key_ops` or `alg` say that the key is for something else.
    pub fn encryption_key(&self, algorithm: KeyManagement) -> Result<EncryptionKey, KeyError> {
        self.attributes.permits_encryption(algorithm)?;
        EncryptionKey::new(algorithm, &self.material, &self.attributes)
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Jwk")
            .field("kty", &self.key_type())
            .field("crv", &self.curve())
            .field("kid", &self.kid())
            .field("alg", &self.algorithm())
            .field("use", &self.key_use())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Jwk {
    /// Whether both are the same key with the same attributes.
    fn eq(&self, other: &Self) -> bool {
        self.thumbprint() == other.thumbprint() && self.attributes == other.attributes
    }
}

impl Eq for Jwk {}
