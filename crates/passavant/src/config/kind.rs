//! The kinds of values: what each holds, how it is read, and what its range is.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, json};

use super::{duration, value::Value};

/// What a value is, in words for people and in a schema for their editors.
pub(crate) trait Shape: Sync {
    /// What was expected, with an article: `an address and port`.
    fn expected(&self) -> String;

    /// What the reference says of it: `address and port`.
    fn holds(&self) -> String {
        let expected = self.expected();
        let words = expected.strip_prefix("a ").or_else(|| expected.strip_prefix("an "));
        words.unwrap_or(&expected).to_owned()
    }

    /// Its JSON Schema, without default and example.
    fn schema(&self) -> Map<String, serde_json::Value> {
        members(json!({ "type": "string" }))
    }

    /// Whether a list may be written instead of one value.
    fn takes_list(&self) -> bool {
        false
    }

    /// The value as JSON has it: a number as a number, whether it came from the file or from the environment.
    fn typed(&self, text: &str) -> serde_json::Value {
        text.into()
    }

    /// The value as TOML has it.
    fn toml(&self, text: &str) -> String {
        self.typed(text).to_string()
    }
}

/// A kind whose values are read into a type.
pub(crate) trait Kind: Shape {
    /// What a value is read into.
    type Held;

    /// The value, where it is one of this kind and within its range.
    fn read(&self, given: Given<'_>) -> Option<Self::Held>;

    /// The value where none is set; nothing: the key is required.
    fn absent(&self) -> Option<Self::Held> {
        None
    }
}

/// A value, and the folder that its paths are relative to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'v> {
    /// As it was written.
    pub(crate) value: &'v Value,
    /// The folder of the file that it stands in; a value from elsewhere has none.
    pub(crate) folder: Option<&'v Path>,
}

impl Given<'_> {
    /// A path of the file starts at the folder of the file, any other where the command runs.
    fn place(self, path: &str) -> PathBuf {
        self.folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }

    fn text(&self) -> Option<&str> {
        match self.value {
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Boolean(_) | Value::List(_) => None,
        }
    }
}

/// Text, described by these words with their article.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) &'static str);

impl Shape for Text {
    fn expected(&self) -> String {
        self.0.to_owned()
    }
}

impl Kind for Text {
    type Held = String;

    fn read(&self, given: Given<'_>) -> Option<String> {
        given.text().filter(|text| !text.is_empty()).map(str::to_owned)
    }
}

/// An IP address and a port.
#[derive(Debug)]
pub(crate) struct Address;

impl Shape for Address {
    fn expected(&self) -> String {
        "an address and port".to_owned()
    }
}

impl Kind for Address {
    type Held = SocketAddr;

    fn read(&self, given: Given<'_>) -> Option<SocketAddr> {
        given.text()?.parse().ok()
    }
}

/// The path of a file.
#[derive(Debug)]
pub(crate) struct File;

impl Shape for File {
    fn expected(&self) -> String {
        "a path".to_owned()
    }
}

impl Kind for File {
    type Held = PathBuf;

    fn read(&self, given: Given<'_>) -> Option<PathBuf> {
        given.text().filter(|text| !text.is_empty()).map(|text| given.place(text))
    }
}

/// A URL, kept with the folder that a path in it is relative to.
#[derive(Debug)]
pub(crate) struct Url(pub(crate) &'static str);

/// A text, and the folder of the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// As it was written.
    pub(crate) text: String,
    /// Where paths in it start; nothing: where the command runs.
    pub(crate) folder: Option<PathBuf>,
}

impl Shape for Url {
    fn expected(&self) -> String {
        self.0.to_owned()
    }
}

impl Kind for Url {
    type Held = Located;

    fn read(&self, given: Given<'_>) -> Option<Located> {
        Some(Located { text: given.text()?.to_owned(), folder: given.folder.map(Path::to_owned) })
    }
}

/// A duration, from so many seconds to so many.
#[derive(Debug)]
pub(crate) struct Lasting {
    /// The shortest, in seconds.
    pub(crate) min: u64,
    /// The longest, in seconds.
    pub(crate) max: u64,
}

