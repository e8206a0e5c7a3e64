//! A key that verifies signatures of exactly one algorithm.

use std::{fmt, sync::Arc};

use aws_lc_rs::{hmac, signature};

use crate::{
    algorithm::SignatureAlgorithm,
    error::{CryptoError, KeyError},
    key::{Curve, Material},
    limits::SYMMETRIC_KEY_BYTES,
};

/// A key that verifies signatures of exactly one algorithm; parsed once, cheap to clone.
///
/// It comes from [`crate::Jwk::verifying_key`], [`crate::JwkSet::verifying_keys`],
/// [`crate::SigningKey::verifying_key`] or [`VerifyingKey::hmac`].
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    algorithm: SignatureAlgorithm,
    kid: Option<Box<str>>,
    verifier: Verifier,
}

enum Verifier {
    Hmac(Box<hmac::Key>),
    Public(signature::ParsedPublicKey),
}

impl VerifyingKey {
    /// A shared secret, such as that of a client for `client_secret_jwt`.
    ///
    /// # Errors
    ///
    /// [`KeyError::KeyType`] if the algorithm is not an HMAC, [`KeyError::Length`] if the key is shorter than
    /// its hash (RFC 7518 §3.2).
    pub fn hmac(algorithm: SignatureAlgorithm, key: &[u8]) -> Result<Self, KeyError> {
        let verifier = Verifier::Hmac(Box::new(hmac_key(algorithm, key)?));
        Ok(Self(Arc::new(Inner { algorithm, kid: None, verifier })))
    }

    pub(crate) fn new(
        algorithm: SignatureAlgorithm,
        material: &Material,
        kid: Option<&str>,
    ) -> Result<Self, KeyError> {
        let verifier = match material {
            Material::Secret(key) => Verifier::Hmac(Box::new(hmac_key(algorithm, key)?)),
            Material::Rsa { n, e } => {
                let parameters = rsa_parameters(algorithm).ok_or(KeyError::KeyType)?;
                let components = signature::RsaPublicKeyComponents { n, e };
                let key = components.to_parsed_public_key(parameters).map_err(|_| KeyError::Invalid)?;
                Verifier::Public(key)
            }
            Material::Point { curve, point } => {
                let parameters = point_parameters(algorithm, *curve)?;
                let key = signature::ParsedPublicKey::new(parameters, point);
                Verifier::Public(key.map_err(|_| KeyError::Invalid)?)
            }
        };
        Ok(Self(Arc::new(Inner { algorithm, kid: kid.map(Box::from), verifier })))
    }

    /// The algorithm.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm
    }

    /// The `kid` of the JWK it came from.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// Verifies a signature in the format of JOSE: for ECDSA the concatenated numbers, not DER.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Signature`] if it is not valid for this key and this input.
    pub fn verify(&self, input: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        match &self.0.verifier {
            Verifier::Hmac(key) => hmac::verify(key, input, signature),
            Verifier::Public(key) => key.verify_sig(input, signature),
        }
        .map_err(|_| CryptoError::Signature)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// A key for HMAC that is at least as long as the hash (RFC 7518 §3.2).
pub(crate) fn hmac_key(algorithm: SignatureAlgorithm, key: &[u8]) -> Result<hmac::Key, KeyError> {
    let hash = match algorithm {
        SignatureAlgorithm::Hs256 => hmac::HMAC_SHA256,
        SignatureAlgorithm::Hs384 => hmac::HMAC_SHA384,
        SignatureAlgorithm::Hs512 => hmac::HMAC_SHA512,
        _ => return Err(KeyError::KeyType),
    };
    if key.len() < hash.tag_len() || key.len() > SYMMETRIC_KEY_BYTES {
        return Err(KeyError::Length);
    }
    Ok(hmac::Key::new(hash, key))
}

/// The library verifies PSS with a salt as long as the hash only, as RFC 7518 §3.5 requires.
fn rsa_parameters(algorithm: SignatureAlgorithm) -> Option<&'static signature::RsaParameters> {
    match algorithm {
        SignatureAlgorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        SignatureAlgorithm::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        SignatureAlgorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        SignatureAlgorithm::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        SignatureAlgorithm::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn point_parameters(
    algorithm: SignatureAlgorithm,
    curve: Curve,
) -> Result<&'static dyn signature::VerificationAlgorithm, KeyError> {
    match (signature_curve(algorithm).ok_or(KeyError::KeyType)?, curve) {
        (Curve::P256, Curve::P256) => Ok(&signature::ECDSA_P256_SHA256_FIXED),
        (Curve::P384, Curve::P384) => Ok(&signature::ECDSA_P384_SHA384_FIXED),
        (Curve::P521, Curve::P521) => Ok(&signature::ECDSA_P521_SHA512_FIXED),
        (Curve::Ed25519, Curve::Ed25519) => Ok(&signature::ED25519),
        _ => Err(KeyError::Curve),
    }
}

/// The curve that an algorithm is defined on (RFC 7518 §3.4, RFC 8037 §3.1).
pub(crate) fn signature_curve(algorithm: SignatureAlgorithm) -> Option<Curve> {
    match algorithm {
        SignatureAlgorithm::Es256 => Some(Curve::P256),
        SignatureAlgorithm::Es384 => Some(Curve::P384),
        SignatureAlgorithm::Es512 => Some(Curve::P521),
        SignatureAlgorithm::EdDsa => Some(Curve::Ed25519),
        _ => None,
    }
}
