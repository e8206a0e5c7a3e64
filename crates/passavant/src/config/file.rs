//! The file: TOML, every key known, each with its line.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{
    layer::Layer,
    problem::{Origin, Problems},
    sections::{SECTIONS, keys},
    value::Value,
};
use server::spelling::suggestion;

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The values of the file.
///
/// # Errors
/// Where it can't be read, or is not TOML.
pub(super) fn read(path: &Path) -> Result<Layer, Problems> {
    let length = std::fs::metadata(path).map(|found| found.len());
    let text = match length {
        Ok(length) if length > FILE_BYTES_MAX => Err("is larger than 1 MiB".to_owned()),
        Ok(_) | Err(_) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
    };
    let text = text.map_err(|error| Problems::of(None, format!("{}: {error}", path.display())))?;
    let source = Source { path: path.to_owned(), text: &text };
    let table = DeTable::parse(&text).map_err(|error| {
        let origin = source.origin(error.span().map_or(0, |span| span.start));
        Problems::of(Some(origin), error.message())
    })?;
    let mut layer = Layer::default();
    source.walk("", table.get_ref(), &mut layer);
    Ok(layer)
}

struct Source<'t> {
    path: PathBuf,
    text: &'t str,
}

impl Source<'_> {
    fn walk(&self, above: &str, table: &DeTable<'_>, layer: &mut Layer) {
        for (name, value) in table {
            let path = if above.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{above}.{}", name.get_ref())
            };
            let origin = self.origin(name.span().start);
            if let Some(key) = keys().find(|key| key.path == path) {
                match plain(value.get_ref()) {
                    Some(value) => layer.set(key, value, origin),
                    None => layer.refuse(&path, origin, format!("expected {}", key.shape.holds())),
                }
                continue;
            }
            let below = format!("{path}.");
            match value.get_ref() {
                DeValue::Table(table) if SECTIONS.iter().any(|section| section.prefix == below) => {
                    self.walk(&path, table, layer);
                }
                _ => {
                    let text = format!("unknown key{}", suggestion(&path, candidates(&path)));
                    layer.refuse(&path, origin, text);
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
    let tables = SECTIONS.iter().filter_map(|section| section.prefix.strip_suffix('.'));
    keys().map(|key| key.path).chain(tables.filter(move |_| top))
}

fn plain(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Integer)
        }
        DeValue::Boolean(flag) => Some(Value::Boolean(*flag)),
        DeValue::Array(list) => {
            let texts = list.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(Value::List)
        }
        _ => None,
    }
}
