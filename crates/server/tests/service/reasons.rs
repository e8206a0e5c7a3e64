//! Every reason for a refusal is produced by some test.

use std::{collections::BTreeSet, fs, path::Path};

use passavant_server::Reason;

/// The names of all reasons, without what stands in them.
fn reasons() -> BTreeSet<String> {
    let name = |reason: &Reason| format!("{reason:?}").split('(').next().unwrap_or_default().to_owned();
    Reason::ALL.iter().map(name).collect()
}

/// The names behind `Reason::` in a text.
fn named(text: &str) -> impl Iterator<Item = String> {
    let rests = text.split("Reason::").skip(1);
    rests.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(read(&path));
        }
    }
}

/// Every `Reason` is produced by a test, here or at the end of a source file.
#[test]
fn every_reason_is_produced_by_some_test() {
    let mut tests = Vec::new();
    sources(&root().join("tests"), &mut tests);
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let at_the_bottom =
        files.iter().filter_map(|file| file.split_once("#[cfg(test)]")).map(|(_, tests)| tests);
    // What is listed in reason.rs itself says nothing of what is produced.
    let at_the_bottom = at_the_bottom.filter(|tests| !tests.contains("descriptions_hold_only"));
    let known: BTreeSet<String> =
        tests.iter().map(String::as_str).chain(at_the_bottom).flat_map(named).collect();
    let reasons = reasons();
    assert!(reasons.len() > 70, "{reasons:?}");
    let unseen: Vec<&String> = reasons.difference(&known).collect();
    assert!(unseen.is_empty(), "no test produces {unseen:?}");
}
