//! Reading an introspection answer: JSON (RFC 7662 §2.2), or a JWT that only this server can have made for us
//! (RFC 9701 §5).

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use jose::jwe::Encrypted;
use jose::jws::Unverified;
use jose::{Claims, ContentEncryption, DecryptionKey};
use protocol::display::Shown;
use protocol::{ErrorCode, Timestamp};
use zeroize::Zeroizing;

use crate::judging::authorization::Authorization;
use crate::judging::introspection::client::{AnswerForm, IntrospectionClient};
use crate::judging::{claim, claims};
use crate::limits::{ANSWER_AGE_SECONDS_MAX, ANSWER_BYTES_MAX};
use crate::reason::Reason;

/// The media type of a signed answer, in `Content-Type`.
const MEDIA_TYPE: &str = "application/token-introspection+jwt";
/// The same, as `typ` names it.
const TYPE: &str = "token-introspection+jwt";

impl IntrospectionClient {
    /// What the guard says it can read.
    pub(super) fn accept(&self) -> &'static str {
        match self.form {
            AnswerForm::Jwt => MEDIA_TYPE,
            AnswerForm::Auto | AnswerForm::Json => "application/json",
        }
    }

    /// What the server said about the token.
    pub(super) async fn judge(
        &self,
        url: &str,
        token: &str,
        answer: Response<Bytes>,
    ) -> Result<Authorization, Reason> {
        succeeded(url, &answer)?;
        // None was offered, so there is nothing to unpack that could swell.
        if answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(malformed("it is compressed, which was not asked for"));
        }
        let is_jwt = is_jwt(&answer);
        let claims = match (self.form, is_jwt) {
            (AnswerForm::Auto | AnswerForm::Jwt, true) => self.signed(answer.body(), token).await?,
            (AnswerForm::Auto | AnswerForm::Json, false) => {
                Claims::parse(answer.body()).map_err(|error| malformed(&error.to_string()))?
            }
            (AnswerForm::Json, true) | (AnswerForm::Jwt, false) => {
                return Err(malformed("it is not of the type that was asked for"));
            }
        };
        claims::introspected(claims, &self.remote.expected, self.remote.now())
    }

    /// The claims about the token inside of a signed answer, encrypted to us where we have a key for that.
    async fn signed(&self, body: &[u8], asked: &str) -> Result<Claims, Reason> {
        let text = std::str::from_utf8(body).map_err(|_| untrusted("it is not text"))?;
        let claims = if self.decryption_keys.is_empty() {
            self.verified(text).await?
        } else {
            let plaintext = self.decrypted(text)?;
            let text = std::str::from_utf8(&plaintext).map_err(|_| untrusted("its content is no JWT"))?;
            self.verified(text).await?
        };
        if is_of_another(&claims, asked) {
            return Err(untrusted("it speaks of another token"));
        }
        Ok(claims)
    }

    fn decrypted(&self, text: &str) -> Result<Zeroizing<Vec<u8>>, Reason> {
        let token = Encrypted::parse(text).map_err(|error| untrusted(&error.to_string()))?;
        let mut problem = "it is encrypted to a key that is not ours".to_owned();
        let held = self.decryption_keys.held();
        for key in fitting(&held.all, &token) {
            match token.clone().decrypt(key, ContentEncryption::ALL) {
                Ok(decrypted) => return Ok(decrypted.into_plaintext()),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(untrusted(&problem))
    }

    /// RFC 9701 §5: `typ`, `iss`, `aud` and `iat` say that this is an answer, by this server, to us, and not from
    /// the future. An access token of the same issuer is none of these.
    async fn verified(&self, text: &str) -> Result<Claims, Reason> {
        let token = Unverified::parse_within(text, ANSWER_BYTES_MAX);
        let token = token.map_err(|error| untrusted(&error.to_string()))?;
        if !token.is_type(TYPE) {
            return Err(untrusted("its typ is another"));
        }
        let verified =
            self.remote.keys.verify(token, &self.remote.algorithms).await.map_err(|reason| match reason {
                Reason::KeysUnavailable | Reason::DiscoveryFailed | Reason::EndpointMissing => reason,
                _ => untrusted(reason.slug()),
            })?;
        let envelope = verified.claims().map_err(|error| untrusted(&error.to_string()))?;
        self.addressed_to_us(&envelope).map_err(|reason| untrusted(reason.slug()))?;
        match envelope.object("token_introspection") {
            Ok(Some(members)) => Ok(Claims::from(members.clone())),
            Ok(None) | Err(_) => Err(untrusted("token_introspection is missing or no object")),
        }
    }

    fn addressed_to_us(&self, envelope: &Claims) -> Result<(), Reason> {
        let issuer = claim::text(envelope, "iss")?.ok_or(Reason::ClaimMissing)?;
        claims::issuer(issuer, &self.remote.expected)?;
        let us = self.caller.id().ok_or(Reason::AudienceWrong)?;
        let audience = envelope.strings("aud").map_err(|_| Reason::ClaimMalformed)?;
        if !audience.contains(&us) {
            return Err(Reason::AudienceWrong);
        }
        let now = self.remote.now();
        claims::times(envelope, now)?;
        let issued = envelope.time("iat").map_err(|_| Reason::ClaimMalformed)?.ok_or(Reason::ClaimMissing)?;
        if now.since(Timestamp(issued)) > ANSWER_AGE_SECONDS_MAX {
            tracing::warn!(seconds = now.since(Timestamp(issued)), "the answer is old");
            return Err(Reason::TokenExpired);
        }
        Ok(())
    }
}

/// A 200. 401 and 403 are about us and say nothing about the token.
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
                "the server does not introspect such tokens: its own JWTs are verified by its keys"
            );
            Err(Reason::TokenMalformed)
        }
        300..=399 => {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            tracing::error!(url, status, to = %Shown(to), "redirects are not followed: configure the address itself");
            Err(Reason::IntrospectionFailed)
        }
        _ => {
            tracing::warn!(url, status, "the introspection endpoint failed");
            Err(Reason::IntrospectionFailed)
        }
    }
}

