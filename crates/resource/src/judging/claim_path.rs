//! The place of a claim, which may be inside of another: `scp`, `realm_access.roles`, `/resource_access/my.api/roles`.

use jose::{Claims, JoseError};
use serde_json::Value;

use crate::judging::claim::malformed;
use crate::limits::CLAIM_VALUES_MAX;
use crate::reason::Reason;

/// The place of a claim. A text that begins with a slash is a JSON pointer (RFC 6901); any other is the name of a claim,
/// or, if the token has no such claim, names of members that are separated by dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimPath(String);

impl ClaimPath {
    /// `None` for an empty text.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (!text.trim_matches(['/', '.']).is_empty()).then(|| Self(text.to_owned()))
    }

    /// The value in these claims.
    pub(crate) fn value<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        let text = &*self.0;
        if let Some(pointer) = text.strip_prefix('/') {
            let mut members = pointer.split('/').map(|member| member.replace("~1", "/").replace("~0", "~"));
            let first = claims.value(&members.next()?)?;
            return members.try_fold(first, |value, member| value.as_object()?.get(&member));
        }
        if let Some(found) = claims.value(text) {
            return Some(found);
        }
        let mut members = text.split('.');
        let first = claims.value(members.next()?)?;
        members.try_fold(first, |value, member| value.as_object()?.get(member))
    }

    /// The values in these claims: the words of a string that spaces separate, or the strings of a list as they are.
    /// Absent and null are no values.
    ///
    /// # Errors
    ///
    /// [`Reason::ClaimMalformed`] if it is anything else, or has more than [`CLAIM_VALUES_MAX`] values.
    pub(crate) fn values<'a>(&self, claims: &'a Claims) -> Result<Vec<&'a str>, Reason> {
        let wrong = || malformed(&JoseError::Claim(self.0.clone()));
        let found: Vec<&str> = match self.value(claims) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => text.split(' ').filter(|word| !word.is_empty()).collect(),
            Some(Value::Array(items)) => {
                items.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(wrong)?
            }
            Some(_) => return Err(wrong()),
        };
        if found.len() > CLAIM_VALUES_MAX { Err(wrong()) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(members: Value) -> Claims {
        let Value::Object(members) = members else { panic!("an object") };
        Claims::from(members)
    }

    #[test]
    fn claims_are_found_by_name_dotted_path_or_json_pointer() {
        let claims = claims(json!({
            "scp": "a b", "roles": ["x", "Domain Admins"], "realm_access": {"roles": ["staff"]},
            "https://notes.example/roles": ["owner"], "cognito:groups": ["eu"],
            "resource_access": {"my.api": {"roles": ["editor"]}, "a/b": {"roles": ["slash"]}}, "none": null
        }));
        let values = |path: &str| ClaimPath::new(path).expect("a path").values(&claims);
        for (path, found) in [
            ("scp", &["a", "b"][..]),
            ("roles", &["x", "Domain Admins"]),
            ("realm_access.roles", &["staff"]),
            ("/realm_access/roles", &["staff"]),
            ("https://notes.example/roles", &["owner"]),
            ("cognito:groups", &["eu"]),
            ("/resource_access/my.api/roles", &["editor"]),
            ("/resource_access/a~1b/roles", &["slash"]),
            ("resource_access.my.api.roles", &[]),
            ("realm_access.roles.0", &[]),
            ("scp.x", &[]),
            ("none", &[]),
            ("absent", &[]),
        ] {
            assert_eq!(values(path).as_deref(), Ok(found), "{path}");
        }
        for path in ["", ".", "/", "//"] {
            assert_eq!(ClaimPath::new(path), None, "{path}");
        }
    }

    #[test]
    fn values_other_than_strings_and_lists_of_strings_are_malformed() {
        let path = ClaimPath::new("scp").expect("a path");
        let many = vec!["x"; CLAIM_VALUES_MAX + 1];
        for value in [json!(7), json!(true), json!({"a": true}), json!(["a", 1]), json!([["a"]]), json!(many)]
        {
            let claims = claims(json!({ "scp": value }));
            assert_eq!(path.values(&claims), Err(Reason::ClaimMalformed), "{value}");
        }
    }
}
