//! `cargo xtask interop`: some of the real peers, or the heavy ones, which `cargo xtask test` does not run.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::steps::{command, execute, workspace};

/// The driver of the peers that `cargo xtask test` runs, and that of the peers that take minutes to build.
const ORDINARY: &str = "interop/run";
const HEAVY: &str = "interop/heavy/run";

/// What the peers run with: unoptimized, with the features and the dependencies of `cargo test`.
const BUILD: [&str; 8] =
    ["build", "--workspace", "--all-features", "--bins", "--example", "resource_server", "--example", "mcp"];

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    heavy: bool,
    /// A folder with a built binary, instead of building one.
    built: Option<PathBuf>,
    /// The peers to run; all if there are none.
    names: Vec<String>,
}

/// Builds the binary and the examples, and runs the peers.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let asked = parse(arguments)?;
    let built = match &asked.built {
        Some(folder) => folder.clone(),
        None => {
            execute(&mut command("cargo", &BUILD))?;
            let metadata =
                cargo_metadata::MetadataCommand::new().current_dir(workspace()).no_deps().exec()?;
            metadata.target_directory.join("debug").into_std_path_buf()
        }
    };
    let mut words = Vec::new();
    for file in ["passavant", "examples/resource_server"] {
        let path = built.join(file);
        let path = path.canonicalize().with_context(|| format!("{} is not there", path.display()))?;
        words.push(path.to_str().context("the path of the binary is not UTF-8")?.to_owned());
    }
    for name in asked.names {
        if !asked.heavy {
            words.push("--only".to_owned());
        }
        words.push(name);
    }
    let driver = workspace().join(if asked.heavy { HEAVY } else { ORDINARY });
    let driver = driver.to_str().context("the path of the project is not UTF-8")?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    execute(&mut command(driver, &words))
}

fn parse(arguments: &[String]) -> anyhow::Result<Asked> {
    let mut asked = Asked { heavy: false, built: None, names: Vec::new() };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--heavy" => asked.heavy = true,
            "--built" => {
                asked.built = Some(rest.next().context("--built needs a folder")?.into());
            }
            option if option.starts_with('-') => bail!("the options are --heavy and --built, not {option}"),
            name => asked.names.push(name.to_owned()),
        }
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn names_and_options_are_read_strictly() {
        let all = Asked { heavy: false, built: None, names: Vec::new() };
        assert_eq!(parse(&words("")).expect("no option"), all);
        let heavy = Asked { heavy: true, names: words("hydra goth"), ..all };
        assert_eq!(parse(&words("--heavy hydra goth")).expect("two peers"), heavy);
        let built = Asked { built: Some(PathBuf::from("target/debug")), ..heavy };
        assert_eq!(parse(&words("--built target/debug --heavy hydra goth")).expect("a folder"), built);
        for wrong in ["--built", "--light", "-h nginx"] {
            assert!(parse(&words(wrong)).is_err(), "{wrong}");
        }
    }
}
