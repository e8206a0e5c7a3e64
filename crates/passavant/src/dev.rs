//! `--dev`: a seeded installation that needs no configuration, and is reachable only from this machine.

use std::{
    fs, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use admin::{Administration, ApplyError, ApplyMode, World, operations::Apply};
use demo::seeds::{
    API, APP, APP_REDIRECT, APP_SCOPES, CLI, CLI_SCOPES, SCOPE, USER, WEB, WEB_SCOPES, api_identifier,
    post_logout_redirect_uri,
};
use protocol::GrantType;
use serde_json::{Value, json};
use server::{DeviceFlow, ports::SystemEntropy};
use tokio::net::TcpListener;

use crate::{
    config::{Config, Layers, Problems, environment, logging},
    terminal::{Exit, Failure, failed, unusable},
    wiring::master_key,
};

/// Its directory, below the one that the command runs in.
const FOLDER: &str = ".passavant-dev";
/// The configuration in that directory, from which other commands learn the port.
const FILE: &str = "passavant.toml";
/// The port unless `--listen` gives another one.
const PORT: u16 = 4000;

/// The configuration of the development installation, for commands beside its server.
///
/// # Errors
/// [`Problems`] where it was never started.
pub(crate) fn configuration(data: Option<&Path>) -> Result<Config, Problems> {
    let file = file(data);
    if !file.exists() {
        let folder = folder(data);
        let folder = folder.display();
        let text =
            format!("there is no development installation in {folder}: start it with passavant serve --dev");
        return Err(Problems::of(None, text));
    }
    let mut config = Config::of(&mut layers(data)?)?;
    config.settings.any_localhost_redirect = true;
    config.settings.explain_refusals = true;
    config.settings.device = Some(DeviceFlow::default());
    Ok(Config { dev: true, ..config })
}

/// Its layers: what the environment says to another installation is not for this one, except what is logged.
///
/// # Errors
/// [`Problems`] where its file can't be read.
pub(crate) fn layers(data: Option<&Path>) -> Result<Layers, Problems> {
    Layers::read(Some(&file(data)), &logging(environment()), &[])
}

/// The path of that configuration.
fn file(data: Option<&Path>) -> PathBuf {
    folder(data).join(FILE)
}

/// Creates what is missing, and binds the ports.
///
/// # Errors
/// An address that is not loopback; a port in use; a directory that can't be written.
pub(crate) async fn prepare(
    data: Option<&Path>,
    listen: Option<SocketAddr>,
) -> Result<(Config, Vec<TcpListener>), Failure> {
    if let Some(address) = listen.filter(|address| !address.ip().is_loopback()) {
        let text =
            format!("--dev listens only on loopback, since its secrets are public, and {address} is not");
        return Err(Failure::new(Exit::Usage, anyhow::anyhow!(text)));
    }
    let listeners = listen_on(listen.map_or(PORT, |address| address.port())).await?;
    let mut addresses = Vec::with_capacity(listeners.len());
    for listener in &listeners {
        addresses.push(listener.local_addr().map_err(failed)?);
    }
    let folder = make_folder(data)?;
    let key = folder.join("master.key");
    match master_key::write_new(&key, &SystemEntropy) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(&key, &error)),
        Ok(()) | Err(_) => {}
    }
    write_file(&folder, &addresses)?;
    Ok((configuration(Some(&folder))?, listeners))
}

/// Adds the seeds that are missing. What was changed since stays as it is.
///
/// # Errors
/// The store's.
pub(crate) async fn seed(config: &Config, administration: &Administration) -> Result<(), ApplyError> {
    let world = World::seeds(seeds(config), administration)?;
    Apply { world: &world, mode: ApplyMode::Seed, dry_run: false }.run(administration).await?;
    Ok(())
}

