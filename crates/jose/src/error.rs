//! The errors of tokens, keys and cryptographic operations.

use crate::{base64url::NotBase64Url, json::JsonError};

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// The token is longer than the limit, in bytes.
    #[error("the token is longer than {0} bytes")]
    TooLong(usize),
    /// The token does not have three parts (signed) or five (encrypted), or its header is empty.
    #[error("the token has the wrong number of parts")]
    Parts,
    /// A part is not strict base64url.
    #[error("a part of the token is not base64url")]
    Encoding,
    /// The header or the claims are not a bounded JSON object with unique members.
    #[error("the token contains invalid JSON: {0}")]
    Json(#[from] JsonError),
    /// A header member is missing or of the wrong type.
    #[error("the header member {0:?} is missing or malformed")]
    Header(&'static str),
    /// A header member that would make the token choose its own key, or change how it is read: `jwk`, `jku`, `x5u`,
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
    /// The token does not decrypt. One error for every cause, so that it is no oracle (RFC 7516 §11.5).
    #[error("the token does not decrypt")]
    Decryption,
    /// A claim has the wrong type.
    #[error("the claim {0:?} has the wrong type")]
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
    /// The text is not a bounded JSON object with unique members.
    #[error("invalid JSON: {0}")]
    Json(#[from] JsonError),
    /// A member is missing, of the wrong type, not base64url, or not of the exact length.
    #[error("the key member {0:?} is missing or malformed")]
    Member(&'static str),
    /// The `kty` is not one of RSA, EC, OKP, oct, or does not match the algorithm.
    #[error("the key type does not match")]
    KeyType,
    /// The `crv` is unknown, or does not match the algorithm.
    #[error("the curve does not match")]
    Curve,
    /// The key's `alg` is not the requested one.
    #[error("the key is for another algorithm")]
    Algorithm,
    /// The key's `use` or `key_ops` do not permit the operation.
    #[error("the key is for another use")]
    Use,
    /// A private key instead of a public one: its sender has disclosed it.
    #[error("the key contains private members")]
    Private,
    /// A private key is needed and the members for it are missing.
    #[error("the key contains no private members")]
    Public,
    /// The RSA modulus is not of 2048 to 8192 bits, or is even.
    #[error("the RSA modulus is not of an acceptable size")]
    Modulus,
    /// The RSA exponent is even, below 3, or longer than 32 bits.
    #[error("the RSA exponent is not acceptable")]
    Exponent,
    /// The RSA modulus has the fingerprint of CVE-2017-15361 (ROCA): its factors can be found.
    #[error("the RSA modulus is weak (CVE-2017-15361)")]
    Weak,
    /// A symmetric key is shorter than its algorithm requires, does not have its exact length, or is too long.
    #[error("the symmetric key is not of an acceptable length")]
    Length,
    /// The members are not a valid key: a point is not on its curve, or private and public members do not match.
    #[error("the members do not make a valid key")]
    Invalid,
    /// The PEM text or its DER is invalid, or is of another key type.
    #[error("the PEM is not a private key of the required type")]
    Pem,
    /// No key of the set has this `kid`, or none matches.
    #[error("no key of the set matches")]
    Unknown,
    /// Several keys of a set that is made have the same `kid`.
    #[error("more than one key of the set has this kid")]
    Ambiguous,
    /// A symmetric key beside asymmetric ones.
    #[error("a symmetric key does not belong beside public keys")]
    Mixed,
    /// The set holds more keys than [`crate::limits::KEYS_PER_SET`].
    #[error("the set holds more than {} keys", crate::limits::KEYS_PER_SET)]
    TooMany,
    /// The random generator or the library failed.
    #[error("the key could not be generated")]
    Generation,
}

/// Why an operation with a valid key fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The signature is not valid for this key and this input.
    #[error("the signature does not verify")]
    Signature,
    /// The key is for another algorithm, or its length does not match the content encryption.
    #[error("the key does not match the algorithm")]
    Algorithm,
    /// The library failed to sign or to encrypt.
    #[error("the cryptographic operation failed")]
    Failed,
}

impl From<aws_lc_rs::error::Unspecified> for CryptoError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Failed
    }
}
