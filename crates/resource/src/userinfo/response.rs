//! The form of UserInfo answers for one client: plain, signed, encrypted, or both (OpenID Connect Core 1.0 §5.3.2).

use jose::{
    Claims, ContentEncryption, CryptoError, EncryptionKey, JwkSet, KeyManagement, SignatureAlgorithm,
    SigningKey, jwe, jws,
};
use protocol::ClientMetadata;

/// The form in which a client registered to receive UserInfo answers.
#[derive(Clone, Debug)]
pub enum UserInfoResponse {
    /// `application/json`.
    Json,
    /// A JWT signed with this key, which must be published by the issuer: `iss` of the answer is the issuer.
    Signed(SigningKey),
    /// The claims in a JWT encrypted to the client.
    Encrypted(EncryptionKey, ContentEncryption),
    /// A signed JWT inside of an encrypted one.
    Nested(SigningKey, EncryptionKey, ContentEncryption),
}

impl UserInfoResponse {
    /// The form that `userinfo_signed_response_alg`, `userinfo_encrypted_response_alg` and
    /// `userinfo_encrypted_response_enc` name (OpenID Connect Dynamic Client Registration 1.0 §2), to the keys in
    /// `jwks`, signed with the first of `keys` for the algorithm.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`] if it can't be served; it is never weakened.
    pub fn registered(metadata: &ClientMetadata, keys: &[SigningKey]) -> Result<Self, RegistrationError> {
        let signing = match metadata.userinfo_signed_response_alg.as_deref() {
            Some(name) => Some(signing_key(name, keys)?),
            None => None,
        };
        let encryption = match metadata.userinfo_encrypted_response_alg.as_deref() {
            Some(name) => Some(recipient(name, metadata)?),
            None => None,
        };
        Ok(match (signing, encryption) {
            (None, None) => Self::Json,
            (Some(key), None) => Self::Signed(key),
            (None, Some((to, content))) => Self::Encrypted(to, content),
            (Some(key), Some((to, content))) => Self::Nested(key, to, content),
        })
    }

    /// The claims as a JWT; `None` for plain JSON.
    pub(super) fn jwt(&self, claims: &Claims) -> Result<Option<String>, CryptoError> {
        let payload = || serde_json::to_vec(claims.as_map()).unwrap_or_default();
        match self {
            Self::Json => Ok(None),
            Self::Signed(key) => sign(&payload(), key).map(Some),
            Self::Encrypted(to, content) => encrypt(None, &payload(), to, *content).map(Some),
            Self::Nested(key, to, content) => {
                let signed = sign(&payload(), key)?;
                encrypt(Some("JWT".to_owned()), signed.as_bytes(), to, *content).map(Some)
            }
        }
    }
}

fn sign(payload: &[u8], key: &SigningKey) -> Result<String, CryptoError> {
    let kid = (!key.algorithm().is_symmetric()).then(|| key.kid().to_owned());
    jws::sign(&jws::Header { typ: Some("JWT".to_owned()), kid, cty: None }, payload, key)
}

/// The plaintext is a JWT only if it is signed, which `cty` declares (RFC 7519 §5.2).
fn encrypt(
    cty: Option<String>,
    plaintext: &[u8],
    to: &EncryptionKey,
    content: ContentEncryption,
) -> Result<String, CryptoError> {
    let header = jwe::Header { typ: None, cty, kid: to.kid().map(str::to_owned) };
    jwe::encrypt(&header, plaintext, to, content)
}

fn signing_key(name: &str, keys: &[SigningKey]) -> Result<SigningKey, RegistrationError> {
    let algorithm = SignatureAlgorithm::parse(name).ok_or(RegistrationError::Algorithm)?;
    let key = keys.iter().find(|key| key.algorithm() == algorithm).cloned();
    key.ok_or(RegistrationError::SigningKeyMissing)
}

