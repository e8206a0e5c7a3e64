//! How a command ends: the exit codes, and the error that carries one.

use std::{
    fmt::{self, Display},
    io,
    path::Path,
};

use protocol::display::Shown;

/// The exit code of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command succeeded.
    Ok = 0,
    /// The command failed.
    Failed = 1,
    /// The command line is invalid.
    Usage = 2,
    /// The configuration or an input file is invalid; nothing was changed.
    Config = 3,
    /// The named object does not exist.
    NotFound = 4,
    /// The answer is no: a token is inactive, a check failed.
    No = 5,
    /// The server does not answer.
    Unreachable = 6,
}

/// An error with the exit code of the command that it ends.
///
/// `cli::exits` maps the errors of other modules to exit codes.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The error that is printed on standard error.
    pub(crate) error: anyhow::Error,
}

impl Failure {
    /// An error with its exit code.
    pub(crate) fn new(exit: Exit, error: anyhow::Error) -> Self {
        Self { exit, error }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.error.to_string();
        for cause in self.error.chain().skip(1).map(ToString::to_string) {
            // Many errors repeat their cause in their own text.
            if !text.contains(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        f.write_str(&text)
    }
}

/// The command failed.
pub(crate) fn failed(text: impl Display) -> Failure {
    Failure::new(Exit::Failed, anyhow::anyhow!("{text}"))
}

/// A file or folder can't be used.
pub(crate) fn unusable(path: &Path, error: &io::Error) -> Failure {
    failed(format_args!("{}: {error}", path.display()))
}

/// The command line is invalid.
pub(crate) fn misused(text: impl Display) -> Failure {
    Failure::new(Exit::Usage, anyhow::anyhow!("{text}"))
}

/// The object that a command names does not exist.
pub(crate) fn not_found(kind: &str, id: &str) -> Failure {
    Failure::new(Exit::NotFound, anyhow::anyhow!("there is no {kind} {}", Shown(id)))
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_is_printed_once() {
        let cause = || anyhow::anyhow!("permission denied");
        for context in ["could not open x: permission denied", "could not open x"] {
            let error = Err::<(), _>(cause()).context(context).expect_err("it is one");
            let failure = Failure::new(Exit::Failed, error);
            assert_eq!(failure.to_string(), "could not open x: permission denied");
        }
    }
}
