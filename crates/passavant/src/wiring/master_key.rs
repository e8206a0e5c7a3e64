//! The file with the master key: 32 bytes as base64, base64url or hex, readable only by its owner.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use server::ports::Entropy;
use zeroize::Zeroizing;

/// Longest file, in bytes: 64 hex digits and a line end fit.
const FILE_BYTES_MAX: u64 = 128;

/// Reads the master key.
///
/// # Errors
/// [`MasterKeyError`]
pub(crate) fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>, MasterKeyError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => MasterKeyError::Missing(path.to_owned()),
        _ => MasterKeyError::Unreadable { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(unreadable)?;
    parse(&text).ok_or_else(|| MasterKeyError::Malformed(path.to_owned()))
}

/// Writes a new master key as base64url and a line end, mode 0600. Never overwrites a file.
///
/// # Errors
/// The operating system's; `AlreadyExists` where the file exists.
pub(crate) fn write_new(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(&mut *key);
    let mut text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*key));
    text.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A file whose name was not synced is not there after a power cut, and with it every sealed key.
    let folder = fs::canonicalize(path)?.parent().map(Path::to_owned);
    folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn parse(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() == 64 {
        return from_hex(text);
    }
    [URL_SAFE_NO_PAD, STANDARD_NO_PAD, STANDARD, URL_SAFE].iter().find_map(|engine| {
        let bytes = Zeroizing::new(engine.decode(text).ok()?);
        Some(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?))
    })
}

fn from_hex(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    for (byte, digits) in key.iter_mut().zip(text.chunks(2)) {
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(key)
}

/// Why a master key can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    /// There is no file.
    #[error("there is no master key at {path}; write one with: passavant key master {path}", path = .0.display())]
    Missing(PathBuf),
    /// It can't be read.
    #[error("the master key {} can't be read: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read the file: it encrypts everything at rest.
    #[error("the master key {} may be read by others (mode {mode:04o}): chmod 600 it first", path.display())]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Its length or encoding is invalid.
    #[error("{} holds no master key: 32 bytes as base64, base64url or hex", .0.display())]
    Malformed(PathBuf),
}

#[cfg(test)]
mod tests {
    use server::ports::SystemEntropy;

    use super::*;

    #[test]
    fn base64_base64url_and_hex_are_one_key_with_or_without_a_line_end() {
        let key = [0xfb; 32];
        let hex = "fb".repeat(32);
        for text in [
            STANDARD.encode(key),
            STANDARD_NO_PAD.encode(key),
            URL_SAFE.encode(key),
            URL_SAFE_NO_PAD.encode(key),
            hex.to_uppercase(),
            hex,
        ] {
            for end in ["", "\n", "\r\n"] {
                let read = parse(format!("{text}{end}").as_bytes());
                assert_eq!(read.as_deref(), Some(&key), "{text:?}{end:?}");
            }
        }
        for bad in ["", "c2hvcnQ", &"zz".repeat(32), &"fb".repeat(31), &format!("{}\n\n", "fb".repeat(32))] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_key_that_was_written_is_read_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("master.key");
        write_new(&path, &SystemEntropy).expect("written");
        let key = read(&path).expect("reads");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let again = write_new(&path, &SystemEntropy).expect_err("there is one");
        assert_eq!((again.kind(), read(&path).expect("reads")), (io::ErrorKind::AlreadyExists, key));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("master.key");
        write_new(&path, &SystemEntropy).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
        assert!(matches!(read(&path), Err(MasterKeyError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_missing_key_names_the_command_that_writes_one() {
        let error = read(Path::new("/nowhere/master.key")).expect_err("missing");
        assert!(error.to_string().contains("passavant key master /nowhere/master.key"));
    }
}
