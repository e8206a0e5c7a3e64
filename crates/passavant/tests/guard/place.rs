//! A development server, a guard in front of an upstream, and how to talk to them.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread::JoinHandle,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use jose::{SelfSigned, SigningKey};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Longer than any deadline that is waited for here.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The seeded scope.
pub(crate) const SCOPE: &str = "demo.read";

const API_SECRET: &str = "demo-api-secret";

/// A process that serves. Killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    said: Vec<String>,
    log: Option<JoinHandle<String>>,
    _out: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the binary, and waits until it is ready.
    pub(crate) fn start(
        folder: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        input: &str,
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
        command.current_dir(folder).args(arguments).envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut log = child.stderr.take().expect("piped");
        let log = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = log.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("ready in ")) {
            let mut line = String::new();
            if out.read_line(&mut line).expect("text") == 0 {
                let _ = child.wait();
                panic!("it ended: {}", log.join().unwrap_or_default());
            }
            said.push(line.trim_end().to_owned());
        }
        Self { child, said, log: Some(log), _out: out }
    }

    /// What it said of this at its start.
    pub(crate) fn said(&self, name: &str) -> &str {
        let mut lines = self.said.iter().filter_map(|line| line.strip_prefix(name));
        lines.find_map(|rest| rest.split_whitespace().next()).expect("it says so")
    }

    /// Where it listens.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        self.said(name).parse().expect("an address")
    }

    /// Most memory that it ever held, in bytes.
    pub(crate) fn memory_peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// Tells it to end, and returns its exit code and its log once it has.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        let told = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(told.expect("kill runs").success());
        let status = self.child.wait().expect("it ends");
        (status.code(), self.log.take().and_then(|log| log.join().ok()).unwrap_or_default())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A development server, and a guard that trusts it.
pub(crate) struct Place {
    _folder: TempDir,
    server: Process,
    pub(crate) guard: Process,
}

impl Place {
    /// A guard in front of an upstream.
    pub(crate) fn guarding(upstream: SocketAddr, more: &[&str]) -> Self {
        let upstream = format!("http://{upstream}");
        Self::with(&[&["--upstream", &*upstream], more].concat())
    }

    /// A guard with these flags.
    pub(crate) fn with(flags: &[&str]) -> Self {
        Self::within(&[], flags)
    }

    /// A guard with these variables and flags.
    pub(crate) fn within(environment: &[(&str, &str)], flags: &[&str]) -> Self {
        Self::for_audience(|issuer| format!("{issuer}/demo-api"), environment, flags)
    }

    /// The same, for another audience than that of the seeded API, with whose credentials it introspects.
    pub(crate) fn for_audience(
        audience: impl Fn(&str) -> String,
        environment: &[(&str, &str)],
        flags: &[&str],
    ) -> Self {
        let folder = TempDir::new().expect("a folder");
        let server = Process::start(folder.path(), &["serve", "--dev", "--listen", "127.0.0.1:0"], &[], "");
        std::fs::write(folder.path().join("secret"), API_SECRET).expect("written");
        let issuer = server.said("issuer").to_owned();
        let audience = audience(&issuer);
        let own = [
            "guard",
            "--issuer",
            &issuer,
            "--audience",
            &audience,
            "--listen",
            "127.0.0.1:0",
            "--client-id",
            "demo-api",
            "--client-secret",
            "@secret",
        ];
        let guard = Process::start(folder.path(), &[&own, flags].concat(), environment, "");
        Self { _folder: folder, server, guard }
    }

    pub(crate) fn issuer(&self) -> &str {
        self.server.said("issuer")
    }

    pub(crate) fn audience(&self) -> String {
        format!("{}/demo-api", self.issuer())
    }

    /// Where the guard listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.guard.address("listening")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// A token of the seeded machine for the seeded API.
    pub(crate) async fn token(&self) -> String {
        self.token_by(&format!("grant_type=client_credentials&scope={SCOPE}")).await
    }

    /// The same, by this form.
    pub(crate) async fn token_by(&self, form: &str) -> String {
        let answer = self.post("/token", form.to_owned()).await;
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// The same, bound to this key.
    pub(crate) async fn token_bound_to(&self, key: &SigningKey) -> String {
        let proof = proof(key, json!({ "htm": "POST", "htu": format!("{}/token", self.issuer()) }));
        let form = format!("grant_type=client_credentials&scope={SCOPE}");
        let answer = self.post_with("/token", form, &[("dpop", &proof)]).await;
        assert_eq!(answer["token_type"], "DPoP");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn revoke(&self, token: &str) {
        self.post("/revoke", format!("token={token}")).await;
    }

    async fn post(&self, path: &str, form: String) -> Value {
        self.post_with(path, form, &[]).await
    }

    async fn post_with(&self, path: &str, form: String, headers: &[(&str, &str)]) -> Value {
        let url = format!("http://{}{path}", self.server.address("listening"));
        let request = client()
            .post(url)
            .header("authorization", format!("Basic {}", STANDARD.encode("demo-cli:demo-secret")))
            .header("content-type", "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.body(form).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default()
    }

    /// Asks the guard, with a token if there is one.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> reqwest::Response {
        let request = client().get(self.url(path));
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        request.send().await.expect("an answer")
    }
}

/// A DPoP proof by this key, made now, with these claims beside `jti` and `iat`.
pub(crate) fn proof(key: &SigningKey, mut claims: Value) -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = fetching::Clock::now(&fetching::SystemClock::default()).0;
    claims["jti"] = format!("{now}-{}", LAST.fetch_add(1, Ordering::Relaxed)).into();
    claims["iat"] = now.into();
    SelfSigned::sign(claims.to_string().as_bytes(), key).expect("signs")
}

/// A client that follows nothing.
pub(crate) fn client() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().timeout(PATIENCE).build().expect("a client")
}

/// The answer's body as JSON.
pub(crate) async fn json(answer: reqwest::Response) -> Value {
    serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON")
}

/// One request over a connection of its own, with a body that may flow.
pub(crate) async fn flow<B>(address: SocketAddr, request: Request<B>) -> Response<Incoming>
where
    B: Body<Data = bytes::Bytes, Error = std::convert::Infallible> + Send + Unpin + 'static,
{
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection.with_upgrades());
    sender.send_request(request).await.expect("an answer")
}

/// Sends bytes, and reads until the other end closes.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // Whoever has seen enough may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "it does not close after {:?}", String::from_utf8_lossy(bytes));
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer as it came.
pub(crate) fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}
