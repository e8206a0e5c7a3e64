//! What can go wrong: with a token, with a key, inside the cryptography.

use crate::{base64url::NotBase64Url, json::JsonError};

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// The token is longer than the limit, in bytes.
    #[error("the token is longer than {0} bytes")]
    TooLong(usize),
    /// A signed token has three parts, an encrypted one five, and the header is never empty.
    #[error("the token has the wrong number of parts")]
    Parts,
    /// A part is not strict base64url.
    #[error("a part of the token is not base64url")]
    Encoding,
    /// The header or the claims are not one bounded JSON object with unique members.
    #[error("the token holds unacceptable JSON: {0}")]
    Json(#[from] JsonError),
    /// A header member is missing or of the wrong type.
    #[error("the header member {0:?} is missing or malformed")]
    Header(&'static str),
    /// A header member that would move trust into the token, or change how it is read: `jwk`, `jku`, `x5u`,
    /// `x5c`, `crit`, `b64`, `zip`.
    #[error("the header member {0:?} is not accepted")]
    HeaderForbidden(&'static str),
    /// The algorithm in the header is not the one the key is for, or not one that the caller allows.
    #[error("the token does not use the expected algorithm")]
    Algorithm,
    /// The key in the header of a self-signed proof is not acceptable.
    #[error("the key inside the token is not acceptable: {0}")]
    Key(#[from] KeyError),
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// The token does not decrypt. One error for every cause, so that nobody learns from it (RFC 7516 §11.5).
    #[error("the token does not decrypt")]
    Decryption,
    /// A claim is not of the type its definition demands.
    #[error("the claim {0:?} is of the wrong type")]
    Claim(String),
}

impl From<NotBase64Url> for JoseError {
    fn from(_: NotBase64Url) -> Self {
        Self::Encoding
    }
}

/// Why a key, or a set of them, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not one bounded JSON object with unique members.
    #[error("unacceptable JSON: {0}")]
    Json(#[from] JsonError),
    /// A member is missing, of the wrong type, not base64url, or not of the exact length.
    #[error("the key member {0:?} is missing or malformed")]
    Member(&'static str),
    /// The `kty` is not one of RSA, EC, OKP, oct, or does not suit the algorithm.
    #[error("the key type does not suit")]
    KeyType,
    /// The `crv` is unknown, or does not suit the algorithm.
    #[error("the curve does not suit")]
    Curve,
    /// The key's `alg` is another one than the caller names.
    #[error("the key is for another algorithm")]
    Algorithm,
    /// The key's `use` or `key_ops` forbid what the caller wants.
    #[error("the key is for another use")]
    Use,
    /// A private key where a public one belongs: whoever sent it has disclosed it.
    #[error("the key holds private members")]
    Private,
    /// A private key is needed and the members for it are missing.
    #[error("the key holds no private members")]
    Public,
    /// The RSA modulus is not of 2048 to 8192 bits, or is even.
    #[error("the RSA modulus is not of an acceptable size")]
    Modulus,
    /// The RSA exponent is even, below 3, or longer than 32 bits.
    #[error("the RSA exponent is not acceptable")]
    Exponent,
    /// The RSA modulus bears the fingerprint of CVE-2017-15361 (ROCA): its factors can be found.
    #[error("the RSA modulus is weak (CVE-2017-15361)")]
    Weak,
    /// A symmetric key is shorter than its algorithm demands, not of its exact length, or too long.
    #[error("the symmetric key is not of an acceptable length")]
    Length,
    /// The numbers do not make a key: a point off its curve, private and public members that disagree.
    #[error("the members do not make a valid key")]
    Invalid,
    /// The PEM text or the DER inside is not understood, or is of another key type.
    #[error("the PEM is not a private key of the kind needed")]
    Pem,
    /// No key of the set has this `kid`, or none fits.
    #[error("no key of the set fits")]
    Unknown,
    /// Several keys bear the same `kid`, or several fit where only one may.
    #[error("more than one key of the set fits")]
    Ambiguous,
    /// The set mixes symmetric and asymmetric keys.
    #[error("the set mixes symmetric and asymmetric keys")]
    Mixed,
    /// The set holds more keys than [`crate::limits::KEYS_PER_SET`].
    #[error("the set holds too many keys")]
    TooMany,
    /// The key could not be made: the random generator or the library failed.
    #[error("the key could not be generated")]
    Generation,
}

/// Why an operation with a valid key fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The signature is not one of this key over this input.
    #[error("the signature does not verify")]
    Signature,
    /// The key was made to sign with another algorithm, or the content encryption does not suit its length.
    #[error("the key does not suit the algorithm")]
    Algorithm,
    /// The library refused to sign or to encrypt.
    #[error("the cryptographic operation failed")]
    Failed,
}

impl From<aws_lc_rs::error::Unspecified> for CryptoError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Failed
    }
}
