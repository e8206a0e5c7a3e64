//! An installation in a folder of its own, the commands that work on it, and the server that runs on it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// An installation that nothing was done with but a master key and a configuration.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) issuer: String,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The port is free now, and given out again only after all others.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let place = Self { folder, issuer: format!("http://127.0.0.1:{}", free.port()) };
        let key = place.path("master.key");
        assert_eq!(bare(&["key", "master", &key.display().to_string()], "").code, 0);
        let config = format!(
            "issuer = \"{}\"\n[http]\nlisten = \"{free}\"\n[database]\nurl = \"sqlite:{}\"\n\
             [secrets]\nmaster_key_file = \"{}\"\n",
            place.issuer,
            place.path("passavant.db").display(),
            key.display(),
        );
        fs::write(place.config(), config).expect("written");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.path("passavant.toml")
    }

    /// Runs a command, with nothing on its standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        finish(self.command(arguments), input)
    }

    /// Runs a command that must succeed; answers with the JSON that it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.json_with(arguments, "")
    }

    /// The same with this on its standard input.
    pub(crate) fn json_with(&self, arguments: &[&str], input: &str) -> Value {
        let ran = self.run_with(&[&["--format", "json"], arguments].concat(), input);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ran.out))
    }

    /// Starts a command that is left running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        Running(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("starts"),
        )
    }

    /// Starts the server, and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Running {
        let mut command = self.command(&["serve"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut server = Running(child.expect("starts"));
        let out = BufReader::new(server.0.stdout.take().expect("piped"));
        let is_ready = out.lines().map_while(Result::ok).any(|line| line.starts_with("ready"));
        assert!(is_ready, "the server ended before it was ready");
        server
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary(self.folder.path());
        command.arg("--config").arg(self.config()).args(arguments);
        command
    }
}

/// A process that ends with the test.
pub(crate) struct Running(Child);

impl Running {
    /// The first line on standard error that begins like this, without white space around it.
    pub(crate) fn line_of_talk(&mut self, start: &str) -> String {
        let talk = self.0.stderr.as_mut().expect("piped");
        let mut lines = BufReader::with_capacity(1, talk).lines().map_while(Result::ok);
        let found = lines.find(|line| line.trim().starts_with(start));
        found.expect("it says so").trim().to_owned()
    }

    /// Waits until it ends by itself.
    pub(crate) fn finish(mut self) -> Ran {
        let (out, err) = (self.0.stdout.take(), self.0.stderr.take());
        let read = |from: Option<&mut dyn std::io::Read>| {
            let mut text = String::new();
            from.expect("piped").read_to_string(&mut text).expect("text");
            text
        };
        let (mut out, mut err) = (out.expect("piped"), err.expect("piped"));
        let (out, err) = (read(Some(&mut out)), read(Some(&mut err)));
        let code = self.0.wait().expect("ends").code().expect("a code");
        Ran { code, out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command without any installation.
pub(crate) fn bare(arguments: &[&str], input: &str) -> Ran {
    let nowhere = tempfile::tempdir().expect("a folder");
    let mut command = binary(nowhere.path());
    command.args(arguments);
    finish(command, input)
}

fn binary(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
    // Neither a configuration nor a proxy of whoever runs the tests.
    command.current_dir(folder).env_clear();
    command
}

fn finish(mut command: Command, input: &str) -> Ran {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    // A command that needs no input may end before it was written.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) }
}
