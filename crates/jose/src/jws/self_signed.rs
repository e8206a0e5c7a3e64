//! The only token that contains the key it is signed with: a DPoP proof (RFC 9449 §4.2).
//!
//! In all other tokens a `jwk` in the header is refused. The signature of a proof shows only that the sender has the
//! private key. The caller must compare the thumbprint of the key with one from a trusted source; [`Possession`]
//! exposes nothing else of the key.

use serde_json::{Map, Value};

use super::{Prepared, Unverified};
use crate::{
    algorithm::SignatureAlgorithm,
    base64url,
    claims::Claims,
    error::{CryptoError, JoseError, KeyError},
    header::{Protected, parts, push_member},
    jwk::Jwk,
    key::{Material, Thumbprint},
    limits::{PROOF_RSA_BITS_MOST, TOKEN_BYTES},
    signing::SigningKey,
};

/// The media type of a proof, in `typ` (RFC 9449 §4.2).
const TYPE: &str = "dpop+jwt";

/// A parsed DPoP proof that is not verified yet.
#[derive(Clone, Debug)]
pub struct SelfSigned<'a> {
    token: Unverified<'a>,
    key: Jwk,
}

impl<'a> SelfSigned<'a> {
    /// Parses a proof of at most [`TOKEN_BYTES`]. Of its header, `alg`, `typ` and `jwk` are used.
    ///
    /// # Errors
    ///
    /// [`JoseError`] as [`Unverified::parse`]; [`JoseError::Header`] if `typ` is not `dpop+jwt` or there is no `jwk`;
    /// [`JoseError::Key`] if the key is symmetric, holds private members, is an RSA key of more than
    /// [`PROOF_RSA_BITS_MOST`] bits, or is otherwise unacceptable (see [`Jwk::from_value`]).
    pub fn parse(text: &'a str) -> Result<Self, JoseError> {
        let [header, payload, signature] = parts(text, TOKEN_BYTES)?;
        let (header_read, key) = Protected::parse_with_key(header)?;
        if !header_read.is_type(TYPE) {
            return Err(JoseError::Header("typ"));
        }
        let token = Unverified {
            input: &text[..header.len() + 1 + payload.len()],
            header: header_read,
            payload: base64url::decode(payload)?,
            signature: base64url::decode(signature)?,
        };
        Ok(Self { token, key: public_key(&key)? })
    }

    /// Verifies the signature with the contained key and an allowed asymmetric algorithm.
    ///
    /// # Errors
    ///
    /// [`JoseError::Algorithm`], [`JoseError::Key`] if the key is not for this algorithm, [`JoseError::Signature`],
    /// and [`JoseError::Json`] unless the payload is one JSON object with unique members.
    pub fn verify(self, allowed: &[SignatureAlgorithm]) -> Result<Possession, JoseError> {
        let algorithm = self.token.algorithm().filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.filter(|one| !one.is_symmetric()).ok_or(JoseError::Algorithm)?;
        let verified = self.token.verify(&self.key.verifying_key(algorithm)?)?;
        Ok(Possession { claims: verified.claims()?, thumbprint: self.key.thumbprint() })
    }

    /// Makes a proof of these claims: header members `alg`, `typ` and `jwk`, with
    /// only the required members of the key.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Algorithm`] if the key is a shared secret, [`CryptoError::Failed`] if the library fails.
    pub fn sign(claims: &[u8], key: &SigningKey) -> Result<String, CryptoError> {
        let public = key.public_jwk().ok_or(CryptoError::Algorithm)?;
        let mut members = Map::new();
        public.material().write(&mut members);
        let mut header = format!("{{\"alg\":\"{}\"", key.algorithm());
        push_member(&mut header, "typ", Some(TYPE));
        header.push_str(",\"jwk\":");
        header.push_str(&Value::Object(members).to_string());
        header.push('}');
        Prepared::encode(key.algorithm(), &header).sign(claims, key)
    }
}

/// A verified proof: its sender has the private key, and signed this payload.
///
/// It does not give access to a key that could verify anything else.
#[derive(Clone, Debug)]
pub struct Possession {
    claims: Claims,
    thumbprint: Thumbprint,
}

impl Possession {
    /// The signed payload.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The thumbprint of the key (RFC 7638), as `jkt` names it (RFC 9449 §6.1).
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }
}

/// Refuses keys that are too expensive to verify with on behalf of a stranger.
fn public_key(value: &Value) -> Result<Jwk, KeyError> {
    let key = Jwk::from_value(value)?;
    match key.material() {
        Material::Secret(_) => Err(KeyError::KeyType),
        Material::Rsa { n, .. } if n.len() * 8 > PROOF_RSA_BITS_MOST => Err(KeyError::Modulus),
        Material::Rsa { .. } | Material::Point { .. } => Ok(key),
    }
}
