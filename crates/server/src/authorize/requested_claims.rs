//! The `claims` parameter (OpenID Connect Core 1.0 §5.5): claims that a client requests by name.

use jose::Claims;
use protocol::{Scopes, Subject, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{reason::Reason, registry::Resources, tokens::claims::releasing};

/// What a request names. Claims that no scope of the client would release are left out: that a claim is not returned is no
/// error, essential or not (OpenID Connect Core 1.0 §5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct RequestedClaims {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) id_token: Vec<Box<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) userinfo: Vec<Box<str>>,
    /// The scopes that would release them: what the user is asked to approve, and nothing else of these scopes is released.
    pub(crate) scopes: Scopes,
    /// The only users that may be signed in (§5.5.1: `sub` with a value).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subjects: Vec<Subject>,
    /// The only strengths of authentication that are enough (§5.5.1.1: an essential `acr`); empty if all are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) acr: Vec<Box<str>>,
    /// Whether `acr` is requested in the ID token.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) names_acr: bool,
}

impl RequestedClaims {
    /// Reads the parameter.
    ///
    /// # Errors
    /// [`Reason::ClaimsMalformed`] if it is not JSON of the form of §5.5, or names too many claims.
    pub(crate) fn read(text: &str, of_client: &Scopes, resources: &Resources) -> Result<Self, Reason> {
        let claims = Claims::parse(text.as_bytes()).map_err(|_| Reason::ClaimsMalformed)?;
        let mut requested = Self::default();
        let mut scopes: Vec<&str> = Vec::new();
        for (place, is_id_token) in [("id_token", true), ("userinfo", false)] {
            let members = match claims.value(place) {
                None | Some(Value::Null) => continue,
                Some(Value::Object(members)) => members,
                Some(_) => return Err(Reason::ClaimsMalformed),
            };
            if members.len() > limits::CLAIMS_REQUESTED_MAX {
                return Err(Reason::ClaimsMalformed);
            }
            for (name, wish) in members {
                let wish = Wish::read(wish)?;
                match (&**name, is_id_token) {
                    ("sub", _) => requested.subjects.extend(wish.values.into_iter().map(Subject::new)),
                    ("acr", true) => {
                        requested.names_acr = true;
                        requested.acr = wish.required();
                    }
                    (name, _) => {
                        let Some(scope) = releasing(name, of_client, resources) else { continue };
                        scopes.push(scope);
                        let names =
                            if is_id_token { &mut requested.id_token } else { &mut requested.userinfo };
                        names.push(name.into());
                    }
                }
            }
        }
        requested.scopes = scopes.into_iter().collect();
        Ok(requested)
    }
}

/// How a claim is requested (OpenID Connect Core 1.0 §5.5.1).
struct Wish<'a> {
    is_essential: bool,
    values: Vec<&'a str>,
}

impl<'a> Wish<'a> {
    fn read(wish: &'a Value) -> Result<Self, Reason> {
        let empty = Map::new();
        let members = match wish {
            Value::Null => &empty,
            Value::Object(members) => members,
            _ => return Err(Reason::ClaimsMalformed),
        };
        let is_essential = match members.get("essential") {
            None => false,
            Some(essential) => essential.as_bool().ok_or(Reason::ClaimsMalformed)?,
        };
        let one = wish.get("value").into_iter();
        let several = match wish.get("values") {
            None => &[][..],
            Some(values) => values.as_array().ok_or(Reason::ClaimsMalformed)?,
        };
        Ok(Self { is_essential, values: one.chain(several).filter_map(Value::as_str).collect() })
    }

    fn required(self) -> Vec<Box<str>> {
        let values = self.values.into_iter().filter(|_| self.is_essential);
        values.map(Into::into).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RequestedClaims, Reason> {
        RequestedClaims::read(text, &Scopes::stored("openid email"), &Resources::default())
    }

    #[test]
    fn claims_are_those_that_a_scope_of_the_client_releases() {
        let requested = read(
            r#"{"userinfo":{"email":{"essential":true},"name":null,"email_verified":null},"id_token":{"email":null},"x":1}"#,
        )
        .expect("fine");
        assert_eq!(requested.userinfo, ["email".into(), "email_verified".into()]);
        assert_eq!((requested.id_token, requested.scopes.as_str()), (vec!["email".into()], "email"));
    }

    #[test]
    fn an_essential_acr_and_a_sub_with_a_value_are_conditions() {
        let requested =
            read(r#"{"id_token":{"acr":{"essential":true,"values":["a","b"]},"sub":{"value":"alice"}}}"#)
                .expect("fine");
        assert_eq!(requested.acr, ["a".into(), "b".into()]);
        assert_eq!((requested.subjects, requested.names_acr), (vec![Subject::new("alice")], true));
        let voluntary = read(r#"{"id_token":{"acr":{"values":["a"]}}}"#).expect("fine");
        assert_eq!((voluntary.acr.len(), voluntary.names_acr), (0, true));
    }

    #[test]
    fn what_is_not_of_the_form_is_refused() {
        let many: String = (0..100).map(|number| format!("\"c{number}\":null,")).collect();
        for text in [
            "",
            "x",
            "[]",
            "\"x\"",
            r#"{"userinfo":1}"#,
            r#"{"userinfo":{"email":1}}"#,
            r#"{"userinfo":{"email":{"essential":"yes"}}}"#,
            r#"{"userinfo":{"email":{"values":"x"}}}"#,
            &format!("{{\"userinfo\":{{{many}\"c\":null}}}}"),
        ] {
            assert_eq!(read(text), Err(Reason::ClaimsMalformed), "{text}");
        }
        assert_eq!(read("{}"), Ok(RequestedClaims::default()));
    }
}
