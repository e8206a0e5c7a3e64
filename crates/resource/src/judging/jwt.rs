//! Verifies JWT access tokens locally, with the issuer's published keys (RFC 9068 §4).

use std::sync::Arc;

use jose::Claims;
use jose::jws::Unverified;
use protocol::Difference;

use crate::judging::authorization::{Authorization, Judgement};
use crate::judging::cache;
use crate::judging::kind::UntypedRule;
use crate::judging::refused::Refused;
use crate::judging::remote::Remote;
use crate::judging::shape::TokenShape;
use crate::judging::{claim, claims, kind};
use crate::reason::Reason;

/// The media type of a JWT access token, in `typ`.
const TYPE: &str = "at+jwt";

/// Verifies JWT access tokens of one issuer.
pub(crate) struct JwtVerifier(pub(crate) Arc<Remote>);

impl JwtVerifier {
    /// The cached result for this token, while the issuer's keys are the same: a repeated token needs no signature
    /// check.
    pub(crate) fn kept(&self, text: &str) -> Option<Arc<Authorization>> {
        let remote = &self.0;
        let cache = remote.cache.as_ref()?;
        cache.signed(&cache::digest(text), remote.keys.version()?, remote.now())
    }

    /// Judges the token and caches the result. `text` is the token as it was sent.
    pub(crate) async fn judge(&self, text: &str, token: Unverified<'_>) -> Judgement {
        let (authorization, version) = self.verify(token).await?;
        let authorization = Arc::new(authorization);
        if let Some(cache) = &self.0.cache {
            cache.keep_signed(cache::digest(text), &authorization, version, self.0.now());
        }
        Ok(authorization)
    }

    /// Verifies the token; returns the version of the key set as well. A token of another issuer is refused before
    /// anything is fetched.
    async fn verify(&self, token: Unverified<'_>) -> Result<(Authorization, u64), Refused> {
        let remote = &self.0;
        let shape = &remote.expected.shape;
        let untyped = match token.is_type(TYPE) {
            true => None,
            false => Some(untyped(&token, shape)?),
        };
        let claimed = Claims::parse(token.payload_unverified()).map_err(|_| Reason::TokenMalformed)?;
        claims::issuer(claim::text(&claimed, "iss")?.ok_or(Reason::ClaimMissing)?, &remote.expected)?;
        let (verified, version) = remote.keys.verify_by_version(token, &remote.algorithms).await?;
        let claims = verified.claims().map_err(|_| Reason::TokenMalformed)?;
        if let Some(rule) = untyped {
            kind::is_access_token(&claims, rule, &shape.scopes)?;
        }
        Ok((claims::access_token(claims, &remote.expected, remote.now())?, version))
    }

    /// Whether the token claims to be of this issuer. Only decides how it is judged.
    pub(crate) fn is_for(&self, token: &Unverified<'_>) -> bool {
        let claimed = Claims::parse(token.payload_unverified());
        claimed.is_ok_and(|claims| claims.string("iss") == Ok(Some(self.0.expected.issuer.as_str())))
    }
}

/// How a JWT of another type than `at+jwt` must show its kind. Only `JWT` and no type at all are ambiguous: any other type
/// says that it is something else.
fn untyped<'a>(token: &Unverified<'_>, shape: &'a TokenShape) -> Result<&'a UntypedRule, Refused> {
    let is_untyped = token.typ().is_none() || token.is_type("JWT");
    match (&shape.untyped, is_untyped) {
        (Some(rule), true) => Ok(rule),
        (None, true) => {
            let expected =
                "at+jwt; if the issuer types no access token, use its preset, or accept_untyped_jwt";
            Err(wrong_type(token, expected))
        }
        (_, false) => Err(wrong_type(token, TYPE)),
    }
}

/// RFC 9068 §2.1
fn wrong_type(token: &Unverified<'_>, expected: &str) -> Refused {
    Refused::differing(Reason::TypeWrong, Difference::new("typ", token.typ().unwrap_or("nothing"), expected))
}
