//! The command line: a noun, a verb, and what they mean.

mod apply;
mod client;
mod completions;
mod config;
mod flow;
mod grant;
mod healthcheck;
mod input;
mod key;
mod output;
mod resource;
mod session;
mod settle;
mod token;
mod user;

use std::{fmt, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use output::Format;
pub(crate) use {input::Source, output::misused};

use crate::{
    config::{Config, DEFAULT_FILE, Problems},
    dev,
    guard::{self, GuardArgs},
    serve::{self, ServeArgs},
    wiring::{Installation, OpenFailure, Role},
    world::Wrongs,
};

/// An OAuth 2 and OpenID Connect authorization server in one binary.
#[derive(Debug, Parser)]
#[command(name = "passavant", version, about, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

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

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Make the registry what a file says
    Apply(apply::ApplyArgs),
    /// Look at the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Applications that ask for tokens
    #[command(subcommand)]
    Client(client::Command),
    /// Protected APIs
    #[command(subcommand)]
    Resource(resource::Command),
    /// Accounts of people
    #[command(subcommand)]
    User(user::Command),
    /// What users have agreed to
    #[command(subcommand)]
    Grant(grant::Command),
    /// Who is signed in
    #[command(subcommand)]
    Session(session::Command),
    /// Signing keys and the master key
    #[command(subcommand)]
    Key(key::Command),
    /// Look into a token
    #[command(subcommand)]
    Token(token::Command),
    /// Run a real flow against a server
    #[command(subcommand)]
    Flow(flow::Command),
    /// Protect a service from outside of it: a reverse proxy, or /check for another one
    Guard(Box<GuardArgs>),
    /// Ask a running server whether it is well (exit 0 yes, 5 no, 6 nobody there)
    Healthcheck,
    /// Print the name and the version
    Version,
    /// Write completions for a shell
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Runs the command.
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let global = &self.global;
        let format = global.format;
        match self.command {
            Command::Serve(args) => serve::run(global, args).await,
            Command::Apply(args) => args.run(global).await,
            Command::Config(command) => command.run(global),
            Command::Client(command) => client::run(command, &global.installation().await?, format).await,
            Command::Resource(command) => resource::run(command, &global.installation().await?, format).await,
            Command::User(command) => user::run(command, &global.installation().await?, format).await,
            Command::Grant(command) => grant::run(command, &global.installation().await?, format).await,
            Command::Session(command) => session::run(command, &global.installation().await?, format).await,
            Command::Key(command) => key::run(command, global).await,
            Command::Token(command) => token::run(command, global).await,
            Command::Flow(command) => flow::run(command, global).await,
            Command::Guard(args) => guard::run(*args).await,
            Command::Healthcheck => healthcheck::run(global).await,
            Command::Version => {
                output::print(concat!("passavant ", env!("CARGO_PKG_VERSION"), "\n"))?;
                Ok(Exit::Ok)
            }
            Command::Completions(args) => args.run(),
        }
    }

    /// Whether this is a server, which logs what it does.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self.command, Command::Serve(_) | Command::Guard(_))
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
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked.
    Ok = 0,
    /// It was tried and failed.
    Failed = 1,
    /// It was not given as it must be.
    Usage = 2,
    /// The configuration or an input file is wrong; nothing was changed.
    Config = 3,
    /// What was named is not there.
    NotFound = 4,
    /// The answer is no: a token is inactive, a check failed.
    No = 5,
    /// Nobody answers.
    Unreachable = 6,
}

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code that says so.
    pub(crate) exit: Exit,
    /// What went wrong, for the person who typed the command.
    pub(crate) error: anyhow::Error,
}

impl Failure {
    /// A failure with its exit code.
    pub(crate) fn new(exit: Exit, error: anyhow::Error) -> Self {
        Self { exit, error }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = anyhow::Error::new(error);
        let open = error.downcast_ref::<OpenFailure>();
        let is_configuration =
            error.is::<Problems>() || error.is::<Wrongs>() || open.is_some_and(OpenFailure::is_configuration);
        Self { exit: if is_configuration { Exit::Config } else { Exit::Failed }, error }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}
