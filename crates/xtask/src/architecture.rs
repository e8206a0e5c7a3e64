//! `cargo xtask architecture`: measures the structure of the workspace, and fails on what its design forbids.

mod circles;
mod edges;
mod files;
mod finding;
mod picture;
mod trees;

use anyhow::{Context as _, bail};

use crate::steps::workspace;
use finding::Finding;

/// The document that carries the picture, at the root of the workspace.
const DOCUMENT: &str = "ARCHITECTURE.md";

/// Measures the house, prints the picture, and fails with every finding at once.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let write = match arguments {
        [] => false,
        [one] if one == "--write" => true,
        _ => bail!("the only option is --write"),
    };
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(workspace()).no_deps().exec()?;
    let house = edges::measure(&metadata);
    let trees = trees::measure(&house.crates)?;
    let picture = picture::draw(&house, &trees);
    println!("{picture}");

    let mut findings = edges::judge(&house);
    findings.extend(trees::judge(&trees));
    let sources = files::measure(&workspace())?;
    findings.extend(files::judge(&sources));
    findings.extend(circles::judge(&sources)?);
    findings.extend(document(&picture, write)?);
    if !findings.is_empty() {
        for finding in &findings {
            eprintln!("{finding}");
        }
        bail!("{} findings", findings.len());
    }
    println!("architecture: {} crates, {} edges, as designed", house.crates.len(), house.edges.len());
    Ok(())
}

/// Compares the document with the picture, or renews it. A workspace without the document has nothing to compare.
fn document(picture: &str, write: bool) -> anyhow::Result<Option<Finding>> {
    let path = workspace().join(DOCUMENT);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {DOCUMENT}"))?;
    let finding = |wrong: &str, fix: &str| {
        Ok(Some(Finding { place: DOCUMENT.into(), wrong: wrong.into(), fix: fix.into() }))
    };
    let Some(renewed) = picture::place(picture, &text) else {
        return finding("it has no place for the picture", picture::MARKERS_WANTED);
    };
    if renewed == text {
        return Ok(None);
    }
    if !write {
        return finding(
            "its picture is not what was measured",
            "compare it with what is printed above, then run `cargo xtask architecture --write`",
        );
    }
    std::fs::write(&path, renewed).with_context(|| format!("could not write {DOCUMENT}"))?;
    println!("architecture: renewed the picture in {DOCUMENT}");
    Ok(None)
}
