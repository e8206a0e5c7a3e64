//! A key that signs with exactly one algorithm.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaKeyPair},
};
use zeroize::Zeroizing;

use crate::{
    algorithm::SignatureAlgorithm,
    base64url,
    error::{CryptoError, KeyError},
    jwk::Jwk,
    key::{Attributes, Curve, Material, signature_names},
    primitives,
    private::PrivateKey,
    verifying::{VerifyingKey, hmac_key, signature_curve},
};

/// A key that signs with exactly one algorithm; parsed once, cheap to clone. `Debug` shows no secret.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    algorithm: SignatureAlgorithm,
    kid: String,
    public: Option<Jwk>,
    private: PrivateKey,
    signer: Signer,
    verifying: VerifyingKey,
}

enum Signer {
    Hmac(Box<hmac::Key>),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl SigningKey {
    /// A new key: for RSA 2048 bits, for HMAC the length of the hash.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generation`] if the library fails, which happens only without entropy.
    pub fn generate(algorithm: SignatureAlgorithm) -> Result<Self, KeyError> {
        let private = match algorithm {
            SignatureAlgorithm::Hs256 => random_secret(32)?,
            SignatureAlgorithm::Hs384 => random_secret(48)?,
            SignatureAlgorithm::Hs512 => random_secret(64)?,
            _ => match signature_curve(algorithm) {
                Some(curve) => PrivateKey::generate_on(curve)?,
                None => PrivateKey::generate_rsa()?,
            },
        };
        Self::new(private, None, algorithm)
    }

    /// A shared secret.
    ///
    /// # Errors
    ///
    /// [`KeyError::KeyType`] if the algorithm is not an HMAC, [`KeyError::Length`] if the key is shorter than
    /// its hash (RFC 7518 §3.2).
    pub fn hmac(algorithm: SignatureAlgorithm, key: &[u8]) -> Result<Self, KeyError> {
        Self::new(PrivateKey::symmetric(key)?, None, algorithm)
    }

    /// Reads a private JWK: RSA with all of d, p, q, dp, dq, qi, or EC, OKP, oct.
    ///
    /// # Errors
    ///
    /// [`KeyError`] as [`Jwk::parse`], if private members are missing or do not belong to the public ones, or
    /// if `use`, `key_ops` or `alg` say that the key is for something else.
    pub fn from_private_jwk(json: &[u8], algorithm: SignatureAlgorithm) -> Result<Self, KeyError> {
        let (private, attributes) = PrivateKey::from_jwk(json)?;
        attributes.permits("sig", &["sign"], signature_names(algorithm))?;
        Self::new(private, attributes.kid, algorithm)
    }

    /// Reads the first private key of a PEM text: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// [`KeyError::Pem`] if there is none, and as [`SigningKey::from_private_jwk`].
    pub fn from_pem(text: &str, algorithm: SignatureAlgorithm) -> Result<Self, KeyError> {
        let curves: Vec<Curve> = signature_curve(algorithm).into_iter().collect();
        Self::new(PrivateKey::from_pem(text, &curves)?, None, algorithm)
    }

    fn new(
        private: PrivateKey,
        kid: Option<String>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, KeyError> {
        let signer = signer(&private, algorithm)?;
        let kid = kid.unwrap_or_else(|| name(&private.material));
        let verifying = VerifyingKey::new(algorithm, &private.material, Some(&kid))?;
        let public = (!private.material.is_symmetric())
            .then(|| Jwk::new(private.material.clone(), attributes(&kid, algorithm)));
        Ok(Self(Arc::new(Inner { algorithm, kid, public, private, signer, verifying })))
    }

    /// The private JWK with `kid`, `alg` and `use`, in a text that is wiped when dropped.
    ///
    /// # Errors
    ///
    /// None today: every key of this crate can be written.
    pub fn to_private_jwk(&self) -> Result<Zeroizing<String>, KeyError> {
        Ok(self.0.private.to_jwk(&attributes(&self.0.kid, self.0.algorithm)))
    }

    /// The algorithm.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm
    }

    /// The `kid` of the JWK the key came from, else its thumbprint.
    ///
    /// For a shared secret without one, an HMAC with itself as the key: its thumbprint would permit guessing the
    /// secret (RFC 7638 §7).
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The public JWK with `kid`, `alg` and `use`; `None` for a shared secret.
    pub fn public_jwk(&self) -> Option<&Jwk> {
        self.0.public.as_ref()
    }

    /// Signs, in the signature format of JOSE: for ECDSA the concatenated numbers, not DER.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Failed`] if the library fails.
    pub fn sign(&self, input: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match &self.0.signer {
            Signer::Hmac(key) => Ok(hmac::sign(key, input).as_ref().to_vec()),
            Signer::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &library_random(), input, &mut signature)?;
                Ok(signature)
            }
            Signer::Ecdsa(pair) => Ok(pair.sign(&library_random(), input)?.as_ref().to_vec()),
            Signer::Ed25519(pair) => Ok(pair.try_sign(input)?.as_ref().to_vec()),
        }
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.0.verifying.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

fn signer(private: &PrivateKey, algorithm: SignatureAlgorithm) -> Result<Signer, KeyError> {
    if algorithm.is_symmetric() {
        let Material::Secret(key) = &private.material else { return Err(KeyError::KeyType) };
        return Ok(Signer::Hmac(Box::new(hmac_key(algorithm, key)?)));
    }
    let Some(curve) = signature_curve(algorithm) else {
        let padding: &'static dyn RsaEncoding = match algorithm {
            SignatureAlgorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
            SignatureAlgorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
            SignatureAlgorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
            SignatureAlgorithm::Ps256 => &signature::RSA_PSS_SHA256,
            SignatureAlgorithm::Ps384 => &signature::RSA_PSS_SHA384,
            _ => &signature::RSA_PSS_SHA512,
        };
        return Ok(Signer::Rsa(Box::new(private.rsa_key_pair()?), padding));
    };
    if private.material.curve().ok_or(KeyError::KeyType)? != curve {
        return Err(KeyError::Curve);
    }
    if curve == Curve::Ed25519 {
        return Ok(Signer::Ed25519(Box::new(private.ed25519_key_pair()?)));
    }
    Ok(Signer::Ecdsa(Box::new(private.ecdsa_key_pair()?)))
}

/// A parameter of the library's *ring*-compatible API that it does not use.
#[expect(clippy::disallowed_methods, reason = "signing is where the library's own generator belongs")]
fn library_random() -> SystemRandom {
    SystemRandom::new()
}

/// A `kid` for a key that has none.
pub(crate) fn name(material: &Material) -> String {
    match material {
        Material::Secret(key) => base64url::encode(&primitives::hmac_sha256(key, b"kid")[..12]),
        _ => material.thumbprint().to_string(),
    }
}

pub(crate) fn random_secret(length: usize) -> Result<PrivateKey, KeyError> {
    let mut key = Zeroizing::new(vec![0; length]);
    primitives::random(&mut key);
    PrivateKey::symmetric(&key)
}

fn attributes(kid: &str, algorithm: SignatureAlgorithm) -> Attributes {
    Attributes {
        kid: Some(kid.to_owned()),
        algorithm: Some(algorithm.as_str().to_owned()),
        key_use: Some("sig".to_owned()),
        ..Attributes::default()
    }
}
