//! Members as they are written on the command line, and what was saved of them.

use admin::operations::{MemberChange, MemberEdit, Saved};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::terminal::{Failure, Source, misused, say};

/// Longest secret that is read, in bytes. What a secret may be is the registration's to say; this only bounds the input.
const SECRET_INPUT_BYTES_MAX: usize = 4 * 1024;

/// Reads members that were written as `NAME=VALUE`.
pub(super) fn parse(written: &[String]) -> Result<Vec<MemberEdit>, Failure> {
    written.iter().map(|text| parse_one(text)).collect()
}

fn parse_one(text: &str) -> Result<MemberEdit, Failure> {
    let (name, value) = text.split_once('=').ok_or_else(|| misused("a member is written NAME=VALUE"))?;
    if name.contains("secret") {
        return Err(misused("a secret is never an argument: use --secret, or the command secret"));
    }
    let change = match value {
        "" => MemberChange::Remove,
        value => MemberChange::Set(serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))),
    };
    Ok(MemberEdit { name: name.to_owned(), change })
}

/// Reads a secret that the operator brings.
pub(super) fn given_secret(source: Option<&Source>) -> Result<Option<Zeroizing<String>>, Failure> {
    source.map(|source| source.read("a secret", SECRET_INPUT_BYTES_MAX)).transpose()
}

/// The record to print, with a secret that is shown this once. Warnings go to standard error.
pub(super) fn printable(saved: Saved) -> Value {
    let Saved { mut record, secret, warnings } = saved;
    for warning in warnings {
        say(format_args!("warning: {warning}"));
    }
    if let Some(secret) = secret {
        say("the secret is shown only once: store it now");
        record.insert("client_secret".to_owned(), secret.as_str().into());
    }
    record.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_json_or_text_and_never_a_secret() {
        for (text, name, value) in [
            ("jwks={\"keys\":[]}", "jwks", MemberChange::Set(json!({ "keys": [] }))),
            ("client_name=Shop = 1", "client_name", MemberChange::Set(json!("Shop = 1"))),
            ("default_max_age=60", "default_max_age", MemberChange::Set(json!(60))),
            ("jwks=", "jwks", MemberChange::Remove),
        ] {
            assert_eq!(
                parse_one(text).expect("fine"),
                MemberEdit { name: name.to_owned(), change: value },
                "{text}"
            );
        }
        assert!(parse_one("client_secret=x").is_err());
        assert!(parse_one("client_name").is_err());
    }
}
