//! What a process costs as a whole: its start, its memory, and its build.

use std::{path::Path, process::Command, time::Duration};

use anyhow::Context as _;
use serde_json::Value;

use super::servers::{self, Passavant};

/// Starts of each kind; the median counts.
const STARTS: usize = 7;
/// How long a server has nothing to do before its memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// The figures of starting.
pub(super) struct Starts {
    pub(super) existing_millis: f64,
    pub(super) new_millis: f64,
    pub(super) idle_mb: f64,
}

/// Starts it on new databases, and then again on one.
pub(super) fn starts(binary: &Path, folder: &Path) -> anyhow::Result<Starts> {
    let mut new = Vec::new();
    for at in 0..STARTS {
        new.push(Passavant::start(binary, &folder.join(format!("new-{at}")), None)?.start_millis);
    }
    let mut server = Passavant::start(binary, &folder.join("existing"), Some(&servers::world()))?;
    let mut existing = Vec::new();
    for _ in 0..STARTS {
        server = server.while_ended(|| Ok(()))?;
        existing.push(server.start_millis);
    }
    #[expect(clippy::disallowed_methods, reason = "an idle process is waited for")]
    std::thread::sleep(IDLE);
    let idle_mb = servers::memory(&server.process, false)?;
    Ok(Starts { existing_millis: median(existing), new_millis: median(new), idle_mb })
}

/// Seconds of `passavant apply` on a new database.
pub(super) fn apply_seconds(binary: &Path, folder: &Path, world: &Value) -> anyhow::Result<f64> {
    let server = Passavant::start(binary, folder, None)?;
    let mut seconds = 0.0;
    let _server = server.while_ended(|| {
        seconds = servers::apply(binary, &folder.join("passavant.toml"), folder, world)?;
        Ok(())
    })?;
    Ok(seconds)
}

/// CPU minutes of `cargo build --release` without anything compiled before.
pub(super) fn first_build(folder: &Path) -> anyhow::Result<f64> {
    let before = children_minutes()?;
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--locked", "--target-dir"]).arg(folder.join("target"));
    servers::execute(command.current_dir(crate::steps::workspace()))?;
    Ok(children_minutes()? - before)
}

/// CPU minutes of all children so far (`proc(5)`: clock ticks of 10 ms).
fn children_minutes() -> anyhow::Result<f64> {
    const TICKS_PER_MINUTE: f64 = 6_000.0;
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit_once(')').context("/proc/self/stat")?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).context("/proc/self/stat")?.parse::<f64>().context("ticks");
    Ok((ticks(13)? + ticks(14)?) / TICKS_PER_MINUTE)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
