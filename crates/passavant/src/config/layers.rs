//! Values with their origins, the later layer over the earlier: default, file, environment, flag.

use std::{collections::BTreeMap, ffi::OsString, fmt, path::Path};

use super::{Config, KEYS, Key, Origin, Problem, Problems, check, env, file, keys::Holds};

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// One text.
    Text(String),
    /// Several.
    List(Vec<String>),
}

impl Value {
    /// One or several, as a list.
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(list) => list,
        }
    }
}

/// As TOML writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", toml::Value::from(text.as_str())),
            Self::List(list) => write!(f, "{}", toml::Value::from(list.clone())),
        }
    }
}

/// What every key holds, and since which layer.
#[derive(Debug)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, (Value, Origin)>,
    /// Strange, but no reason to stop.
    pub(crate) warnings: Vec<String>,
    problems: Vec<Problem>,
}

impl Layers {
    /// Reads all layers. What is wrong in one of them is kept for [`Self::check`].
    ///
    /// # Errors
    /// A file that can't be read at all.
    pub(crate) fn read(
        path: Option<&Path>,
        environment: &[(String, OsString)],
        flags: &[(&'static str, Value)],
    ) -> Result<Self, Problems> {
        let mut layers = Self { values: BTreeMap::new(), warnings: Vec::new(), problems: Vec::new() };
        for key in KEYS {
            if let Some(default) = key.default {
                layers.set(key, Value::Text(default.to_owned()), Origin::Default);
            }
        }
        if let Some(path) = path {
            file::read(path, &mut layers)?;
        }
        env::read(environment, &mut layers);
        for (path, value) in flags {
            if let Some(key) = find(path) {
                layers.set(key, value.clone(), Origin::Flag);
            }
        }
        Ok(layers)
    }

    /// The configuration.
    ///
    /// # Errors
    /// Every problem of every layer.
    pub(crate) fn check(&mut self) -> Result<Config, Problems> {
        let mut problems = std::mem::take(&mut self.problems);
        let config = check::check(self, &mut problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            Some(_) | None => Err(Problems(problems)),
        }
    }

    /// What a key holds, and where from.
    pub(crate) fn value(&self, path: &str) -> Option<&(Value, Origin)> {
        self.values.get(path)
    }

    /// A list is refused where one text is wanted: taking its first would leave the others out in silence.
    pub(super) fn set(&mut self, key: &Key, value: Value, origin: Origin) {
        if matches!((key.holds, &value), (Holds::One(_), Value::List(_))) {
            self.refuse(key.path, origin, "must be one text, not a list");
            return;
        }
        self.values.insert(key.path, (value, origin));
    }

    pub(super) fn refuse(&mut self, key: &str, origin: Origin, text: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), origin: Some(origin), text: text.into() });
    }
}

/// The key of this path.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}
