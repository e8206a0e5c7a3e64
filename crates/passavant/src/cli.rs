//! The command line: a noun, a verb, and what they mean.

mod apply;
mod client;
mod completions;
mod config;
mod exits;
mod flow;
mod grant;
mod healthcheck;
mod key;
mod resource;
mod session;
mod settle;
mod token;
mod user;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::{
    global::Global,
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
    /// Make the registry what a file says
    Apply(apply::ApplyArgs),
    /// Layout at the configuration
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
    /// Layout into a token
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
            Command::Completions(args) => args.run(Self::command()),
        }
    }

    /// Whether this is a server, which logs what it does.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self.command, Command::Serve(_) | Command::Guard(_))
    }
}
