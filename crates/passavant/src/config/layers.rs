//! Values with their origins, the later layer over the earlier: default, file, environment, flag.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use super::{
    env, file,
    kind::{Given, Kind},
    layer::Layer,
    problem::{Origin, Problem, Problems},
    sections::keys,
    table::{Key, Source},
    value::{Value, redacted},
};

/// The value of every key, and the layer that it comes from.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, (Value, Origin)>,
    /// Suspicious, but no reason to stop.
    pub(crate) warnings: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl Layers {
    /// Reads all layers. What is wrong in one of them is kept for [`super::Config::of`].
    ///
    /// # Errors
    /// A file that can't be read at all.
    pub(crate) fn read(
        path: Option<&Path>,
        environment: &[(String, OsString)],
        flags: &[(&'static str, Value)],
    ) -> Result<Self, Problems> {
        let mut layers = Self::default();
        layers.add(defaults());
        // Other programs read it too, so whatever is set for this one wins.
        layers.add(env::rust_log(environment));
        if let Some(path) = path {
            layers.add(file::read(path)?);
        }
        layers.add(env::read(environment));
        let mut given = Layer::default();
        for (path, value) in flags {
            if let Some(key) = keys().find(|key| key.path == *path) {
                given.set(key, value.clone(), Origin::Flag);
            }
        }
        layers.add(given);
        Ok(layers)
    }

    /// The value of a key, and where it comes from.
    pub(crate) fn value(&self, path: &str) -> Option<&(Value, Origin)> {
        self.values.get(path)
    }

    /// Adds a problem with the value of a key.
    pub(super) fn refuse(&mut self, key: &str, text: impl Into<String>) {
        let origin = self.value(key).map(|(_, origin)| origin.clone());
        self.problems.push(Problem { key: key.to_owned(), origin, text: text.into() });
    }

    fn add(&mut self, layer: Layer) {
        self.values.extend(layer.values.into_iter().map(|(key, value, origin)| (key.path, (value, origin))));
        self.problems.extend(layer.problems);
        self.warnings.extend(layer.warnings);
    }
}

impl Source for Layers {
    fn take<K: Kind>(&mut self, key: &Key, kind: &K) -> Option<K::Held> {
        let Some((value, origin)) = self.values.get(key.path) else {
            let absent = kind.absent();
            if absent.is_none() {
                self.refuse(key.path, format!("is missing: {} such as {}", kind.expected(), key.example));
            }
            return absent;
        };
        let held = kind.read(Given { value, folder: origin.folder() });
        if held.is_none() {
            let (expected, example) = (kind.expected(), key.shape.toml(key.example));
            let got = redacted(&value.to_string());
            self.refuse(key.path, format!("expected {expected} such as {example}, got {got}"));
        }
        held
    }
}

fn defaults() -> Layer {
    let mut layer = Layer::default();
    for key in keys() {
        if let Some(default) = key.default {
            layer.set(key, Value::Text(default.to_owned()), Origin::Default);
        }
    }
    layer
}
