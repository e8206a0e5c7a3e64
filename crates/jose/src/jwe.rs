//! Encrypted tokens in compact serialization (RFC 7516 §7.1).

mod content;
pub(crate) mod wrapping;

use content::Sealed;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    algorithm::{ContentEncryption, KeyManagement},
    base64url,
    decryption::{DecryptionKey, KeyMessage},
    encryption::EncryptionKey,
    error::{CryptoError, JoseError},
    header::{Protected, parts, push_member, take_text},
    jwk::Jwk,
    limits::{ENCRYPTED_TOKEN_BYTES, PARTY_BYTES},
};

/// The header members of a token besides the algorithms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The media type of the token (RFC 7516 §4.1.11).
    pub typ: Option<String>,
    /// The media type of the content, `JWT` for a nested token (RFC 7519 §5.2).
    pub cty: Option<String>,
    /// The name of the key that decrypts it (RFC 7516 §4.1.6).
    pub kid: Option<String>,
}

/// Encrypts: header members `alg`, `enc`, then the given ones, then `epk` for a key agreement.
///
/// # Errors
///
/// [`CryptoError::Algorithm`] if a `dir` key does not have the length that the content encryption requires, or is for
/// another one, [`CryptoError::Failed`] if the library fails.
pub fn encrypt(
    header: &Header,
    plaintext: &[u8],
    key: &EncryptionKey,
    encryption: ContentEncryption,
) -> Result<String, CryptoError> {
    let wrapped = key.wrap(encryption)?;
    let mut text = format!("{{\"alg\":\"{}\",\"enc\":\"{encryption}\"", key.algorithm());
    push_member(&mut text, "typ", header.typ.as_deref());
    push_member(&mut text, "cty", header.cty.as_deref());
    push_member(&mut text, "kid", header.kid.as_deref());
    if let Some(ephemeral) = &wrapped.ephemeral {
        let mut members = serde_json::Map::new();
        ephemeral.write(&mut members);
        text.push_str(",\"epk\":");
        text.push_str(&Value::Object(members).to_string());
    }
    text.push('}');
    let mut token = base64url::encode(text.as_bytes());
    let sealed = content::seal(encryption, &wrapped.content_key, token.as_bytes(), plaintext)?;
    for part in [&wrapped.encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag] {
        token.push('.');
        base64url::encode_into(part, &mut token);
    }
    Ok(token)
}

/// A parsed token that is not decrypted yet.
#[derive(Clone, Debug)]
pub struct Encrypted<'a> {
    header: Protected,
    encryption: String,
    /// The encoded header, which is authenticated with the content.
    associated: &'a str,
    encrypted_key: Vec<u8>,
    sealed: Sealed,
}

impl<'a> Encrypted<'a> {
    /// Parses a token of at most [`ENCRYPTED_TOKEN_BYTES`].
    ///
    /// # Errors
    ///
    /// [`JoseError`] if it is longer, has not five parts, is not strict base64url, or if its header is not one
    /// JSON object with unique members of the right types, or has a forbidden member.
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        let [header, encrypted_key, iv, ciphertext, tag] = parts(token, ENCRYPTED_TOKEN_BYTES)?;
        let associated = header;
        let mut header = Protected::parse(header)?;
        let encryption = take_text(&mut header.members, "enc")?.ok_or(JoseError::Header("enc"))?;
        Ok(Self {
            header,
            encryption,
            associated,
            encrypted_key: base64url::decode(encrypted_key)?,
            sealed: Sealed {
                iv: base64url::decode(iv)?,
                ciphertext: base64url::decode(ciphertext)?,
                tag: base64url::decode(tag)?,
            },
        })
    }

    /// The claimed key management algorithm, if this crate supports it.
    pub fn key_management(&self) -> Option<KeyManagement> {
        KeyManagement::parse(&self.header.algorithm)
    }

    /// The claimed content encryption, if this crate supports it.
    pub fn content_encryption(&self) -> Option<ContentEncryption> {
        ContentEncryption::parse(&self.encryption)
    }

    /// The claimed `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The claimed `cty`.
    pub fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// The claimed `typ`.
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Decrypts with a key for exactly the algorithm in the header, and a content encryption that is allowed.
    ///
    /// # Errors
    ///
    /// [`JoseError::Algorithm`] if the header names other algorithms, [`JoseError::Decryption`] for everything
    /// else. Decryption authenticates the sender only if the key is a shared one.
    pub fn decrypt(self, key: &DecryptionKey, allowed: &[ContentEncryption]) -> Result<Decrypted, JoseError> {
        if self.header.algorithm != key.algorithm().as_str() {
            return Err(JoseError::Algorithm);
        }
        let encryption = self.content_encryption().filter(|encryption| allowed.contains(encryption));
        let encryption = encryption.ok_or(JoseError::Algorithm)?;
        let plaintext = self.open(key, encryption).ok_or(JoseError::Decryption)?;
        Ok(Decrypted { header: self.header, plaintext, key_management: key.algorithm(), encryption })
    }

    fn open(&self, key: &DecryptionKey, encryption: ContentEncryption) -> Option<Zeroizing<Vec<u8>>> {
        let ephemeral = match self.header.members.get("epk") {
            Some(epk) => Some(Jwk::from_value(epk).ok()?),
            None => None,
        };
        let (sender, receiver) = (self.party("apu")?, self.party("apv")?);
        let message = KeyMessage {
            encrypted_key: &self.encrypted_key,
            ephemeral: ephemeral.as_ref().map(Jwk::material),
            sender: &sender,
            receiver: &receiver,
        };
        let content_key = key.content_key(&message, encryption)?;
        content::open(encryption, &content_key, self.associated.as_bytes(), &self.sealed)
    }

    /// `apu` or `apv`, decoded; empty where absent (RFC 7518 §4.6.1).
    fn party(&self, name: &str) -> Option<Vec<u8>> {
        let Some(value) = self.header.members.get(name) else { return Some(Vec::new()) };
        let party = base64url::decode(value.as_str()?).ok()?;
        (party.len() <= PARTY_BYTES).then_some(party)
    }
}

/// The content of a token that decrypted.
#[derive(Clone)]
pub struct Decrypted {
    header: Protected,
    plaintext: Zeroizing<Vec<u8>>,
    key_management: KeyManagement,
    encryption: ContentEncryption,
}

impl Decrypted {
    /// The content, wiped when dropped.
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// The content, by value.
    pub fn into_plaintext(self) -> Zeroizing<Vec<u8>> {
        self.plaintext
    }

    /// The `typ`.
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// The `cty`: `JWT` if the content is a nested token.
    pub fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// The `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The key management algorithm.
    pub fn key_management(&self) -> KeyManagement {
        self.key_management
    }

    /// The content encryption.
    pub fn content_encryption(&self) -> ContentEncryption {
        self.encryption
    }
}

impl std::fmt::Debug for Decrypted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Decrypted")
            .field("key_management", &self.key_management)
            .field("content_encryption", &self.encryption)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}
