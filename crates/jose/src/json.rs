//! Strict JSON for signed objects: members are unique at every depth.

pub(crate) mod split;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::limits::{JSON_BYTES, JSON_DEPTH};

/// Why a text is not an acceptable JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is longer than [`JSON_BYTES`].
    #[error("longer than {JSON_BYTES} bytes")]
    TooLong,
    /// The text is not JSON in UTF-8, repeats a member, nests too deeply, or has trailing bytes.
    #[error("not one JSON value with unique members")]
    Malformed,
    /// The text is JSON, but not an object.
    #[error("not a JSON object")]
    NotObject,
}

/// The text without the byte order mark that some editors and servers put in front of it (RFC 8259 §8.1 lets a reader
/// ignore it). Never for a token, whose bytes are signed.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads one JSON object.
///
/// # Errors
///
/// [`JsonError`] for members that repeat at any depth (RFC 7515 §4, RFC 8725 §3.10), values other than an
/// object, bytes after the end, more than [`JSON_DEPTH`] levels, more than [`JSON_BYTES`] bytes.
pub fn object(text: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match value(text)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotObject),
    }
}

/// Reads one JSON value of any kind, as strictly as [`object`].
///
/// # Errors
///
/// As [`object`], but for [`JsonError::NotObject`].
pub fn value(text: &[u8]) -> Result<Value, JsonError> {
    if text.len() > JSON_BYTES {
        return Err(JsonError::TooLong);
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict { levels: JSON_DEPTH }.deserialize(&mut reader).map_err(|_| JsonError::Malformed)?;
    reader.end().map_err(|_| JsonError::Malformed)?;
    Ok(value)
}

/// A value with a limit on the levels below it.
#[derive(Clone, Copy)]
struct Strict {
    levels: usize,
}

impl Strict {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON with unique members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(below)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("a member repeats"));
            }
            members.insert(name, entries.next_value_seed(below)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_is_parsed_unchanged() {
        let text = br#" {"a":[1,-2,0.5,true,null,"\u00e9"],"b":{"a":1}} "#;
        let expected = serde_json::json!({"a": [1, -2, 0.5, true, null, "é"], "b": {"a": 1}});
        assert_eq!(object(text).map(Value::Object), Ok(expected));
    }

    #[test]
    fn duplicate_members_are_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":[{"c":{"a":1,"a":2}}]}"#] {
            assert_eq!(object(text.as_bytes()), Err(JsonError::Malformed), "{text}");
        }
    }

    #[test]
    fn only_an_object_is_an_object() {
        for text in ["[]", "null", "1", "\"{}\"", "true"] {
            assert_eq!(object(text.as_bytes()), Err(JsonError::NotObject), "{text}");
        }
    }

    #[test]
    fn invalid_json_is_refused() {
        let bad: [&[u8]; 11] = [
            b"",
            b"{",
            b"{}{}",
            b"{},",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{\"a\":NaN}",
            b"{\"a\":1e999}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\ud800\"}",
            b"\xef\xbb\xbf{}",
        ];
        for text in bad {
            assert_eq!(object(text), Err(JsonError::Malformed), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn sixteen_levels_at_most() {
        let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert!(object(nested(JSON_DEPTH).as_bytes()).is_ok());
        assert_eq!(object(nested(JSON_DEPTH + 1).as_bytes()), Err(JsonError::Malformed));
    }

    #[test]
    fn sixty_four_kibibytes_at_most() {
        let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
        assert!(object(padded(JSON_BYTES).as_bytes()).is_ok());
        assert_eq!(object(padded(JSON_BYTES + 1).as_bytes()), Err(JsonError::TooLong));
    }
}
