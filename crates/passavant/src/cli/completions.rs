//! `completions`: completion scripts for shells.

use clap_complete::Shell;

use crate::terminal::{Exit, Failure, output};

/// Which shell the script is for.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// bash, zsh, fish, elvish, powershell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script for this command line.
    ///
    /// # Errors
    /// Where standard output can't be written.
    pub(crate) fn run(self, mut command: clap::Command) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "passavant", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Ok)
    }
}
