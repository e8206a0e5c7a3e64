//! Development commands of the project. A command is one match arm in `main` and one file.
#![expect(clippy::print_stdout, reason = "these commands talk to the person who typed them")]

mod architecture;
mod bench;
mod docs;
mod pictures;
mod steps;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  architecture [--write]         check dependencies, import cycles and file lengths; --write updates the graph in ARCHITECTURE.md
  bench [--seconds N] [--rounds N] [--connections N,N] [--beside BINARY]
                                 what a request costs beside its physical limit, and beside another build of passavant;
                                 needs wrk and two cores
  bench guard                    what a guard adds to a request, beside other guards as released
  docs [--write]                 check the pages of docs/ that are made from the code; --write renews them
  pictures                       take the pictures of the README anew; needs Chromium
  test [--only unit|interop]     run every test: cargo's own, then the real peers in interop/
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let outcome = match command {
        "architecture" => architecture::run(rest),
        "bench" => bench::run(rest),
        "docs" => docs::run(rest),
        "pictures" => pictures::run(rest),
        "test" => test::run(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("there is no command `{other}`\n\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
