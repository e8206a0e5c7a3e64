//! Whether a token is for this API.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use jose::Claims;
use protocol::{Audience, Difference, uri};
use serde_json::Value;

use crate::judging::claim::{malformed, missing, text};
use crate::judging::refused::Refused;
use crate::reason::Reason;

/// How a token must show that it is for this API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AudienceRule {
    /// `aud` names the audience of the guard, byte for byte but that the empty path of `http` and `https` is `/` (RFC
    /// 9068 §4, RFC 3986 §6.2.3).
    #[default]
    Exact,
    /// As [`AudienceRule::Exact`], and a token without `aud`, or with an empty one, is accepted. **Such a token is accepted by
    /// every API that trusts the issuer so, whichever it was obtained for**: only for an issuer that has no other API.
    ExactOrAbsent,
    /// As [`AudienceRule::Exact`], and for a token without `aud`, or with an empty one, the client that it was issued to must
    /// be the audience of the guard. **Every token of that client is accepted, whichever API it was obtained for.**
    ExactOrClient,
    /// `aud` names a URL that is the requested URL or a prefix of it, as django-oauth-toolkit compares them: same
    /// scheme, host and port, and whole segments of the path. The requested URL is made of the origin of the audience,
    /// which must be an `http` or `https` URL, and the path of the request; `Host` is ignored.
    UrlPrefix,
    /// Another claim than `aud` has one of these values: for example `client_id`, if a server does not issue audiences
    /// but the clients are known.
    Claim {
        /// The name of the claim, whose value is a string or a list of strings.
        name: String,
        /// The accepted values, at least one.
        values: Vec<String>,
    },
}

type Judge = dyn Fn(&Claims, &Parts) -> bool + Send + Sync;

/// A custom rule, instead of [`AudienceRule`].
#[derive(Clone)]
pub(crate) struct OwnAudience(Arc<Judge>);

impl OwnAudience {
    pub(crate) fn new(rule: impl Fn(&Claims, &Parts) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(rule))
    }
}

impl fmt::Debug for OwnAudience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnAudience(..)")
    }
}

/// The audience that tokens must be for.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedAudience {
    /// The identifier of this API.
    pub(crate) name: Audience,
    /// Whether an introspection answer must name it too.
    pub(crate) is_required: bool,
    pub(crate) rule: AudienceRule,
    /// Overrides `rule`.
    pub(crate) own_rule: Option<OwnAudience>,
    /// The claims that name the client; the first that is present counts.
    pub(crate) client: Vec<String>,
}

/// Checks what does not depend on the request. `needed`: whether the claim must be present.
pub(crate) fn named(claims: &Claims, expected: &ExpectedAudience, needed: bool) -> Result<(), Refused> {
    if expected.own_rule.is_some() {
        return Ok(());
    }
    match &expected.rule {
        AudienceRule::ExactOrAbsent if is_absent(claims) => return Ok(()),
        AudienceRule::ExactOrClient if is_absent(claims) => return client(claims, expected),
        _ => {}
    }
    let (claim, needed) = match &expected.rule {
        AudienceRule::Exact
        | AudienceRule::UrlPrefix
        | AudienceRule::ExactOrAbsent
        | AudienceRule::ExactOrClient => ("aud", needed),
        AudienceRule::Claim { name, .. } => (&**name, true),
    };
    if claims.value(claim).is_none() {
        return if needed { Err(missing(claim).into()) } else { Ok(()) };
    }
    let found = claims.strings(claim).map_err(|error| malformed(&error))?;
    let fits = match &expected.rule {
        AudienceRule::Exact | AudienceRule::ExactOrAbsent | AudienceRule::ExactOrClient => {
            found.iter().any(|one| uri::is_same_resource(one, expected.name.as_str()))
        }
        AudienceRule::UrlPrefix => true,
        AudienceRule::Claim { values, .. } => values.iter().any(|value| found.contains(&value.as_str())),
    };
    if fits { Ok(()) } else { Err(wrong(expected, &found)) }
}

/// Whether the token names no audience: Hydra writes an empty list then.
fn is_absent(claims: &Claims) -> bool {
    match claims.value("aud") {
        None | Some(Value::Null) => true,
        Some(value) => value.as_array().is_some_and(Vec::is_empty),
    }
}

/// The client of the token must be the audience.
fn client(claims: &Claims, expected: &ExpectedAudience) -> Result<(), Refused> {
    for name in &expected.client {
        if let Some(client) = text(claims, name)? {
            return if client == expected.name.as_str() { Ok(()) } else { Err(wrong(expected, &[client])) };
        }
    }
    Err(missing("aud").into())
}

