//! Documents to apply: from a file, or as JSON from standard input.

use std::{io, path::Path};

use admin::{Administration, Document, Sent, World};
use server::registration::RegistrationError;

/// Reads a document; `-` is standard input.
fn read(path: &Path) -> Result<Document, RegistrationError> {
    match path == Path::new("-") {
        true => Document::read(io::stdin().lock(), path),
        false => Document::open(path),
    }
}

/// Reads a document for this installation.
///
/// # Errors
/// [`RegistrationError`] where it can't be read at all.
pub(crate) fn read_world(path: &Path, administration: &Administration) -> Result<World, RegistrationError> {
    World::read(read(path)?, folder(path), administration)
}

/// Reads a document for another server.
///
/// # Errors
/// [`RegistrationError`] where it, or a file that it names, can't be read.
pub(crate) fn read_sent(path: &Path) -> Result<Sent, RegistrationError> {
    Sent::read(read(path)?, folder(path))
}

/// Where the files are that a document names.
fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