impl Shape for Lasting {
    fn expected(&self) -> String {
        let [min, max] = [self.min, self.max].map(|seconds| duration::print(Duration::from_secs(seconds)));
        format!("a duration from {min} to {max}")
    }

    fn schema(&self) -> Map<String, serde_json::Value> {
        let seconds = json!({ "type": "integer", "minimum": self.min, "maximum": self.max });
        members(json!({ "anyOf": [{ "type": "string" }, seconds] }))
    }
}

impl Kind for Lasting {
    type Held = Duration;

    fn read(&self, given: Given<'_>) -> Option<Duration> {
        let duration = match given.value {
            Value::Text(text) => duration::parse(text)?,
            Value::Integer(seconds) => Duration::from_secs(u64::try_from(*seconds).ok()?),
            Value::Boolean(_) | Value::List(_) => return None,
        };
        (self.min..=self.max).contains(&duration.as_secs()).then_some(duration)
    }
}

/// A whole number within a range, of these units.
#[derive(Debug)]
pub(crate) struct Number {
    /// The smallest.
    pub(crate) min: u32,
    /// The largest.
    pub(crate) max: u32,
    /// What is counted: `characters`.
    pub(crate) unit: &'static str,
}

impl Shape for Number {
    fn expected(&self) -> String {
        format!("a whole number from {} to {} ({})", self.min, self.max, self.unit)
    }

    fn schema(&self) -> Map<String, serde_json::Value> {
        members(json!({ "type": "integer", "minimum": self.min, "maximum": self.max }))
    }

    fn typed(&self, text: &str) -> serde_json::Value {
        text.parse::<i64>().map_or_else(|_| text.into(), Into::into)
    }
}

impl Kind for Number {
    type Held = u32;

    fn read(&self, given: Given<'_>) -> Option<u32> {
        let number = match given.value {
            Value::Text(text) => text.trim().parse().ok()?,
            Value::Integer(number) => u32::try_from(*number).ok()?,
            Value::Boolean(_) | Value::List(_) => return None,
        };
        (self.min..=self.max).contains(&number).then_some(number)
    }
}

/// `true` or `false`.
#[derive(Debug)]
pub(crate) struct Boolean;

impl Shape for Boolean {
    fn expected(&self) -> String {
        "`true` or `false`".to_owned()
    }

    fn schema(&self) -> Map<String, serde_json::Value> {
        members(json!({ "type": "boolean" }))
    }

    fn typed(&self, text: &str) -> serde_json::Value {
        text.parse::<bool>().map_or_else(|_| text.into(), Into::into)
    }
}

impl Kind for Boolean {
    type Held = bool;

    fn read(&self, given: Given<'_>) -> Option<bool> {
        match given.value {
            Value::Text(text) => text.parse().ok(),
            Value::Boolean(flag) => Some(*flag),
            Value::Integer(_) | Value::List(_) => None,
        }
    }
}

/// One of a few words.
#[derive(Debug)]
pub(crate) struct OneOf<T: 'static>(pub(crate) &'static [(&'static str, T)]);

impl<T: Sync> Shape for OneOf<T> {
    fn expected(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("`{word}`")).collect();
        format!("one of {}", words.join(", "))
    }

    fn schema(&self) -> Map<String, serde_json::Value> {
        let words: Vec<_> = self.0.iter().map(|(word, _)| *word).collect();
        members(json!({ "enum": words }))
    }
}

impl<T: Sync + Copy> Kind for OneOf<T> {
    type Held = T;

    fn read(&self, given: Given<'_>) -> Option<T> {
        let text = given.text()?;
        self.0.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant)
    }
}

/// A value that need not be set.
#[derive(Debug)]
pub(crate) struct Optional<K>(pub(crate) K);

impl<K: Shape> Shape for Optional<K> {
    fn expected(&self) -> String {
        self.0.expected()
    }

    fn schema(&self) -> Map<String, serde_json::Value> {
        self.0.schema()
    }

    fn typed(&self, text: &str) -> serde_json::Value {
        self.0.typed(text)
    }
}

impl<K: Kind> Kind for Optional<K> {
    type Held = Option<K::Held>;

