//! `cargo xtask test`: all tests, from cargo's to real peers and a real browser.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::steps::{Steps, command, execute, output, workspace};

/// The driver of the real peers: it gets the paths of the release binary and of the protected API, and exits with 0
/// if every peer is content.
const INTEROP: &str = "interop/run";

/// The protected APIs of the peers: one stands before their authorization servers, one is what clients of the Model
/// Context Protocol call. With the features of `cargo test`, which has built them already.
const EXAMPLES: [&str; 7] =
    ["build", "--workspace", "--all-features", "--example", "resource_server", "--example", "mcp"];

/// The vectors of the jose crate, where they lie beside the project. They are not copied into it.
const WYCHEPROOF: &str = "../shared/vectors/wycheproof";

/// What the peers and the browser tests need from Debian: how to see that it is there, and the package that brings it.
const DEBIAN: [(&[&str], &str); 10] = [
    (&["python3", "--version"], "python3"),
    (&["python3", "-c", "import ensurepip, venv"], "python3-venv"),
    (&["node", "--version"], "nodejs"),
    (&["npm", "--version"], "npm"),
    (&["chromium", "--version"], "chromium"),
    (&["chromedriver", "--version"], "chromium-driver"),
    (&["/usr/sbin/apache2", "-v"], "apache2-bin"),
    (&["test", "-e", "/usr/lib/apache2/modules/mod_oauth2.so"], "libapache2-mod-oauth2"),
    (&["/usr/sbin/nginx", "-v"], "nginx-light"),
    (&["/usr/bin/caddy", "version"], "caddy"),
];

/// Which part of the tests was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Unit,
    Interop,
}

/// Runs the parts that were asked for and stops at the first step that fails.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let part = parse(arguments)?;
    let mut steps = Steps::default();
    if part != Part::Unit {
        steps.run("packages", packages)?;
    }
    if part != Part::Interop {
        steps.run("cargo test", || unit(part))?;
    }
    if part != Part::Unit {
        steps.run("release build", || {
            execute(&mut command("cargo", &["build", "--release", "--package", "passavant"]))
        })?;
        if workspace().join("interop").is_dir() {
            steps.run("examples for the peers", || execute(&mut command("cargo", &EXAMPLES)))?;
            steps.run("interop and browser", interop)?;
        } else {
            steps.skip("interop and browser", "there is no folder interop/");
        }
    }
    steps.finish();
    Ok(())
}

fn parse(arguments: &[String]) -> anyhow::Result<Part> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => Ok(Part::All),
        ["--only", "unit"] => Ok(Part::Unit),
        ["--only", "interop"] => Ok(Part::Interop),
        _ => bail!("the only option is --only, with unit or interop"),
    }
}

/// Every crate with every feature, doc tests included; a crate that fails does not hide the next one's results. Where
/// everything is run there is a browser, and a test that finds none fails.
fn unit(part: Part) -> anyhow::Result<()> {
    let mut cargo = command("cargo", &["test", "--workspace", "--all-features", "--no-fail-fast"]);
    if part == Part::All {
        cargo.env("BROWSER_TESTS", "required");
    }
    #[expect(clippy::disallowed_methods, reason = "a chore passes its own environment on")]
    let given = std::env::var_os("WYCHEPROOF_DIR").map(PathBuf::from);
    match vectors(given, &workspace().join(WYCHEPROOF)) {
        Some(folder) => {
            println!("Wycheproof vectors: {}", folder.display());
            cargo.env("WYCHEPROOF_DIR", folder);
        }
        None => println!("Wycheproof vectors: none; set WYCHEPROOF_DIR to run them"),
    }
    let with_all = execute(&mut cargo);
    // The guard again without any feature: none of them may change what is accepted and what is refused.
    let with_none = execute(&mut command("cargo", &["test", "-p", "passavant-resource", "--no-fail-fast"]));
    with_all.and(with_none)
}

fn vectors(given: Option<PathBuf>, beside: &Path) -> Option<PathBuf> {
    given.or_else(|| beside.canonicalize().ok())
}

/// Installs what is missing where that can be done without asking, and otherwise says what to install.
fn packages() -> anyhow::Result<()> {
    let missing: Vec<&str> =
        DEBIAN.iter().filter(|(probe, _)| !succeeds(probe)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        println!("all there");
        return Ok(());
    }
    let root = output(&mut command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    if !root || !succeeds(&["apt-get", "--version"]) {
        bail!(
            "the peers and the browser tests need these Debian packages or their like: {}",
            missing.join(" ")
        );
    }
    println!("missing, and installed now: {}", missing.join(" "));
    let install = [&["install", "--yes", "--no-install-recommends"], &missing[..]].concat();
    for arguments in [&["update", "--quiet"][..], &install] {
        execute(command("apt-get", arguments).env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    Ok(())
}

fn succeeds(probe: &[&str]) -> bool {
    output(&mut command(probe[0], &probe[1..])).is_ok()
}

fn interop() -> anyhow::Result<()> {
    let driver = workspace().join(INTEROP);
    if !driver.is_file() {
        bail!("{INTEROP} is missing: interop/ is there, so its peers must run");
    }
    let driver = driver.to_str().context("the path of the project is not UTF-8")?;
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(workspace()).no_deps().exec()?;
    let built = |path: &str| metadata.target_directory.join(path);
    let (binary, example) = (built("release/passavant"), built("debug/examples/resource_server"));
    execute(&mut command(driver, &[binary.as_str(), example.as_str()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_part_is_read_strictly() {
        assert_eq!(parse(&words("")).expect("no option"), Part::All);
        assert_eq!(parse(&words("--only unit")).expect("a part"), Part::Unit);
        assert_eq!(parse(&words("--only interop")).expect("a part"), Part::Interop);
        for wrong in ["--only", "--only browser", "unit", "--only unit interop"] {
            assert!(parse(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn explicit_vectors_override_those_beside_the_project() {
        let named = Some(PathBuf::from("named"));
        assert_eq!(vectors(named.clone(), &workspace()), named);
        assert_eq!(vectors(None, &workspace()), workspace().canonicalize().ok());
        assert_eq!(vectors(None, &workspace().join("no such folder")), None);
    }
}
