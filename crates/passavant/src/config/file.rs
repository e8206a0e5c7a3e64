//! The file: TOML, every key known, each with its line.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{KEYS, Origin, Problem, Problems, Value, layers::Layers, layers::find};
use crate::spelling::suggestion;

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads the file into the layers.
///
/// # Errors
/// Where it can't be read, or is no TOML.
pub(super) fn read(path: &Path, layers: &mut Layers) -> Result<(), Problems> {
    let refused = |origin, text| Problems(vec![Problem { key: String::new(), origin, text }]);
    let length = std::fs::metadata(path).map(|found| found.len());
    let text = match length {
        Ok(length) if length > FILE_BYTES_MAX => Err("is larger than 1 MiB".to_owned()),
        Ok(_) | Err(_) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
    };
    let text = text.map_err(|error| refused(None, format!("{}: {error}", path.display())))?;
    let source = Source { path: path.to_owned(), text: &text };
    let table = DeTable::parse(&text).map_err(|error| {
        let origin = source.origin(error.span().map_or(0, |span| span.start));
        refused(Some(origin), error.message().to_owned())
    })?;
    source.walk("", table.get_ref(), layers);
    Ok(())
}

struct Source<'t> {
    path: PathBuf,
    text: &'t str,
}

impl Source<'_> {
    fn walk(&self, above: &str, table: &DeTable<'_>, layers: &mut Layers) {
        for (name, value) in table {
            let path = if above.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{above}.{}", name.get_ref())
            };
            let origin = self.origin(name.span().start);
            if let Some(key) = find(&path) {
                match plain(value.get_ref()) {
                    Some(value) => layers.set(key, value, origin),
                    None => layers.refuse(&path, origin, "must be a text, or a list of texts"),
                }
                continue;
            }
            let below = format!("{path}.");
            match value.get_ref() {
                DeValue::Table(table) if KEYS.iter().any(|key| key.path.starts_with(&below)) => {
                    self.walk(&path, table, layers);
                }
                _ => {
                    let text = format!("unknown key{}", suggestion(&path, candidates(&path)));
                    layers.refuse(&path, origin, text);
                }
            }
        }
    }

    fn origin(&self, at: usize) -> Origin {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        Origin::File(self.path.clone(), 1 + before.iter().filter(|byte| **byte == b'\n').count())
    }
}

/// Every key, and every table where a table was looked for.
fn candidates(path: &str) -> impl Iterator<Item = &'static str> {
    let top = !path.contains('.');
    let tables = KEYS.iter().filter_map(|key| key.path.split_once('.')).map(|(table, _)| table);
    KEYS.iter().map(|key| key.path).chain(tables.filter(move |_| top))
}

fn plain(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Array(list) => {
            let texts = list.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(Value::List)
        }
        _ => None,
    }
}
