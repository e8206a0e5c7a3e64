//! `flow ..`: a real flow against a server, as a client would run it; each request and answer is shown.

mod client;
mod code;
mod device;
mod shown;

use serde_json::Value;

use crate::{
    global::Global,
    terminal::{Exit, Failure, Layout, misused, output},
};
use client::{Client, Peer};

const LAYOUT: Layout = Layout {
    quiet: &["access_token", "refresh_token", "id_token"],
    columns: &["token_type", "expires_in", "scope"],
};

/// Runs flows.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Sign in through a browser on this machine: authorization code with PKCE (RFC 6749 §4.1, RFC 8252 §7.3)
    Code {
        #[command(flatten)]
        peer: Peer,
        #[command(flatten)]
        browser: code::Browser,
    },
    /// Sign in from a device without a browser, by a browser elsewhere (RFC 8628)
    Device {
        #[command(flatten)]
        peer: Peer,
    },
    /// Get a token for the client itself (RFC 6749 §4.4)
    ClientCredentials {
        #[command(flatten)]
        peer: Peer,
    },
}

/// Runs a flow.
///
/// # Errors
/// [`Failure`] says what and by which exit code.
pub(crate) async fn run(command: Command, global: &Global) -> Result<Exit, Failure> {
    let record = match command {
        Command::Code { peer, browser } => code::run(&Client::open(peer, global).await?, &browser).await?,
        Command::Device { peer } => device::run(&Client::open(peer, global).await?).await?,
        Command::ClientCredentials { peer } => client_credentials(&Client::open(peer, global).await?).await?,
    };
    output::one(global.format, &LAYOUT, &record)?;
    Ok(Exit::Ok)
}

async fn client_credentials(client: &Client) -> Result<Value, Failure> {
    if client.peer.client_secret.is_none() {
        return Err(misused("client_credentials needs a confidential client: give --client-secret"));
    }
    let Peer { scope, resource, .. } = &client.peer;
    let tokens = client.relying_party.client_credentials(scope.as_deref(), resource).await?;
    Ok(client.record(&tokens).into())
}
