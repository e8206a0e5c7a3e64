//! A value as it was written, before it is checked against the kind of its key.

use std::fmt;

/// The value of a key in the file, or of a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// One text. The environment has no other scalar.
    Text(String),
    /// A number of the file.
    Integer(i64),
    /// `true` or `false` in the file.
    Boolean(bool),
    /// Several texts.
    List(Vec<String>),
}

/// As TOML writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", quoted(text)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(flag) => write!(f, "{flag}"),
            Self::List(list) => {
                let list: Vec<_> = list.iter().map(|text| quoted(text)).collect();
                write!(f, "[{}]", list.join(", "))
            }
        }
    }
}

/// A basic string of TOML (its escapes are those of JSON), on one line whatever it holds.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A URL without the user and password that it may hold.
pub(crate) fn redacted(text: &str) -> String {
    let parts = text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)));
    match parts {
        Some((scheme, (_, host))) => format!("{scheme}://...@{host}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_toml_writes_them() {
        for (value, text) in [
            (Value::Text("a\"b\n".into()), r#""a\"b\n""#),
            (Value::Integer(-3), "-3"),
            (Value::Boolean(true), "true"),
            (Value::List(vec!["a".into(), "b".into()]), r#"["a", "b"]"#),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        assert_eq!(redacted("postgres://u:secret@db/x"), "postgres://...@db/x");
        assert_eq!(redacted("sqlite:/var/lib/x.db"), "sqlite:/var/lib/x.db");
    }
}
