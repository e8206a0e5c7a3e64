//! How a client reads UserInfo answers: plain, signed, encrypted, or both (OpenID Connect Core 1.0 §5.3.2).

use jose::{
    Claims, ContentEncryption, CryptoError, EncryptionKey, JwkSet, KeyManagement, SignatureAlgorithm,
    SigningKey, jwe, jws,
};
use protocol::ClientMetadata;

/// The form in which a client registered to read UserInfo answers.
#[derive(Clone, Debug)]
pub enum UserInfoResponse {
    /// `application/json`.
    Json,
    /// A JWT under this key, which the issuer publishes: `iss` of the answer is the issuer.
    Signed(SigningKey),
    /// The claims in a JWT that only the client can open.
    Encrypted(EncryptionKey, ContentEncryption),
    /// A signed JWT inside of an encrypted one.
    Nested(SigningKey, EncryptionKey, ContentEncryption),
}

impl UserInfoResponse {
    /// The form that `userinfo_signed_response_alg`, `userinfo_encrypted_response_alg` and
    /// `userinfo_encrypted_response_enc` name (OpenID Connect Dynamic Client Registration 1.0 §2), to the keys in
    /// `jwks`, signed with the one of `keys` that is for the algorithm.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`]: what was registered is not weakened where it can't be served.
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

    /// The claims as a JWT; nothing for plain JSON.
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

/// What is inside is a JWT only where it is signed, and `cty` says so (RFC 7519 §5.2).
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
    /// An algorithm that is unknown, or one of encryption with a shared secret.
    #[error("the client registered an algorithm that is not served")]
    Algorithm,
    /// There is no key of ours for the algorithm of signatures.
    #[error("there is no key to sign with the algorithm that the client registered")]
    SigningKeyMissing,
    /// The client's `jwks` holds no key for the algorithm of encryption. `jwks_uri` is not looked at.
    #[error("the client's key set holds no key for the algorithm that it registered")]
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
