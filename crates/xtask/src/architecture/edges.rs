//! Dependencies between the crates of the workspace, and which of them are allowed.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata};

use super::finding::Finding;

/// The allowed dependencies of shipped code. Tests may also depend on testkit, and on any crate below.
const DESIGN: &[(&str, &[&str])] = &[
    ("jose", &[]),
    ("protocol", &["jose"]),
    ("fetching", &["protocol", "jose"]),
    ("server", &["fetching", "protocol", "jose"]),
    ("resource", &["fetching", "protocol", "jose"]),
    ("accounts", &["server", "protocol"]),
    ("admin", &["server", "accounts", "protocol", "jose"]),
    ("sqlite", &["server", "accounts", "protocol", "jose"]),
    ("serving", &[]),
    ("demo", &["fetching", "resource", "protocol", "jose", "serving"]),
    ("testkit", &["jose", "protocol", "server", "resource", "accounts", "sqlite"]),
    (
        "passavant",
        &[
            "jose", "protocol", "fetching", "server", "resource", "accounts", "admin", "sqlite", "serving",
            "demo",
        ],
    ),
    ("fuzz", &["accounts", "admin", "jose", "protocol", "resource", "server", "serving", "testkit"]),
    ("xtask", &[]),
];

/// The crates of the workspace by their short names, and the edges between them.
pub(super) struct Dependencies {
    pub(super) crates: BTreeSet<String>,
    pub(super) edges: BTreeSet<Edge>,
}

/// A declared dependency between two crates of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: Kind,
}

/// When the dependency applies. A build dependency affects what is shipped, so it counts as `Always`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Always,
    WithFeature,
    InTests,
}

/// Reads the edges that the manifests declare, on every platform and with every feature.
pub(super) fn measure(metadata: &Metadata) -> Dependencies {
    let members = metadata.workspace_packages();
    let crates: BTreeSet<String> = members.iter().map(|member| short(&member.name)).collect();
    let mut edges = BTreeSet::new();
    for member in members {
        for dependency in member.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let kind = match (dependency.kind, dependency.optional) {
                (DependencyKind::Development, _) => Kind::InTests,
                (_, true) => Kind::WithFeature,
                (_, false) => Kind::Always,
            };
            edges.insert(Edge { from: short(&member.name), to: short(&dependency.name), kind });
        }
    }
    Dependencies { crates, edges }
}

/// Every edge and every crate that the design does not allow.
pub(super) fn judge(dependencies: &Dependencies) -> Vec<Finding> {
    let strangers = dependencies.crates.iter().filter(|name| design(name).is_none()).map(|name| Finding {
        place: manifest(name),
        wrong: format!("the design has no crate {name}"),
        fix: "give it a row in DESIGN in crates/xtask/src/architecture/edges.rs, and say in docs/decisions.md why it is there"
            .into(),
    });
    let forbidden = dependencies.edges.iter().filter(|edge| !allowed(edge)).map(|edge| Finding {
        place: manifest(&edge.from),
        wrong: match edge.kind {
            Kind::InTests => format!("{} may not depend on {}, not even in its tests", edge.from, edge.to),
            _ => format!("{} may not depend on {}", edge.from, edge.to),
        },
        fix: format!(
            "move what it needs into {}, or take it through a port that the host fills",
            match design(&edge.from) {
                Some([]) | None => "the crate itself".into(),
                Some(beneath) => beneath.join(" or "),
            }
        ),
    });
    strangers.chain(forbidden).collect()
}

fn allowed(edge: &Edge) -> bool {
    let Some(direct) = design(&edge.from) else {
        return true; // A crate that the design does not know is one finding, not one for each of its edges.
    };
    match edge.kind {
        Kind::Always | Kind::WithFeature => direct.contains(&edge.to.as_str()),
        Kind::InTests => edge.to == "testkit" || beneath(&edge.from).contains(edge.to.as_str()),
    }
}

fn design(name: &str) -> Option<&'static [&'static str]> {
    DESIGN.iter().find(|(known, _)| *known == name).map(|(_, beneath)| *beneath)
}

fn beneath(name: &str) -> BTreeSet<&'static str> {
    let direct = design(name).unwrap_or_default();
    direct.iter().flat_map(|next| beneath(next)).chain(direct.iter().copied()).collect()
}

fn short(package: &str) -> String {
    package.strip_prefix("passavant-").unwrap_or(package).into()
}

fn manifest(name: &str) -> String {
    format!("crates/{name}/Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, kind: Kind) -> Edge {
        Edge { from: from.into(), to: to.into(), kind }
    }

    fn findings(edge: Edge) -> Vec<Finding> {
        let crates = BTreeSet::from([edge.from.clone()]);
        judge(&Dependencies { crates, edges: BTreeSet::from([edge]) })
    }

    #[test]
    fn an_edge_of_the_design_passes() {
        for (from, to, kind) in [
            ("protocol", "jose", Kind::Always),
            ("testkit", "server", Kind::WithFeature),
            ("server", "testkit", Kind::InTests),
            ("accounts", "jose", Kind::InTests),
        ] {
            assert_eq!(findings(edge(from, to, kind)), [], "{from} -> {to}");
        }
    }

    #[test]
    fn an_edge_that_points_up_or_sideways_is_found() {
        for (from, to, kind) in [
            ("jose", "protocol", Kind::Always),
            ("resource", "server", Kind::WithFeature),
            ("resource", "server", Kind::InTests),
            ("server", "sqlite", Kind::InTests),
            ("accounts", "sqlite", Kind::Always),
            ("passavant", "testkit", Kind::Always),
            ("passavant", "xtask", Kind::Always),
            ("xtask", "jose", Kind::Always),
        ] {
            let found = findings(edge(from, to, kind));
            assert_eq!(found.len(), 1, "{from} -> {to}");
            assert_eq!(found[0].place, format!("crates/{from}/Cargo.toml"));
        }
    }

    #[test]
    fn a_crate_that_the_design_does_not_know_is_found_once() {
        let found = findings(edge("surprise", "jose", Kind::Always));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].wrong, "the design has no crate surprise");
    }

    #[test]
    fn the_design_has_no_cycle() {
        for (name, _) in DESIGN {
            assert!(!beneath(name).contains(name), "{name} depends on itself");
        }
    }
}
