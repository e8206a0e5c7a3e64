//! One load: requests to one server, and the CPU time that it used for them.

use std::{
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::{
    generator::{self, Run},
    http::Client,
};

/// Requests to a server.
pub(super) enum Load {
    /// Requests to one endpoint, again and again.
    Requests(Requests),
    /// A sequence of requests that depend on each other, one after the other on each connection.
    Sequence { port: u16, run: Arc<Sequence> },
}

/// One run of a sequence on a connection, which has a number.
pub(super) type Sequence = dyn Fn(&mut Client, usize) -> anyhow::Result<()> + Send + Sync;

/// Requests to one endpoint.
pub(super) struct Requests {
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    /// Sent in turn; without any, the request is a GET.
    pub(super) bodies: Vec<String>,
}

/// What one run, or the median of several, came to.
#[derive(Clone, Copy)]
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
    /// Runs it for some seconds, on so many connections.
    pub(super) fn run(&self, server: &Child, connections: usize, seconds: u32) -> anyhow::Result<Measured> {
        let before = cpu_micros(server.id())?;
        let (requests, micros, refused) = match self {
            Self::Requests(requests) => {
                let Run { requests, time, refused } = generator::run(requests, connections, seconds)?;
                #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
                let requests = requests as f64;
                (requests, time.as_secs_f64() * 1e6, refused)
            }
            Self::Sequence { port, run } => sequences(*port, run, connections, seconds)?,
        };
        anyhow::ensure!(requests > 0.0, "no request was answered");
        let spent = cpu_micros(server.id())? - before;
        Ok(Measured { micros: spent / requests, per_second: requests * 1e6 / micros, refused })
    }
}

impl Requests {
    /// The requests as they are sent.
    pub(super) fn texts(&self) -> Vec<String> {
        let authorization = self.authorization.as_ref();
        let authorization =
            authorization.map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
        let head = |method: &str| {
            format!("{method} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{authorization}", self.path, self.port)
        };
        let post = |body: &String| {
            format!(
                "{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                head("POST"),
                body.len()
            )
        };
        match self.bodies.as_slice() {
            [] => vec![format!("{}\r\n", head("GET"))],
            bodies => bodies.iter().map(post).collect(),
        }
    }

    /// One request by hand: the access token of the answer.
    pub(super) fn token(&self) -> anyhow::Result<String> {
        let mut client = Client::new(self.port);
        let authorization = self.authorization.as_deref();
        let reply = client.post(&self.path, authorization, &self.bodies[0])?;
        reply.member("access_token")
    }
}

fn sequences(
    port: u16,
    run: &Arc<Sequence>,
    connections: usize,
    seconds: u32,
) -> anyhow::Result<(f64, f64, u64)> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
    let now = Instant::now;
    let (done, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let started = now();
    let end = started + Duration::from_secs(seconds.into());
    let work = |number: usize| {
        let (run, done, failed) = (run.clone(), done.clone(), failed.clone());
        thread::spawn(move || {
            let mut client = Client::new(port);
            while now() < end {
                match run(&mut client, number) {
                    Ok(()) => done.fetch_add(1, Ordering::Relaxed),
                    Err(error) => {
                        if failed.fetch_add(1, Ordering::Relaxed) == 0 {
                            eprintln!("{error:#}");
                        }
                        client = Client::new(port);
                        0
                    }
                };
            }
        })
    };
    let threads: Vec<_> = (0..connections).map(work).collect();
    for thread in threads {
        thread.join().map_err(|_| anyhow::anyhow!("a connection of the load panicked"))?;
    }
    let micros = started.elapsed().as_secs_f64() * 1e6;
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let done = done.load(Ordering::Relaxed) as f64;
    Ok((done, micros, failed.load(Ordering::Relaxed)))
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
