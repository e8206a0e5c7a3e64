//! Whether the claims of a token are acceptable, verified by signature or introspected.
//!
//! Pure: the time is an argument.

use jose::Claims;
use protocol::{Difference, Scopes, Timestamp};

use crate::judging::answered;
use crate::judging::audience;
use crate::judging::authorization::Authorization;
use crate::judging::claim::{malformed, missing, text, time};
use crate::judging::expected::ExpectedToken;
use crate::judging::refused::Refused;
use crate::judging::shape::TokenShape;
use crate::proof::confirmation;
use crate::reason::Reason;

/// Judges the claims of a verified JWT access token (RFC 9068 §4).
pub(crate) fn access_token(
    claims: Claims,
    expected: &ExpectedToken,
    now: Timestamp,
) -> Result<Authorization, Refused> {
    issuer(text(&claims, "iss")?.ok_or_else(|| missing("iss"))?, expected)?;
    audience::named(&claims, &expected.audience, true)?;
    if time(&claims, "exp")?.is_none() {
        return Err(missing("exp").into());
    }
    if expected.shape.subject_required && text(&claims, "sub")?.is_none() {
        return Err(missing("sub").into());
    }
    let expires = times(&claims, &expected.shape, now)?;
    let scopes = expected.shape.scopes_of_jwt(&claims)?;
    Ok(judged(claims, scopes, expires, &expected.shape)?)
}

/// Judges an introspection answer (RFC 7662 §2.2), from JSON or from inside of RFC 9701.
///
/// The server knows who asks and may omit `aud`, `iss`, `exp`, `sub` and `scope`; members that say something must be
/// valid.
pub(crate) fn introspected(
    claims: Claims,
    expected: &ExpectedToken,
    now: Timestamp,
) -> Result<Authorization, Refused> {
    let claims = answered::said(claims);
    match claims.boolean("active").map_err(|error| malformed(&error))? {
        Some(true) => {}
        Some(false) => return Err(Reason::TokenInactive.into()),
        None => return Err(missing("active").into()),
    }
    if let Some(found) = text(&claims, "iss")? {
        issuer(found, expected)?;
    }
    audience::named(&claims, &expected.audience, expected.audience.is_required)?;
    kind(&claims)?;
    if expected.exp_ignored {
        time(&claims, "exp")?;
        starts(&claims, &expected.shape, now)?;
        let scopes = expected.shape.scopes_of_answer(&claims)?;
        return Ok(judged(claims, scopes, None, &expected.shape)?);
    }
    let expires = times(&claims, &expected.shape, now)?;
    let scopes = expected.shape.scopes_of_answer(&claims)?;
    Ok(judged(claims, scopes, expires, &expected.shape)?)
}

/// Judges an answer of a `tokeninfo` endpoint, which anyone may ask about any token: so it must say whom the token is for.
pub(crate) fn tokeninfo(
    claims: Claims,
    expected: &ExpectedToken,
    now: Timestamp,
) -> Result<Authorization, Refused> {
    audience::named(&claims, &expected.audience, true)?;
    let expires = times(&claims, &expected.shape, now)?.ok_or_else(|| missing("exp"))?;
    let scopes = expected.shape.scopes_of_answer(&claims)?;
    Ok(judged(claims, scopes, Some(expires), &expected.shape)?)
}

/// The issuer must be the expected one, byte for byte.
pub(crate) fn issuer(found: &str, expected: &ExpectedToken) -> Result<(), Refused> {
    if found != expected.issuer.as_str() {
        return Err(Refused::differing(
            Reason::IssuerWrong,
            Difference::new(
                "iss",
                found,
                format_args!("{}, where a slash at the end counts", expected.issuer),
            ),
        ));
    }
    Ok(())
}