/// The default `enc` is A128CBC-HS256 (OpenID Connect Dynamic Client Registration 1.0 §2).
fn recipient(
    name: &str,
    metadata: &ClientMetadata,
) -> Result<(EncryptionKey, ContentEncryption), RegistrationError> {
    let algorithm = KeyManagement::parse(name).filter(|algorithm| !algorithm.is_symmetric());
    let algorithm = algorithm.ok_or(RegistrationError::Algorithm)?;
    let content = match metadata.userinfo_encrypted_response_enc.as_deref() {
        Some(name) => ContentEncryption::parse(name).ok_or(RegistrationError::Algorithm)?,
        None => ContentEncryption::A128CbcHs256,
    };
    let keys = metadata.jwks.as_ref().and_then(|jwks| JwkSet::from_value(jwks).ok());
    let key = keys.and_then(|keys| keys.encryption_key(algorithm).ok());
    Ok((key.ok_or(RegistrationError::EncryptionKeyMissing)?, content))
}

/// Why what a client registered can't be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// An unknown algorithm, or a symmetric encryption algorithm.
    #[error("the client registered an unsupported algorithm")]
    Algorithm,
    /// There is no signing key for the algorithm.
    #[error("there is no signing key for the algorithm that the client registered")]
    SigningKeyMissing,
    /// The client's `jwks` has no key for the encryption algorithm. `jwks_uri` is ignored.
    #[error("the client's key set has no key for the algorithm that it registered")]
    EncryptionKeyMissing,
}

#[cfg(test)]
mod tests {
    use jose::DecryptionKey;
    use serde_json::json;

    use super::*;

    fn registered(change: impl FnOnce(&mut ClientMetadata)) -> Result<UserInfoResponse, RegistrationError> {
        let mut metadata = ClientMetadata::default();
        let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
        metadata.jwks = Some(json!({"keys": [key.public_jwk().expect("public").to_value()]}));
        change(&mut metadata);
        let keys = [SigningKey::generate(SignatureAlgorithm::Es256).expect("a key")];
        UserInfoResponse::registered(&metadata, &keys)
    }

    fn text(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    #[test]
    fn the_form_is_what_the_client_registered() {
        assert!(matches!(registered(|_| {}), Ok(UserInfoResponse::Json)));
        let signed = registered(|client| client.userinfo_signed_response_alg = text("ES256"));
        assert!(matches!(signed, Ok(UserInfoResponse::Signed(_))));
        let encrypted = registered(|client| client.userinfo_encrypted_response_alg = text("ECDH-ES"));
        assert!(matches!(encrypted, Ok(UserInfoResponse::Encrypted(_, ContentEncryption::A128CbcHs256))));
        let nested = registered(|client| {
            client.userinfo_signed_response_alg = text("ES256");
            client.userinfo_encrypted_response_alg = text("ECDH-ES");
            client.userinfo_encrypted_response_enc = text("A256GCM");
        });
        assert!(matches!(nested, Ok(UserInfoResponse::Nested(_, _, ContentEncryption::A256Gcm))));
    }

    #[test]
    fn what_can_not_be_served_is_no_plain_answer() {
        for (signed, encrypted, enc, error) in [
            (text("none"), None, None, RegistrationError::Algorithm),
            (text("RS256"), None, None, RegistrationError::SigningKeyMissing),
            (None, text("dir"), None, RegistrationError::Algorithm),
            (None, text("RSA1_5"), None, RegistrationError::Algorithm),
            (None, text("RSA-OAEP"), None, RegistrationError::EncryptionKeyMissing),
            (None, text("ECDH-ES"), text("A1"), RegistrationError::Algorithm),
        ] {
            let found = registered(|client| {
                client.userinfo_signed_response_alg = signed.clone();
                client.userinfo_encrypted_response_alg = encrypted.clone();
                client.userinfo_encrypted_response_enc = enc.clone();
            });
            assert_eq!(found.err(), Some(error), "{signed:?} {encrypted:?} {enc:?}");
        }
    }
}
