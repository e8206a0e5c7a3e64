//! The arguments of `cargo xtask bench`.

use std::path::PathBuf;

use anyhow::Context as _;

/// What a run measures, and for how long.
pub(super) struct Options {
    pub(super) seconds: u32,
    pub(super) rounds: usize,
    pub(super) connections: usize,
    /// Stored tokens of the row on growth.
    pub(super) stored: u64,
    /// Only rows whose name contains this text.
    pub(super) only: Option<String>,
    /// Another build of passavant, which is measured beside this one.
    pub(super) beside: Option<PathBuf>,
    /// A folder with binaries that are measured as they are, instead of a new build.
    pub(super) built: Option<PathBuf>,
    /// Whether the guard is measured, which builds the crates that it is compared with.
    pub(super) guard: bool,
    /// Whether a first build is measured, which takes as long as one.
    pub(super) build: bool,
    /// Whether the table of the README is replaced.
    pub(super) write: bool,
}

impl Options {
    pub(super) fn read(arguments: &[String]) -> anyhow::Result<Self> {
        let mut options = Self {
            seconds: 10,
            rounds: 3,
            connections: 32,
            stored: 10_000_000,
            only: None,
            beside: None,
            built: None,
            guard: true,
            build: false,
            write: false,
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let mut value = || rest.next().with_context(|| format!("{name} needs a value"));
            match name.as_str() {
                "--seconds" => options.seconds = value()?.parse().context("--seconds takes a number")?,
                "--rounds" => options.rounds = value()?.parse().context("--rounds takes a number")?,
                "--connections" => {
                    options.connections = value()?.parse().context("--connections takes a number")?;
                }
                "--stored" => options.stored = value()?.parse().context("--stored takes a number")?,
                "--only" => options.only = Some(value()?.clone()),
                "--beside" => options.beside = Some(value()?.into()),
                "--built" => options.built = Some(value()?.into()),
                "--no-guard" => options.guard = false,
                "--build" => options.build = true,
                "--write" => options.write = true,
                other => anyhow::bail!("bench does not know {other}; see cargo xtask help"),
            }
        }
        anyhow::ensure!(
            options.rounds > 0 && options.connections > 0,
            "at least one round and one connection"
        );
        Ok(options)
    }

    /// Whether a row is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }
}
