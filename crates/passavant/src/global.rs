//! The options of every command: which installation is meant, and the output format.

use std::path::PathBuf;

use admin::Administration;
use clap::Args;
use server::store::Actor;

use crate::{
    config::{Config, DEFAULT_FILE, Problems},
    dev,
    terminal::{Failure, Format},
    wiring::{Installation, Role},
};

/// Who changes something by a command, as the outbox names it.
const OPERATOR: &str = "cli";

/// What every command takes: which installation is meant, and how it answers.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The configuration (or PASSAVANT_CONFIG; else /etc/passavant/passavant.toml, if there is one)
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The development installation, with its seeds, under ./.passavant-dev
    #[arg(long, global = true, conflicts_with = "config")]
    pub(crate) dev: bool,
    /// Another folder for the development installation
    #[arg(long, global = true, value_name = "DIR", requires = "dev")]
    pub(crate) data: Option<PathBuf>,
    /// How answers are written
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
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
        Config::load(self.file().as_deref(), &[])
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
        Ok(Installation::open(self.configuration()?, Role::Tool).await?)
    }
    /// The same, for a command that changes what is registered.
    ///
    /// # Errors
    /// [`Failure`] with its exit code.
    pub(crate) async fn administration(&self) -> Result<Administration, Failure> {
        Ok(self.installation().await?.administration(Actor::Operator(OPERATOR.into()))?)
    }
}
