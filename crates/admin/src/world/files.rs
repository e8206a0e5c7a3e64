//! Secrets that a document names by file, put in their place, so that a reader of the document sees only one form.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use accounts::passwords::PASSWORD_BYTES_MAX;
use protocol::{
    limits,
    secret_text::{self, Bare},
};
use serde_json::{Map, Value};
use server::registration::{Finding, Findings, RegistrationError, pointer};
use zeroize::Zeroizing;

use super::document::Document;

/// A secret that may be in a file of its own.
struct Secret {
    /// The array whose entries have it.
    array: &'static str,
    /// Its member; with `_file` behind it, the member that names its file.
    name: &'static str,
    bytes_max: usize,
    /// Removes what is around it in the file.
    bare: fn(&str) -> Bare<'_>,
}

const SECRETS: [Secret; 3] = [
    client_secret("clients"),
    client_secret("resources"),
    Secret { array: "users", name: "password", bytes_max: PASSWORD_BYTES_MAX, bare: secret_text::password },
];

/// Bytes around a secret that are read beyond its limit.
const AROUND_BYTES_MAX: usize = 64;

const fn client_secret(array: &'static str) -> Secret {
    let bytes_max = limits::CLIENT_SECRET_BYTES_MAX;
    Secret { array, name: "client_secret", bytes_max, bare: secret_text::secret }
}

/// A document as it is sent to a server: what it names by file is read here, where the files are.
#[derive(Debug)]
pub struct Sent {
    /// The document.
    pub value: Value,
    from_files: BTreeSet<String>,
}

impl Sent {
    /// Reads the files that a document names, in `folder`.
    ///
    /// # Errors
    /// [`RegistrationError`] where one can't be read, or a member is duplicate. Everything else is the server's to tell.
    pub fn read(document: Document, folder: &Path) -> Result<Self, RegistrationError> {
        let Document { mut value, mut findings } = document;
        let from_files = inline(&mut value, Some(folder), &mut findings);
        match findings.wrongs.is_empty() {
            true => Ok(Self { value, from_files }),
            false => {
                let told = |wrong| told(wrong, &from_files);
                Err(RegistrationError(findings.wrongs.into_iter().map(told).collect()))
            }
        }
    }

    /// A finding as the writer of the document knows it: about a secret that a file holds, at the member that names it.
    pub fn told(&self, finding: Finding) -> Finding {
        told(finding, &self.from_files)
    }
}

/// Puts every secret that a file holds in its place. Answers with the pointers to them, whether they could be read or
/// not. Without a folder no file is read: the sender of a document reads its files.
pub(super) fn inline(value: &mut Value, folder: Option<&Path>, findings: &mut Findings) -> BTreeSet<String> {
    let mut from_files = BTreeSet::new();
    for secret in &SECRETS {
        let entries = value.get_mut(secret.array).and_then(Value::as_array_mut);
        for (position, entry) in entries.into_iter().flatten().enumerate() {
            let Some(entry) = entry.as_object_mut() else { continue };
            let at = pointer(&format!("/{}/{position}", secret.array), secret.name);
            match secret.take(entry, folder) {
                None => {}
                Some(Ok(Held { text, is_readable_by_all })) => {
                    if is_readable_by_all {
                        let text = "names a file that may be read by everybody: chmod 600 it";
                        findings.warn(Finding::new(format!("{at}_file"), text));
                    }
                    let bare = (secret.bare)(&text);
                    if bare.is_trimmed {
                        findings.warn(Finding::new(format!("{at}_file"), secret_text::TRIMMED));
                    }
                    entry.insert(secret.name.to_owned(), bare.text.into());
                    from_files.insert(at);
                }
                Some(Err(text)) => {
                    findings.refuse(Finding::new(&*at, text));
                    from_files.insert(at);
                }
            }
        }
    }
    from_files
}

/// A finding about a secret that a file holds, moved to the member that names the file.
pub(super) fn told(finding: Finding, from_files: &BTreeSet<String>) -> Finding {
    match from_files.contains(&finding.pointer) {
        true => Finding { pointer: format!("{}_file", finding.pointer), ..finding },
        false => finding,
    }
}

impl Secret {
    /// Takes the member out that names a file, and reads the file. `None`: no file is named.
    fn take(&self, entry: &mut Map<String, Value>, folder: Option<&Path>) -> Option<Result<Held, String>> {
        let file = match entry.remove(&format!("{}_file", self.name))? {
            Value::Null => return None,
            Value::String(file) => file,
            _ => return Some(Err("must be a string".to_owned())),
        };
        if entry.get(self.name).is_some_and(|written| !written.is_null()) {
            return Some(Err(format!("{} is there as well; keep one of them", self.name)));
        }
        let Some(folder) = folder else {
            let text = "names a file, and a server reads none for others: passavant apply --server sends what it holds";
            return Some(Err(text.to_owned()));
        };
        let path = folder.join(file);
        Some(match read_bounded(&path, self.bytes_max + AROUND_BYTES_MAX) {
            Ok(Some(held)) => Ok(held),
            Ok(None) => Err(format!("{} is longer than {} bytes", path.display(), self.bytes_max)),
            Err(error) => Err(format!("{}: {error}", path.display())),
        })
    }
}

/// What a file holds.
struct Held {
    text: Zeroizing<String>,
    /// Whether its permissions let everybody read or write it.
    is_readable_by_all: bool,
}

/// What a file holds, or `None` where it is longer.
fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Option<Held>> {
    let mut text = Zeroizing::new(String::new());
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    let file = File::open(path)?;
    let found = file.metadata()?;
    let is_readable_by_all = found.is_file() && found.permissions().mode() & 0o007 != 0;
    file.take(limit.saturating_add(1)).read_to_string(&mut text)?;
    Ok((text.len() <= bytes_max).then_some(Held { text, is_readable_by_all }))
}