/// `exp`, `nbf` and `iat`, each with the leeway in favor of the token.
pub(crate) fn times(
    claims: &Claims,
    shape: &TokenShape,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refused> {
    let expires = time(claims, "exp")?;
    if let Some(expires) = expires
        && now >= expires + shape.leeway_seconds
    {
        let ago = now.since(expires);
        let sent = format_args!("{} ({ago} s ago)", expires.0);
        return Err(Refused::differing(
            Reason::TokenExpired,
            Difference::new("exp", sent, format_args!("after {}", now.0 - shape.leeway_seconds)),
        ));
    }
    starts(claims, shape, now)?;
    Ok(expires)
}

fn starts(claims: &Claims, shape: &TokenShape, now: Timestamp) -> Result<(), Refused> {
    for (name, reason) in [("nbf", Reason::TokenNotYetValid), ("iat", Reason::ClockSkewed)] {
        if let Some(start) = time(claims, name)?
            && start > now + shape.leeway_seconds
        {
            let sent = format_args!("{} (in {} s by this clock)", start.0, start.since(now));
            let expected = format_args!("at most {}", now.0 + shape.leeway_seconds);
            return Err(Refused::differing(reason, Difference::new(name, sent, expected)));
        }
    }
    Ok(())
}

/// Everything but the times and the scopes.
fn judged(
    claims: Claims,
    scopes: Scopes,
    expires: Option<Timestamp>,
    shape: &TokenShape,
) -> Result<Authorization, Reason> {
    let clients = shape.client.iter().map(String::as_str);
    for name in ["sub", "client_id", "username", "jti"].into_iter().chain(clients) {
        text(&claims, name)?;
    }
    let confirmation = confirmation::of(&claims, shape.confirmation_notes)?;
    let roles = shape.roles(&claims)?;
    Ok(Authorization { claims, scopes, roles, expires, confirmation })
}

/// `token_type`, which is case-insensitive (RFC 6749 §5.1); and `token_use`, or `typ` (Keycloak), by which servers mark
/// refresh tokens and ID tokens, since a caller that is a client as well may be told about its own.
fn kind(claims: &Claims) -> Result<(), Reason> {
    match text(claims, "token_type")? {
        Some(kind) if !["bearer", "dpop"].iter().any(|known| kind.eq_ignore_ascii_case(known)) => {
            return Err(Reason::KindWrong);
        }
        Some(_) | None => {}
    }
    for (name, others) in [
        ("token_use", &["refresh_token", "refresh", "id_token", "id"][..]),
        ("typ", &["refresh", "offline", "id", "logout"]),
    ] {
        let found = text(claims, name)?;
        if found.is_some_and(|found| others.iter().any(|other| found.eq_ignore_ascii_case(other))) {
            return Err(Reason::KindWrong);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::{Audience, Issuer};
    use serde_json::{Value, json};

    use super::*;
    use crate::judging::audience::{AudienceRule, ExpectedAudience};

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn expected() -> ExpectedToken {
        ExpectedToken {
            issuer: Issuer::new("https://id.example"),
            audience: ExpectedAudience {
                name: Audience::new("https://notes.example"),
                is_required: false,
                rule: AudienceRule::Exact,
                own_rule: None,
                client: vec!["client_id".to_owned()],
            },
            exp_ignored: false,
            shape: TokenShape::default(),
        }
    }

    /// A good set of claims with some members replaced, or left out where the value is `()`.
    fn with(good: Value, changes: &[(&str, Option<Value>)]) -> Claims {
        let Value::Object(mut members) = good else { panic!("an object") };
        for (name, value) in changes {
            match value {
                Some(value) => members.insert((*name).to_owned(), value.clone()),
                None => members.remove(*name),
            };
        }
        Claims::from(members)
    }

    fn jwt(changes: &[(&str, Option<Value>)]) -> Result<Authorization, Refused> {
        let good = json!({
            "iss": "https://id.example", "aud": "https://notes.example", "sub": "u-1", "client_id": "shop",
            "exp": 1_800_000_600, "iat": 1_800_000_000, "jti": "x", "scope": "notes.read notes.write"
        });
        access_token(with(good, changes), &expected(), NOW)
    }

    fn answer(changes: &[(&str, Option<Value>)]) -> Result<Authorization, Refused> {
        let good = json!({
            "active": true, "scope": "read groups", "client_id": "web", "username": "alice", "sub": "1",
            "token_type": "Bearer", "exp": 1_800_000_600, "iat": 1_799_999_000, "iss": "https://id.example"
        });
        introspected(with(good, changes), &expected(), NOW)
    }

    fn refused(found: Result<Authorization, Refused>) -> Option<Reason> {
        found.err().map(|refused| refused.reason)
    }

    #[test]
    fn a_good_jwt_is_accepted_with_its_scopes_and_expiry() {
        let found = jwt(&[]).expect("accepted");
        assert_eq!(found.scopes.as_str(), "notes.read notes.write");
        assert_eq!(found.expires, Some(Timestamp(1_800_000_600)));
    }

    #[test]
    fn a_jwt_may_leave_out_what_rfc_9068_does_not_have_checked() {
        for name in ["client_id", "iat", "jti", "scope"] {
            assert!(jwt(&[(name, None)]).is_ok(), "{name}");
        }
        assert!(jwt(&[("aud", Some(json!(["x", "https://notes.example"])))]).is_ok());
    }

    #[test]
    fn one_defect_in_a_jwt_refuses_it() {
        let cases: &[(&str, Option<Value>, Reason)] = &[
            ("iss", None, Reason::ClaimMissing),
            ("iss", Some(json!("https://id.example/")), Reason::IssuerWrong),
            ("iss", Some(json!("https://evil.example")), Reason::IssuerWrong),
            ("iss", Some(json!(["https://id.example"])), Reason::ClaimMalformed),
            ("aud", None, Reason::ClaimMissing),
            ("aud", Some(json!("https://notes.example//")), Reason::AudienceWrong),
            ("aud", Some(json!([])), Reason::AudienceWrong),
            ("aud", Some(json!(null)), Reason::ClaimMalformed),
            ("aud", Some(json!({"a": 1})), Reason::ClaimMalformed),
            ("aud", Some(json!(["https://notes.example", 1])), Reason::ClaimMalformed),
            ("exp", None, Reason::ClaimMissing),
            ("exp", Some(json!("1800000600")), Reason::ClaimMalformed),
            ("exp", Some(json!(null)), Reason::ClaimMalformed),
            ("exp", Some(json!(true)), Reason::ClaimMalformed),
            ("exp", Some(json!(1_799_999_970)), Reason::TokenExpired),
            ("nbf", Some(json!(1_800_000_031)), Reason::TokenNotYetValid),
            ("nbf", Some(json!("0")), Reason::ClaimMalformed),
            ("iat", Some(json!(1_800_000_031)), Reason::ClockSkewed),
            ("iat", Some(json!([0])), Reason::ClaimMalformed),
            ("sub", None, Reason::ClaimMissing),
            ("sub", Some(json!(7)), Reason::ClaimMalformed),
            ("sub", Some(json!("")), Reason::ClaimMalformed),
            ("client_id", Some(json!(null)), Reason::ClaimMalformed),
            ("scope", Some(json!(["notes.read"])), Reason::ClaimMalformed),
            ("scope", Some(json!("a\"b")), Reason::ClaimMalformed),
            ("cnf", Some(json!({"jkt": "x"})), Reason::ConfirmationUnknown),
            ("cnf", Some(json!("x")), Reason::ClaimMalformed),
        ];
        for (name, value, reason) in cases {
            assert_eq!(refused(jwt(&[(name, value.clone())])), Some(*reason), "{name}: {value:?}");
        }
    }

    #[test]
    fn times_have_a_leeway_of_thirty_seconds() {
        for (name, value) in [("exp", 1_799_999_971), ("nbf", 1_800_000_030), ("iat", 1_800_000_030)] {
            assert!(jwt(&[(name, Some(json!(value)))]).is_ok(), "{name}");
            assert!(answer(&[(name, Some(json!(value)))]).is_ok(), "{name}");
        }
        assert!(jwt(&[("exp", Some(json!(1_800_000_600.5)))]).is_ok(), "a fraction is a number too");
    }

    #[test]
    fn an_answer_may_leave_out_all_but_active() {
        for name in ["scope", "client_id", "username", "sub", "token_type", "exp", "iat", "iss"] {
            assert!(answer(&[(name, None)]).is_ok(), "{name}");
        }
        assert!(answer(&[("aud", Some(json!(["https://notes.example", "web"])))]).is_ok());
        assert!(answer(&[("token_type", Some(json!("bearer")))]).is_ok());
    }

    #[test]
    fn one_defect_in_an_answer_refuses_the_token() {
        let cases: &[(&str, Option<Value>, Reason)] = &[
            ("active", Some(json!(false)), Reason::TokenInactive),
            ("active", Some(json!("true")), Reason::ClaimMalformed),
            ("active", Some(json!(1)), Reason::ClaimMalformed),
            ("active", Some(json!(null)), Reason::ClaimMalformed),
            ("active", None, Reason::ClaimMissing),
            ("scope", Some(json!(["read", 7])), Reason::ClaimMalformed),
            ("scope", Some(json!(["a\"b"])), Reason::ClaimMalformed),
            ("exp", Some(json!("1800000600")), Reason::ClaimMalformed),
            ("exp", Some(json!(1_700_000_000)), Reason::TokenExpired),
            ("nbf", Some(json!(1_800_000_600)), Reason::TokenNotYetValid),
            ("iat", Some(json!(1_800_000_600)), Reason::ClockSkewed),
            ("username", Some(json!(["alice"])), Reason::ClaimMalformed),
            ("sub", Some(json!(7)), Reason::ClaimMalformed),
            ("client_id", Some(json!(7)), Reason::ClaimMalformed),
            ("iss", Some(json!("https://id.example/")), Reason::IssuerWrong),
            ("iss", Some(json!(null)), Reason::ClaimMalformed),
            ("aud", Some(json!("web")), Reason::AudienceWrong),
            ("aud", Some(json!(["web", "https://notes.example.evil"])), Reason::AudienceWrong),
            ("aud", Some(json!([null])), Reason::ClaimMalformed),
            ("aud", Some(json!({})), Reason::ClaimMalformed),
            ("token_type", Some(json!("DPoP")), Reason::ConfirmationUnknown),
            ("token_type", Some(json!("N_A")), Reason::KindWrong),
            ("token_use", Some(json!("refresh_token")), Reason::KindWrong),
            ("token_use", Some(json!("Refresh")), Reason::KindWrong),
            ("token_use", Some(json!("id")), Reason::KindWrong),
            ("typ", Some(json!("Refresh")), Reason::KindWrong),
            ("typ", Some(json!("Offline")), Reason::KindWrong),
            ("typ", Some(json!("ID")), Reason::KindWrong),
            ("cnf", Some(json!({"x5t#S256": "x"})), Reason::ConfirmationUnknown),
        ];
        for (name, value, reason) in cases {
            assert_eq!(refused(answer(&[(name, value.clone())])), Some(*reason), "{name}: {value:?}");
        }
    }

    #[test]
    fn an_active_answer_whose_exp_has_passed_is_taken_only_where_that_was_asked_for() {
        let judged = |exp: Value, exp_ignored| {
            let claims = with(json!({"active": true, "sub": "1", "nbf": NOW.0 - 9}), &[("exp", Some(exp))]);
            let judged = introspected(claims, &ExpectedToken { exp_ignored, ..expected() }, NOW);
            judged.map(|found| found.expires).map_err(|refused| refused.reason)
        };
        assert_eq!(judged(json!(NOW.0 - 600), false), Err(Reason::TokenExpired));
        assert_eq!(judged(json!(NOW.0 - 600), true), Ok(None), "kept no longer than any answer");
        assert_eq!(judged(json!("soon"), true), Err(Reason::ClaimMalformed));
        let ahead = with(json!({"active": true, "nbf": NOW.0 + 600}), &[]);
        let ahead = introspected(ahead, &ExpectedToken { exp_ignored: true, ..expected() }, NOW);
        assert_eq!(refused(ahead), Some(Reason::TokenNotYetValid));
        let inactive = with(json!({"active": false, "exp": NOW.0 - 600}), &[]);
        let inactive = introspected(inactive, &ExpectedToken { exp_ignored: true, ..expected() }, NOW);
        assert_eq!(refused(inactive), Some(Reason::TokenInactive));
    }

    #[test]
    fn an_answer_without_aud_is_refused_where_it_is_required() {
        let mut strict = expected();
        strict.audience.is_required = true;
        for silent in [json!({}), json!({"aud": []}), json!({"aud": null}), json!({"aud": ""})] {
            let mut answer = silent.clone();
            answer["active"] = true.into();
            let found = introspected(with(answer, &[]), &strict, NOW);
            assert_eq!(refused(found), Some(Reason::ClaimMissing), "{silent}");
        }
    }

    #[test]
    fn an_answer_may_say_nothing_in_the_ways_of_other_servers() {
        for (name, nothing) in [
            ("aud", json!([])),
            ("aud", json!(null)),
            ("username", json!(null)),
            ("sub", json!(null)),
            ("scope", json!(null)),
            ("exp", json!(null)),
            ("cnf", json!(null)),
        ] {
            let found = answer(&[(name, Some(nothing.clone()))]);
            assert!(found.is_ok_and(|found| found.claims.value(name).is_none()), "{name}: {nothing}");
        }
        let listed = answer(&[("scope", Some(json!(["read", "groups"])))]).expect("accepted");
        assert_eq!(listed.scopes.as_str(), "read groups");
        let none = answer(&[("scope", Some(json!([])))]).expect("accepted");
        assert_eq!(none.scopes.as_str(), "");
    }
}
