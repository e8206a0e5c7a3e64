//! The credentials for introspection, as they are configured.

use std::fmt;

use jose::{SignatureAlgorithm, SigningKey};
use zeroize::Zeroizing;

use crate::judging::introspection::caller::{AssertionAudience, Caller, Method};
use crate::judging::introspection::header;
use crate::limits::SECRET_JWT_BYTES_LEAST;

/// How the guard authenticates at the introspection endpoint with a secret. [`Credentials`] has the other methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// HTTP Basic, id and secret form-encoded first (RFC 6749 §2.3.1).
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the body (RFC 6749 §2.3.1).
    Post,
    /// An access token instead of a secret (RFC 7662 §2.1).
    Bearer,
}

/// The credentials for introspection. `Debug` shows no secret.
#[derive(Clone)]
pub struct Credentials {
    id: String,
    proof: Proof,
    audience: AssertionAudience,
    scope: Option<String>,
}

#[derive(Clone)]
enum Proof {
    Secret(Zeroizing<String>, ClientAuth),
    SecretJwt(Zeroizing<String>),
    PrivateKey(SigningKey),
    Certificate,
}

impl Credentials {
    /// A client id and its secret, sent by this method. For [`ClientAuth::Bearer`] the secret is the token.
    pub fn secret(id: &str, secret: &str, method: ClientAuth) -> Self {
        Self::of(id, Proof::Secret(Zeroizing::new(secret.to_owned()), method))
    }

    /// An assertion signed with HS256 and the secret, which must have at least 32 bytes (`client_secret_jwt`, RFC 7523
    /// §2.2). The secret itself is never sent.
    pub fn client_secret_jwt(id: &str, secret: &str) -> Self {
        Self::of(id, Proof::SecretJwt(Zeroizing::new(secret.to_owned())))
    }

    /// An assertion signed with this key, whose public key is registered at the server (`private_key_jwt`, RFC 7523
    /// §2.2).
    pub fn private_key_jwt(id: &str, key: SigningKey) -> Self {
        Self::of(id, Proof::PrivateKey(key))
    }

    /// The certificate of the TLS connection, which the `Fetch` port presents: `ReqwestFetch` with a `ClientTls`
    /// (`tls_client_auth`, `self_signed_tls_client_auth`, RFC 8705 §2). The client id is sent in the body, to the
    /// server's `mtls_endpoint_aliases` if it has any (RFC 8705 §5).
    pub fn tls_client_auth(id: &str) -> Self {
        Self::of(id, Proof::Certificate)
    }

    /// The audience of assertions; [`AssertionAudience::Issuer`] by default.
    #[must_use]
    pub fn assertion_audience(mut self, audience: AssertionAudience) -> Self {
        self.audience = audience;
        self
    }

