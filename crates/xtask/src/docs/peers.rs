//! `docs/peers.md` is not generated, but names tests, each of which must exist.

use std::{collections::HashSet, path::Path};

use anyhow::bail;

use crate::steps::workspace;

pub(super) const DOCUMENT: &str = "docs/peers.md";

/// Checks that every test in the last column of the tables is a function of some crate.
pub(super) fn check() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(workspace().join(DOCUMENT))?;
    let mut known = HashSet::new();
    functions(&workspace().join("crates"), &mut known)?;
    let missing: Vec<_> = named(&page).into_iter().filter(|name| !known.contains(*name)).collect();
    if !missing.is_empty() {
        bail!("{DOCUMENT} names tests that do not exist: {}", missing.join(", "));
    }
    Ok(())
}

/// The text in backticks in the last cell of each row.
fn named(page: &str) -> Vec<&str> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    let last = rows.filter_map(|row| row.rsplit_once(" | ").map(|(_, cell)| cell));
    last.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// The names of all functions in the Rust files of a folder.
fn functions(folder: &Path, known: &mut HashSet<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            functions(&path, known)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path)?;
            let names = text.lines().filter_map(|line| Some(line.split_once("fn ")?.1.split_once('(')?.0));
            known.extend(names.map(str::to_owned));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_a_row_stand_in_its_last_cell() {
        let page = "`no`\n| there | here | shown by |\n|---|---|---|\n| `x` | `y(a \\| b)` | `one`, `two` |\n| z | z | |\n";
        assert_eq!(named(page), ["one", "two"]);
    }

    #[test]
    fn every_test_that_the_page_names_is_there() {
        check().expect("docs/peers.md");
    }
}
