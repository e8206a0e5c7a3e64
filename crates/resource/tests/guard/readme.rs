//! README's example: its dependencies are those that it is compiled with.

use std::collections::BTreeMap;

const README: &str = include_str!("../../../../README.md");
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");

#[test]
fn readme_dependencies_match_this_crate() {
    let block = README.split("```toml\n[dependencies]\n").nth(1).and_then(|rest| rest.split("```").next());
    let lines = block.expect("a block").lines().filter_map(|line| line.split_once(" = "));
    let named: BTreeMap<&str, &str> = lines.collect();
    assert_eq!(named.keys().copied().collect::<Vec<_>>(), ["axum", "passavant-resource"]);
    let version = env!("CARGO_PKG_VERSION").rsplit_once('.').expect("three numbers").0;
    let expected = format!("{{ version = \"{version}\", features = [\"axum\", \"client\"] }}");
    assert_eq!(named["passavant-resource"], expected, "the doctest of README needs these features");
    let axum = WORKSPACE.lines().find(|line| line.starts_with("axum = ")).expect("a dependency");
    assert!(axum.contains(named["axum"]), "{axum}");
}
