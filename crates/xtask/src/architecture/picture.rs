//! The graph of the dependencies and a table of the counts, as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::edges::{Edge, House, Kind};
use super::trees::{self, Trees};

const BEGIN: &str = "<!-- architecture:begin -->";
const END: &str = "<!-- architecture:end -->";

/// What to tell an author whose document has no place for the picture.
pub(super) const MARKERS_WANTED: &str = "put the lines `<!-- architecture:begin -->` and `<!-- architecture:end -->` where the picture belongs, then run `cargo xtask architecture --write`";

/// Draws the drawing and the table. The same house always gives the same text.
pub(super) fn draw(house: &House, trees: &Trees) -> String {
    format!("{}\n{}", drawing(house), table(house, trees))
}

/// The document with the picture between its markers, or `None` if it does not have both in order.
pub(super) fn place(picture: &str, document: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{picture}{END}{after}"))
}

/// Arrows that a longer way already tells are left out, as in a drawing by hand; the table has them all.
fn drawing(house: &House) -> String {
    let shipped: Vec<&Edge> = house.edges.iter().filter(|edge| edge.kind != Kind::InTests).collect();
    let mut drawing = String::from("```mermaid\nflowchart TD\n");
    for name in house.crates.iter().filter(|name| shipped.iter().all(|edge| !edge.touches(name))) {
        let _ = writeln!(drawing, "    {name}");
    }
    for edge in shipped.iter().filter(|edge| !told_by_longer_way(edge, &shipped)) {
        let arrow = if edge.kind == Kind::WithFeature { "-.->" } else { "-->" };
        let _ = writeln!(drawing, "    {} {arrow} {}", edge.from, edge.to);
    }
    drawing.push_str("```\n");
    drawing
}

fn told_by_longer_way(edge: &Edge, edges: &[&Edge]) -> bool {
    let mut first_steps = edges.iter().filter(|step| step.from == edge.from && step.to != edge.to);
    first_steps.any(|step| reachable(&step.to, edges).contains(edge.to.as_str()))
}

fn reachable<'a>(from: &str, edges: &[&'a Edge]) -> BTreeSet<&'a str> {
    let next = edges.iter().filter(|edge| edge.from == from);
    next.flat_map(|edge| reachable(&edge.to, edges).into_iter().chain([edge.to.as_str()])).collect()
}

fn table(house: &House, trees: &Trees) -> String {
    let mut table = String::from(
        "| crate | depends on | crates in its tree |\n\
         |---|---|---|\n",
    );
    for name in &house.crates {
        let leans: Vec<String> =
            house.edges.iter().filter(|edge| edge.from == *name).map(described).collect();
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

    fn house(edges: &[(&str, &str, Kind)]) -> House {
        let edge = |(from, to, kind): &(&str, &str, Kind)| Edge {
            from: (*from).into(),
            to: (*to).into(),
            kind: *kind,
        };
        let crates = edges.iter().flat_map(|(from, to, _)| [(*from).to_owned(), (*to).to_owned()]).collect();
        House { crates, edges: edges.iter().map(edge).collect() }
    }

    #[test]
    fn an_arrow_that_a_longer_way_tells_is_left_out() {
        let house = house(&[
            ("protocol", "jose", Kind::Always),
            ("server", "jose", Kind::Always),
            ("server", "protocol", Kind::Always),
            ("testkit", "server", Kind::WithFeature),
            ("server", "testkit", Kind::InTests),
        ]);
        assert_eq!(
            drawing(&house),
            "```mermaid\nflowchart TD\n    \
             protocol --> jose\n    \
             server --> protocol\n    \
             testkit -.-> server\n```\n"
        );
    }

    #[test]
    fn the_table_has_every_edge() {
        let house = house(&[("resource", "jose", Kind::Always), ("resource", "testkit", Kind::InTests)]);
        let trees = Trees::from([("resource".into(), BTreeSet::from(["jose v0.1.0".into()]))]);
        let table = table(&house, &trees);
        assert!(table.contains("| resource | jose, testkit (tests) | 1 (under 60) |"), "{table}");
    }

    #[test]
    fn the_picture_goes_between_the_markers_and_nowhere_else() {
        let document = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let renewed = place("new\n", &document).expect("both markers are there");
        assert_eq!(renewed, format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert_eq!(place("new\n", &renewed).as_deref(), Some(renewed.as_str()));
        assert_eq!(place("new\n", "no markers"), None);
    }
}
