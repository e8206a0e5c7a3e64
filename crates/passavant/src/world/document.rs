//! The file as one JSON value, whichever way it was written, each member once.

use std::{fmt, path::Path};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Wrong;

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads a file: TOML where its name ends so, JSON otherwise.
pub(super) fn read(path: &Path) -> Result<Value, Wrong> {
    let wrong = |text: String| Wrong { pointer: String::new(), text };
    let unreadable = |error: std::io::Error| wrong(format!("{}: {error}", path.display()));
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(wrong(format!("{} is larger than {FILE_BYTES_MAX} bytes", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let read = if is_toml {
        text.parse::<toml::Table>().map(|table| from_toml(table.into())).map_err(|error| error.to_string())
    } else {
        serde_json::from_str::<Strict>(&text).map(|Strict(value)| value).map_err(|error| error.to_string())
    };
    read.map_err(|error| wrong(format!("{}: {error}", path.display())))
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| (name, from_toml(value))).collect())
        }
    }
}

/// JSON that repeats no member: the second would silently win.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the member `{name}` repeats")));
            }
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::json;

    use super::*;

    fn file(suffix: &str, text: &str) -> Result<Value, Wrong> {
        let mut file = tempfile::Builder::new().suffix(suffix).tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        read(file.path())
    }

    #[test]
    fn json_and_toml_say_the_same() {
        let expected = json!({"clients": [{"client_id": "shop", "disabled": false}]});
        assert_eq!(file(".json", r#"{"clients":[{"client_id":"shop","disabled":false}]}"#), Ok(expected.clone()));
        assert_eq!(file(".toml", "[[clients]]\nclient_id = \"shop\"\ndisabled = false\n"), Ok(expected));
    }

    #[test]
    fn a_member_that_repeats_is_refused_with_its_line() {
        let wrong = file(".json", "{\"clients\": [],\n \"clients\": []}").expect_err("twice");
        assert!(wrong.text.contains("`clients` repeats") && wrong.text.contains("line 2"), "{wrong:?}");
    }
}
