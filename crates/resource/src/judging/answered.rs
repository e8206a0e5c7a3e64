//! What the members of an introspection answer say, however a server writes that it has nothing to say.
//!
//! RFC 7662 §2.2 makes all but `active` optional. Servers leave them out, or write null, an empty text or an empty list, and
//! some write `scope` as a list. A claim of a JWT is never read so leniently: its type is part of what was signed.

use jose::Claims;
use serde_json::Value;

/// The members that are texts; an empty one names nothing.
const TEXTS: [&str; 8] = ["scope", "client_id", "username", "token_type", "token_use", "sub", "aud", "jti"];
/// The members that are read as they stand: what the token is, and who says so.
const STRICT: [&str; 2] = ["active", "iss"];

/// The answer without members that say nothing, and with `scope` as one text.
pub(crate) fn said(answer: Claims) -> Claims {
    let mut members = answer.into_map();
    members.retain(|name, value| STRICT.contains(&name.as_str()) || !is_silent(name, value));
    if let Some(scope) = members.get("scope").and_then(Value::as_array).and_then(|list| joined(list)) {
        members.insert("scope".to_owned(), Value::String(scope));
    }
    Claims::from(members)
}

fn is_silent(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() && TEXTS.contains(&name),
        Value::Array(items) => items.is_empty() && matches!(name, "aud" | "scope"),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// The scopes of a list, separated by spaces; `None` if one of them is not a text.
fn joined(list: &[Value]) -> Option<String> {
    let scopes: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    Some(scopes?.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: Value) -> Value {
        let Value::Object(members) = answer else { panic!("an object") };
        Value::Object(said(Claims::from(members)).into_map())
    }

    #[test]
    fn what_says_nothing_is_absent() {
        for nothing in [
            json!({"aud": []}),
            json!({"aud": null}),
            json!({"aud": ""}),
            json!({"username": null, "sub": "", "scope": null, "exp": null, "iat": null, "nbf": null}),
            json!({"scope": [], "cnf": null, "token_type": null, "token_use": "", "ext": null}),
        ] {
            let mut answer = nothing.clone();
            answer["active"] = true.into();
            assert_eq!(read(answer), json!({"active": true}), "{nothing}");
        }
    }

    #[test]
    fn what_says_something_stays() {
        for answer in [
            json!({"active": null}),
            json!({"active": true, "iss": null}),
            json!({"active": true, "aud": ["a", ""], "exp": 0, "username": "alice", "cnf": {}, "note": ""}),
            json!({"active": true, "aud": [null]}),
            json!({"active": true, "scope": ["a", 7]}),
        ] {
            assert_eq!(read(answer.clone()), answer);
        }
    }

    #[test]
    fn a_list_of_scopes_is_the_scopes() {
        assert_eq!(read(json!({"active": true, "scope": ["a", "b"]}))["scope"], "a b");
    }
}
