//! `cargo xtask bench`: what passavant costs, each figure beside its budget.
//!
//! `passavant serve` and the limit server (`crates/passavant/examples/bare.rs`) run on one core, the load generator on
//! another; the two are measured alternately, so that noise affects both. The figure to compare is CPU time of the server
//! per request, as a ratio to that of the limit in the same run. Times and memory are those of one process.
//! `cargo xtask bench guard` measures only the resource's side.

mod generator;
mod http;
mod load;
mod options;
mod process;
mod servers;
mod table;
mod workloads;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use load::{Load, Measured};
use options::Options;
use servers::{Bare, Binaries, Passavant, execute};
use table::{Figure, Table};
use workloads::{GROWING, LARGE, Servers, WORKLOADS, Workload};

/// Stored tokens may slow a request down by a fifth.
const GROWTH_MAX: f64 = 1.2;
/// Registered resources and clients of the large installation.
const RESOURCES: usize = 1_000;
const CLIENTS: usize = 2_000;

pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    if arguments == ["guard"] {
        return guard();
    }
    let options = Options::read(arguments)?;
    let binaries = match &options.built {
        Some(folder) => binaries_in(folder),
        None => build()?,
    };
    let folder = std::env::temp_dir().join(format!("passavant-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = Bench { options, binaries, folder: folder.clone() }.run();
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

fn build() -> anyhow::Result<Binaries> {
    let arguments =
        ["build", "--profile", "dist", "--package", "passavant", "--bin", "passavant", "--example", "bare"];
    crate::steps::execute(&mut crate::steps::command("cargo", &arguments))?;
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    Ok(binaries_in(&metadata.target_directory.as_std_path().join("dist")))
}

fn binaries_in(folder: &Path) -> Binaries {
    Binaries { passavant: folder.join("passavant"), bare: folder.join("examples/bare") }
}

/// Lets this process, and those that it starts, run on these cores only.
fn pin(cores: &str) -> anyhow::Result<()> {
    execute(Command::new("taskset").args(["-acp", cores, &std::process::id().to_string()]))
}

struct Bench {
    options: Options,
    binaries: Binaries,
    folder: PathBuf,
}

impl Bench {
    fn run(&self) -> anyhow::Result<()> {
        // The load generator runs in this process and in those that it starts.
        pin("1")?;
        let Options { seconds, rounds, connections, .. } = self.options;
        println!(
            "profile dist; {rounds} rounds of {seconds} s on {connections} connections, interleaved; medians; ratios of CPU \
             time to a server that does only the unavoidable work\n"
        );
        let mut table = Table::new();
        self.starts(&mut table)?;
        self.requests(&mut table)?;
        self.large(&mut table)?;
        self.growth(&mut table)?;
        pin("0-1023")?;
        if self.options.guard && self.options.only.is_none() {
            // It judges its own figures, and prints them.
            if let Err(error) = guard() {
                table.fail("API guard (cargo xtask bench guard)", &format!("{error:#}"));
            }
        }
        if self.options.build {
            let figure = Figure { value: process::first_build(&self.folder)?, budget: 8.0, unit: " min" };
            table.add("first command on a new machine, CPU", &figure, "");
        }
        if self.options.write {
            table.write()?;
        }
        table.judge()
    }

    fn servers(&self, folder: &Path, passavant: &Path, world: &serde_json::Value) -> anyhow::Result<Servers> {
        std::fs::create_dir_all(folder)?;
        Ok(Servers {
            passavant: Passavant::start(passavant, folder, Some(world))?,
            bare: Bare::start(&self.binaries.bare, folder)?,
        })
    }

    /// The time to the first answer, and the memory of an idle server.
    fn starts(&self, table: &mut Table) -> anyhow::Result<()> {
        let names = ["start, existing database", "start, new database", "memory, idle"];
        if !names.iter().any(|name| self.options.wants(name)) {
            return Ok(());
        }
        let starts = process::starts(&self.binaries.passavant, &self.folder)?;
        let millis = |value, budget| Figure { value, budget, unit: " ms" };
        table.add(names[0], &millis(starts.existing_millis, 50.0), "");
        table.add(names[1], &millis(starts.new_millis, 100.0), "with its keys");
        table.add(names[2], &Figure { value: starts.idle_mb, budget: 16.0, unit: " MB" }, "");
        Ok(())
    }

    fn requests(&self, table: &mut Table) -> anyhow::Result<()> {
        let servers = self.servers(&self.folder.join("one"), &self.binaries.passavant, &servers::world())?;
        let beside = match &self.options.beside {
            Some(binary) => Some(self.servers(&self.folder.join("beside"), binary, &servers::world())?),
            None => None,
        };
        for workload in WORKLOADS.iter().filter(|workload| self.options.wants(workload.name)) {
            self.row(table, workload, &servers, beside.as_ref())?;
        }
        let name = "memory, 1,000 connections";
        if self.options.wants(name) {
            let (ours, _) = (WORKLOADS[0].load)(&servers)?;
            let run = ours.run(&servers.passavant.process, 1_000, self.options.seconds)?;
            let more = format!("{:.0} requests/s", run.per_second);
            let value = servers::memory(&servers.passavant.process, true)?;
            table.add(name, &Figure { value, budget: 60.0, unit: " MB" }, &more);
        }
        Ok(())
    }

    /// An installation with many registrations: its requests cost the same, and `apply` takes twice as long for twice as
    /// many.
    fn large(&self, table: &mut Table) -> anyhow::Result<()> {
        let name = "apply of 1,000 resources and 2,000 clients, of half as many";
        if self.options.wants(name) {
            let seconds = |folder: &str, part: usize| {
                let world = servers::large_world(RESOURCES / part, CLIENTS / part);
                process::apply_seconds(&self.binaries.passavant, &self.folder.join(folder), &world)
            };
            let (half, whole) = (seconds("half", 2)?, seconds("whole", 1)?);
            table.add(name, &Figure::ratio(whole / half, 2.5), &format!("{whole:.1} s"));
        }
        let wanted: Vec<_> = LARGE.iter().filter(|workload| self.options.wants(workload.name)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let world = servers::large_world(RESOURCES, CLIENTS);
        let servers = self.servers(&self.folder.join("large"), &self.binaries.passavant, &world)?;
        for workload in wanted {
            self.row(table, workload, &servers, None)?;
        }
        Ok(())
    }

    /// Requests with few and with many stored tokens.
    fn growth(&self, table: &mut Table) -> anyhow::Result<()> {
        if !self.options.wants("growth") {
            return Ok(());
        }
        let few = self.filled("few", 1_000)?;
        let many = self.filled("many", self.options.stored)?;
        for workload in WORKLOADS.iter().filter(|workload| GROWING.contains(&workload.name)) {
            let ((few_load, _), (many_load, _)) = ((workload.load)(&few)?, (workload.load)(&many)?);
            let [few_run, many_run] =
                self.alternately([(&few_load, &few.passavant), (&many_load, &many.passavant)])?;
            let name = format!("growth to {} stored tokens: {}", self.options.stored, workload.name);
            let more = format!("{:.1} and {:.1} µs", many_run.micros, few_run.micros);
            table.add(&name, &Figure::ratio(many_run.micros / few_run.micros, GROWTH_MAX), &more);
        }
        Ok(())
    }

    fn filled(&self, name: &str, rows: u64) -> anyhow::Result<Servers> {
        let folder = self.folder.join(name);
        let Servers { passavant, bare } =
            self.servers(&folder, &self.binaries.passavant, &servers::world())?;
        let passavant = passavant.while_ended(|| {
            let mut fill = Command::new(&self.binaries.bare);
            execute(fill.arg("fill").arg(servers::database(&folder)).arg(rows.to_string()))
        })?;
        Ok(Servers { passavant, bare })
    }

    /// The medians of two loads.
    fn alternately(&self, loads: [(&Load, &Passavant); 2]) -> anyhow::Result<[Measured; 2]> {
        let Options { seconds, rounds, connections, .. } = self.options;
        let mut runs = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for ((load, server), runs) in loads.iter().zip(&mut runs) {
                runs.push(load.run(&server.process, connections, seconds)?);
            }
        }
        Ok(runs.map(Measured::median))
    }

    /// One workload, on both sides.
    fn row(
        &self,
        table: &mut Table,
        workload: &Workload,
        servers: &Servers,
        beside: Option<&Servers>,
    ) -> anyhow::Result<()> {
        let Options { seconds, rounds, .. } = self.options;
        let connections = workload.connections.unwrap_or(self.options.connections);
        let (ours, limit) = (workload.load)(servers)?;
        let other = beside
            .map(|servers| Ok::<_, anyhow::Error>((servers, (workload.load)(servers)?.0)))
            .transpose()?;
        let run = |load: &Load, server| load.run(server, connections, seconds);
        let (mut serve, mut bare, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            bare.push(run(&limit, &servers.bare.process)?);
            serve.push(run(&ours, &servers.passavant.process)?);
            if let Some((servers, load)) = &other {
                others.push(run(load, &servers.passavant.process)?);
            }
        }
        let (serve, bare) = (Measured::median(serve), Measured::median(bare));
        let more = format!(
            "{:.1} and {:.1} µs, {:.0} and {:.0}/s",
            serve.micros, bare.micros, serve.per_second, bare.per_second
        );
        table.add(workload.name, &Figure::ratio(serve.micros / bare.micros, workload.budget), &more);
        if !others.is_empty() {
            let other = Measured::median(others);
            table.tell(
                "the build beside it",
                &format!("{:.2}", other.micros / bare.micros),
                &format!("{:.1} µs", other.micros),
            );
        }
        if serve.refused + bare.refused > 0 {
            table.fail(workload.name, &format!("{} answers were errors", serve.refused + bare.refused));
        }
        Ok(())
    }
}
