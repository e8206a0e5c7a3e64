//! A key that decrypts with exactly one key management algorithm.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    agreement,
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use zeroize::Zeroizing;

use crate::{
    algorithm::{ContentEncryption, KeyManagement},
    encryption::{EncryptionKey, check_shared, derived, fresh, oaep},
    error::KeyError,
    jwe::wrapping::{self, Derivation},
    jwk::Jwk,
    key::{Attributes, Curve, Material, decryption_operations, key_management_names},
    private::PrivateKey,
    signing::{name, random_secret},
};

/// A key that decrypts with exactly one key management algorithm; parsed once, cheap to clone.
#[derive(Clone)]
pub struct DecryptionKey(Arc<Inner>);

struct Inner {
    algorithm: KeyManagement,
    attributes: Attributes,
    public: Option<Jwk>,
    private: PrivateKey,
    holder: Holder,
}

enum Holder {
    Rsa(OaepPrivateDecryptingKey),
    Point(Curve, agreement::PrivateKey),
    Shared(Option<ContentEncryption>),
}

/// The encrypted key of a token, and the parameters of its agreement.
pub(crate) struct KeyMessage<'a> {
    pub(crate) encrypted_key: &'a [u8],
    pub(crate) ephemeral: Option<&'a Material>,
    pub(crate) sender: &'a [u8],
    pub(crate) receiver: &'a [u8],
}

