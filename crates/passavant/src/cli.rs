//! The command line: which commands there are, and what runs each.

mod apply;
mod client;
mod completions;
mod config;
mod db;
mod exits;
mod explain;
mod flow;
mod grant;
mod healthcheck;
mod init;
mod key;
mod lifetime;
mod members;
mod resource;
mod session;
mod token;
mod user;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};

use crate::{
    global::{Global, refuse_meaningless},
    guard::{self, GuardArgs},
    serve::{self, ServeArgs},
    terminal::{Exit, Failure, output},
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

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Write a configuration, its master key, a systemd unit and proxy configurations, and print what comes next
    Init(init::InitArgs),
    /// Make clients, resources, users and scopes match a file
    Apply(apply::ApplyArgs),
    /// Check and show the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Manage OAuth clients
    #[command(subcommand)]
    Client(client::Command),
    /// Manage protected APIs (resource servers)
    #[command(subcommand)]
    Resource(resource::Command),
    /// Manage user accounts
    #[command(subcommand)]
    User(user::Command),
    /// List and revoke grants, which are what users approved
    #[command(subcommand)]
    Grant(grant::Command),
    /// List and end sign-in sessions
    #[command(subcommand)]
    Session(session::Command),
    /// Manage signing keys and the master key
    #[command(subcommand)]
    Key(key::Command),
    /// Mend the database while no server runs
    #[command(subcommand)]
    Db(db::Command),
    /// Inspect and revoke tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Explain why a request was refused: who sent it, what was sent, what was expected, and what mends it
    Explain(explain::ExplainArgs),
    /// Run an OAuth flow against a server
    #[command(subcommand)]
    Flow(flow::Command),
    /// Protect a service: as a reverse proxy in front of it, or through /check of another proxy
    Guard(Box<GuardArgs>),
    /// Check that a running server is healthy (exit code 0: yes, 5: no, 6: no answer)
    Healthcheck,
    /// Print name and version
    Version,
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Reads the command line. Ends the process where it is wrong, or asks for help.
    pub(crate) fn read() -> Self {
        let mut command = Self::command();
        let matches = command.get_matches_mut();
        if let Err(text) = refuse_meaningless(&matches) {
            command.error(ErrorKind::ArgumentConflict, text).exit();
        }
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command.
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let global = &self.global;
        let format = global.format;
        match self.command {
            Command::Serve(args) => serve::run(global, args).await,
            Command::Init(args) => args.run(global),
            Command::Apply(args) => args.run(global).await,
            Command::Config(command) => command.run(global),
            Command::Client(command) => client::run(command, &global.administration().await?, format).await,
            Command::Resource(command) => {
                resource::run(command, &global.administration().await?, format).await
            }
            Command::User(command) => user::run(command, &global.administration().await?, format).await,
            Command::Grant(command) => grant::run(command, &global.administration().await?, format).await,
            Command::Session(command) => session::run(command, &global.administration().await?, format).await,
            Command::Key(command) => key::run(command, global).await,
            Command::Db(command) => db::run(command, global).await,
            Command::Token(command) => token::run(command, global).await,
            Command::Explain(args) => args.run(global).await,
            Command::Flow(command) => flow::run(command, global).await,
            Command::Guard(args) => guard::run(*args).await,
            Command::Healthcheck => healthcheck::run(global).await,
            Command::Version => {
                output::print(concat!("passavant ", env!("CARGO_PKG_VERSION"), "\n"))?;
                Ok(Exit::Ok)
            }
            Command::Completions(args) => args.run(Self::command()),
        }
    }

    /// Whether the command is a server, which sets up its own logging.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self.command, Command::Serve(_) | Command::Guard(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::global::MEANINGLESS;

    fn judged(arguments: &[&str]) -> Result<(), String> {
        let arguments = [&["passavant"], arguments].concat();
        refuse_meaningless(&Cli::command().try_get_matches_from(arguments).expect("a command"))
    }

    #[test]
    fn an_option_is_refused_where_it_means_nothing_wherever_it_stands() {
        for (arguments, option) in [
            (&["version", "--config", "x"][..], "--config"),
            (&["--config", "x", "version"], "--config"),
            (&["guard", "--dev"], "--dev"),
            (&["completions", "bash", "--format", "json"], "--format"),
            (&["config", "--dev", "schema"], "--dev"),
            (&["serve", "--format", "table"], "--format"),
            (&["key", "master", "-c", "x"], "--config"),
        ] {
            let refused = judged(arguments).expect_err("refused");
            assert!(refused.starts_with(&format!("{option} means nothing to `passavant ")), "{refused}");
        }
    }

    #[test]
    fn an_option_is_accepted_where_it_means_something() {
        for arguments in [
            &["serve", "--dev"][..],
            &["-c", "x", "client", "list", "--format", "json"],
            &["config", "show", "--dev", "--format", "yaml"],
            &["version"],
            &["healthcheck", "--dev"],
        ] {
            assert_eq!(judged(arguments), Ok(()), "{arguments:?}");
        }
        assert!(Cli::try_parse_from(["passavant", "version"]).is_ok());
    }

    #[test]
    fn every_path_of_the_table_is_a_command() {
        for (path, _) in MEANINGLESS {
            let mut command = Cli::command();
            for name in *path {
                command = command.find_subcommand(name).unwrap_or_else(|| panic!("{path:?}")).clone();
            }
        }
    }
}
