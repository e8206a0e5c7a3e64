//! The one token that brings the key it is signed with: a DPoP proof (RFC 9449 §4.2).
//!
//! Everywhere else a `jwk` in a header is refused. Here it is the point: the signature shows that the sender holds
//! the key inside, and nothing more. Whose key it is, the caller learns by comparing its thumbprint with one that
//! comes from somewhere trusted, and [`Possession`] offers nothing else of the key.

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

/// A DPoP proof that was taken apart, nothing in it being trusted yet.
#[derive(Clone, Debug)]
pub struct SelfSigned<'a> {
    token: Unverified<'a>,
    key: Jwk,
}

impl<'a> SelfSigned<'a> {
    /// Takes a proof of at most [`TOKEN_BYTES`] apart. Of its header `alg`, `typ` and `jwk` count.
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

    /// Verifies the signature with the key inside, by an algorithm that is asymmetric and one of those allowed.
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

    /// Makes a proof of these claims: header members `alg`, `typ` and `jwk`, of which the key's own members are the
    /// required ones alone.
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

/// What a verified proof shows: that its sender holds a key, and what it signed with it.
///
/// There is no way from here to a key that verifies anything else.
#[derive(Clone, Debug)]
pub struct Possession {
    claims: Claims,
    thumbprint: Thumbprint,
}

impl Possession {
    /// What was signed.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The thumbprint of the key (RFC 7638), as `jkt` names it (RFC 9449 §6.1).
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }
}

/// A public key of a size that a stranger may have us compute with.
fn public_key(value: &Value) -> Result<Jwk, KeyError> {
    let key = Jwk::from_value(value)?;
    match key.material() {
        Material::Secret(_) => Err(KeyError::KeyType),
        Material::Rsa { n, .. } if n.len() * 8 > PROOF_RSA_BITS_MOST => Err(KeyError::Modulus),
        Material::Rsa { .. } | Material::Point { .. } => Ok(key),
    }
}
