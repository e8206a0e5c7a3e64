//! The servers, configured and started as by an operator, pinned to the first core.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::http::Client;

const SECRET: &str = "bench-secret-of-30-characters";
/// The password of every user.
pub(super) const PASSWORD: &str = "bench-password-of-30-characters";
/// Users, one for each connection that signs in.
const USERS: usize = 8;
/// Where the client of the flow is sent back to.
pub(super) const REDIRECT_URI: &str = "https://bench.example/cb";
/// How often a starting server is asked, and for how long.
const START_POLL: Duration = Duration::from_micros(500);
const START_TRIES: u32 = 60_000;

/// `Authorization: Basic` of the client that acts for itself, of the resource, and of the client of the flow.
pub(super) const CLIENT: &str = "Basic YmVuY2gtY2xpZW50OmJlbmNoLXNlY3JldC1vZi0zMC1jaGFyYWN0ZXJz";
pub(super) const RESOURCE: &str = "Basic YmVuY2gtcnM6YmVuY2gtc2VjcmV0LW9mLTMwLWNoYXJhY3RlcnM=";
pub(super) const FLOW: &str = "Basic YmVuY2gtZmxvdzpiZW5jaC1zZWNyZXQtb2YtMzAtY2hhcmFjdGVycw==";

/// The binaries that are measured.
pub(super) struct Binaries {
    pub(super) passavant: PathBuf,
    pub(super) bare: PathBuf,
}

/// `passavant serve`, as released.
pub(super) struct Passavant {
    pub(super) process: Child,
    pub(super) port: u16,
    binary: PathBuf,
    config: PathBuf,
    /// Milliseconds from the start of the process to the first answer.
    pub(super) start_millis: f64,
}

impl Passavant {
    /// Starts it on a new database, after applying a document if there is one.
    pub(super) fn start(binary: &Path, folder: &Path, world: Option<&Value>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let (key, config) = (folder.join("master.key"), folder.join("passavant.toml"));
        std::fs::write(
            &config,
            format!(
                "issuer = \"http://127.0.0.1:{port}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n[management]\n\
                 listen = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:{}\"\n[secrets]\nmaster_key_file = {:?}\n",
                database(folder).display(),
                key.display().to_string(),
            ),
        )?;
        execute(Command::new(binary).args(["key", "master"]).arg(&key))?;
        if let Some(world) = world {
            apply(binary, &config, folder, world)?;
        }
        Self::serve(binary, config, port)
    }

    /// Ends it, does something meanwhile, and starts it again on its database.
    pub(super) fn while_ended(self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let (binary, config, port) = (self.binary.clone(), self.config.clone(), self.port);
        drop(self);
        work()?;
        Self::serve(&binary, config, port)
    }

    fn serve(binary: &Path, config: PathBuf, port: u16) -> anyhow::Result<Self> {
        let mut command = pinned(binary);
        command.arg("serve").arg("-c").arg(&config).env("RUST_LOG", "warn").stdout(Stdio::null());
        let started = now();
        let process = command.spawn().context("taskset is needed: util-linux")?;
        let mut this = Self { process, port, binary: binary.to_owned(), config, start_millis: 0.0 };
        this.wait()?;
        this.start_millis = started.elapsed().as_secs_f64() * 1e3;
        Ok(this)
    }

    /// Waits for the first answer.
    #[expect(clippy::disallowed_methods, reason = "a process that starts is waited for")]
    fn wait(&mut self) -> anyhow::Result<()> {
        for _ in 0..START_TRIES {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                Client::new(self.port).get("/jwks")?;
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                anyhow::bail!("passavant ended: {status}");
            }
            std::thread::sleep(START_POLL);
        }
        anyhow::bail!("passavant does not answer")
    }
}

impl Drop for Passavant {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

/// The database in a folder.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("passavant.db")
}

/// Runs `passavant apply`, and returns the seconds that it took.
pub(super) fn apply(binary: &Path, config: &Path, folder: &Path, world: &Value) -> anyhow::Result<f64> {
    let file = folder.join("world.json");
    std::fs::write(&file, world.to_string())?;
    let started = now();
    execute(Command::new(binary).arg("apply").arg("-f").arg(&file).arg("-c").arg(config))?;
    Ok(started.elapsed().as_secs_f64())
}

/// The limit server.
pub(super) struct Bare {
    pub(super) process: Child,
    pub(super) port: u16,
}

impl Bare {
    pub(super) fn start(binary: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut command = pinned(binary);
        let mut process = command.arg(folder.join("bare.db")).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("piped")?).read_line(&mut line)?;
        let port = line.trim().rsplit(':').next().context("no address")?.parse().context("no port")?;
        Ok(Self { process, port })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

/// What is registered for the workloads.
pub(super) fn world() -> Value {
    let users = (0..USERS).map(|at| {
        json!({
            "sub": format!("u-bench-{at}"), "username": user(at), "password": PASSWORD,
            "claims": { "name": "Bench", "email": "bench@bench.example" },
        })
    });
    json!({
        "clients": [
            {
                "client_id": "bench-client", "client_secret": SECRET, "grant_types": ["client_credentials"],
                "scope": "bench.read bench.write jwt.read",
            },
            {
                "client_id": "bench-flow", "client_secret": SECRET, "redirect_uris": [REDIRECT_URI],
                "grant_types": ["authorization_code", "refresh_token"], "skip_consent": true,
                "scope": "openid offline_access profile email bench.read",
                "id_token_signed_response_alg": "ES256",
            },
        ],
        "resources": [
            {
                "resource": "https://bench.example/api", "scopes": ["bench.read", "bench.write"],
                "client_id": "bench-rs", "client_secret": SECRET,
            },
            {
                "resource": "https://bench.example/jwt", "scopes": ["jwt.read"], "access_token_format": "jwt",
                "client_id": "bench-rs",
            },
        ],
        "users": users.collect::<Vec<_>>(),
    })
}

/// The same with many more resources, each with a scope of its own, and clients.
pub(super) fn large_world(resources: usize, clients: usize) -> Value {
    let mut world = world();
    let more = (0..resources).map(|at| {
        json!({
            "resource": format!("https://{at}.bench.example/"), "scopes": [format!("bench.{at}")],
            "client_id": format!("bench-rs-{at}"), "client_secret": SECRET,
        })
    });
    let list = |world: &mut Value, name: &str, more: Vec<Value>| {
        world[name].as_array_mut().into_iter().for_each(|list| list.extend(more.iter().cloned()));
    };
    list(&mut world, "resources", more.collect());
    let more = (0..clients).map(|at| {
        json!({
            "client_id": format!("bench-client-{at}"), "client_secret": SECRET,
            "grant_types": ["client_credentials"], "scope": format!("bench.{at}"),
        })
    });
    list(&mut world, "clients", more.collect());
    world
}

/// The username of a user.
pub(super) fn user(at: usize) -> String {
    format!("bench{}", at % USERS)
}

/// Resident memory of a process in MB: now, or at most so far.
pub(super) fn memory(process: &Child, at_most: bool) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    let name = if at_most { "VmHWM:" } else { "VmRSS:" };
    let line = text.lines().find_map(|line| line.strip_prefix(name)).context(name)?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

fn pinned(binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(binary);
    command
}

/// Runs a command that must succeed.
pub(super) fn execute(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    write!(text, "{}", String::from_utf8_lossy(&output.stderr))?;
    anyhow::ensure!(output.status.success(), "{command:?}: {text}");
    Ok(())
}

fn stop(process: &mut Child) {
    process.kill().ok();
    process.wait().ok();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
pub(super) fn now() -> Instant {
    Instant::now()
}
