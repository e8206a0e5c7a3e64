//! One load: `wrk` on the second core, and the CPU time that the server used.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command},
};

use anyhow::Context as _;

/// Requests to one endpoint of one server.
pub(super) struct Load {
    pub(super) port: u16,
    pub(super) path: &'static str,
    pub(super) authorization: Option<String>,
    /// Sent in turn.
    pub(super) bodies: Vec<String>,
}

/// What one run, or the median of several, came to.
pub(super) struct Measured {
    pub(super) micros: f64,
    pub(super) per_second: f64,
    pub(super) refused: u64,
}

impl Measured {
    /// The run whose CPU time is in the middle; refusals of all of them are added up.
    pub(super) fn median(mut runs: Vec<Self>) -> Self {
        let refused = runs.iter().map(|run| run.refused).sum();
        runs.sort_by(|one, other| one.micros.total_cmp(&other.micros));
        let middle = runs.swap_remove(runs.len() / 2);
        Self { refused, ..middle }
    }
}

impl Load {
    pub(super) fn run(
        &self,
        server: &Child,
        connections: u32,
        seconds: u32,
        folder: &Path,
    ) -> anyhow::Result<Measured> {
        let script = folder.join("load.lua");
        std::fs::write(&script, self.script())?;
        let before = cpu_micros(server.id())?;
        let output = Command::new("taskset")
            .args(["-c", "1", "wrk", "-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "-s"])
            .arg(&script)
            .arg(format!("http://127.0.0.1:{}{}", self.port, self.path))
            .output()
            .context("taskset and wrk are needed: apt-get install wrk util-linux")?;
        anyhow::ensure!(output.status.success(), "wrk: {}", String::from_utf8_lossy(&output.stderr));
        let spent = cpu_micros(server.id())? - before;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line =
            text.lines().find_map(|line| line.strip_prefix("measured ")).context("wrk said nothing")?;
        let numbers = line.split(' ').map(str::parse::<f64>).collect::<Result<Vec<f64>, _>>()?;
        let [requests, micros, refused] = numbers.as_slice() else { anyhow::bail!("wrk said {line}") };
        anyhow::ensure!(*requests > 0.0, "no request was answered");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "wrk prints a count")]
        let refused = *refused as u64;
        Ok(Measured { micros: spent / requests, per_second: requests * 1e6 / micros, refused })
    }

    /// One request by hand: the access token of the answer.
    pub(super) fn token(&self) -> anyhow::Result<String> {
        let body = &self.bodies[0];
        let mut socket = TcpStream::connect(("127.0.0.1", self.port))?;
        let authorization = self.authorization.as_ref();
        let authorization =
            authorization.map_or_else(String::new, |value| format!("authorization: {value}\r\n"));
        write!(
            socket,
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{authorization}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            body.len(),
        )?;
        let mut text = String::new();
        socket.read_to_string(&mut text)?;
        let json = text.split_once("\r\n\r\n").context("no body")?.1;
        let json: serde_json::Value = serde_json::from_str(json).with_context(|| text.clone())?;
        Ok(json["access_token"].as_str().with_context(|| text.clone())?.to_owned())
    }

    fn script(&self) -> String {
        let bodies: Vec<String> = self.bodies.iter().map(|body| format!("{body:?}")).collect();
        let authorization = self.authorization.as_ref();
        let authorization = authorization
            .map_or_else(String::new, |value| format!("wrk.headers[\"Authorization\"] = {value:?}\n"));
        format!(
            "wrk.method = \"POST\"\n\
             wrk.headers[\"Content-Type\"] = \"application/x-www-form-urlencoded\"\n{authorization}\
             local bodies = {{ {} }}\nlocal turn = 0\n\
             request = function()\n  turn = turn % #bodies + 1\n  \
             return wrk.format(nil, nil, nil, bodies[turn])\nend\n\
             done = function(summary)\n  local e = summary.errors\n  \
             io.write(string.format(\"measured %d %d %d\\n\", summary.requests, summary.duration, \
             e.status + e.connect + e.read + e.write + e.timeout))\nend\n",
            bodies.join(", "),
        )
    }
}

/// User and system time of a process so far, in microseconds (`proc(5)`: clock ticks of 10 ms).
fn cpu_micros(process: u32) -> anyhow::Result<f64> {
    const MICROS_PER_TICK: f64 = 10_000.0;
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let behind_name = text.rsplit_once(')').context("/proc/PID/stat")?.1;
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).context("/proc/PID/stat")?.parse::<f64>().context("ticks");
    Ok((ticks(11)? + ticks(12)?) * MICROS_PER_TICK)
}
