//! The two servers, configured and started as by an operator, pinned to the first core.

use std::{
    io::{BufRead as _, BufReader},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::Context as _;

use super::load::Load;

/// `id:secret` of the client, in base64 as HTTP Basic wants it: `bench-client:bench-secret-of-30-characters`.
pub(super) const CLIENT: &str = "YmVuY2gtY2xpZW50OmJlbmNoLXNlY3JldC1vZi0zMC1jaGFyYWN0ZXJz";
/// The resource: `bench-rs:bench-secret-of-30-characters`.
pub(super) const RESOURCE: &str = "YmVuY2gtcnM6YmVuY2gtc2VjcmV0LW9mLTMwLWNoYXJhY3RlcnM=";
const SECRET: &str = "bench-secret-of-30-characters";
/// Looks, a tenth of a second apart, that a server is given to start.
const START_TRIES: u32 = 100;

/// `passavant serve`, as released.
pub(super) struct Passavant {
    pub(super) process: Child,
    port: u16,
}

impl Passavant {
    pub(super) fn start(binary: &Path, folder: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let (key, config, world) =
            (folder.join("master.key"), folder.join("passavant.toml"), folder.join("world.json"));
        std::fs::write(
            &config,
            format!(
                "issuer = \"http://127.0.0.1:{port}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n[management]\n\
                 listen = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:{}\"\n[secrets]\nmaster_key_file = {:?}\n",
                folder.join("passavant.db").display(),
                key.display().to_string(),
            ),
        )?;
        std::fs::write(&world, self::world().to_string())?;
        run(Command::new(binary).args(["key", "master"]).arg(&key))?;
        run(Command::new(binary).arg("apply").arg("-f").arg(&world).arg("-c").arg(&config))?;
        let mut command = pinned(binary);
        command.arg("serve").arg("-c").arg(&config).env("RUST_LOG", "warn");
        let process = command.stdout(Stdio::null()).spawn().context("taskset is needed: util-linux")?;
        wait_for(port)?;
        Ok(Self { process, port })
    }

    pub(super) fn load(&self, path: &'static str, basic: &str, bodies: Vec<String>) -> Load {
        Load { port: self.port, path, authorization: Some(format!("Basic {basic}")), bodies }
    }
}

impl Drop for Passavant {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

/// The limit server.
pub(super) struct Bare {
    pub(super) process: Child,
    port: u16,
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

    pub(super) fn load(&self, path: &'static str, bodies: Vec<String>) -> Load {
        Load { port: self.port, path, authorization: None, bodies }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

fn world() -> serde_json::Value {
    serde_json::json!({
        "clients": [{
            "client_id": "bench-client", "client_secret": SECRET, "grant_types": ["client_credentials"],
            "scope": "bench.read bench.write jwt.read",
        }],
        "resources": [
            {
                "resource": "https://bench.example/api", "scopes": ["bench.read", "bench.write"],
                "client_id": "bench-rs", "client_secret": SECRET,
            },
            { "resource": "https://bench.example/jwt", "scopes": ["jwt.read"], "access_token_format": "jwt" },
        ],
    })
}

fn pinned(binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(binary);
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    anyhow::ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a process that starts is waited for")]
fn wait_for(port: u16) -> anyhow::Result<()> {
    for _ in 0..START_TRIES {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    anyhow::bail!("the server did not start")
}

fn stop(process: &mut Child) {
    process.kill().ok();
    process.wait().ok();
}
