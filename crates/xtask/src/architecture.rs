//! `cargo xtask architecture`: measures the structure of the workspace, and fails on what its design forbids.

mod cycles;
mod edges;
mod files;
mod finding;
mod graph;
mod trees;

use anyhow::{Context as _, bail};

use crate::steps::workspace;
use finding::Finding;

/// The document that contains the graph, at the root of the workspace.
const DOCUMENT: &str = "ARCHITECTURE.md";

/// Measures the crates and files, prints the graph, and fails with all findings at once.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let write = match arguments {
        [] => false,
        [one] if one == "--write" => true,
        _ => bail!("the only option is --write"),
    };
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(workspace()).no_deps().exec()?;
    let dependencies = edges::measure(&metadata);
    let trees = trees::measure(&dependencies.crates)?;
    let graph = graph::draw(&dependencies, &trees);
    println!("{graph}");

    let mut findings = edges::judge(&dependencies);
    findings.extend(trees::judge(&trees));
    let sources = files::measure(&workspace())?;
    findings.extend(files::judge(&sources));
    findings.extend(cycles::judge(&sources)?);
    findings.extend(document(&graph, write)?);
    if !findings.is_empty() {
        for finding in &findings {
            eprintln!("{finding}");
        }
        bail!("{} findings", findings.len());
    }
    println!(
        "architecture: {} crates, {} edges, as designed",
        dependencies.crates.len(),
        dependencies.edges.len()
    );
    Ok(())
}

/// Compares the graph in the document with the measured one, or updates it. A workspace without the document passes.
fn document(graph: &str, write: bool) -> anyhow::Result<Option<Finding>> {
    let path = workspace().join(DOCUMENT);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {DOCUMENT}"))?;
    let finding = |wrong: &str, fix: &str| {
        Ok(Some(Finding { place: DOCUMENT.into(), wrong: wrong.into(), fix: fix.into() }))
    };
    let Some(updated) = graph::place(graph, &text) else {
        return finding("the markers of the graph are missing", graph::MARKERS_WANTED);
    };
    if updated == text {
        return Ok(None);
    }
    if !write {
        return finding(
            "its graph is outdated",
            "compare it with the graph printed above, then run `cargo xtask architecture --write`",
        );
    }
    std::fs::write(&path, updated).with_context(|| format!("could not write {DOCUMENT}"))?;
    println!("architecture: updated the graph in {DOCUMENT}");
    Ok(None)
}
