//! The claims that a token gives access to (OpenID Connect Core 1.0 §5.4, §5.5), and their languages. Pure.

use jose::{Claims, json};
use protocol::Scopes;
use protocol::scope::STANDARD_CLAIMS;
use serde_json::{Map, Value};

use crate::limits::{CLAIMS_MAX, LOCALE_BYTES_MAX, LOCALES_MAX};
use crate::reason::Reason;
use crate::userinfo::provider::ClaimName;

/// The claims that the endpoint sets itself.
const OWN: [&str; 7] = ["sub", "iss", "aud", "exp", "nbf", "iat", "jti"];

/// The claims that a token gives access to, by their names on the wire, and the languages that the user prefers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestedClaims {
    names: Vec<String>,
    locales: Vec<String>,
}

impl RequestedClaims {
    /// Those of its scopes, and those of the `claims` request if the token carries it, as an object or as text.
    ///
    /// # Errors
    ///
    /// [`Reason::ClaimMalformed`] if the request is malformed, or asks for more than [`CLAIMS_MAX`].
    pub(super) fn read(token: &Claims, scopes: &Scopes) -> Result<Self, Reason> {
        let standard = STANDARD_CLAIMS.iter().filter(|(scope, _)| scopes.contains(scope));
        let mut names: Vec<String> =
            standard.flat_map(|(_, claims)| claims.iter().map(ToString::to_string)).collect();
        for name in requested(token)?.keys() {
            let claim = name.split('#').next().unwrap_or_default();
            if !OWN.contains(&claim) && !names.contains(name) {
                names.push(name.clone());
            }
        }
        if names.len() > CLAIMS_MAX {
            return Err(Reason::ClaimMalformed);
        }
        Ok(Self { names, locales: locales(token)? })
    }

    /// Everything to request from the provider: a claim without a language also in each preferred one.
    pub(super) fn asked(&self) -> Vec<ClaimName<'_>> {
        self.names.iter().flat_map(|name| self.variants(name)).collect()
    }

    /// The best value of the provider for each name: in the first preferred language that it has, else without a
    /// language.
    pub(super) fn choose(&self, mut found: Map<String, Value>) -> Map<String, Value> {
        let mut chosen = Map::new();
        for name in &self.names {
            let mut values = self.variants(name).filter_map(|variant| found.remove(&variant.to_string()));
            // No claim is null (OpenID Connect Core 1.0 §5.3.2).
            if let Some(value) = values.find(|value| !value.is_null()) {
                chosen.insert(name.clone(), value);
            }
        }
        chosen
    }

    fn variants<'a>(&'a self, name: &'a str) -> impl Iterator<Item = ClaimName<'a>> {
        let (claim, tag) = name.split_once('#').map_or((name, None), |(claim, tag)| (claim, Some(tag)));
        let preferred = self.locales.iter().filter(move |_| tag.is_none());
        let preferred = preferred.map(move |locale| ClaimName::new(claim, Some(locale)));
        preferred.chain([ClaimName::new(claim, tag)])
    }
}

/// The member `userinfo` of the `claims` request (OpenID Connect Core 1.0 §5.5).
fn requested(token: &Claims) -> Result<Map<String, Value>, Reason> {
    let request = match token.value("claims") {
        None => return Ok(Map::new()),
        Some(Value::Object(request)) => request.clone(),
        Some(Value::String(text)) => json::object(text.as_bytes()).map_err(|_| Reason::ClaimMalformed)?,
        Some(_) => return Err(Reason::ClaimMalformed),
    };
    match request.get("userinfo") {
        None => Ok(Map::new()),
        Some(Value::Object(names)) => Ok(names.clone()),
        Some(_) => Err(Reason::ClaimMalformed),
    }
}

