//! The values of one place: the defaults, the file, the environment, or the flags.

use super::{
    problem::{Origin, Problem},
    table::Key,
    value::Value,
};

/// The values of one place, and what is wrong there.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) values: Vec<(&'static Key, Value, Origin)>,
    pub(super) problems: Vec<Problem>,
    /// Suspicious, but no reason to stop.
    pub(super) warnings: Vec<String>,
}

impl Layer {
    /// A list is refused where one value is wanted: taking its first would silently ignore the others.
    pub(super) fn set(&mut self, key: &'static Key, value: Value, origin: Origin) {
        if matches!(value, Value::List(_)) && !key.shape.takes_list() {
            self.refuse(key.path, origin, "must be one value, not a list");
            return;
        }
        self.values.push((key, value, origin));
    }

    pub(super) fn refuse(&mut self, key: &str, origin: Origin, text: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), origin: Some(origin), text: text.into() });
    }
}
