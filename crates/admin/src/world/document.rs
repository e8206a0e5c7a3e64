//! A document as one JSON value, whether it was written as JSON or as TOML, each member once.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use server::registration::{Finding, Findings, RegistrationError, pointer};
use zeroize::Zeroizing;

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is said of a member that is given more than once.
pub(super) const DUPLICATE: &str = "duplicate: it is given twice";

/// A document whose members have not been looked at yet.
#[derive(Debug)]
pub struct Document {
    pub(super) value: Value,
    /// What it holds twice, or that JSON can't hold.
    pub(super) findings: Findings,
}

impl Document {
    /// A document that is a value already.
    pub(super) fn of(value: Value) -> Self {
        Self { value, findings: Findings::default() }
    }

    /// Reads a file, JSON or TOML by its extension.
    ///
    /// # Errors
    /// The one thing that keeps it from being read at all. Never shows what is in it: that may be a secret.
    pub fn open(path: &Path) -> Result<Self, RegistrationError> {
        let parse = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::parse,
            Some("toml") => Self::parse_toml,
            Some(_) | None => return Err(unusable(path, "its name must end in .json or .toml")),
        };
        let text = File::open(path).and_then(text).map_err(|error| unusable(path, &error.to_string()))?;
        parse(&text).map_err(|why| unusable(path, &why))
    }

    /// Reads JSON from anywhere; `name` is what an error calls it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(source: impl Read, name: &Path) -> Result<Self, RegistrationError> {
        let text = text(source).map_err(|error| unusable(name, &error.to_string()))?;
        Self::parse(&text).map_err(|why| unusable(name, &why))
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// What is wrong and in which line, never what is there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut findings = Findings::default();
        let mut reader = serde_json::Deserializer::from_str(text);
        let seed = Unique { pointer: String::new(), findings: &mut findings };
        let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        read.map(|value| Self { value, findings }).map_err(|error| format!("is not valid JSON: {error}"))
    }

    fn parse_toml(text: &str) -> Result<Self, String> {
        let table = text.parse::<toml::Table>().map_err(|error| {
            // The whole error would show the line.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            format!("is not valid TOML: line {line}: {}", error.message())
        })?;
        let mut findings = Findings::default();
        let value = from_toml(table.into(), "", &mut findings);
        Ok(Self { value, findings })
    }
}

fn unusable(path: &Path, why: &str) -> RegistrationError {
    RegistrationError(vec![Finding::new("", format!("{}: {why}", path.display()))])
}

fn text(source: impl Read) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = source.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read > FILE_BYTES_MAX) {
        return Err(io::Error::other(format!("is longer than {FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// TOML as JSON; a date is its text.
fn from_toml(value: toml::Value, pointer: &str, findings: &mut Findings) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => match Number::from_f64(number) {
            Some(number) => Value::Number(number),
            None => {
                findings.refuse(Finding::new(pointer, "is not a number that JSON can hold"));
                Value::Null
            }
        },
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => {
            let item = |(index, item)| from_toml(item, &format!("{pointer}/{index}"), findings);
            items.into_iter().enumerate().map(item).collect()
        }
        toml::Value::Table(table) => {
            let member = |(name, value): (String, toml::Value)| {
                let value = from_toml(value, &self::pointer(pointer, &name), findings);
                (name, value)
            };
            Value::Object(table.into_iter().map(member).collect())
        }
    }
}

/// JSON in which no member is given twice: of two, some readers take the first.
struct Unique<'f> {
    pointer: String,
    findings: &'f mut Findings,
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
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
        let Self { pointer, findings } = self;
        let mut values = Vec::new();
        loop {
            let item = Unique { pointer: format!("{pointer}/{}", values.len()), findings: &mut *findings };
            let Some(value) = items.next_element_seed(item)? else { return Ok(values.into()) };
            values.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let Self { pointer, findings } = self;
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let pointer = self::pointer(&pointer, &name);
            if members.contains_key(&name) {
                findings.refuse(Finding::new(&*pointer, DUPLICATE));
            }
            let value = entries.next_value_seed(Unique { pointer, findings: &mut *findings })?;
            members.insert(name, value);
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrongs(document: Document) -> Vec<String> {
        document.findings.wrongs.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn json_and_toml_say_the_same() {
        let expected = json!({
            "clients": [{"client_id": "shop", "disabled": false, "default_max_age": 60}],
            "users": [{"sub": "u-1", "claims": {"birthdate": "1990-01-31", "height": 1.7}}],
        });
        let toml = "[[clients]]\nclient_id = \"shop\"\ndisabled = false\ndefault_max_age = 60\n\
                    [[users]]\nsub = \"u-1\"\nclaims = { birthdate = 1990-01-31, height = 1.7 }\n";
        assert_eq!(Document::parse(&expected.to_string()).expect("JSON").value, expected);
        assert_eq!(Document::parse_toml(toml).expect("TOML").value, expected);
    }

    #[test]
    fn duplicate_member_is_reported_with_its_pointer() {
        let text = r#"{"clients": [{"client_id": "a"}, {"a/b": 1, "a/b": 2}], "clients": []}"#;
        assert_eq!(
            wrongs(Document::parse(text).expect("JSON")),
            ["/clients/1/a~1b: duplicate: it is given twice", "/clients: duplicate: it is given twice"]
        );
    }

    #[test]
    fn values_json_cannot_represent_are_reported_with_their_pointer() {
        let read = Document::parse_toml("[[users]]\nclaims = { height = [1.7, nan] }\n").expect("TOML");
        assert_eq!(wrongs(read), ["/users/0/claims/height/1: is not a number that JSON can hold"]);
    }

    #[test]
    fn syntax_error_is_reported_by_line_without_the_text() {
        let error = Document::parse_toml("a = 1\nclient_secret = \"hush\" hush\n").expect_err("invalid TOML");
        assert!(error.contains("line 2") && !error.contains("hush"), "{error}");
        let error = Document::parse("{\n\"client_secret\": \"hush\" hush}").expect_err("invalid JSON");
        assert!(error.contains("line 2") && !error.contains("hush"), "{error}");
        assert!(Document::parse("{} {}").is_err());
    }
}
