//! Secrets that are typed, piped or read from a file. Never arguments, which other processes can read.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead as _, IsTerminal as _, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
    str::FromStr,
};

use protocol::secret_text::{self, Bare};
use zeroize::Zeroizing;

use super::{
    failure::{Failure, failed, misused},
    output::say,
};

/// The source of a secret: `-` for standard input, `@FILE` for a file.
#[derive(Clone)]
pub(crate) enum Source {
    /// `-`
    Stdin,
    /// `@FILE`
    File(PathBuf),
    /// The secret itself was given. It is refused, and not repeated in the error.
    Argument,
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_prefix('@') {
            Some(path) => Self::File(path.into()),
            None if text == "-" => Self::Stdin,
            None => Self::Argument,
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("-"),
            Self::File(path) => write!(f, "@{}", path.display()),
            Self::Argument => f.write_str("..."),
        }
    }
}

impl Source {
    /// Reads the secret: at most `bytes_max` bytes, without what is around it.
    ///
    /// # Errors
    /// Where it can't be read, is empty or too long, or was written on the command line.
    pub(crate) fn read(&self, what: &str, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
        self.read_as(secret_text::secret, what, bytes_max)
    }

    fn read_as(&self, bare: Reading, what: &str, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
        match self {
            Self::Stdin => read_one(io::stdin().lock(), bare, what, bytes_max),
            Self::File(path) => {
                let unreadable =
                    |error: io::Error| misused(format!("could not read {}: {error}", path.display()));
                let file = File::open(path).map_err(unreadable)?;
                let found = file.metadata().map_err(unreadable)?;
                if found.is_file() && found.permissions().mode() & 0o007 != 0 {
                    say(format_args!("warning: {} may be read by everybody: chmod 600 it", path.display()));
                }
                read_one(file, bare, what, bytes_max)
            }
            Self::Argument => Err(misused(format!(
                "{what} is never an argument, which other processes can read: give - for standard input, or @FILE"
            ))),
        }
    }
}

/// How what is around a text is removed.
type Reading = fn(&str) -> Bare<'_>;

/// Reads a new password: from its source if there is one, else typed twice at a terminal, else from standard input.
///
/// # Errors
/// As [`Source::read`], and where the two typed texts differ or the terminal can't hide them.
pub(crate) async fn ask_password(
    source: Option<&Source>,
    what: &str,
    bytes_max: usize,
) -> Result<Zeroizing<String>, Failure> {
    match source {
        Some(source) => source.read_as(secret_text::password, what, bytes_max),
        None if io::stdin().is_terminal() => {
            let text = typed(what.to_owned(), bytes_max).await?;
            let again = typed(format!("{what}, once more"), bytes_max).await?;
            if text == again { Ok(text) } else { Err(failed("the two differ: nothing was changed")) }
        }
        None => Source::Stdin.read_as(secret_text::password, what, bytes_max),
    }
}

/// Whether what can't be undone is done without asking.
#[derive(Debug, clap::Args)]
pub(crate) struct Yes {
    /// Do it without asking; required where there is no terminal
    #[arg(long, short)]
    yes: bool,
}

impl Yes {
    /// Asks at the terminal, unless `--yes` was given.
    ///
    /// # Errors
    /// Where the answer is not yes, or there is no terminal to ask at.
    pub(crate) async fn confirm(&self, what: fmt::Arguments<'_>) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            return Err(misused(format_args!(
                "this would {what}, and there is no terminal to ask at: add --yes to do it"
            )));
        }
        let answer = line(format!("{what}? [y/N]"), ANSWER_BYTES_MAX).await?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(failed("nothing was changed")),
        }
    }
}

/// Longest answer to a question, in bytes.
const ANSWER_BYTES_MAX: usize = 16;

/// Bytes around a text that are read beyond its limit.
const AROUND_BYTES_MAX: usize = 64;

fn read_one(
    from: impl Read,
    bare: Reading,
    what: &str,
    bytes_max: usize,
) -> Result<Zeroizing<String>, Failure> {
    let text = read_text(from, what, bytes_max + AROUND_BYTES_MAX)?;
    let bare = bare(&text);
    if bare.is_trimmed {
        say(format_args!("warning: {what}: {}", secret_text::TRIMMED));
    }
    match bare.text.len() {
        0 => Err(misused(format!("{what} is empty"))),
        length if length > bytes_max => Err(misused(format!("{what} is longer than {bytes_max} bytes"))),
        _ => Ok(Zeroizing::new(bare.text.to_owned())),
    }
}

fn read_text(from: impl Read, what: &str, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    from.take(limit.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(|error| misused(format!("could not read {what}: {error}")))?;
    if text.len() > bytes_max {
        return Err(misused(format!("{what} is longer than {bytes_max} bytes")));
    }
    Ok(text)
}

/// Asks for a secret at the terminal, without echo.
async fn typed(what: String, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
    let hidden = Hidden::begin()?;
    let typed = line(what.clone(), bytes_max).await;
    drop(hidden);
    say("");
    read_one(typed?.as_bytes(), secret_text::password, &what, bytes_max)
}

/// Asks for a line at the terminal. On an interrupt, the thread that waits for it is abandoned.
async fn line(what: String, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
    let _ = write!(io::stderr(), "{what}: ");
    let (done, line) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = Zeroizing::new(String::new());
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(2);
        let read = io::stdin().lock().take(limit).read_line(&mut line);
        let _ = done.send(read.map(|_| line));
    });
    let line = tokio::select! {
        line = line => line,
        _ = tokio::signal::ctrl_c() => return Err(failed("interrupted: nothing was changed")),
    };
    line.map_err(failed)?.map_err(failed)
}

/// Turns off the echo of the terminal until this is dropped.
struct Hidden;

impl Hidden {
    fn begin() -> Result<Self, Failure> {
        if stty("-echo") {
            return Ok(Self);
        }
        Err(failed("can't turn off the echo of this terminal: give - for standard input, or @FILE"))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        stty("echo");
    }
}

/// Sets the terminal by the standard command, which needs no unsafe code.
fn stty(setting: &str) -> bool {
    let mut stty = Command::new("stty");
    stty.arg(setting).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null());
    stty.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_secret_does_not_belong_to_it() {
        let read_as = |bare: Reading, text: &str| {
            read_one(text.as_bytes(), bare, "it", 10).ok().map(|text| text.to_string())
        };
        let read = |text: &str| read_as(secret_text::secret, text);
        assert_eq!(read("secret\n").as_deref(), Some("secret"));
        assert_eq!(read("\u{feff}secret \r\n\r\n").as_deref(), Some("secret"));
        assert_eq!(read_as(secret_text::password, " a b \n\n").as_deref(), Some(" a b "));
        assert_eq!(read("\n"), None);
        assert_eq!(read("0123456789\n").as_deref(), Some("0123456789"));
        assert_eq!(read("0123456789a"), None);
    }

    #[test]
    fn a_secret_on_the_command_line_is_neither_taken_nor_repeated() {
        let Ok(source) = "hunter2".parse::<Source>();
        assert_eq!(format!("{source:?}"), "...");
        let refusal = source.read("a password", 10).expect_err("refused");
        assert!(!format!("{refusal:?}").contains("hunter2"));
    }
}
