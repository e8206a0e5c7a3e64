//! Development commands of the project. A command is one match arm in `main` and one file.
#![expect(clippy::print_stdout, reason = "these commands talk to the person who typed them")]

mod architecture;
mod bench;
mod docs;
mod interop;
mod pictures;
mod steps;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  architecture [--write]         check dependencies, import cycles and file lengths; --write updates the graph in ARCHITECTURE.md
  bench [--only TEXT] [--seconds N] [--rounds N] [--connections N] [--stored N] [--beside BINARY] [--built FOLDER]
        [--no-guard] [--build] [--write]
                                 the cost of requests, of a start, and of memory, each beside its budget; fails if one is
                                 over it. --only: the rows whose name contains the text; --stored: stored tokens of the
                                 row on growth; --beside: another build of passavant; --built: measure these
                                 binaries instead of building them; --build: also a first build;
                                 --write updates the table in the README. Needs two cores
  bench guard                    the cost that a guard adds to a request, compared with released versions of others
  docs [--write]                 check the generated pages of docs/; --write updates them
  interop [--heavy] [--built FOLDER] [NAME..]
                                 run these of the real peers in interop/; --heavy: those in interop/heavy, which `test` leaves
                                 out. --built: the binaries in this folder instead of new ones
  pictures                       update the screenshots in the README; needs Chromium
  test [--only unit|interop]     run all tests: cargo's, then the real peers in interop/
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
        "interop" => interop::run(rest),
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
