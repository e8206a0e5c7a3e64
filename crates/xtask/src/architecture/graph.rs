//! The graph of the dependencies and a table of the counts, as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::edges::{Dependencies, Edge, Kind};
use super::trees::{self, Trees};

const BEGIN: &str = "<!-- architecture:begin -->";
const END: &str = "<!-- architecture:end -->";

/// What to tell an author whose document lacks the markers.
pub(super) const MARKERS_WANTED: &str = "put the lines `<!-- architecture:begin -->` and `<!-- architecture:end -->` where the graph belongs, then run `cargo xtask architecture --write`";

/// The graph and the table. The same dependencies always give the same text.
pub(super) fn draw(dependencies: &Dependencies, trees: &Trees) -> String {
    format!("{}\n{}", drawing(dependencies), table(dependencies, trees))
}

/// The document with the graph between its markers, or `None` if it does not have both in order.
pub(super) fn place(graph: &str, document: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{graph}{END}{after}"))
}

/// Edges implied by a longer path are omitted; the table contains all of them.
fn drawing(dependencies: &Dependencies) -> String {
    let shipped: Vec<&Edge> = dependencies.edges.iter().filter(|edge| edge.kind != Kind::InTests).collect();
    let mut drawing = String::from("```mermaid\nflowchart TD\n");
    for name in dependencies.crates.iter().filter(|name| shipped.iter().all(|edge| !edge.touches(name))) {
        let _ = writeln!(drawing, "    {name}");
    }
    for edge in shipped.iter().filter(|edge| !is_transitive(edge, &shipped)) {
        let arrow = if edge.kind == Kind::WithFeature { "-.->" } else { "-->" };
        let _ = writeln!(drawing, "    {} {arrow} {}", edge.from, edge.to);
    }
    drawing.push_str("```\n");
    drawing
}

fn is_transitive(edge: &Edge, edges: &[&Edge]) -> bool {
    let mut first_steps = edges.iter().filter(|step| step.from == edge.from && step.to != edge.to);
    first_steps.any(|step| reachable(&step.to, edges).contains(edge.to.as_str()))
}

fn reachable<'a>(from: &str, edges: &[&'a Edge]) -> BTreeSet<&'a str> {
    let next = edges.iter().filter(|edge| edge.from == from);
    next.flat_map(|edge| reachable(&edge.to, edges).into_iter().chain([edge.to.as_str()])).collect()
}

fn table(dependencies: &Dependencies, trees: &Trees) -> String {
    let mut table = String::from(
        "| crate | depends on | crates in its tree |\n\
         |---|---|---|\n",
    );
    for name in &dependencies.crates {
        let leans: Vec<String> =
            dependencies.edges.iter().filter(|edge| edge.from == *name).map(described).collect();
        let count = trees.get(name).map_or(0, BTreeSet::len);
        let budget = trees::budget(name).map(|budget| format!(" (under {budget})")).unwrap_or_default();
        let _ = writeln!(table, "| {name} | {} | {count}{budget} |", leans.join(", "));
    }
    table.push_str("\nCounted with default features on Linux, the crate itself included, tests left out.\n");
    table
}

fn described(edge: &Edge) -> String {
    match edge.kind {
        Kind::Always => edge.to.clone(),
        Kind::WithFeature => format!("{} (feature)", edge.to),
        Kind::InTests => format!("{} (tests)", edge.to),
    }
}

impl Edge {
    fn touches(&self, name: &str) -> bool {
        self.from == name || self.to == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies(edges: &[(&str, &str, Kind)]) -> Dependencies {
        let edge = |(from, to, kind): &(&str, &str, Kind)| Edge {
            from: (*from).into(),
            to: (*to).into(),
            kind: *kind,
        };
        let crates = edges.iter().flat_map(|(from, to, _)| [(*from).to_owned(), (*to).to_owned()]).collect();
        Dependencies { crates, edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn transitive_edge_is_omitted() {
        let dependencies = dependencies(&[
            ("protocol", "jose", Kind::Always),
            ("server", "jose", Kind::Always),
            ("server", "protocol", Kind::Always),
            ("testkit", "server", Kind::WithFeature),
            ("server", "testkit", Kind::InTests),
        ]);
        assert_eq!(
            drawing(&dependencies),
            "```mermaid\nflowchart TD\n    \
             protocol --> jose\n    \
             server --> protocol\n    \
             testkit -.-> server\n```\n"
        );
    }

    #[test]
    fn the_table_has_every_edge() {
        let dependencies =
            dependencies(&[("resource", "jose", Kind::Always), ("resource", "testkit", Kind::InTests)]);
        let trees = Trees::from([("resource".into(), BTreeSet::from(["jose v0.1.0".into()]))]);
        let table = table(&dependencies, &trees);
        assert!(table.contains("| resource | jose, testkit (tests) | 1 (under 60) |"), "{table}");
    }

    #[test]
    fn the_graph_is_written_between_the_markers() {
        let document = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let renewed = place("new\n", &document).expect("both markers are there");
        assert_eq!(renewed, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert_eq!(place("new\n", &renewed).as_deref(), Some(renewed.as_str()));
        assert_eq!(place("new\n", "no markers"), None);
    }
}
