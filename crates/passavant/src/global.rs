//! The options of every command: which installation is meant, and the output format.

use std::path::PathBuf;

use admin::Administration;
use clap::{ArgMatches, Args, parser::ValueSource};
use server::store::Actor;

use crate::{
    config::{Config, DEFAULT_FILE, Problems},
    dev,
    terminal::{Failure, Format},
    wiring::{Installation, Opening, Role},
};

/// Who changes something by a command, as the outbox names it.
const OPERATOR: &str = "cli";
/// The heading of these options in every help.
const HEADING: &str = "Global options";

/// What every command takes: which installation is meant, and the output format.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Configuration file (or PASSAVANT_CONFIG) [default: /etc/passavant/passavant.toml, if it exists]
    #[arg(short, long, global = true, value_name = "FILE", help_heading = HEADING)]
    pub(crate) config: Option<PathBuf>,
    /// Use the development installation in ./.passavant-dev
    #[arg(long, global = true, conflicts_with = "config", help_heading = HEADING)]
    pub(crate) dev: bool,
    /// Folder of the development installation
    #[arg(long, global = true, value_name = "DIR", requires = "dev", help_heading = HEADING)]
    pub(crate) data: Option<PathBuf>,
    /// Output format
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, help_heading = HEADING)]
    pub(crate) format: Format,
}

/// Options that say which installation is meant.
const INSTALLATION: &[&str] = &["config", "dev", "data"];
/// Those of the development installation.
const DEVELOPMENT: &[&str] = &["dev", "data"];
/// The option that says how data is printed.
const FORMAT: &[&str] = &["format"];

/// Commands by their path, and the options that mean nothing to them.
pub(crate) const MEANINGLESS: &[(&[&str], &[&[&str]])] = &[
    (&["serve"], &[FORMAT]),
    (&["init"], &[DEVELOPMENT, FORMAT]),
    (&["healthcheck"], &[FORMAT]),
    (&["config", "check"], &[FORMAT]),
    (&["config", "reference"], &[INSTALLATION, FORMAT]),
    (&["config", "schema"], &[INSTALLATION, FORMAT]),
    (&["key", "master"], &[INSTALLATION, FORMAT]),
    (&["db"], &[FORMAT]),
    (&["guard"], &[INSTALLATION, FORMAT]),
    (&["version"], &[INSTALLATION, FORMAT]),
    (&["completions"], &[INSTALLATION, FORMAT]),
];

/// Refuses a global option where it means nothing: whoever gives one expects it to do something.
///
/// # Errors
/// A sentence for whoever typed the command.
pub(crate) fn refuse_meaningless(mut matches: &ArgMatches) -> Result<(), String> {
    let mut path = Vec::new();
    while let Some((name, below)) = matches.subcommand() {
        path.push(name);
        matches = below;
    }
    let named = MEANINGLESS.iter().filter(|(command, _)| path.starts_with(command));
    let mut options = named.flat_map(|(_, options)| options.iter().copied().flatten());
    let given = |option: &&&str| matches.value_source(option) == Some(ValueSource::CommandLine);
    match options.find(given) {
        Some(option) => Err(format!("--{option} means nothing to `passavant {}`", path.join(" "))),
        None => Ok(()),
    }
}

impl Global {
    /// The configuration of the installation that is meant.
    ///
    /// # Errors
    /// [`Problems`] of the file or the environment.
    pub(crate) fn configuration(&self) -> Result<Config, Problems> {
        if self.dev {
            return dev::configuration(self.data.as_deref());
        }
        Config::load(self.file().as_deref(), &[]).map_err(|problems| self.without_file(problems))
    }

    /// The problems of a configuration, with the file that was looked for where there is none.
    pub(crate) fn without_file(&self, mut problems: Problems) -> Problems {
        if !self.dev && self.file().is_none() {
            let text = format!(
                "there is no file {DEFAULT_FILE}: passavant init writes one, --config names another, and passavant serve \
                 --dev needs none"
            );
            problems.0.extend(Problems::of(None, text).0);
        }
        problems
    }

    /// The configuration file that is meant, if there is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let named = self.config.clone().or_else(crate::config::named_file);
        named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()))
    }

    /// Opens the installation for a command, beside a running server or without one.
    ///
    /// # Errors
    /// [`Failure`] with its exit code.
    pub(crate) async fn installation(&self) -> Result<Installation, Failure> {
        Ok(Installation::open(self.configuration()?, Opening::by(Role::Tool)).await?)
    }
    /// The same, for a command that changes what is registered.
    ///
    /// # Errors
    /// [`Failure`] with its exit code.
    pub(crate) async fn administration(&self) -> Result<Administration, Failure> {
        Ok(self.installation().await?.administration(Actor::Operator(OPERATOR.into()))?)
    }
}
