//! What the operator says: a file, the environment, flags; read in layers, checked whole, then plain values.

mod check;
mod env;
mod file;
mod keys;
mod layers;
mod reference;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serving::Network;

pub(crate) use env::environment;
pub(crate) use keys::{KEYS, Key};
pub(crate) use layers::{Layers, Value};
pub(crate) use reference::{page, schema};

/// Where the configuration is looked for when nobody names a file.
pub(crate) const DEFAULT_FILE: &str = "/etc/passavant/passavant.toml";

/// A checked configuration. [`server::Settings`] and everything else is made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// The only public URL.
    pub(crate) issuer: String,
    /// Where requests come in.
    pub(crate) listen: Vec<SocketAddr>,
    /// Whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Where health is told; nowhere unless it is set.
    pub(crate) management: Option<SocketAddr>,
    /// The SQLite file.
    pub(crate) database: PathBuf,
    /// Where the master key is.
    pub(crate) master_key_file: PathBuf,
    /// What is logged, as `tracing` writes filters.
    pub(crate) log: String,
    /// Whether this is `--dev`: seeded, and never reachable from another machine.
    pub(crate) dev: bool,
}

/// The file that `PASSAVANT_CONFIG` names.
pub(crate) fn named_file() -> Option<PathBuf> {
    env::config_file(&environment()).map(Path::to_owned)
}

impl Config {
    /// Reads all layers and checks them.
    ///
    /// # Errors
    /// Every problem at once.
    pub(crate) fn load(file: Option<&Path>, flags: &[(&'static str, Value)]) -> Result<Self, Problems> {
        let mut layers = Layers::read(file, &environment(), flags)?;
        layers.check()
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Which key, where it is about one.
    pub(crate) key: String,
    /// Where it stands, where it stands somewhere.
    pub(crate) origin: Option<Origin>,
    /// What is wrong, and what helps.
    pub(crate) text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// Everything that is wrong with a configuration; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for Problems {}
