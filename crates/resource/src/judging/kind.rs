//! Whether a JWT without `typ: at+jwt` is an access token, by its claims (RFC 8725 §3.12).
//!
//! An ID token, a logout token and a signed answer are signed with the same keys, and their `typ` is often absent or `JWT`
//! as well. So an access token has to show what the others lack, and must not have what only they have.

use jose::Claims;
use protocol::display::Shown;

use crate::judging::claim::text;
use crate::judging::claim_path::ClaimPath;
use crate::reason::Reason;

/// Claims that only ID tokens have (OpenID Connect Core 1.0 §2, §3.3.2.11; `s_hash`: FAPI 1.0 Part 2 §5.1.1).
pub(crate) const OF_ID_TOKENS: &[&str] = &["nonce", "at_hash", "c_hash", "s_hash"];
/// The same, without `nonce`: before version 25, Keycloak copied it into every token.
const HASHES: &[&str] = &["at_hash", "c_hash", "s_hash"];
/// Claims of other statements of an issuer: logout tokens and security events (RFC 8417 §2.2), introspection answers
/// (RFC 9701 §5).
const OF_OTHERS: &[&str] = &["events", "token_introspection"];
/// Claims by which servers name the kind of a token, and the values for access tokens. Keycloak has `typ`, and Amazon
/// Cognito `token_use`.
const NAMED: [(&str, &[&str]); 2] = [
    ("typ", &["bearer", "dpop", "at+jwt", "jwt", "access", "access_token"]),
    ("token_use", &["access", "access_token"]),
];

/// How an untyped JWT of an issuer shows that it is an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UntypedRule {
    /// Claims that its ID tokens never have: one of them must be present.
    pub(crate) marks: &'static [&'static str],
    /// The claim that names the kind, which must be present, and its values for access tokens.
    pub(crate) named: Option<(&'static str, &'static [&'static str])>,
    /// Claims that its access tokens never have: none of them may be present.
    pub(crate) foreign: &'static [&'static str],
}

impl UntypedRule {
    /// For servers that no preset is for.
    pub(crate) const GENERIC: Self =
        Self { marks: &["client_id", "scope", "scp"], named: None, foreign: OF_ID_TOKENS };

    /// An access token has one of these claims, and none that only ID tokens have.
    pub(crate) const fn marked(marks: &'static [&'static str]) -> Self {
        Self { marks, ..Self::GENERIC }
    }

    /// An access token says so in this claim.
    pub(crate) const fn named(claim: &'static str, values: &'static [&'static str]) -> Self {
        Self { marks: &[], named: Some((claim, values)), foreign: HASHES }
    }
}

/// Whether these verified claims are those of an access token. A claim that holds the scopes is a mark as well.
pub(crate) fn is_access_token(
    claims: &Claims,
    rule: &UntypedRule,
    scopes: &[ClaimPath],
) -> Result<(), Reason> {
    let is_there = |name: &&&str| claims.value(name).is_some();
    if let Some(name) = rule.foreign.iter().chain(OF_OTHERS).find(is_there) {
        return Err(refused(name, "a claim of another kind of token"));
    }
    for (name, known) in NAMED {
        let found = text(claims, name)?;
        if let Some(found) = found.filter(|found| !known.iter().any(|one| one.eq_ignore_ascii_case(found))) {
            return Err(refused(found, "the token names itself another kind of token"));
        }
    }
    if let Some((name, values)) = rule.named {
        let found = text(claims, name)?;
        if !found.is_some_and(|found| values.contains(&found)) {
            return Err(refused(name, "this claim does not say that it is an access token"));
        }
    }
    let is_marked = rule.marks.is_empty()
        || rule.marks.iter().any(|name| is_there(&name))
        || scopes.iter().any(|path| path.value(claims).is_some());
    if is_marked { Ok(()) } else { Err(refused(&rule.marks.join(" "), "none of these claims is present")) }
}

fn refused(what: &str, why: &str) -> Reason {
    tracing::debug!(what = %Shown(what), why, "not an access token");
    Reason::KindWrong
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn judged(members: Value, rule: &UntypedRule, scopes: &[&str]) -> Result<(), Reason> {
        let Value::Object(members) = members else { panic!("an object") };
        let scopes: Vec<_> = scopes.iter().filter_map(|path| ClaimPath::new(path)).collect();
        is_access_token(&Claims::from(members), rule, &scopes)
    }

    #[test]
    fn a_mark_is_required_and_claims_of_id_tokens_are_refused() {
        let rule = &UntypedRule::GENERIC;
        for members in [
            json!({"scope": "a"}),
            json!({"scp": ["a"]}),
            json!({"client_id": "shop"}),
            json!({"client_id": "shop", "typ": "Bearer", "token_use": "access"}),
            json!({"client_id": "shop", "auth_time": 1, "acr": "1", "amr": ["pwd"], "azp": "shop", "sid": "s"}),
        ] {
            assert_eq!(judged(members.clone(), rule, &[]), Ok(()), "{members}");
        }
        for members in [
            json!({}),
            json!({"azp": "shop", "auth_time": 1, "email": "a@example.org"}),
            json!({"scope": "a", "nonce": "n"}),
            json!({"scope": "a", "nonce": null}),
            json!({"scope": "a", "at_hash": "h"}),
            json!({"client_id": "shop", "c_hash": "h"}),
            json!({"client_id": "shop", "s_hash": "h"}),
            json!({"client_id": "shop", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
            json!({"client_id": "shop", "token_introspection": {"active": true}}),
            json!({"client_id": "shop", "typ": "ID"}),
            json!({"client_id": "shop", "typ": "Refresh"}),
            json!({"client_id": "shop", "typ": "Offline"}),
            json!({"client_id": "shop", "typ": "Logout"}),
            json!({"client_id": "shop", "token_use": "id"}),
        ] {
            assert_eq!(judged(members.clone(), rule, &[]), Err(Reason::KindWrong), "{members}");
        }
        assert_eq!(judged(json!({"client_id": "x", "typ": 7}), rule, &[]), Err(Reason::ClaimMalformed));
        assert_eq!(judged(json!({"permissions": ["a"]}), rule, &["permissions"]), Ok(()));
    }

    #[test]
    fn a_claim_that_names_the_kind_is_required() {
        let rule = &UntypedRule::named("token_use", &["access"]);
        assert_eq!(judged(json!({"token_use": "access"}), rule, &[]), Ok(()));
        for members in [
            json!({"scope": "a", "client_id": "shop"}),
            json!({"scope": "a", "token_use": "id"}),
            json!({"scope": "a", "token_use": "Access"}),
            json!({"token_use": "access", "at_hash": "h"}),
        ] {
            assert_eq!(judged(members.clone(), rule, &["scope"]), Err(Reason::KindWrong), "{members}");
        }
    }
}