    /// Introspects with an access token of this scope (RFC 7662 §2.1), which is requested from the token endpoint with
    /// these credentials (client credentials grant, RFC 6749 §4.4) and renewed before it expires, or when the server
    /// refuses it. The scope of passavant is `introspection`.
    #[must_use]
    pub fn with_access_token(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    /// Prepares the caller of all requests.
    pub(crate) fn prepare(&self) -> Result<Caller, CredentialsError> {
        let is_bearer = matches!(self.proof, Proof::Secret(_, ClientAuth::Bearer));
        if self.id.is_empty() && !is_bearer {
            return Err(CredentialsError::Unusable);
        }
        let method = self.method()?;
        match &self.scope {
            Some(_) if is_bearer => return Err(CredentialsError::Unusable),
            Some(scope) => {
                protocol::Scopes::parse(scope).map_err(|_| CredentialsError::Unusable)?;
            }
            None => {}
        }
        let (id, token_scope) = (self.id.clone(), self.scope.clone());
        Ok(Caller { id, method, audience: self.audience, token_scope })
    }

    fn of(id: &str, proof: Proof) -> Self {
        Self { id: id.to_owned(), proof, audience: AssertionAudience::default(), scope: None }
    }

    fn method(&self) -> Result<Method, CredentialsError> {
        let sensitive = |text: &str| header::sensitive(text).ok_or(CredentialsError::Unusable);
        match &self.proof {
            Proof::Secret(secret, _) | Proof::SecretJwt(secret) if secret.is_empty() => {
                Err(CredentialsError::Unusable)
            }
            Proof::Secret(secret, ClientAuth::Basic) => {
                Ok(Method::Header(sensitive(&header::basic(&self.id, secret))?))
            }
            Proof::Secret(secret, ClientAuth::Bearer) => {
                Ok(Method::Header(sensitive(&Zeroizing::new(format!("Bearer {}", **secret)))?))
            }
            Proof::Secret(secret, ClientAuth::Post) => Ok(Method::Post(secret.clone())),
            Proof::SecretJwt(secret) if secret.len() < SECRET_JWT_BYTES_LEAST => {
                Err(CredentialsError::SecretShort)
            }
            Proof::SecretJwt(secret) => {
                let key = SigningKey::hmac(SignatureAlgorithm::Hs256, secret.as_bytes());
                Ok(Method::Assertion(key.map_err(|_| CredentialsError::Unusable)?))
            }
            // A shared key is not a private key; `client_secret_jwt` is the method for those.
            Proof::PrivateKey(key) if key.algorithm().is_symmetric() => Err(CredentialsError::Unusable),
            Proof::PrivateKey(key) => Ok(Method::Assertion(key.clone())),
            Proof::Certificate => Ok(Method::Certificate),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &self.proof {
            Proof::Secret(_, method) => return write!(f, "Credentials({:?}, {method:?})", self.id),
            Proof::SecretJwt(_) => "ClientSecretJwt",
            Proof::PrivateKey(_) => "PrivateKeyJwt",
            Proof::Certificate => "TlsClientAuth",
        };
        write!(f, "Credentials({:?}, {method})", self.id)
    }
}

/// Why these credentials are invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialsError {
    /// Something is empty or contains invalid characters.
    Unusable,
    /// Too short to sign with (RFC 7518 §3.2).
    SecretShort,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a-secret-of-at-least-32-characters";

    fn why(credentials: &Credentials) -> Option<CredentialsError> {
        credentials.prepare().err()
    }

    #[test]
    fn credentials_that_can_not_be_sent_are_refused() {
        let unusable = Some(CredentialsError::Unusable);
        for (id, secret, method) in [
            ("", "secret", ClientAuth::Basic),
            ("id", "", ClientAuth::Post),
            ("id", "", ClientAuth::Bearer),
            ("id", "a\nb", ClientAuth::Bearer),
        ] {
            assert_eq!(why(&Credentials::secret(id, secret, method)), unusable, "{id:?} {secret:?}");
        }
        assert_eq!(why(&Credentials::tls_client_auth("")), unusable);
        assert_eq!(why(&Credentials::client_secret_jwt("", SECRET)), unusable);
        assert_eq!(why(&Credentials::client_secret_jwt("id", "short")), Some(CredentialsError::SecretShort));
        let shared = SigningKey::generate(SignatureAlgorithm::Hs256).expect("a key");
        assert_eq!(why(&Credentials::private_key_jwt("id", shared)), unusable);
        let bearer = Credentials::secret("id", "token", ClientAuth::Bearer);
        assert_eq!(why(&bearer.with_access_token("introspection")), unusable, "a token does not get a token");
        let odd = Credentials::secret("id", SECRET, ClientAuth::Basic).with_access_token("a\"b");
        assert_eq!(why(&odd), unusable);
    }

    #[test]
    fn credentials_do_not_show_in_debug() {
        let secret = Credentials::secret("notes-rs", SECRET, ClientAuth::Basic);
        let shared = Credentials::client_secret_jwt("notes-rs", SECRET);
        let shown = format!("{secret:?} {shared:?}");
        assert!(!shown.contains(SECRET) && shown.contains("notes-rs"), "{shown}");
    }
}