/// `claims_locales`, the preferred first (OpenID Connect Core 1.0 §5.2); invalid language tags are ignored.
fn locales(token: &Claims) -> Result<Vec<String>, Reason> {
    let text = token.string("claims_locales").map_err(|_| Reason::ClaimMalformed)?.unwrap_or_default();
    let is_tag = |tag: &&str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !tag.is_empty() && tag.len() <= LOCALE_BYTES_MAX && tag.bytes().all(fits)
    };
    Ok(text.split(' ').filter(is_tag).take(LOCALES_MAX).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(token: Value, scopes: &str) -> Result<RequestedClaims, Reason> {
        let Value::Object(members) = token else { panic!("an object") };
        RequestedClaims::read(&Claims::from(members), &Scopes::stored(scopes))
    }

    fn asked(wanted: &RequestedClaims) -> Vec<String> {
        wanted.asked().iter().map(ToString::to_string).collect()
    }

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { panic!("an object") };
        members
    }

    #[test]
    fn a_scope_opens_its_claims_and_no_others() {
        for (scopes, names) in [
            ("openid", &[][..]),
            ("openid email", &["email", "email_verified"]),
            ("openid address phone", &["address", "phone_number", "phone_number_verified"]),
            ("emails", &[]),
        ] {
            assert_eq!(asked(&wanted(json!({}), scopes).expect("wanted")), names, "{scopes}");
        }
        assert_eq!(asked(&wanted(json!({}), "profile").expect("wanted")).len(), 14);
    }

    #[test]
    fn the_claims_request_adds_to_the_scopes() {
        let request =
            json!({"userinfo": {"nickname": null, "email": {"essential": true}}, "id_token": {"acr": null}});
        for claims in [request.clone(), json!(request.to_string())] {
            let found = wanted(json!({ "claims": claims }), "openid email").expect("wanted");
            assert_eq!(asked(&found), ["email", "email_verified", "nickname"]);
        }
    }

    #[test]
    fn what_the_endpoint_says_itself_can_not_be_requested() {
        let request =
            json!({"userinfo": {"sub": null, "iss": null, "aud#en": null, "exp": null, "name": null}});
        assert_eq!(asked(&wanted(json!({ "claims": request }), "openid").expect("wanted")), ["name"]);
    }

    #[test]
    fn a_request_that_is_none_is_refused() {
        for claims in [json!(7), json!("{"), json!([]), json!({"userinfo": []}), json!({"userinfo": "name"})]
        {
            let found = wanted(json!({ "claims": claims }), "openid");
            assert_eq!(found, Err(Reason::ClaimMalformed), "{claims}");
        }
        let many: Map<String, Value> = (0..=CLAIMS_MAX).map(|at| (format!("c{at}"), Value::Null)).collect();
        let found = wanted(json!({ "claims": {"userinfo": many} }), "openid");
        assert_eq!(found, Err(Reason::ClaimMalformed));
        assert_eq!(wanted(json!({"claims_locales": ["ja"]}), "").err(), Some(Reason::ClaimMalformed));
    }

    #[test]
    fn a_claim_is_asked_for_in_every_preferred_language_and_in_none() {
        let token = json!({"claims": {"userinfo": {"name": null, "nickname#de": null}}, "claims_locales": "ja fr-CA"});
        let found = wanted(token, "openid").expect("wanted");
        assert_eq!(asked(&found), ["name#ja", "name#fr-CA", "name", "nickname#de"]);
    }

    #[test]
    fn the_first_preferred_language_wins_and_none_comes_last() {
        let token =
            json!({"claims": {"userinfo": {"name": null, "nickname#de": null}}, "claims_locales": "ja fr"});
        let wanted = wanted(token, "openid").expect("wanted");
        for (found, name) in [
            (json!({"name": "Alice", "name#fr": "Alix", "name#ja": "アリス"}), "アリス"),
            (json!({"name": "Alice", "name#fr": "Alix", "name#ja": null}), "Alix"),
            (json!({"name": "Alice"}), "Alice"),
        ] {
            assert_eq!(wanted.choose(map(found)), map(json!({ "name": name })));
        }
        let tagged = json!({"nickname#de": "Alli", "nickname": "Al", "secret": 1, "name": null});
        assert_eq!(wanted.choose(map(tagged)), map(json!({"nickname#de": "Alli"})));
    }

    #[test]
    fn languages_are_bounded_and_must_be_tags() {
        let long = "x".repeat(LOCALE_BYTES_MAX + 1);
        let found =
            wanted(json!({"claims_locales": format!("ja  d\"e {long} en#x fr")}), "").expect("wanted");
        assert_eq!(found.locales, ["ja", "fr"]);
        let many = "de ".repeat(LOCALES_MAX + 1);
        assert_eq!(wanted(json!({ "claims_locales": many }), "").expect("wanted").locales.len(), LOCALES_MAX);
    }
}
