//! A key that encrypts to its holder with exactly one key management algorithm.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    agreement,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey,
        PublicEncryptingKey,
    },
    signature::RsaPublicKeyComponents,
};
use zeroize::Zeroizing;

use crate::{
    algorithm::{ContentEncryption, KeyManagement},
    error::{CryptoError, KeyError},
    jwe::wrapping::{self, Derivation},
    key::{Attributes, Curve, Material},
    primitives,
};

/// A key that encrypts to its holder with exactly one key management algorithm; cheap to clone.
///
/// It comes from [`crate::Jwk::encryption_key`], [`crate::JwkSet::encryption_key`] or
/// [`EncryptionKey::symmetric`].
#[derive(Clone)]
pub struct EncryptionKey(Arc<Inner>);

struct Inner {
    algorithm: KeyManagement,
    kid: Option<String>,
    recipient: Recipient,
}

enum Recipient {
    Rsa(OaepPublicEncryptingKey),
    Point { curve: Curve, point: Vec<u8> },
    Shared { key: Zeroizing<Vec<u8>>, content: Option<ContentEncryption> },
}

/// A content encryption key, and the data with which the receiver determines it.
pub(crate) struct Wrapped {
    pub(crate) content_key: Zeroizing<Vec<u8>>,
    pub(crate) encrypted_key: Vec<u8>,
    pub(crate) ephemeral: Option<Material>,
}

impl EncryptionKey {
    /// A shared secret for `A128KW`, `A256KW` or `dir`.
    ///
    /// # Errors
    ///
    /// [`KeyError::KeyType`] for another algorithm, [`KeyError::Length`] if the secret does not have the exact
    /// length.
    pub fn symmetric(algorithm: KeyManagement, key: &[u8]) -> Result<Self, KeyError> {
        Self::new(algorithm, &Material::secret(key)?, &Attributes::default())
    }

    pub(crate) fn new(
        algorithm: KeyManagement,
        material: &Material,
        attributes: &Attributes,
    ) -> Result<Self, KeyError> {
        let recipient = match (algorithm, material) {
            (KeyManagement::RsaOaep | KeyManagement::RsaOaep256, Material::Rsa { n, e }) => {
                let components = RsaPublicKeyComponents { n, e };
                let key: PublicEncryptingKey = components.try_into().map_err(|_| KeyError::Invalid)?;
                Recipient::Rsa(OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Invalid)?)
            }
            (
                KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw,
                Material::Point { curve, point },
            ) => {
                curve.agreement().ok_or(KeyError::Curve)?;
                Recipient::Point { curve: *curve, point: point.clone() }
            }
            (KeyManagement::A128Kw | KeyManagement::A256Kw | KeyManagement::Dir, Material::Secret(key)) => {
                let content = check_shared(algorithm, key, attributes)?;
                Recipient::Shared { key: key.clone(), content }
            }
            _ => return Err(KeyError::KeyType),
        };
        Ok(Self(Arc::new(Inner { algorithm, kid: attributes.kid.clone(), recipient })))
    }

    /// The key management algorithm.
    pub fn algorithm(&self) -> KeyManagement {
        self.0.algorithm
    }

    /// The `kid` of the JWK it came from.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// A new content encryption key: a random or an agreed one.
    pub(crate) fn wrap(&self, encryption: ContentEncryption) -> Result<Wrapped, CryptoError> {
        match &self.0.recipient {
            Recipient::Rsa(key) => {
                let content_key = fresh(encryption);
                let mut encrypted_key = vec![0; key.ciphertext_size()];
                key.encrypt(oaep(self.0.algorithm), &content_key, &mut encrypted_key, None)?;
                Ok(Wrapped { content_key, encrypted_key, ephemeral: None })
            }
            Recipient::Point { curve, point } => self.agree(*curve, point, encryption),
            Recipient::Shared { key, content } if self.0.algorithm == KeyManagement::Dir => {
                if content.is_some_and(|content| content != encryption) {
                    return Err(CryptoError::Algorithm);
                }
                Ok(Wrapped { content_key: key.clone(), encrypted_key: Vec::new(), ephemeral: None })
            }
            Recipient::Shared { key, .. } => {
                let content_key = fresh(encryption);
                let encrypted_key = wrapping::wrap(key, &content_key)?;
                Ok(Wrapped { content_key, encrypted_key, ephemeral: None })
            }
        }
    }

    fn agree(
        &self,
        curve: Curve,
        point: &[u8],
        encryption: ContentEncryption,
    ) -> Result<Wrapped, CryptoError> {
        let algorithm = curve.agreement().ok_or(CryptoError::Algorithm)?;
        let private = agreement::PrivateKey::generate(algorithm)?;
        let public = private.compute_public_key()?.as_ref().to_vec();
        let ephemeral = Some(Material::Point { curve, point: public });
        let (name, length) = derived(self.0.algorithm, encryption);
        let derivation = Derivation { algorithm: name, length, sender: b"", receiver: b"" };
        let agreed = wrapping::agree(&private, curve, point, &derivation).ok_or(CryptoError::Failed)?;
        if self.0.algorithm == KeyManagement::EcdhEs {
            return Ok(Wrapped { content_key: agreed, encrypted_key: Vec::new(), ephemeral });
        }
        let content_key = fresh(encryption);
        let encrypted_key = wrapping::wrap(&agreed, &content_key)?;
        Ok(Wrapped { content_key, encrypted_key, ephemeral })
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EncryptionKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// A random content encryption key.
pub(crate) fn fresh(encryption: ContentEncryption) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; encryption.key_bytes()]);
    primitives::random(&mut key);
    key
}

/// The hash of OAEP: SHA-1 for `RSA-OAEP` (RFC 7518 §4.3).
pub(crate) fn oaep(algorithm: KeyManagement) -> &'static OaepAlgorithm {
    match algorithm {
        KeyManagement::RsaOaep256 => &OAEP_SHA256_MGF1SHA256,
        _ => &OAEP_SHA1_MGF1SHA1,
    }
}

/// The name and length, in bytes, of the derived key of an agreement (RFC 7518 §4.6.2).
pub(crate) fn derived(algorithm: KeyManagement, encryption: ContentEncryption) -> (&'static str, usize) {
    match algorithm {
        KeyManagement::EcdhEsA128Kw => (algorithm.as_str(), 16),
        KeyManagement::EcdhEsA256Kw => (algorithm.as_str(), 32),
        _ => (encryption.as_str(), encryption.key_bytes()),
    }
}

/// Refuses a shared key without the exact length of its algorithm, and returns the content encryption it is for.
pub(crate) fn check_shared(
    algorithm: KeyManagement,
    key: &[u8],
    attributes: &Attributes,
) -> Result<Option<ContentEncryption>, KeyError> {
    let content = attributes.content_encryption();
    let fits = match (algorithm, content) {
        (KeyManagement::A128Kw, _) => key.len() == 16,
        (KeyManagement::A256Kw, _) => key.len() == 32,
        (KeyManagement::Dir, Some(content)) => key.len() == content.key_bytes(),
        (KeyManagement::Dir, None) => ContentEncryption::ALL.iter().any(|one| one.key_bytes() == key.len()),
        _ => return Err(KeyError::KeyType),
    };
    if !fits {
        return Err(KeyError::Length);
    }
    Ok(content)
}
