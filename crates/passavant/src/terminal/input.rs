//! Secrets that are typed, piped or read from a file. Never arguments, which other processes can read.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead as _, IsTerminal as _, Read, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    str::FromStr,
};

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
    /// Reads the secret: at most `bytes_max` bytes, without the newline at the end.
    ///
    /// # Errors
    /// Where it can't be read, is empty or too long, or was written on the command line.
    pub(crate) fn read(&self, what: &str, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
        match self {
            Self::Stdin => read_line(io::stdin().lock(), what, bytes_max),
            Self::File(path) => {
                let file = File::open(path)
                    .map_err(|error| misused(format!("could not read {}: {error}", path.display())))?;
                read_line(file, what, bytes_max)
            }
            Self::Argument => Err(misused(format!(
                "{what} is never an argument, which other processes can read: give - for standard input, or @FILE"
            ))),
        }
    }
}

/// Reads a new secret: from its source if there is one, else typed twice at a terminal, else from standard input.
///
/// # Errors
/// As [`Source::read`], and where the two typed texts differ or the terminal can't hide them.
pub(crate) async fn new_secret(
    source: Option<&Source>,
    what: &str,
    bytes_max: usize,
) -> Result<Zeroizing<String>, Failure> {
    match source {
        Some(source) => source.read(what, bytes_max),
        None if io::stdin().is_terminal() => {
            let text = typed(what.to_owned(), bytes_max).await?;
            let again = typed(format!("{what}, once more"), bytes_max).await?;
            if text == again { Ok(text) } else { Err(failed("the two differ: nothing was changed")) }
        }
        None => Source::Stdin.read(what, bytes_max),
    }
}

fn read_line(from: impl Read, what: &str, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
    // Two more bytes, for the newline that is removed.
    let mut text = read_text(from, what, bytes_max + 2)?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let length = line.len();
    text.truncate(length);
    match text.len() {
        0 => Err(misused(format!("{what} is empty"))),
        length if length > bytes_max => Err(misused(format!("{what} is longer than {bytes_max} bytes"))),
        _ => Ok(text),
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

/// Asks at the terminal. On an interrupt, the thread that waits for the line is abandoned, and echo is restored.
async fn typed(what: String, bytes_max: usize) -> Result<Zeroizing<String>, Failure> {
    let hidden = Hidden::begin()?;
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
    drop(hidden);
    say("");
    let line = line.map_err(failed)?.map_err(failed)?;
    read_line(line.as_bytes(), &what, bytes_max)
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
    fn one_newline_at_the_end_does_not_belong_to_a_secret() {
        let read = |text: &str| read_line(text.as_bytes(), "it", 10).ok().map(|text| text.to_string());
        assert_eq!(read("secret\n").as_deref(), Some("secret"));
        assert_eq!(read("secret\r\n").as_deref(), Some("secret"));
        assert_eq!(read(" a b \n\n").as_deref(), Some(" a b \n"));
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
