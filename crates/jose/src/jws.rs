//! Signed tokens in compact serialization (RFC 7515 §7.1).

mod self_signed;

use crate::{
    algorithm::SignatureAlgorithm,
    base64url,
    claims::Claims,
    error::{CryptoError, JoseError},
    header::{Protected, parts, push_member},
    key::signature_names,
    limits::TOKEN_BYTES,
    signing::SigningKey,
    verifying::VerifyingKey,
};

pub use self_signed::{Possession, SelfSigned};

/// The header members of a token besides the algorithm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The media type of the token, as `at+jwt` (RFC 7515 §4.1.9).
    pub typ: Option<String>,
    /// The name of the key that verifies it (RFC 7515 §4.1.4).
    pub kid: Option<String>,
    /// The media type of the payload, `JWT` for a nested token (RFC 7519 §5.2).
    pub cty: Option<String>,
}

/// Signs a payload: header members in the order `alg`, `typ`, `cty`, `kid`.
///
/// # Errors
///
/// [`CryptoError::Failed`] if the library fails.
pub fn sign(header: &Header, payload: &[u8], key: &SigningKey) -> Result<String, CryptoError> {
    Prepared::new(header, key).sign(payload, key)
}

/// The signing input: the header and the payload in base64url, separated by a dot (RFC 7515 §5.1).
///
/// For external signers; [`attach`] makes the token.
pub fn signing_input(header: &Header, algorithm: SignatureAlgorithm, payload: &[u8]) -> String {
    Prepared::for_algorithm(header, algorithm).signing_input(payload)
}

/// Completes a token with the signature over its signing input.
pub fn attach(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    base64url::encode_into(signature, &mut signing_input);
    signing_input
}

/// A header encoded once for many tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    algorithm: SignatureAlgorithm,
    /// The encoded header and the dot after it.
    head: String,
}

impl Prepared {
    /// Encodes the header for the algorithm of the key.
    pub fn new(header: &Header, key: &SigningKey) -> Self {
        Self::for_algorithm(header, key.algorithm())
    }

    /// Encodes the header for an algorithm.
    pub fn for_algorithm(header: &Header, algorithm: SignatureAlgorithm) -> Self {
        let mut text = format!("{{\"alg\":\"{algorithm}\"");
        push_member(&mut text, "typ", header.typ.as_deref());
        push_member(&mut text, "cty", header.cty.as_deref());
        push_member(&mut text, "kid", header.kid.as_deref());
        text.push('}');
        Self::encode(algorithm, &text)
    }

    fn encode(algorithm: SignatureAlgorithm, header: &str) -> Self {
        let mut head = base64url::encode(header.as_bytes());
        head.push('.');
        Self { algorithm, head }
    }

    /// The algorithm in the header.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The signing input for this payload, with capacity for the signature.
    pub fn signing_input(&self, payload: &[u8]) -> String {
        const SIGNATURE_ROOM: usize = 1 + 352;
        let length = self.head.len() + payload.len().div_ceil(3) * 4 + SIGNATURE_ROOM;
        let mut text = String::with_capacity(length);
        text.push_str(&self.head);
        base64url::encode_into(payload, &mut text);
        text
    }

    /// Signs a payload.
    ///
    /// # Errors
    ///
    /// [`CryptoError::Algorithm`] if the key is for another algorithm, [`CryptoError::Failed`] if the library
    /// fails.
    pub fn sign(&self, payload: &[u8], key: &SigningKey) -> Result<String, CryptoError> {
        if key.algorithm() != self.algorithm {
            return Err(CryptoError::Algorithm);
        }
        let input = self.signing_input(payload);
        let signature = key.sign(input.as_bytes())?;
        Ok(attach(input, &signature))
    }
}

/// A parsed token that is not verified yet.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    header: Protected,
    input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Parses a token of at most [`TOKEN_BYTES`].
    ///
    /// # Errors
    ///
    /// [`JoseError`] if it is longer, has not three parts, is not strict base64url, or if its header is not one
    /// JSON object with unique members of the right types, or has a forbidden member.
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        Self::parse_within(token, TOKEN_BYTES)
    }

    /// Parses a token with a limit in bytes.
    ///
    /// # Errors
    ///
    /// As [`Unverified::parse`].
    pub fn parse_within(token: &'a str, limit: usize) -> Result<Self, JoseError> {
        let [header, payload, signature] = parts(token, limit)?;
        Ok(Self {
            input: &token[..header.len() + 1 + payload.len()],
            header: Protected::parse(header)?,
            payload: base64url::decode(payload)?,
            signature: base64url::decode(signature)?,
        })
    }

    /// The claimed algorithm, if this crate supports it: `Ed25519` (RFC 9864 §2.2) is the same as `EdDSA`.
    pub fn algorithm(&self) -> Option<SignatureAlgorithm> {
        SignatureAlgorithm::ALL.iter().copied().find(|one| self.names(*one))
    }

    /// The claimed algorithm, as written in the header.
    pub fn algorithm_name(&self) -> &str {
        &self.header.algorithm
    }

    /// The claimed `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The claimed `typ`.
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Whether the claimed `typ` is this media type, without regard to case and a leading `application/`.
    pub fn is_type(&self, expected: &str) -> bool {
        self.header.is_type(expected)
    }

    /// The claimed `cty`.
    pub fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// The payload before its signature was verified: only to select an issuer or a client.
    pub fn payload_unverified(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature with a key for exactly the algorithm in the header.
    ///
    /// # Errors
    ///
    /// [`JoseError::Algorithm`] if the header names another algorithm than the key's,
    /// [`JoseError::Signature`] if the signature is not the key's.
    pub fn verify(self, key: &VerifyingKey) -> Result<Verified, JoseError> {
        if !self.names(key.algorithm()) {
            return Err(JoseError::Algorithm);
        }
        key.verify(self.input.as_bytes(), &self.signature).map_err(|_| JoseError::Signature)?;
        Ok(Verified { header: self.header, payload: self.payload, algorithm: key.algorithm() })
    }

    /// Verifies the signature with one of these keys, tried in turn: where a set has several that the token can mean.
    ///
    /// # Errors
    ///
    /// As [`Unverified::verify`] with the last of them; [`JoseError::Signature`] if there is none.
    pub fn verify_any(self, keys: &[VerifyingKey]) -> Result<Verified, JoseError> {
        let Some((last, others)) = keys.split_last() else { return Err(JoseError::Signature) };
        for key in others {
            if let Ok(verified) = self.clone().verify(key) {
                return Ok(verified);
            }
        }
        self.verify(last)
    }

    /// Whether the header names this algorithm.
    fn names(&self, algorithm: SignatureAlgorithm) -> bool {
        signature_names(algorithm).contains(&&*self.header.algorithm)
    }
}

/// A token whose signature was verified.
#[derive(Clone, Debug)]
pub struct Verified {
    header: Protected,
    payload: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl Verified {
    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as a claims set.
    ///
    /// # Errors
    ///
    /// [`JoseError::Json`] unless it is one JSON object with unique members.
    pub fn claims(&self) -> Result<Claims, JoseError> {
        Claims::parse(&self.payload)
    }

    /// The `typ`.
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Whether the `typ` is this media type, without regard to case and a leading `application/`.
    pub fn is_type(&self, expected: &str) -> bool {
        self.header.is_type(expected)
    }

    /// The `cty`.
    pub fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// The `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The algorithm.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}
