//! `cargo xtask pictures`: the pictures of the README, taken by the browser tests of the real pages.

use anyhow::bail;

use crate::steps::{command, execute, workspace};

/// Where they are kept.
const FOLDER: &str = "docs/pictures";

/// Runs the test that takes them, and has it keep them.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    if !arguments.is_empty() {
        bail!("there are no options");
    }
    let test = ["test", "--package", "passavant", "--test", "browser", "--", "pictures"];
    let mut cargo = command("cargo", &test);
    cargo.env("BROWSER_TESTS", "required").env("PICTURES", workspace().join(FOLDER));
    execute(&mut cargo)
}
