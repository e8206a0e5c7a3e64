//! The binary as a process of its own, in a folder of its own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use tempfile::TempDir;

/// The issuer of [`configured`] servers; they listen on a port that the system picks.
pub(crate) const ISSUER: &str = "http://localhost:4000";
/// The machine that [`WORLD`] registers, and its secret.
pub(crate) const MACHINE: (&str, &str) = ("machine", "machine-secret-of-22-characters");
/// The resource that [`WORLD`] registers, and its secret.
pub(crate) const RESOURCE: (&str, &str) = ("notes-rs", "notes-secret-of-22-characters");

/// One machine, one resource, one public client.
const WORLD: &str = r#"{
    "clients": [
        { "client_id": "machine", "client_secret": "machine-secret-of-22-characters",
          "grant_types": ["client_credentials"], "response_types": [], "scope": "notes.read" },
        { "client_id": "web", "token_endpoint_auth_method": "none", "redirect_uris": ["https://web.example/cb"],
          "scope": "openid notes.read" }
    ],
    "resources": [
        { "resource": "https://notes.example", "scopes": ["notes.read"], "client_id": "notes-rs",
          "client_secret": "notes-secret-of-22-characters" }
    ]
}"#;

/// A server that runs. Killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens first.
    pub(crate) address: SocketAddr,
    /// What it printed until it was ready.
    pub(crate) said: Vec<String>,
    log: Option<JoinHandle<String>>,
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// Starts `passavant` in a folder, and waits until it is ready.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// The same with these variables of the environment.
    pub(crate) fn start_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = command(folder)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut log = child.stderr.take().expect("piped");
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = log.read_to_string(&mut text);
            text
        });
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("ready in ")) {
            let mut line = String::new();
            if out.read_line(&mut line).expect("text") == 0 {
                let _ = child.wait();
                panic!("the server ended: {}", log.join().unwrap_or_default());
            }
            said.push(line.trim_end().to_owned());
        }
        let listening = said.iter().find_map(|line| line.strip_prefix("listening ")).expect("an address");
        let address =
            listening.split_whitespace().next().and_then(|text| text.parse().ok()).expect("an address");
        Self { child, address, said, log: Some(log), _out: out }
    }

    /// Starts a server of [`ISSUER`] with one machine, one resource and one public client.
    pub(crate) fn configured(folder: &Path) -> Self {
        configure(folder);
        fs::write(folder.join("world.json"), WORLD).expect("written");
        Self::start(folder, &["-c", "passavant.toml", "serve", "--apply", "world.json"])
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A token of the machine.
    pub(crate) async fn token(&self, client: (&str, &str)) -> String {
        let answer = send(form(client, self.url("/token"), "grant_type=client_credentials")).await;
        assert_eq!(answer.status(), 200);
        let body: serde_json::Value = json(answer).await;
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// Tells it to end, as an operator does.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(status.expect("kill runs").success());
    }

    /// Its exit code, once it has ended, and what it logged.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        (status.code(), self.log.take().and_then(|log| log.join().ok()).unwrap_or_default())
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_some()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that goes with the test.
pub(crate) fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// Writes a configuration and a master key.
pub(crate) fn configure(folder: &Path) {
    let text = format!(
        "issuer = \"{ISSUER}\"\n[http]\nlisten = \"127.0.0.1:0\"\n[management]\nlisten = \"127.0.0.1:0\"\n\
         [database]\nurl = \"sqlite:passavant.db\"\n[secrets]\nmaster_key_file = \"master.key\"\n"
    );
    fs::write(folder.join("passavant.toml"), text).expect("written");
    fs::write(folder.join("master.key"), "0f".repeat(32)).expect("written");
    set_mode(&folder.join("master.key"), 0o600);
}

/// Who may read a file.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

/// Runs a command to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    run_with(folder, arguments, &[])
}

/// The same with these variables of the environment.
pub(crate) fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(folder).args(arguments).envs(variables.iter().copied()).output().expect("the binary runs")
}

/// The exit code of a command, and what it said on standard error.
pub(crate) fn outcome(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
    command.current_dir(folder).stdin(Stdio::null()).env_remove("RUST_LOG");
    command
}

/// A client that follows nothing.
pub(crate) fn client() -> Client {
    let builder = Client::builder().redirect(Policy::none()).no_proxy().timeout(Duration::from_secs(30));
    builder.build().expect("a client")
}

/// A form, authenticated by HTTP Basic.
pub(crate) fn form(client_of: (&str, &str), url: String, body: &str) -> RequestBuilder {
    let credentials = STANDARD.encode(format!("{}:{}", client_of.0, client_of.1));
    client()
        .post(url)
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.to_owned())
}

/// The answer.
pub(crate) async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// The answer's body as JSON.
pub(crate) async fn json(answer: Response) -> serde_json::Value {
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}