/// The key that the answer names; where it names none, every key for its algorithm, since a server that was given a
/// key by hand may not know its name.
fn fitting<'a>(keys: &'a [DecryptionKey], token: &Encrypted<'_>) -> Vec<&'a DecryptionKey> {
    let management = token.key_management();
    let keys = keys.iter().filter(|key| Some(key.algorithm()) == management);
    keys.filter(|key| token.kid().is_none_or(|kid| kid == key.kid())).collect()
}

/// Whether an answer can't be of the token that was asked about: an old answer for another token, told again. An
/// opaque token does not show it; a JWT has a `jti`, which the answer repeats (RFC 7662 §2.2).
fn is_of_another(answer: &Claims, asked: &str) -> bool {
    let Ok(jwt) = Unverified::parse(asked) else { return false };
    let Ok(own) = Claims::parse(jwt.payload_unverified()) else { return false };
    match (own.string("jti"), answer.string("jti")) {
        (Ok(Some(own)), Ok(Some(said))) => own != said,
        _ => false,
    }
}

/// Some servers keep no record of JWTs and refuse to look at one, whoever made it, by the code of RFC 7009 §2.2.1.
fn names_unsupported_kind(body: &[u8]) -> bool {
    let code = ErrorCode::UnsupportedTokenType.as_str();
    Claims::parse(body).is_ok_and(|members| members.string("error") == Ok(Some(code)))
}

fn is_jwt(answer: &Response<Bytes>) -> bool {
    let named = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = named.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(MEDIA_TYPE)
}

fn malformed(why: &str) -> Reason {
    tracing::warn!(why, "the answer of the introspection endpoint is none");
    Reason::AnswerMalformed
}

fn untrusted(why: &str) -> Reason {
    tracing::warn!(why, "the signed introspection answer is not accepted");
    Reason::AnswerUntrusted
}
