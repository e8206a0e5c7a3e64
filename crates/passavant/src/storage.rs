//! Where an installation keeps its state: the kind of database that the scheme of `database.url` names.

mod database;
mod sqlite;

use std::{path::Path, sync::Arc};

pub(crate) use database::{Database, Opening, Rename, Role, Storage, StorageError};

use database::Kind;
use server::spelling::suggestion;

/// Every kind of database: a new one is a file and a line here.
const KINDS: &[Kind] = &[sqlite::KIND];

/// Longest URL that a refusal repeats nothing of: what stands before the colon is a scheme, and nothing secret.
const SCHEME_BYTES_MAX: usize = 32;

/// The database that a URL names; relative paths in it start at this folder. Nothing is opened.
///
/// # Errors
/// What was expected.
pub(crate) fn parse(url: &str, folder: Option<&Path>) -> Result<Arc<dyn Database>, String> {
    let (scheme, place) = url.split_once(':').unwrap_or((url, ""));
    let Some(kind) = KINDS.iter().find(|kind| kind.scheme == scheme) else {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.scheme).collect();
        let scheme = scheme.get(..SCHEME_BYTES_MAX.min(scheme.len())).unwrap_or_default();
        let near = suggestion(scheme, known.iter().copied());
        return Err(format!("unknown kind of database \"{scheme}\"; known: {}{near}", known.join(", ")));
    };
    (kind.parse)(place, folder)
        .ok_or_else(|| format!("expected {} such as \"{}\"", kind.expected, kind.example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kind_is_refused_with_the_known_ones() {
        for (url, words) in [
            ("mysql://u:secret@db/x", "unknown kind of database \"mysql\"; known: sqlite"),
            ("sqlit:x", "known: sqlite; did you mean `sqlite`?"),
            ("/var/lib/passavant.db", "unknown kind of database \"/var/lib/passavant.db\""),
            ("sqlite:", "expected `sqlite:` and a path such as \"sqlite:/var/lib/passavant/passavant.db\""),
            ("sqlite:x.db?mode=ro", "expected `sqlite:` and a path"),
        ] {
            let refused = parse(url, None).err().unwrap_or_default();
            assert!(refused.contains(words) && !refused.contains("secret"), "{url}: {refused}");
        }
    }

    #[test]
    fn a_relative_path_starts_at_the_folder() {
        let folder = Path::new("/etc/passavant");
        for (url, place) in [
            ("sqlite:data/p.db", "sqlite:/etc/passavant/data/p.db"),
            ("sqlite:/p.db", "sqlite:/p.db"),
            ("sqlite:///p.db", "sqlite:/p.db"),
        ] {
            assert_eq!(parse(url, Some(folder)).expect("a database").to_string(), place);
        }
        assert_eq!(parse("sqlite:p.db", None).expect("a database").to_string(), "sqlite:p.db");
    }
}
