//! A world that goes to a server: what it names by file is read here, where the files are.

use std::{collections::BTreeSet, path::Path};

use accounts::passwords::PASSWORD_BYTES_MAX;
use protocol::limits;
use serde_json::{Map, Value};

use super::{
    Findings, Wrong, Wrongs,
    document::Document,
    members::{Members, at},
};

/// Secrets that may be in a file of their own, their length in bytes, and the arrays that have them.
const BY_FILE: [(&str, &str, usize); 3] = [
    ("clients", "client_secret", limits::CLIENT_SECRET_BYTES_MAX),
    ("resources", "client_secret", limits::CLIENT_SECRET_BYTES_MAX),
    ("users", "password", PASSWORD_BYTES_MAX),
];

/// A world as it is sent.
pub(crate) struct Sent {
    /// The document.
    pub(crate) value: Value,
    /// Where a secret stands that a file held.
    from_files: BTreeSet<String>,
}

impl Sent {
    /// Reads a file: JSON or TOML, by its extension; `-` is JSON from standard input.
    ///
    /// # Errors
    /// [`Wrongs`] where it can't be read, or a file that it names can't. Everything else is the server's to tell.
    pub(crate) fn read(path: &Path) -> Result<Self, Wrongs> {
        let Document { mut value, mut findings } = Document::read(path)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let mut from_files = BTreeSet::new();
        for (array, name, bytes_max) in BY_FILE {
            let entries = value.get_mut(array).and_then(Value::as_array_mut);
            for (position, entry) in entries.into_iter().flatten().enumerate() {
                let Some(entry) = entry.as_object_mut() else { continue };
                let pointer = format!("/{array}/{position}");
                if take_file(entry, (&pointer, name), (&folder, bytes_max), &mut findings) {
                    from_files.insert(at(&pointer, name));
                }
            }
        }
        if findings.wrongs.is_empty() { Ok(Self { value, from_files }) } else { Err(Wrongs(findings.wrongs)) }
    }

    /// A problem as the writer of the file knows it: of a secret that a file held, it is the file's.
    pub(crate) fn told(&self, wrong: Wrong) -> Wrong {
        match self.from_files.contains(&wrong.pointer) {
            true => Wrong { pointer: format!("{}_file", wrong.pointer), ..wrong },
            false => wrong,
        }
    }
}

/// Puts the secret that a file holds in its place. What is of the wrong kind is left to the server.
fn take_file(
    entry: &mut Map<String, Value>,
    (pointer, name): (&str, &str),
    (folder, bytes_max): (&Path, usize),
    findings: &mut Findings,
) -> bool {
    let is_named = entry.get(&format!("{name}_file")).is_some_and(Value::is_string);
    let is_replaceable = entry.get(name).is_none_or(|value| value.is_null() || value.is_string());
    if !is_named || !is_replaceable {
        return false;
    }
    let mut members = Members { pointer: pointer.to_owned(), map: std::mem::take(entry), findings };
    let secret = members.take_secret(name, Some(folder), bytes_max);
    *entry = members.map;
    secret.map(|(secret, _)| entry.insert(name.to_owned(), secret.as_str().into())).is_some()
}
