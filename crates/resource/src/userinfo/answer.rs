//! Reads a UserInfo answer (OpenID Connect Core 1.0 §5.3.2, §5.3.4): its form, then its issuer and audience.

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use jose::jwe::Encrypted;
use jose::jws::Unverified;
use jose::{Claims, ContentEncryption, DecryptionKey, JoseError, SignatureAlgorithm, Verified, VerifyingKey};
use protocol::Issuer;
use zeroize::Zeroizing;

use crate::judging::claims;
use crate::judging::remote::Remote;
use crate::limits::ANSWER_BYTES_MAX;
use crate::reason::Reason;
use crate::userinfo::error::UserInfoError;

/// The form of UserInfo answers that is accepted (OpenID Connect Core 1.0 §5.3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserInfoForm {
    /// Any: decided by `Content-Type`, and for a JWT by its form.
    #[default]
    Auto,
    /// Only `application/json`.
    Json,
    /// Only a signed JWT.
    Signed,
    /// Only an encrypted JWT whose claims are not signed.
    Encrypted,
    /// Only a signed JWT inside of an encrypted one.
    Nested,
}

impl UserInfoForm {
    pub(super) const fn accept(self) -> &'static str {
        match self {
            Self::Auto => "application/json, application/jwt",
            Self::Json => "application/json",
            Self::Signed | Self::Encrypted | Self::Nested => "application/jwt",
        }
    }
}

/// What is expected of every answer.
pub(super) struct Reading {
    pub(super) issuer: Issuer,
    pub(super) client_id: String,
    pub(super) form: UserInfoForm,
    pub(super) algorithms: Vec<SignatureAlgorithm>,
    /// The only key for signatures, if the client registered its secret for them.
    pub(super) secret: Option<VerifyingKey>,
    pub(super) decryption_keys: Vec<DecryptionKey>,
}

impl Reading {
    /// The claims of an answer, before their `sub` is compared.
    pub(super) async fn read(
        &self,
        remote: &Remote,
        answer: &Response<Bytes>,
    ) -> Result<Claims, UserInfoError> {
        match (media_type(answer).as_str(), self.form) {
            ("application/json", UserInfoForm::Auto | UserInfoForm::Json) => parsed(answer.body()),
            ("application/json", _) | (_, UserInfoForm::Json) => Err(UserInfoError::FormWrong),
            ("application/jwt", _) => {
                let text = std::str::from_utf8(answer.body()).map_err(|_| UserInfoError::Malformed)?;
                self.jwt(remote, text).await
            }
            _ => Err(UserInfoError::FormWrong),
        }
    }

    /// A JWT: three parts are signed (RFC 7515 §7.1), five are encrypted (RFC 7516 §7.1).
    async fn jwt(&self, remote: &Remote, text: &str) -> Result<Claims, UserInfoError> {
        match (text.split('.').count(), self.form) {
            (3, UserInfoForm::Auto | UserInfoForm::Signed) => self.signed(remote, text).await,
            (5, UserInfoForm::Auto | UserInfoForm::Encrypted | UserInfoForm::Nested) => {
                self.encrypted(remote, text).await
            }
            (3 | 5, _) => Err(UserInfoError::FormWrong),
            _ => Err(UserInfoError::Malformed),
        }
    }

    /// The plaintext is claims, or a signed JWT with `cty` (RFC 7519 §5.2); an expected signature must be present.
    async fn encrypted(&self, remote: &Remote, text: &str) -> Result<Claims, UserInfoError> {
        let token = Encrypted::parse(text).map_err(|_| UserInfoError::Malformed)?;
        let promised = token.cty().is_some_and(|cty| cty.eq_ignore_ascii_case("JWT"));
        let plaintext = self.decrypted(token)?;
        let is_claims = plaintext.trim_ascii_start().starts_with(b"{");
        match (is_claims, self.form) {
            (true, UserInfoForm::Auto | UserInfoForm::Encrypted) if !promised => {
                let claims = parsed(&plaintext)?;
                self.addressed(remote, &claims, false)?;
                Ok(claims)
            }
            (false, UserInfoForm::Auto | UserInfoForm::Nested) => {
                let inner = std::str::from_utf8(&plaintext).map_err(|_| UserInfoError::Malformed)?;
                self.signed(remote, inner).await
            }
            _ => Err(UserInfoError::FormWrong),
        }
    }

