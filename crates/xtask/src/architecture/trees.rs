//! The dependency tree of each crate, with default features: its size, and crates that are too heavy.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use crate::steps;

/// Crates that any program can use. They contain no I/O: the host implements their ports.
const LIGHT: [&str; 4] = ["jose", "protocol", "server", "resource"];

/// What a light crate never depends on: a runtime, HTTP, a database, another crypto library.
const HEAVY: [&str; 10] = [
    "axum",
    "hyper",
    "hyper-util",
    "native-tls",
    "openssl-sys",
    "reqwest",
    "ring",
    "rusqlite",
    "tokio",
    "tokio-postgres",
];

/// Limits of the number of crates in a tree, the crate itself included.
const BUDGETS: [(&str, usize); 2] = [("resource", 60), ("testkit", 40)];

/// The measured platform; it is fixed so that the figures do not depend on the machine.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// By short name of a workspace crate: every `name version` in its tree, the crate itself included.
pub(super) type Trees = BTreeMap<String, BTreeSet<String>>;

/// Asks cargo for one tree per crate: the workspace as a whole would unify features and hide the tree of a single crate.
pub(super) fn measure(crates: &BTreeSet<String>) -> anyhow::Result<Trees> {
    crates.iter().map(|name| Ok((name.clone(), tree(name)?))).collect()
}

/// Heavy crates in light trees, and trees over their limit.
pub(super) fn judge(trees: &Trees) -> Vec<Finding> {
    trees.iter().flat_map(|(name, tree)| heavy(name, tree).into_iter().chain(outgrown(name, tree))).collect()
}

/// The limit of a tree, if it has one.
pub(super) fn budget(name: &str) -> Option<usize> {
    BUDGETS.iter().find(|(known, _)| *known == name).map(|(_, budget)| *budget)
}

fn heavy(name: &str, tree: &BTreeSet<String>) -> Vec<Finding> {
    if !LIGHT.contains(&name) {
        return Vec::new();
    }
    let names = tree.iter().filter_map(|entry| entry.split(' ').next());
    let heavy: BTreeSet<&str> = names.filter(|entry| HEAVY.contains(entry)).collect();
    let finding = |heavy| Finding {
        place: format!("crates/{name}/Cargo.toml"),
        wrong: format!("{heavy} is in the default tree of {name}, which any program must be able to take in"),
        fix: format!(
            "see who brings it with `cargo tree -p {} -e normal -i {heavy}`, then put that behind a port or a feature that is off",
            package(name)
        ),
    };
    heavy.into_iter().map(finding).collect()
}

fn outgrown(name: &str, tree: &BTreeSet<String>) -> Option<Finding> {
    let budget = budget(name).filter(|budget| tree.len() >= *budget)?;
    Some(Finding {
        place: format!("crates/{name}/Cargo.toml"),
        wrong: format!(
            "the default tree of {name} has {} crates, and must have fewer than {budget}",
            tree.len()
        ),
        fix: format!(
            "see who brings most with `cargo tree -p {} -e normal`, then do without it or put it behind a feature that is off",
            package(name)
        ),
    })
}

fn tree(name: &str) -> anyhow::Result<BTreeSet<String>> {
    let package = package(name);
    let arguments = ["tree", "-p", &package, "-e", "normal", "--prefix", "none", "--target", TARGET];
    let printed = steps::output(&mut steps::command("cargo", &arguments))?;
    Ok(printed.lines().filter_map(entry).collect())
}

/// `serde v1.0.229 (proc-macro) (*)` is `serde v1.0.229`.
fn entry(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}

fn package(name: &str) -> String {
    match name {
        "passavant" | "xtask" => name.into(),
        _ => format!("passavant-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees(name: &str, entries: impl IntoIterator<Item = String>) -> Trees {
        Trees::from([(name.into(), entries.into_iter().collect())])
    }

    fn many(count: usize) -> impl Iterator<Item = String> {
        (0..count).map(|number| format!("crate{number} v1.0.0"))
    }

    #[test]
    fn a_heavy_crate_is_found_in_a_light_tree_alone() {
        let tokio = || ["tokio v1.54.0".to_owned(), "tokio-util v0.7.0".to_owned()];
        let found = judge(&trees("server", tokio()));
        assert_eq!(found.len(), 1);
        assert!(found[0].wrong.starts_with("tokio is in the default tree of server"), "{}", found[0]);
        assert_eq!(judge(&trees("sqlite", tokio())), []);
    }

    #[test]
    fn a_tree_stays_under_its_budget() {
        assert_eq!(judge(&trees("resource", many(59))), []);
        assert_eq!(judge(&trees("resource", many(60))).len(), 1);
        assert_eq!(judge(&trees("testkit", many(39))), []);
        assert_eq!(judge(&trees("testkit", many(40))).len(), 1);
        assert_eq!(judge(&trees("server", many(100))), []);
    }

    #[test]
    fn a_line_of_the_tree_is_read_without_its_remarks() {
        assert_eq!(entry("serde_derive v1.0.229 (proc-macro) (*)").as_deref(), Some("serde_derive v1.0.229"));
        assert_eq!(entry(""), None);
    }
}
