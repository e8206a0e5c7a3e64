//! `flow ..`: a real flow against a server, as a client would run it, each hop shown.

mod code;
pub(super) mod hops;
mod loopback;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, header};
use protocol::{GrantType, ServerMetadata, display::Shown, limits, server_metadata::well_known_url, uri};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{
    global::Global,
    terminal::{Exit, Failure, Layout, Source, failed, misused, output},
};
use hops::Hops;

const LAYOUT: Layout = Layout {
    quiet: &["access_token", "refresh_token", "id_token"],
    columns: &["token_type", "expires_in", "scope"],
};

/// Flows.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// A person signs in in a browser; the answer comes to this machine (RFC 6749 §4.1, RFC 8252 §7.3)
    Code {
        #[command(flatten)]
        peer: Peer,
        #[command(flatten)]
        browser: code::Browser,
    },
    /// The client acts for itself (RFC 6749 §4.4)
    ClientCredentials {
        #[command(flatten)]
        peer: Peer,
    },
}

/// Which server is asked, and as whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Peer {
    /// The issuer
    #[arg(long, value_name = "URL", default_value = "http://localhost:4000")]
    server: String,
    /// The client
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Its secret, from standard input (-) or a @FILE; without one, the client is public
    #[arg(long, value_name = "SOURCE")]
    client_secret: Option<Source>,
    /// How the secret is shown
    #[arg(long, value_enum, default_value_t = Method::Basic)]
    auth_method: Method,
    /// What is asked for, separated by spaces
    #[arg(long)]
    scope: Option<String>,
    /// Whom the token is for (RFC 8707); may be repeated
    #[arg(long, value_name = "URI")]
    resource: Vec<String>,
    /// Print the tokens themselves, too
    #[arg(long)]
    show_tokens: bool,
}

/// How a client shows its secret (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Method {
    /// In the Authorization header.
    Basic,
    /// In the body.
    Post,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] says what and by which exit code.
pub(crate) async fn run(command: Command, global: &Global) -> Result<Exit, Failure> {
    let record = match command {
        Command::Code { peer, browser } => code::run(&Client::open(peer).await?, &browser).await?,
        Command::ClientCredentials { peer } => client_credentials(&Client::open(peer).await?).await?,
    };
    output::one(global.format, &LAYOUT, &record)?;
    Ok(Exit::Ok)
}

async fn client_credentials(client: &Client) -> Result<Value, Failure> {
    if client.secret.is_none() {
        return Err(misused("client_credentials is for confidential clients: give --client-secret"));
    }
    let mut form = vec![("grant_type", GrantType::ClientCredentials.as_str())];
    form.extend(client.peer.scope.as_deref().map(|scope| ("scope", scope)));
    form.extend(client.peer.resource.iter().map(|resource| ("resource", resource.as_str())));
    let answer = client.ask_for_tokens(&form).await?;
    Ok(client.record(&answer))
}

/// A client that has found its server.
struct Client {
    peer: Peer,
    secret: Option<Zeroizing<String>>,
    metadata: ServerMetadata,
    hops: Hops,
}

impl Client {
    async fn open(mut peer: Peer) -> Result<Self, Failure> {
        peer.server.truncate(peer.server.trim_end_matches('/').len());
        uri::check_issuer(&peer.server)
            .map_err(|why| misused(format_args!("--server {}: {why}", Shown(&peer.server))))?;
        let read = |source: &Source| source.read("a secret", limits::CLIENT_SECRET_BYTES_MAX);
        let secret = peer.client_secret.as_ref().map(read).transpose()?;
        let hops = Hops::new()?;
        let metadata = discover(&hops, &peer.server).await?;
        Ok(Self { peer, secret, metadata, hops })
    }

    /// Asks the token endpoint (RFC 6749 §3.2).
    async fn ask_for_tokens(&self, form: &[(&str, &str)]) -> Result<Map<String, Value>, Failure> {
        let url = endpoint(self.metadata.token_endpoint.as_deref(), "token")?;
        let id = &self.peer.client_id;
        let mut request = Request::post(url).header(header::ACCEPT, "application/json");
        let mut form = form.to_vec();
        match (&self.secret, self.peer.auth_method) {
            (Some(secret), Method::Basic) => {
                request = request.header(header::AUTHORIZATION, basic(id, secret));
            }
            (Some(secret), Method::Post) => {
                form.extend([("client_id", id.as_str()), ("client_secret", secret)])
            }
            (None, _) => form.push(("client_id", id)),
        }
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
        let answer = self.hops.go(request.body(Bytes::from(body)).map_err(failed)?, &form).await?;
        let members = hops::object(answer.body())?;
        if answer.status().is_success() {
            return Ok(members);
        }
        let text =
            |name: &str| Shown(members.get(name).and_then(Value::as_str).unwrap_or("no reason")).to_string();
        Err(failed(format_args!("refused: {} ({})", text("error"), text("error_description"))))
    }

    /// What came, without the tokens themselves unless they are asked for.
    fn record(&self, answer: &Map<String, Value>) -> Value {
        let mut record = Map::new();
        for (name, value) in answer {
            if self.peer.show_tokens || !hops::is_secret(name) {
                record.insert(name.clone(), value.clone());
            }
        }
        let access = answer.get("access_token").and_then(Value::as_str).unwrap_or_default();
        // Not verified: a client does not read its access token, and this only shows what an API would see.
        if let Ok(token) = jose::Unverified::parse(access)
            && let Ok(claims) = jose::json::object(token.payload_unverified())
        {
            record.insert("access_token_claims".to_owned(), claims.into());
        }
        record.into()
    }
}

/// The header by which a client shows its secret (RFC 6749 §2.3.1).
pub(super) fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = Zeroizing::new(format!("{}:{}", encode(id), encode(secret)));
    format!("Basic {}", STANDARD.encode(&*pair))
}

/// Fetches the metadata of an issuer (OpenID Connect Discovery 1.0 §4, else RFC 8414 §3), and sees that they are its
/// own.
pub(super) async fn discover(hops: &Hops, issuer: &str) -> Result<ServerMetadata, Failure> {
    let places = [Some(format!("{issuer}/.well-known/openid-configuration")), well_known_url(issuer)];
    for url in places.into_iter().flatten() {
        let request = Request::get(url).header(header::ACCEPT, "application/json").body(Bytes::new());
        let answer = hops.go(request.map_err(failed)?, &[]).await?;
        if !answer.status().is_success() {
            continue;
        }
        let metadata: ServerMetadata = serde_json::from_value(hops::object(answer.body())?.into())?;
        if metadata.issuer != issuer {
            let other = Shown(&metadata.issuer);
            return Err(failed(format_args!("the metadata are those of {other}, not of {issuer}")));
        }
        return Ok(metadata);
    }
    Err(failed(format_args!("{issuer} has no metadata: is it an issuer?")))
}

/// An endpoint from the metadata: where credentials go, so never over plain http to another machine.
pub(super) fn endpoint<'m>(url: Option<&'m str>, name: &str) -> Result<&'m str, Failure> {
    let url = url.ok_or_else(|| failed(format_args!("this server has no {name} endpoint")))?;
    let parts = uri::Parts::of(url).map_err(|why| failed(format_args!("the {name} endpoint {why}")))?;
    match parts.scheme {
        "https" => Ok(url),
        "http" if parts.is_loopback() => Ok(url),
        _ => Err(failed(format_args!("the {name} endpoint {} is not https", Shown(url)))),
    }
}