    fn decrypted(&self, token: Encrypted<'_>) -> Result<Zeroizing<Vec<u8>>, UserInfoError> {
        let (management, kid) = (token.key_management(), token.kid().map(str::to_owned));
        let fits = |key: &&DecryptionKey| {
            Some(key.algorithm()) == management && kid.as_deref().is_none_or(|kid| kid == key.kid())
        };
        let keys = self.decryption_keys.iter().filter(fits);
        let mut opened = keys.filter_map(|key| token.clone().decrypt(key, ContentEncryption::ALL).ok());
        Ok(opened.next().ok_or(UserInfoError::NotDecrypted)?.into_plaintext())
    }

    async fn signed(&self, remote: &Remote, text: &str) -> Result<Claims, UserInfoError> {
        let token = Unverified::parse_within(text, ANSWER_BYTES_MAX).map_err(|_| UserInfoError::Malformed)?;
        // An access token or an introspection answer of the same issuer must not be accepted instead (RFC 8725 §3.11).
        if token.typ().is_some() && !token.is_type("JWT") {
            return Err(UserInfoError::TypeWrong);
        }
        let verified = match &self.secret {
            Some(secret) => by_secret(token, secret)?,
            None => remote.keys.verify(token, &self.algorithms).await.map_err(unverified)?,
        };
        let claims = verified.claims().map_err(|_| UserInfoError::Malformed)?;
        self.addressed(remote, &claims, true)?;
        Ok(claims)
    }

    /// `iss` and `aud` must be present in a signed answer (OpenID Connect Core 1.0 §5.3.2), and correct in any JWT.
    fn addressed(&self, remote: &Remote, claims: &Claims, needed: bool) -> Result<(), UserInfoError> {
        let malformed = |_: JoseError| UserInfoError::Malformed;
        match claims.string("iss").map_err(malformed)? {
            Some(issuer) if issuer == self.issuer.as_str() => {}
            None if !needed => {}
            Some(_) | None => return Err(UserInfoError::IssuerWrong),
        }
        let audience = claims.strings("aud").map_err(malformed)?;
        let absent = claims.value("aud").is_none();
        if !audience.contains(&&*self.client_id) && (needed || !absent) {
            return Err(UserInfoError::AudienceWrong);
        }
        claims::times(claims, &remote.expected.shape, remote.now()).map(drop).map_err(|refused| match refused
            .reason
            == Reason::ClaimMalformed
        {
            true => UserInfoError::Malformed,
            false => UserInfoError::TimesWrong,
        })
    }
}

fn parsed(text: &[u8]) -> Result<Claims, UserInfoError> {
    Claims::parse(text).map_err(|_| UserInfoError::Malformed)
}

fn by_secret(token: Unverified<'_>, secret: &VerifyingKey) -> Result<Verified, UserInfoError> {
    token.verify(secret).map_err(|error| match error {
        JoseError::Algorithm => UserInfoError::AlgorithmNotAllowed,
        _ => UserInfoError::SignatureWrong,
    })
}

/// Why a signature is not accepted: the keys are unavailable now, or it is invalid.
fn unverified(reason: Reason) -> UserInfoError {
    if reason.status() >= 500 {
        return UserInfoError::KeysUnavailable;
    }
    if reason == Reason::AlgorithmNotAllowed {
        return UserInfoError::AlgorithmNotAllowed;
    }
    if matches!(reason, Reason::KeyUnknown | Reason::KeyInvalid) {
        return UserInfoError::KeyUnknown;
    }
    UserInfoError::SignatureWrong
}

/// The media type without parameters, in lower case.
fn media_type(answer: &Response<Bytes>) -> String {
    let named = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let media_type = named.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    String::from_utf8_lossy(media_type).to_ascii_lowercase()
}