/// What was seeded, and how to try it.
pub(crate) fn welcome(config: &Config) -> String {
    let issuer = &config.issuer;
    let ((user, password), (cli, secret), (api, api_secret), (app, app_secret)) = (USER, CLI, API, APP);
    format!(
        "\npassavant --dev: all secrets here are public, and the server is reachable only from this machine.\n\n\
         open       {issuer}/\n\
         issuer     {issuer}\n\
         user       {user} / {password}\n\
         client     {WEB} (public, PKCE, http://127.0.0.1/callback at any port)\n\
         client     {app} / {app_secret} (your web app, at http://localhost, any port and path)\n\
         client     {cli} / {secret} (client_credentials, device)\n\
         resource   {api} / {api_secret}, scope {SCOPE}, at {issuer}/demo-api\n\n\
         # a token, the API that it opens, what the API's server says of it\n\
         TOKEN=$(curl -s -u {cli}:{secret} -d grant_type=client_credentials -d scope={SCOPE} {issuer}/token \
         | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\
         curl -s -H \"Authorization: Bearer $TOKEN\" {issuer}/demo-api/time\n\
         curl -s -u {api}:{api_secret} -d token=$TOKEN {issuer}/introspect\n\n\
         # a sign-in of a device without a browser: open the address that it answers, and poll with its device_code\n\
         curl -s -u {cli}:{secret} -d scope=openid {issuer}/device_authorization\n\n"
    )
}

fn seeds(config: &Config) -> Value {
    let identifier = api_identifier(&config.issuer);
    let signed_out = post_logout_redirect_uri(config.listen.first().map_or(PORT, SocketAddr::port));
    let ((user, password), (cli, cli_secret), (api, api_secret), (app, app_secret)) = (USER, CLI, API, APP);
    json!({
        "clients": [
            {
                "client_id": WEB, "client_name": "Demo app", "application_type": "native",
                "token_endpoint_auth_method": "none",
                "redirect_uris": ["http://127.0.0.1/callback", "http://[::1]/callback", "http://127.0.0.1/demo-app/callback"],
                "post_logout_redirect_uris": [signed_out],
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
                "scope": WEB_SCOPES,
            },
            {
                // Not every framework sends a challenge for a client with a secret.
                "client_id": app, "client_name": "My app", "client_secret": app_secret, "require_pkce": false,
                "redirect_uris": [APP_REDIRECT], "post_logout_redirect_uris": [APP_REDIRECT],
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
                "scope": APP_SCOPES,
            },
            {
                "client_id": cli, "client_name": "Demo machine", "client_secret": cli_secret,
                "grant_types": ["client_credentials", GrantType::DeviceCode.as_str(), "refresh_token"],
                "response_types": [], "scope": CLI_SCOPES,
            },
        ],
        "resources": [
            { "resource": identifier, "resource_name": "Demo API", "client_id": api, "client_secret": api_secret, "scopes": [SCOPE] },
        ],
        "users": [
            {
                "sub": user, "username": user, "password": password,
                "claims": { "name": "Alice Example", "given_name": "Alice", "family_name": "Example",
                            "email": "alice@example.org", "email_verified": true },
            },
        ],
        "scopes": [
            { "scope": SCOPE, "description": { "en": "Read the time from the demo API" } },
        ],
    })
}

fn folder(data: Option<&Path>) -> PathBuf {
    data.unwrap_or(Path::new(FOLDER)).to_owned()
}

fn make_folder(data: Option<&Path>) -> Result<PathBuf, Failure> {
    let folder = folder(data);
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.and_then(|()| folder.canonicalize()).map_err(|error| unusable(&folder, &error))
}

/// Binds one port on both loopback addresses; on a machine without IPv6, on one.
async fn listen_on(port: u16) -> Result<Vec<TcpListener>, Failure> {
    let first = serving::bind((Ipv4Addr::LOCALHOST, port).into()).await.map_err(failed)?;
    let port = first.local_addr().map_err(failed)?.port();
    match serving::bind((Ipv6Addr::LOCALHOST, port).into()).await {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(failed(error)),
        Err(error) => {
            tracing::warn!(%error, "only 127.0.0.1 is served");
            Ok(vec![first])
        }
    }
}

/// Writes the configuration, at each start since `--listen` may have changed. The file is renamed into place, so that no
/// reader sees half of it.
fn write_file(folder: &Path, addresses: &[SocketAddr]) -> Result<(), Failure> {
    let port = addresses.first().map_or(PORT, SocketAddr::port);
    let addresses: Vec<_> = addresses.iter().map(|address| format!("\"{address}\"")).collect();
    let text = format!(
        "# Written by passavant serve --dev, at every start.\nissuer = \"http://localhost:{port}\"\n\
         [http]\nlisten = [{}]\n[database]\nurl = \"sqlite:passavant.db\"\n[secrets]\nmaster_key_file = \"master.key\"\n",
        addresses.join(", ")
    );
    let draft = folder.join(format!("{FILE}.new"));
    let path = folder.join(FILE);
    fs::write(&draft, text).and_then(|()| fs::rename(&draft, &path)).map_err(|error| unusable(&path, &error))
}
