//! Reads an introspection answer: JSON (RFC 7662 §2.2), or a JWT that the server signed for us (RFC 9701 §5).

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION};
use jose::jwe::Encrypted;
use jose::jws::Unverified;
use jose::{Claims, ContentEncryption, DecryptionKey};
use protocol::display::Shown;
use protocol::{ErrorCode, Timestamp};
use zeroize::Zeroizing;

use crate::judging::authorization::Authorization;
use crate::judging::introspection::client::{AnswerForm, IntrospectionClient};
use crate::judging::refused::Refused;
use crate::judging::{claim, claims};
use crate::limits::{ANSWER_AGE_SECONDS_MAX, ANSWER_BYTES_MAX, TOKEN_BYTES_MOST};
use crate::reason::Reason;

/// The media type of a signed answer, in `Content-Type`.
const MEDIA_TYPE: &str = "application/token-introspection+jwt";
/// The `typ` of a signed answer.
const TYPE: &str = "token-introspection+jwt";

impl IntrospectionClient {
    /// The value of `Accept`.
    pub(super) fn accept(&self) -> &'static str {
        match self.form {
            AnswerForm::Jwt => MEDIA_TYPE,
            AnswerForm::Auto | AnswerForm::Json => "application/json",
        }
    }

    /// Reads and judges the answer.
    pub(super) async fn judge(
        &self,
        url: &str,
        token: &str,
        answer: Response<Bytes>,
    ) -> Result<Authorization, Refused> {
        succeeded(url, &answer)?;
        // No coding was offered, so nothing is decompressed that could expand without limit.
        if answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(malformed("unexpected Content-Encoding").into());
        }
        let is_jwt = is_jwt(&answer);
        let claims = match (self.form, is_jwt) {
            (AnswerForm::Auto | AnswerForm::Jwt, true) => self.signed(answer.body(), token).await?,
            (AnswerForm::Auto | AnswerForm::Json, false) => {
                Claims::parse(answer.body()).map_err(|error| malformed(&error.to_string()))?
            }
            (AnswerForm::Json, true) | (AnswerForm::Jwt, false) => {
                return Err(malformed("unexpected Content-Type").into());
            }
        };
        claims::introspected(claims, &self.remote.expected, self.remote.now())
    }

    /// The claims about the token in a signed answer, which must be encrypted to us if we have a key for that.
    async fn signed(&self, body: &[u8], asked: &str) -> Result<Claims, Reason> {
        let text = std::str::from_utf8(body).map_err(|_| untrusted("not UTF-8"))?;
        let claims = if self.decryption_keys.is_empty() {
            self.verified(text).await?
        } else {
            let plaintext = self.decrypted(text)?;
            let text =
                std::str::from_utf8(&plaintext).map_err(|_| untrusted("the plaintext is not a JWT"))?;
            self.verified(text).await?
        };
        if is_of_another(&claims, asked) {
            return Err(untrusted("it is about another token"));
        }
        Ok(claims)
    }

    fn decrypted(&self, text: &str) -> Result<Zeroizing<Vec<u8>>, Reason> {
        let token = Encrypted::parse(text).map_err(|error| untrusted(&error.to_string()))?;
        let mut problem = "no decryption key fits".to_owned();
        let held = self.decryption_keys.held();
        for key in fitting(&held.all, &token) {
            match token.clone().decrypt(key, ContentEncryption::ALL) {
                Ok(decrypted) => return Ok(decrypted.into_plaintext()),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(untrusted(&problem))
    }

    /// RFC 9701 §5: `typ`, `iss`, `aud` and `iat` show that this is an introspection answer of this server, for us,
    /// and recent. An access token of the same issuer does not pass.
    async fn verified(&self, text: &str) -> Result<Claims, Reason> {
        let token = Unverified::parse_within(text, ANSWER_BYTES_MAX);
        let token = token.map_err(|error| untrusted(&error.to_string()))?;
        if !token.is_type(TYPE) {
            return Err(untrusted("wrong typ"));
        }
        let verified =
            self.remote.keys.verify(token, &self.remote.algorithms).await.map_err(|reason| match reason {
                Reason::KeysUnavailable
                | Reason::KeyUnavailable
                | Reason::DiscoveryFailed
                | Reason::EndpointMissing => reason,
                _ => untrusted(reason.slug()),
            })?;
        let envelope = verified.claims().map_err(|error| untrusted(&error.to_string()))?;
        self.addressed_to_us(&envelope).map_err(|reason| untrusted(reason.slug()))?;
        match envelope.object("token_introspection") {
            Ok(Some(members)) => Ok(Claims::from(members.clone())),
            Ok(None) | Err(_) => Err(untrusted("token_introspection is missing or not an object")),
        }
    }

    fn addressed_to_us(&self, envelope: &Claims) -> Result<(), Reason> {
        let issuer = claim::text(envelope, "iss")?.ok_or(Reason::ClaimMissing)?;
        claims::issuer(issuer, &self.remote.expected).map_err(|refused| refused.reason)?;
        let us = self.caller.id().ok_or(Reason::AudienceWrong)?;
        let audience = envelope.strings("aud").map_err(|_| Reason::ClaimMalformed)?;
        if !audience.contains(&us) {
            return Err(Reason::AudienceWrong);
        }
        let now = self.remote.now();
        claims::times(envelope, &self.remote.expected.shape, now).map_err(|refused| refused.reason)?;
        let issued = envelope.time("iat").map_err(|_| Reason::ClaimMalformed)?.ok_or(Reason::ClaimMissing)?;
        if now.since(Timestamp(issued)) > ANSWER_AGE_SECONDS_MAX {
            tracing::warn!(seconds = now.since(Timestamp(issued)), "the answer is too old");
            return Err(Reason::TokenExpired);
        }
        Ok(())
    }
}

/// Status 200. 401 and 403 are about us and say nothing about the token.
fn succeeded(url: &str, answer: &Response<Bytes>) -> Result<(), Reason> {
    let status = answer.status().as_u16();
    match status {
        200 => Ok(()),
        401 | 403 => {
            tracing::error!(
                url,
                status,
                "the authorization server does not let this resource introspect: check its client id, its \
                 secret, and whether it is registered as a resource"
            );
            Err(Reason::IntrospectionRefused)
        }
        400 if names_unsupported_kind(answer.body()) => {
            tracing::info!(
                url,
                "the server does not introspect tokens of this kind: verify its JWTs with its keys"
            );
            Err(Reason::TokenMalformed)
        }
        300..=399 => {
            let to = answer.headers().get(LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
            let to = String::from_utf8_lossy(to);
            tracing::error!(url, status, to = %Shown(&to), "redirects are not followed: configure the final URL");
            Err(Reason::IntrospectionFailed)
        }
        _ => {
            tracing::warn!(url, status, "the introspection endpoint failed");
            Err(Reason::IntrospectionFailed)
        }
    }
}

/// The keys that fit the answer: the one that it names, or all for its algorithm if it names none, since a server that
/// was configured by hand may not know the `kid`.
fn fitting<'a>(keys: &'a [DecryptionKey], token: &Encrypted<'_>) -> Vec<&'a DecryptionKey> {
    let management = token.key_management();
    let keys = keys.iter().filter(|key| Some(key.algorithm()) == management);
    keys.filter(|key| token.kid().is_none_or(|kid| kid == key.kid())).collect()
}

/// Whether an answer is about another token, such as a replayed old answer. This shows only for a JWT with a `jti`,
/// which the answer repeats (RFC 7662 §2.2).
fn is_of_another(answer: &Claims, asked: &str) -> bool {
    let Ok(jwt) = Unverified::parse_within(asked, TOKEN_BYTES_MOST) else { return false };
    let Ok(own) = Claims::parse(jwt.payload_unverified()) else { return false };
    match (own.string("jti"), answer.string("jti")) {
        (Ok(Some(own)), Ok(Some(said))) => own != said,
        _ => false,
    }
}

/// Some servers do not introspect JWTs at all, and answer with this code of RFC 7009 §2.2.1.
fn names_unsupported_kind(body: &[u8]) -> bool {
    let code = ErrorCode::UnsupportedTokenType.as_str();
    Claims::parse(body).is_ok_and(|members| members.string("error") == Ok(Some(code)))
}

fn is_jwt(answer: &Response<Bytes>) -> bool {
    let named = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let media_type = named.split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(MEDIA_TYPE.as_bytes())
}

fn malformed(why: &str) -> Reason {
    tracing::warn!(why, "malformed introspection answer");
    Reason::AnswerMalformed
}

fn untrusted(why: &str) -> Reason {
    tracing::warn!(why, "untrusted introspection answer");
    Reason::AnswerUntrusted
}
