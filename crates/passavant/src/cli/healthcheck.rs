//! `healthcheck`: whether the running server is healthy, for containers and scripts.

use std::{net::SocketAddr, time::Duration};

use protocol::uri::Parts;

use crate::config::Config;
use crate::{
    global::Global,
    terminal::{Exit, Failure, say},
};

/// Seconds that an answer may take.
const ANSWER_SECONDS_MAX: u64 = 5;

/// Asks the management listener if there is one, else fetches the metadata of the server.
///
/// # Errors
/// [`Exit::Unreachable`] where the server does not answer.
pub(crate) async fn run(global: &Global) -> Result<Exit, Failure> {
    let url = url(&global.configuration()?);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(ANSWER_SECONDS_MAX))
        // The certificate is that of the public host, which the address of a listener never is. Nothing is sent that is secret.
        .tls_danger_accept_invalid_certs(true)
        .build()?;
    let answer = client.get(&url).send().await;
    let answer = answer.map_err(|error| {
        Failure::new(Exit::Unreachable, anyhow::anyhow!("{url} does not answer: {}", error.without_url()))
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(Exit::Ok);
    }
    say(format_args!("{url} answers with {status}"));
    Ok(Exit::No)
}

/// The URL of the listener itself: what stands between it and its public URL is not checked.
fn url(config: &Config) -> String {
    match (config.management, config.listen.first()) {
        (Some(address), _) => format!("http://{}/health/ready", reachable(address)),
        (None, Some(address)) => {
            let path = Parts::of(&config.issuer).map_or("", |parts| parts.path);
            let scheme = if config.tls.is_some() { "https" } else { "http" };
            format!("{scheme}://{}{path}/.well-known/oauth-authorization-server", reachable(*address))
        }
        (None, None) => format!("{}/.well-known/oauth-authorization-server", config.issuer),
    }
}

/// A server that listens on all addresses also listens on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
