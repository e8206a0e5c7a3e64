//! `serve --dev` as a process of its own, on a free port and in an empty folder.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

/// A server that runs. Killed when it is dropped.
pub(crate) struct Server {
    process: Child,
    /// Its issuer, at localhost.
    pub(crate) issuer: String,
    _out: BufReader<ChildStdout>,
    _data: TempDir,
}

impl Server {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start() -> Self {
        let data = TempDir::new().expect("a folder");
        let mut process = Command::new(env!("CARGO_BIN_EXE_passavant"))
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path().join("dev"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        let (mut issuer, mut line) = (None, String::new());
        while !line.starts_with("ready in ") {
            line.clear();
            assert_ne!(out.read_line(&mut line).expect("text"), 0, "the server ended");
            issuer = line.strip_prefix("issuer ").map(|text| text.trim().to_owned()).or(issuer);
        }
        Self { process, issuer: issuer.expect("it names its issuer"), _out: out, _data: data }
    }

    /// Where the demo app is: another host, and so another site, than the issuer's.
    pub(crate) fn app(&self) -> String {
        self.issuer.replace("//localhost:", "//127.0.0.1:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