/// Checks what depends on the request: the URL prefix, or the custom rule. A token without audience is not restricted
/// here; [`named`] has decided whether it may be without.
pub(crate) fn covers(claims: &Claims, expected: &ExpectedAudience, head: &Parts) -> Result<(), Refused> {
    if let Some(own) = &expected.own_rule {
        return if (own.0)(claims, head) { Ok(()) } else { Err(wrong(expected, &[])) };
    }
    if expected.rule != AudienceRule::UrlPrefix || claims.value("aud").is_none() {
        return Ok(());
    }
    let found = claims.strings("aud").map_err(|error| malformed(&error))?;
    let origin = uri::origin(expected.name.as_str()).ok_or(Reason::AudienceWrong)?;
    let path = path(head);
    let fits = is_plain(path) && found.iter().any(|audience| is_prefix(audience, &origin, path));
    if fits { Ok(()) } else { Err(wrong(expected, &found)) }
}

/// The path as the client sent it. Nested routers of axum strip a prefix, and keep the original in an extension.
fn path(head: &Parts) -> &str {
    #[cfg(feature = "axum")]
    if let Some(original) = head.extensions.get::<axum::extract::OriginalUri>() {
        return original.path();
    }
    head.uri.path()
}

fn is_prefix(audience: &str, origin: &str, path: &str) -> bool {
    let Ok(parts) = uri::Parts::of(audience) else { return false };
    if parts.query.is_some() || uri::origin(audience).as_deref() != Some(origin) || !is_plain(parts.path) {
        return false;
    }
    let rest = path.strip_prefix(parts.path.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether all routers interpret this path in the same way. A path that some might normalize has no prefix.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hidden = ["%2e", "%2f", "%5c", "%00", "\\", "//", ";"].iter().any(|part| lower.contains(part));
    !hidden && !path.split('/').any(|segment| segment == "." || segment == "..")
}

fn wrong(expected: &ExpectedAudience, found: &[&str]) -> Refused {
    let (claim, wanted) = match &expected.rule {
        AudienceRule::Claim { name, values } => (&**name, values.join(" or ")),
        _ => ("aud", expected.name.to_string()),
    };
    let found =
        if found.is_empty() { "none that a rule of the API accepts".to_owned() } else { found.join(" ") };
    Refused::differing(Reason::AudienceWrong, Difference::new(claim, found, wanted))
}

#[cfg(test)]
mod tests {
    use http::Request;
    use serde_json::json;

    use super::*;

    fn expected(rule: AudienceRule) -> ExpectedAudience {
        ExpectedAudience {
            name: Audience::new("https://api.example/v1"),
            is_required: false,
            rule,
            own_rule: None,
            client: vec!["client_id".to_owned()],
        }
    }

    /// The reason alone.
    fn named(claims: &Claims, expected: &ExpectedAudience, needed: bool) -> Result<(), Reason> {
        super::named(claims, expected, needed).map_err(|refused| refused.reason)
    }

    /// The reason alone.
    fn covers(claims: &Claims, expected: &ExpectedAudience, head: &Parts) -> Result<(), Reason> {
        super::covers(claims, expected, head).map_err(|refused| refused.reason)
    }

    fn claims(members: Value) -> Claims {
        let Value::Object(members) = members else { panic!("an object") };
        Claims::from(members)
    }

    fn requested(aud: &str, path: &str) -> Result<(), Reason> {
        let (claims, expected) = (claims(json!({ "aud": [aud] })), expected(AudienceRule::UrlPrefix));
        named(&claims, &expected, true)?;
        let head = Request::get(path).body(()).expect("a request").into_parts().0;
        covers(&claims, &expected, &head)
    }

    #[test]
    fn a_prefix_ends_where_a_segment_ends() {
        for (aud, path) in [
            ("https://api.example", "/"),
            ("https://api.example/", "/v1/notes?x=../.."),
            ("https://API.example:443/v1", "/v1"),
            ("https://api.example/v1/", "/v1/notes"),
            ("https://api.example/v1/notes", "/v1/notes"),
            ("https://api.example/v1/notes", "/v1/notes/7"),
            ("https://api.example/v1/notes/", "/v1/notes"),
        ] {
            assert_eq!(requested(aud, path), Ok(()), "{aud} {path}");
        }
        for (aud, path) in [
            ("https://api.example/v1/notes", "/v1"),
            ("https://api.example/v1/notes", "/v1/notes2"),
            ("https://api.example/v1/notes", "/v1/Notes"),
            ("https://api.example/v1/notes", "/v1/notes/../admin"),
            ("https://api.example/v1/notes", "/v1/notes/%2e%2E/admin"),
            ("https://api.example/v1/notes", "/v1/notes/..%2fadmin"),
            ("https://api.example/v1/notes", "/v1/notes/..;/admin"),
            ("https://api.example/v1/notes", "/v1/notes//admin"),
            ("https://api.example/v1/notes/..", "/v1/admin"),
            ("https://api.example/v1?x", "/v1"),
            ("https://api.example/v1#x", "/v1"),
            ("https://api.example:8443/v1", "/v1"),
            ("http://api.example/v1", "/v1"),
            ("https://evil.example/v1", "/v1"),
            ("https://api.example@evil.example/v1", "/v1"),
            ("https://a@api.example/v1", "/v1"),
            ("/v1", "/v1"),
            ("api.example", "/v1"),
            ("urn:api", "/v1"),
            ("", "/v1"),
        ] {
            assert_eq!(requested(aud, path), Err(Reason::AudienceWrong), "{aud} {path}");
        }
    }

    #[test]
    fn a_prefix_goes_by_the_origin_of_the_audience_and_not_by_the_host_of_the_request() {
        let expected = expected(AudienceRule::UrlPrefix);
        let request = Request::get("https://evil.example/v1").header("host", "evil.example");
        let head = request.body(()).expect("a request").into_parts().0;
        let judge = |aud: &str| covers(&claims(json!({ "aud": aud })), &expected, &head);
        assert_eq!(judge("https://evil.example/v1"), Err(Reason::AudienceWrong));
        assert_eq!(judge("https://api.example/v1"), Ok(()));
    }

    #[test]
    fn nothing_is_below_an_empty_list_and_no_audience_is_no_restriction() {
        let expected = expected(AudienceRule::UrlPrefix);
        let head = Request::get("/v1").body(()).expect("a request").into_parts().0;
        assert_eq!(covers(&claims(json!({"aud": []})), &expected, &head), Err(Reason::AudienceWrong));
        assert_eq!(covers(&claims(json!({})), &expected, &head), Ok(()));
        assert_eq!(named(&claims(json!({})), &expected, true), Err(Reason::ClaimMissing));
        assert_eq!(named(&claims(json!({"aud": 7})), &expected, false), Err(Reason::ClaimMalformed));
    }

    #[test]
    fn tokens_without_audience_are_accepted_only_by_rules_that_allow_them() {
        let judge =
            |rule: &AudienceRule, members: Value| named(&claims(members), &expected(rule.clone()), true);
        let (absent, client) = (AudienceRule::ExactOrAbsent, AudienceRule::ExactOrClient);
        for aud in [json!({}), json!({"aud": []}), json!({"aud": null})] {
            let of = |client: &str| {
                let mut members = aud.clone();
                members["client_id"] = client.into();
                members
            };
            assert!(judge(&AudienceRule::Exact, of("https://api.example/v1")).is_err(), "{aud}");
            assert_eq!(judge(&absent, of("any")), Ok(()), "{aud}");
            assert_eq!(judge(&client, of("https://api.example/v1")), Ok(()), "{aud}");
            assert_eq!(judge(&client, of("other")), Err(Reason::AudienceWrong), "{aud}");
            assert_eq!(judge(&client, aud.clone()), Err(Reason::ClaimMissing), "{aud}");
        }
        for rule in [&absent, &client] {
            let other = json!({"aud": "https://other.example", "client_id": "https://api.example/v1"});
            assert_eq!(judge(rule, other), Err(Reason::AudienceWrong), "{rule:?}");
            assert_eq!(judge(rule, json!({"aud": {}})), Err(Reason::ClaimMalformed), "{rule:?}");
            assert_eq!(judge(rule, json!({"aud": ["x", "https://api.example/v1"]})), Ok(()), "{rule:?}");
        }
    }

    #[test]
    fn the_empty_path_is_a_slash() {
        for (audience, aud, fits) in [
            ("https://api.example", "https://api.example/", true),
            ("https://api.example/", "https://api.example", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000/", true),
            ("https://api.example/v1", "https://api.example/v1/", false),
            ("https://api.example", "https://api.example//", false),
            ("https://api.example", "https://API.example/", false),
            ("https://api.example", "https://api.example.evil/", false),
            ("urn:api", "urn:api/", false),
            ("custom://api", "custom://api/", false),
        ] {
            let name = Audience::new(audience);
            let expected = ExpectedAudience { name, ..expected(AudienceRule::Exact) };
            let judged = named(&claims(json!({ "aud": [aud, "web"] })), &expected, true);
            assert_eq!(judged.is_ok(), fits, "{audience} {aud}: {judged:?}");
        }
    }

    #[test]
    fn another_claim_stands_in_for_the_audience() {
        let values = vec!["web".to_owned(), "phone".to_owned()];
        let expected = expected(AudienceRule::Claim { name: "client_id".to_owned(), values });
        for (members, judged) in [
            (json!({"client_id": "web"}), Ok(())),
            (json!({"client_id": "phone", "aud": "https://other.example"}), Ok(())),
            (json!({"client_id": ["x", "web"]}), Ok(())),
            (json!({"client_id": "evil", "aud": "https://api.example/v1"}), Err(Reason::AudienceWrong)),
            (json!({"client_id": "we"}), Err(Reason::AudienceWrong)),
            (json!({"client_id": []}), Err(Reason::AudienceWrong)),
            (json!({"client_id": 7}), Err(Reason::ClaimMalformed)),
            (json!({"aud": "https://api.example/v1"}), Err(Reason::ClaimMissing)),
        ] {
            assert_eq!(named(&claims(members.clone()), &expected, false), judged, "{members}");
        }
    }
}
