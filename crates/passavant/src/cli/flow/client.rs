//! The client that runs a flow, as the command line describes it.

use std::sync::Arc;

use demo::{ClientAuthentication, Registration, RelyingParty, Tokens};
use fetching::ReqwestFetch;
use protocol::{display::Shown, limits, uri};
use serde_json::{Map, Value};

use super::shown::{ShownFetch, is_secret};
use crate::{
    global::Global,
    terminal::{Failure, Source, failed, misused},
};

/// The server that is asked where nothing is configured: that of `serve --dev`.
const DEVELOPMENT: &str = "http://localhost:4000";

/// The server, and the client that asks it.
#[derive(Debug, clap::Args)]
pub(crate) struct Peer {
    /// Issuer of the server [default: the configured one, or http://localhost:4000 where there is no configuration]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Client ID
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Source of the client secret: - for standard input, or @FILE; a public client has none
    #[arg(long, value_name = "SOURCE")]
    pub(super) client_secret: Option<Source>,
    /// How the client authenticates
    #[arg(long, value_enum, default_value_t = Method::Basic)]
    auth_method: Method,
    /// Scopes to request, separated by spaces
    #[arg(long)]
    pub(super) scope: Option<String>,
    /// Resource that the token is for (RFC 8707); may be repeated
    #[arg(long, value_name = "URI")]
    pub(super) resource: Vec<String>,
    /// Also print the tokens themselves
    #[arg(long)]
    show_tokens: bool,
}

/// How a client presents its secret (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Method {
    /// In the Authorization header
    Basic,
    /// In the form
    Post,
}

/// The issuer of the installation that is meant.
fn configured(global: &Global) -> Result<String, Failure> {
    match global.configuration() {
        Ok(config) => Ok(config.issuer),
        // A client may well be on another machine than its server.
        Err(_) if !global.dev && global.file().is_none() => Ok(DEVELOPMENT.to_owned()),
        Err(problems) => Err(problems.into()),
    }
}

/// A client that has found its server.
pub(super) struct Client {
    pub(super) peer: Peer,
    pub(super) relying_party: RelyingParty,
}

impl Client {
    pub(super) async fn open(peer: Peer, global: &Global) -> Result<Self, Failure> {
        let server = match &peer.server {
            Some(server) => server.trim_end_matches('/').to_owned(),
            None => configured(global)?,
        };
        uri::check_issuer(&server)
            .map_err(|why| misused(format_args!("--server {}: {why}", Shown(&server))))?;
        let read = |source: &Source| source.read("a secret", limits::CLIENT_SECRET_BYTES_MAX);
        let authentication = match (peer.client_secret.as_ref().map(read).transpose()?, peer.auth_method) {
            (Some(secret), Method::Basic) => ClientAuthentication::Basic(secret),
            (Some(secret), Method::Post) => ClientAuthentication::Post(secret),
            (None, _) => ClientAuthentication::None,
        };
        let registration = Registration { client_id: peer.client_id.clone(), authentication };
        let fetch = Arc::new(ShownFetch(ReqwestFetch::new().map_err(failed)?));
        let relying_party = RelyingParty::discover(fetch, &server, registration).await?;
        Ok(Self { peer, relying_party })
    }

    /// What was issued, without the tokens themselves unless they are asked for.
    pub(super) fn record(&self, tokens: &Tokens) -> Map<String, Value> {
        let is_shown = |name: &str| self.peer.show_tokens || !is_secret(name);
        let members = tokens.members.iter().filter(|(name, _)| is_shown(name));
        let mut record: Map<_, _> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
        // Not verified: a client does not read its access token, and this only shows what an API would see.
        if let Ok(token) = jose::Unverified::parse(&tokens.access_token)
            && let Ok(claims) = jose::json::object(token.payload_unverified())
        {
            record.insert("access_token_claims".to_owned(), claims.into());
        }
        record
    }
}