impl DecryptionKey {
    /// A new key: RSA of 2048 bits, P-256, or random bytes (for `dir` 32 of them).
    ///
    /// # Errors
    ///
    /// [`KeyError::Generation`] if the library fails, which happens only without entropy.
    pub fn generate(algorithm: KeyManagement) -> Result<Self, KeyError> {
        let private = match algorithm {
            KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => PrivateKey::generate_rsa()?,
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
                PrivateKey::generate_on(Curve::P256)?
            }
            KeyManagement::A128Kw => random_secret(16)?,
            KeyManagement::A256Kw | KeyManagement::Dir => random_secret(32)?,
        };
        Self::new(private, Attributes::default(), algorithm)
    }

    /// Reads a private JWK: RSA with all of d, p, q, dp, dq, qi, or EC, X25519, oct.
    ///
    /// # Errors
    ///
    /// [`KeyError`] as [`Jwk::parse`], if private members are missing or do not belong to the public ones, or
    /// if `use`, `key_ops` or `alg` say that the key is for something else.
    pub fn from_private_jwk(json: &[u8], algorithm: KeyManagement) -> Result<Self, KeyError> {
        let (private, attributes) = PrivateKey::from_jwk(json)?;
        let names = key_management_names(algorithm);
        attributes.permits("enc", decryption_operations(algorithm), names)?;
        Self::new(private, attributes, algorithm)
    }

    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// [`KeyError::Pem`] if there is none, and as [`DecryptionKey::from_private_jwk`].
    pub fn from_pem(text: &str, algorithm: KeyManagement) -> Result<Self, KeyError> {
        let curves = [Curve::P256, Curve::P384, Curve::P521, Curve::X25519];
        Self::new(PrivateKey::from_pem(text, &curves)?, Attributes::default(), algorithm)
    }

    /// A shared secret for `A128KW`, `A256KW` or `dir`.
    ///
    /// # Errors
    ///
    /// [`KeyError::KeyType`] for another algorithm, [`KeyError::Length`] if the secret does not have the exact
    /// length.
    pub fn symmetric(algorithm: KeyManagement, key: &[u8]) -> Result<Self, KeyError> {
        Self::new(PrivateKey::symmetric(key)?, Attributes::default(), algorithm)
    }

    fn new(private: PrivateKey, attributes: Attributes, algorithm: KeyManagement) -> Result<Self, KeyError> {
        let holder = holder(&private, algorithm, &attributes)?;
        let attributes = Attributes {
            kid: Some(attributes.kid.unwrap_or_else(|| name(&private.material))),
            algorithm: Some(attributes.algorithm.unwrap_or_else(|| algorithm.as_str().to_owned())),
            key_use: Some("enc".to_owned()),
            ..Attributes::default()
        };
        let public = (!private.material.is_symmetric())
            .then(|| Jwk::new(private.material.clone(), attributes.clone()));
        Ok(Self(Arc::new(Inner { algorithm, attributes, public, private, holder })))
    }

    /// The private JWK with `kid`, `alg` and `use`, in a text that is wiped when dropped.
    ///
    /// # Errors
    ///
    /// None today: every key of this crate can be written.
    pub fn to_private_jwk(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(self.0.private.to_jwk(&self.0.attributes))
    }

    /// The key management algorithm.
    pub fn algorithm(&self) -> KeyManagement {
        self.0.algorithm
    }

    /// The `kid` of the JWK the key came from, else its thumbprint; for a shared secret, an HMAC with itself as the
    /// key.
    pub fn kid(&self) -> &str {
        self.0.attributes.kid.as_deref().unwrap_or_default()
    }

    /// The public JWK with `kid`, `alg` and `use`; `None` for a shared secret.
    pub fn public_jwk(&self) -> Option<&Jwk> {
        self.0.public.as_ref()
    }

    /// The key that encrypts to this one.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the library refuses the public key.
    pub fn encryption_key(&self) -> Result<EncryptionKey, KeyError> {
        EncryptionKey::new(self.0.algorithm, &self.0.private.material, &self.0.attributes)
    }

    /// The content encryption key of a token, or `None` if it can't be decrypted.
    ///
    /// RSA always returns one: if the padding is invalid, a random one that fails later, so that invalid padding
    /// can't be distinguished from an invalid tag (RFC 7516 §11.5).
    pub(crate) fn content_key(
        &self,
        message: &KeyMessage<'_>,
        encryption: ContentEncryption,
    ) -> Option<Zeroizing<Vec<u8>>> {
        match &self.0.holder {
            Holder::Rsa(key) => Some(self.decrypt_rsa(key, message.encrypted_key, encryption)),
            Holder::Point(curve, key) => self.agree(*curve, key, message, encryption),
            Holder::Shared(content) => {
                let Material::Secret(key) = &self.0.private.material else { return None };
                if self.0.algorithm != KeyManagement::Dir {
                    return wrapping::unwrap(key, message.encrypted_key, encryption.key_bytes());
                }
                let fits = content.is_none_or(|content| content == encryption);
                (fits && message.encrypted_key.is_empty()).then(|| key.clone())
            }
        }
    }

    fn decrypt_rsa(
        &self,
        key: &OaepPrivateDecryptingKey,
        encrypted_key: &[u8],
        encryption: ContentEncryption,
    ) -> Zeroizing<Vec<u8>> {
        let random = fresh(encryption);
        let mut buffer = Zeroizing::new(vec![0; key.min_output_size()]);
        match key.decrypt(oaep(self.0.algorithm), encrypted_key, &mut buffer, None) {
            Ok(found) if found.len() == random.len() => Zeroizing::new(found.to_vec()),
            _ => random,
        }
    }

    fn agree(
        &self,
        curve: Curve,
        key: &agreement::PrivateKey,
        message: &KeyMessage<'_>,
        encryption: ContentEncryption,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let Some(Material::Point { curve: theirs, point }) = message.ephemeral else { return None };
        if *theirs != curve {
            return None;
        }
        let (name, length) = derived(self.0.algorithm, encryption);
        let derivation =
            Derivation { algorithm: name, length, sender: message.sender, receiver: message.receiver };
        let agreed = wrapping::agree(key, curve, point, &derivation)?;
        if self.0.algorithm == KeyManagement::EcdhEs {
            return message.encrypted_key.is_empty().then_some(agreed);
        }
        wrapping::unwrap(&agreed, message.encrypted_key, encryption.key_bytes())
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecryptionKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

fn holder(
    private: &PrivateKey,
    algorithm: KeyManagement,
    attributes: &Attributes,
) -> Result<Holder, KeyError> {
    match algorithm {
        KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => {
            let pair = private.rsa_key_pair()?;
            let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Invalid)?;
            let key = PrivateDecryptingKey::from_pkcs8(document.as_ref()).map_err(|_| KeyError::Invalid)?;
            Ok(Holder::Rsa(OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::Invalid)?))
        }
        KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
            let key = private.agreement_key()?;
            Ok(Holder::Point(private.material.curve().ok_or(KeyError::KeyType)?, key))
        }
        KeyManagement::A128Kw | KeyManagement::A256Kw | KeyManagement::Dir => {
            let Material::Secret(key) = &private.material else { return Err(KeyError::KeyType) };
            Ok(Holder::Shared(check_shared(algorithm, key, attributes)?))
        }
    }
}
