//! A server as a process of its own, on a free port and in an empty folder: `serve --dev`, or a configured one.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

/// What a configured one serves. The redirect URI is on loopback, where nobody answers: its address is what is looked at.
const WORLD: &str = r#"{
    "clients": [{ "client_id": "shop", "client_name": "Shop", "token_endpoint_auth_method": "none",
                  "application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"], "scope": "openid profile" }],
    "users": [{ "sub": "u-1", "username": "alice", "password": "correct-horse-battery" }]
}"#;

/// A server that runs. Killed when it is dropped.
pub(crate) struct Server {
    process: Child,
    /// Its issuer, at localhost.
    pub(crate) issuer: String,
    _out: BufReader<ChildStdout>,
    data: TempDir,
}

impl Server {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start() -> Self {
        let data = TempDir::new().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"]).arg(data.path().join("dev"));
        Self::run(command, data, None)
    }

    /// Starts one that is configured, with these sections in its file, and with alice and the client `shop`.
    pub(crate) fn configured(sections: &str) -> Self {
        let data = TempDir::new().expect("a folder");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        let issuer = format!("http://localhost:{port}");
        let file = |name: &str, text: &str| fs::write(data.path().join(name), text).expect("written");
        file(
            "passavant.toml",
            &format!(
                "issuer = \"{issuer}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n[database]\n\
                 url = \"sqlite:passavant.db\"\n[secrets]\nmaster_key_file = \"master.key\"\n{sections}"
            ),
        );
        file("master.key", &"0f".repeat(32));
        let owner = fs::Permissions::from_mode(0o600);
        fs::set_permissions(data.path().join("master.key"), owner).expect("the owner's own");
        file("world.json", WORLD);
        let mut command = Self::command(&data);
        command.args(["serve", "--apply"]).arg(data.path().join("world.json"));
        Self::run(command, data, Some(issuer))
    }

    /// Runs a command on a configured installation.
    pub(crate) fn command_of(&self) -> Command {
        Self::command(&self.data)
    }

    /// Deletes every paused request, as if each had been left open for long.
    pub(crate) fn forget_requests(&self) {
        let database =
            rusqlite::Connection::open(self.data.path().join("passavant.db")).expect("the database");
        assert!(database.execute("DELETE FROM interaction", []).expect("deleted") > 0, "there was one");
    }

    fn command(data: &TempDir) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
        command.arg("-c").arg(data.path().join("passavant.toml")).current_dir(data.path());
        command
    }

    fn run(mut command: Command, data: TempDir, mut issuer: Option<String>) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        while !line.starts_with("ready in ") {
            line.clear();
            assert_ne!(out.read_line(&mut line).expect("text"), 0, "the server ended");
            issuer = line.strip_prefix("issuer ").map(|text| text.trim().to_owned()).or(issuer);
        }
        Self { process, issuer: issuer.expect("it names its issuer"), _out: out, data }
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