    fn read(&self, given: Given<'_>) -> Option<Self::Held> {
        self.0.read(given).map(Some)
    }

    fn absent(&self) -> Option<Self::Held> {
        Some(None)
    }
}

/// One value, or a list of them.
#[derive(Debug)]
pub(crate) struct Several<K>(pub(crate) K);

impl<K: Shape> Shape for Several<K> {
    fn expected(&self) -> String {
        self.0.expected()
    }

    fn holds(&self) -> String {
        format!("{}; one, or a list", self.0.holds())
    }

    fn schema(&self) -> Map<String, serde_json::Value> {
        let one = self.0.schema();
        members(json!({ "anyOf": [one, { "type": "array", "items": one }] }))
    }

    fn takes_list(&self) -> bool {
        true
    }
}

impl<K: Kind> Kind for Several<K> {
    type Held = Vec<K::Held>;

    fn read(&self, given: Given<'_>) -> Option<Self::Held> {
        let Value::List(list) = given.value else { return self.0.read(given).map(|one| vec![one]) };
        let one = |text: &String| self.0.read(Given { value: &Value::Text(text.clone()), ..given });
        list.iter().map(one).collect()
    }

    fn absent(&self) -> Option<Self::Held> {
        Some(Vec::new())
    }
}

fn members(value: serde_json::Value) -> Map<String, serde_json::Value> {
    match value {
        serde_json::Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<K: Kind>(kind: &K, value: Value) -> Option<K::Held> {
        kind.read(Given { value: &value, folder: Some(Path::new("/etc")) })
    }

    #[test]
    fn duration_is_text_or_seconds_within_its_range() {
        let kind = Lasting { min: 1, max: 600 };
        for value in [Value::Text("10 minutes".into()), Value::Text("600".into()), Value::Integer(600)] {
            assert_eq!(read(&kind, value), Some(Duration::from_secs(600)));
        }
        for value in [
            Value::Integer(0),
            Value::Integer(-1),
            Value::Integer(601),
            Value::Text("11 minutes".into()),
            Value::Boolean(true),
            Value::List(vec!["1 s".into()]),
        ] {
            assert_eq!(read(&kind, value.clone()), None, "{value}");
        }
        assert_eq!(kind.expected(), "a duration from 1 second to 10 minutes");
    }

    #[test]
    fn numbers_and_flags_are_read_from_the_file_and_from_text() {
        let number = Number { min: 1, max: 64, unit: "characters" };
        assert_eq!(read(&number, Value::Integer(8)), Some(8));
        assert_eq!(read(&number, Value::Text("8".into())), Some(8));
        assert_eq!(read(&number, Value::Integer(65)), None);
        assert_eq!(read(&Boolean, Value::Boolean(true)), Some(true));
        assert_eq!(read(&Boolean, Value::Text("false".into())), Some(false));
        assert_eq!(read(&Boolean, Value::Text("no".into())), None);
    }

    #[test]
    fn one_of_a_few_words_is_read_and_another_is_not() {
        let kind = OneOf(&[("never", 0), ("always", 1)]);
        assert_eq!(read(&kind, Value::Text("always".into())), Some(1));
        assert_eq!(read(&kind, Value::Text("Always".into())), None);
        assert_eq!(kind.expected(), "one of `never`, `always`");
    }

    #[test]
    fn a_path_of_the_file_starts_at_its_folder() {
        assert_eq!(read(&File, Value::Text("k".into())), Some(PathBuf::from("/etc/k")));
        assert_eq!(read(&File, Value::Text("/k".into())), Some(PathBuf::from("/k")));
        let value = Value::Text("k".into());
        assert_eq!(File.read(Given { value: &value, folder: None }), Some(PathBuf::from("k")));
    }

    #[test]
    fn one_value_is_a_list_of_one_and_every_member_must_fit() {
        let kind = Several(Address);
        let address = "127.0.0.1:1".to_owned();
        assert_eq!(read(&kind, Value::Text(address.clone())).map(|list| list.len()), Some(1));
        assert_eq!(read(&kind, Value::List(vec![address.clone(); 2])).map(|list| list.len()), Some(2));
        assert_eq!(read(&kind, Value::List(vec![address, "x".into()])), None);
    }
}
