//! `cargo xtask bench`: the cost of a request as a ratio to its physical limit, measured in one run.
//!
//! `passavant serve` and the limit server (`crates/passavant/examples/bare.rs`) run on one core, the load generator
//! `wrk` on another; the two are measured alternately, so that noise affects both. The figure to compare is CPU time
//! of the server per request. With `--beside BINARY` another build of passavant is measured too.
//! `cargo xtask bench guard` measures the resource's side instead.

mod load;
mod servers;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use load::{Load, Measured};
use servers::{Bare, Passavant};

/// A workload: its name, what it may cost beside the limit, and how it is asked for on both sides.
struct Workload {
    name: &'static str,
    budget: f64,
    load: fn(&Servers) -> anyhow::Result<(Load, Load)>,
}

const WORKLOADS: [Workload; 3] = [
    Workload { name: "client_credentials, opaque, durable", budget: 1.8, load: opaque },
    Workload { name: "client_credentials, JWT ES256", budget: 1.4, load: jwt },
    Workload { name: "introspection, opaque, active", budget: 1.3, load: introspection },
];

struct Servers {
    passavant: Passavant,
    bare: Bare,
}

struct Options {
    seconds: u32,
    rounds: usize,
    connections: Vec<u32>,
    beside: Option<PathBuf>,
}

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    if arguments == ["guard"] {
        return guard();
    }
    let options = options(arguments)?;
    let binaries = build()?;
    let folder = std::env::temp_dir().join(format!("passavant-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = measure(&options, &binaries, &folder);
    std::fs::remove_dir_all(&folder).ok();
    outcome
}

/// What a guard adds to a request (`bench/guard`): a workspace of its own, since it holds other guards too.
fn guard() -> anyhow::Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let manifest = metadata.workspace_root.join("bench/guard/Cargo.toml");
    let target = metadata.target_directory.join("bench-guard");
    let mut command = crate::steps::command("cargo", &["run", "--release", "--locked"]);
    command.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(target);
    crate::steps::execute(&mut command)
}

fn measure(options: &Options, binaries: &Binaries, folder: &Path) -> anyhow::Result<()> {
    let servers = Servers {
        passavant: Passavant::start(&binaries.passavant, folder)?,
        bare: Bare::start(&binaries.bare, folder)?,
    };
    let beside =
        options.beside.as_deref().map(|binary| beside(binary, &binaries.bare, folder)).transpose()?;
    let mut over = Vec::new();
    println!(
        "profile dist; {} rounds of {} s, interleaved; medians; µs are CPU time of the server\n",
        options.rounds, options.seconds
    );
    println!(
        "| workload | connections | serve µs | limit µs | ratio | budget | serve/s | limit/s | not 200 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for workload in &WORKLOADS {
        let (ours, limit) = (workload.load)(&servers)?;
        let other = beside.as_ref().map(|servers| (workload.load)(servers)).transpose()?;
        for connections in &options.connections {
            let (mut serve, mut bare, mut others) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..options.rounds {
                bare.push(limit.run(&servers.bare.process, *connections, options.seconds, folder)?);
                serve.push(ours.run(&servers.passavant.process, *connections, options.seconds, folder)?);
                if let (Some(beside), Some((load, _))) = (&beside, &other) {
                    let process = &beside.passavant.process;
                    others.push(load.run(process, *connections, options.seconds, folder)?);
                }
            }
            let (serve, bare) = (Measured::median(serve), Measured::median(bare));
            let ratio = serve.micros / bare.micros;
            println!(
                "| {} | {connections} | {:.1} | {:.1} | {ratio:.2} | {:.1} | {:.0} | {:.0} | {} |",
                workload.name,
                serve.micros,
                bare.micros,
                workload.budget,
                serve.per_second,
                bare.per_second,
                serve.refused + bare.refused,
            );
            if !others.is_empty() {
                let other = Measured::median(others);
                println!(
                    "| beside it | {connections} | {:.1} | | {:.2} of serve | | {:.0} | | {} |",
                    other.micros,
                    other.micros / serve.micros,
                    other.per_second,
                    other.refused
                );
            }
            if ratio > workload.budget || serve.refused + bare.refused > 0 {
                over.push(format!("{} at {connections} connections: {ratio:.2}", workload.name));
            }
        }
    }
    anyhow::ensure!(over.is_empty(), "over budget, or not every answer was 200: {}", over.join("; "));
    Ok(())
}

/// Another build of passavant, in a folder of its own. The limit server beside it only fills its place.
fn beside(passavant: &Path, bare: &Path, folder: &Path) -> anyhow::Result<Servers> {
    let folder = folder.join("beside");
    std::fs::create_dir_all(&folder)?;
    Ok(Servers { passavant: Passavant::start(passavant, &folder)?, bare: Bare::start(bare, &folder)? })
}

fn opaque(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let body = "grant_type=client_credentials&scope=bench.read+bench.write".to_owned();
    let ours = servers.passavant.load("/token", servers::CLIENT, vec![body.clone()]);
    Ok((ours, servers.bare.load("/token", vec![body])))
}

fn jwt(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let body = "grant_type=client_credentials&scope=jwt.read".to_owned();
    let ours = servers.passavant.load("/token", servers::CLIENT, vec![body.clone()]);
    Ok((ours, servers.bare.load("/jwt", vec![body])))
}

/// Tokens asked for beforehand and then introspected in turn.
const TOKENS: usize = 256;

fn introspection(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = |load: Load| -> anyhow::Result<Vec<String>> {
        (0..TOKENS).map(|_| Ok(format!("token={}", load.token()?))).collect()
    };
    let (ours, limit) = opaque(servers)?;
    let (ours, limit) = (bodies(ours)?, bodies(limit)?);
    let ours = servers.passavant.load("/introspect", servers::RESOURCE, ours);
    Ok((ours, servers.bare.load("/introspect", limit)))
}

struct Binaries {
    passavant: PathBuf,
    bare: PathBuf,
}

fn build() -> anyhow::Result<Binaries> {
    let arguments =
        ["build", "--profile", "dist", "--package", "passavant", "--bin", "passavant", "--example", "bare"];
    crate::steps::execute(&mut crate::steps::command("cargo", &arguments))?;
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let built = metadata.target_directory.as_std_path().join("dist");
    Ok(Binaries { passavant: built.join("passavant"), bare: built.join("examples/bare") })
}

fn options(arguments: &[String]) -> anyhow::Result<Options> {
    let mut options = Options { seconds: 10, rounds: 3, connections: vec![32, 64], beside: None };
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--seconds" => options.seconds = value.parse().context("--seconds takes a number")?,
            "--rounds" => options.rounds = value.parse().context("--rounds takes a number")?,
            "--connections" => {
                let numbers = value.split(',').map(str::parse).collect::<Result<_, _>>();
                options.connections = numbers.context("--connections takes numbers separated by commas")?;
            }
            "--beside" => options.beside = Some(value.into()),
            other => {
                anyhow::bail!(
                    "bench knows guard, or --seconds, --rounds, --connections and --beside, not {other}"
                )
            }
        }
    }
    Ok(options)
}
