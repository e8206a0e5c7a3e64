//! The binary: parses the command line, runs the command, and ends with its exit code.

mod cli;
mod client_certificates;
mod config;
mod dev;
mod global;
mod guard;
mod serve;
mod storage;
mod terminal;
mod wiring;

use std::{io::Write as _, process::ExitCode};

use terminal::{Exit, Failure};

/// 7 to 16 % less CPU per request than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    serve::mark_start();
    let cli = cli::Cli::read();
    if !cli.is_server() {
        serve::log_warnings();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(terminal::failed(error))),
    };
    end(runtime.block_on(cli.run()))
}

fn end(outcome: Result<Exit, Failure>) -> ExitCode {
    let exit = outcome.unwrap_or_else(|failure| {
        let _ = writeln!(std::io::stderr(), "passavant: {failure}");
        failure.exit
    });
    ExitCode::from(exit as u8)
}
