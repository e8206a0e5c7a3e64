//! Which member of an assertion differs from what RFC 7523 §3 demands.

use jose::{Claims, jws::Unverified};

use super::{Expected, LIFETIME_MAX, LIFETIME_MAX_STRICT, Presented};
use crate::{
    AuthorizationServer,
    clients::known::Known,
    reason::Reason,
    refusal::{Difference, parameters::list},
    store::Caller,
};

impl Presented<'_> {
    /// Whether it is signed with the secret of the client.
    pub(in crate::clients) fn is_symmetric(&self) -> bool {
        let unverified = Unverified::parse(self.jws).ok();
        unverified
            .and_then(|unverified| unverified.algorithm())
            .is_some_and(|algorithm| algorithm.is_symmetric())
    }

    /// What differs, for a refusal with this reason.
    pub(in crate::clients) fn difference(
        &self,
        server: &AuthorizationServer,
        reason: Reason,
        known: &Known,
        caller: &Caller,
    ) -> Option<Difference> {
        let unverified = Unverified::parse(self.jws).ok()?;
        let expected = Expected::of(server, known.is_strict());
        match reason {
            Reason::AssertionMalformed => Some(Difference::new(
                "client_assertion",
                format_args!(
                    "alg {}, typ {}",
                    unverified.algorithm_name(),
                    unverified.typ().unwrap_or("absent")
                ),
                format_args!("alg {}, typ JWT", known.signing_alg().unwrap_or("of a registered key")),
            )),
            Reason::AssertionSignatureWrong => Some(Difference::new(
                "client_assertion",
                format_args!(
                    "alg {}, kid {}",
                    unverified.algorithm_name(),
                    unverified.kid().unwrap_or("absent")
                ),
                "a signature by a registered key",
            )),
            Reason::AssertionClaimWrong => {
                let claims = Claims::parse(unverified.payload_unverified()).ok()?;
                wrong_claim(&claims, caller.id.as_str(), &expected)
            }
            Reason::AssertionExpired => {
                let claims = Claims::parse(unverified.payload_unverified()).ok()?;
                Some(wrong_time(&claims, &expected))
            }
            _ => None,
        }
    }
}

fn wrong_claim(claims: &Claims, client_id: &str, expected: &Expected<'_>) -> Option<Difference> {
    for name in ["iss", "sub"] {
        let value = claims.string(name).ok().flatten();
        if value != Some(client_id) {
            return Some(Difference::new(name, value.unwrap_or("nothing"), client_id));
        }
    }
    if !expected.has_audience(claims) {
        let audiences = claims.strings("aud").unwrap_or_default();
        return Some(Difference::new("aud", list(&audiences), expected.issuer));
    }
    Some(match claims.time("exp") {
        Ok(Some(_)) => Difference::new("jti", "nothing, or too long a value", "a short value, used once"),
        _ => Difference::absent("exp", "the number of seconds at which it expires"),
    })
}

fn wrong_time(claims: &Claims, expected: &Expected<'_>) -> Difference {
    let from_now = |name: &str| match claims.time(name) {
        Ok(Some(at)) => format!("{name} {} s from now", at.saturating_sub(expected.now.0)),
        _ => format!("{name} absent"),
    };
    let reach = if expected.strict { LIFETIME_MAX_STRICT } else { LIFETIME_MAX };
    Difference::new(
        "client_assertion",
        list(["exp", "iat", "nbf"].map(from_now)),
        format_args!("exp ahead by at most {reach} s, iat and nbf in the past, iat by at most {reach} s"),
    )
}
