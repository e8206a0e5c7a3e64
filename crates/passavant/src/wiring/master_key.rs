//! The file with the master key: 32 bytes as base64, base64url or hex, readable only by its owner and, at most, its group.

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
use protocol::secret_text;
use server::ports::Entropy;
use zeroize::Zeroizing;

/// Longest file, in bytes: 64 hex digits fit, with what editors leave around them.
const FILE_BYTES_MAX: u64 = 256;
/// What a file of a secret must not be: written by anybody but its owner, or read by anybody but owner and group. A group
/// reads it where a container or a service runs with a group of its own (Kubernetes `fsGroup`, systemd credentials).
const TOO_OPEN: u32 = 0o037;

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
    if mode & TOO_OPEN != 0 {
        return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(unreadable)?;
    let malformed = || MasterKeyError::Malformed(path.to_owned());
    let bare = secret_text::secret(std::str::from_utf8(&text).map_err(|_| malformed())?);
    if bare.is_trimmed {
        tracing::warn!(file = %path.display(), "master key: {}", secret_text::TRIMMED);
    }
    parse(bare.text.as_bytes()).ok_or_else(malformed)
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
    #[error(
        "the master key {} may be read by others, or written by its group (mode {mode:04o}): chmod 600 it first (400, 440 \
         and 640 will do as well)",
        path.display()
    )]
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
            for (before, after) in [("", ""), ("", "\n"), ("", "\r\n"), ("\u{feff}", "\n\n"), (" ", " \n")] {
                let read = read_text(&format!("{before}{text}{after}"));
                assert_eq!(read.as_deref().ok(), Some(&key), "{before:?}{text:?}{after:?}");
            }
        }
        for bad in ["", "c2hvcnQ", &"zz".repeat(32), &"fb".repeat(31), &format!("f b{}", "fb".repeat(31))] {
            assert!(matches!(read_text(bad), Err(MasterKeyError::Malformed(_))), "{bad:?}");
        }
    }

    fn read_text(text: &str) -> Result<Zeroizing<[u8; 32]>, MasterKeyError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("master.key");
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
        read(&path)
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
    fn a_key_may_be_read_by_its_group_and_by_nobody_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("master.key");
        write_new(&path, &SystemEntropy).expect("written");
        for mode in [0o600, 0o400, 0o440, 0o640] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
            assert!(read(&path).is_ok(), "{mode:o}");
        }
        for refused in [0o644, 0o604, 0o444, 0o666, 0o660, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(refused)).expect("changed");
            assert!(
                matches!(read(&path), Err(MasterKeyError::Exposed { mode, .. }) if mode == refused),
                "{refused:o}"
            );
        }
    }

    #[test]
    fn a_missing_key_names_the_command_that_writes_one() {
        let error = read(Path::new("/nowhere/master.key")).expect_err("missing");
        assert!(error.to_string().contains("passavant key master /nowhere/master.key"));
    }
}
