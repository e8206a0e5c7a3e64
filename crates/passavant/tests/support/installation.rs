//! An installation in a folder of its own, the commands that are run on it, and a server over it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

/// The issuer. The server listens on a port that the system picks; requests name this host all the same.
pub(crate) const ISSUER: &str = "http://localhost:4000";

/// A configured installation with an empty database.
pub(crate) struct Installation {
    folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Installation {
    /// Writes a configuration and a master key.
    pub(crate) fn new() -> Self {
        let installation = Self { folder: TempDir::new().expect("a folder") };
        installation.write(
            "passavant.toml",
            &format!(
                "issuer = \"{ISSUER}\"\n[http]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:passavant.db\"\n\
                 [secrets]\nmaster_key_file = \"master.key\"\n"
            ),
        );
        let key = installation.write("master.key", &"0f".repeat(32));
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("the owner's own");
        installation
    }

    /// Writes a file into its folder, for its owner only.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("our own file");
        path
    }

    /// Runs a command on it, with this on standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A command that does not read its input may end before it is written.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().expect("it ends by itself");
        Outcome { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Running {
        let mut command = self.command();
        command
            .arg("serve")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut log = child.stderr.take().expect("piped");
        // Read to its end, so that a server that logs much never waits for the test.
        let log = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = log.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut address = None;
        let mut line = String::new();
        while !line.starts_with("ready in ") {
            line.clear();
            if out.read_line(&mut line).expect("UTF-8") == 0 {
                let _ = child.wait();
                panic!("the server ended: {}", log.join().unwrap_or_default());
            }
            let listening = line.strip_prefix("listening").map(str::trim);
            address = listening.map(|address| address.to_owned()).or(address);
        }
        Running { child, address: address.expect("it says where it listens"), log: Some(log), _out: out }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
        command.arg("-c").arg(self.folder.path().join("passavant.toml")).current_dir(self.folder.path());
        command
    }
}

/// A server that runs. Killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    address: String,
    log: Option<std::thread::JoinHandle<String>>,
    _out: BufReader<ChildStdout>,
}

impl Running {
    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends it at once (SIGKILL), and answers what it logged.
    pub(crate) fn end(&mut self) -> String {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.log.take().and_then(|log| log.join().ok()).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
