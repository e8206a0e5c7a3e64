//! `resource ..`: protected APIs, their scopes and their credentials.

mod settings;
mod token;

use protocol::{Audience, ClientId};
use serde_json::{Map, Value, json};
use server::store::{Caller, Client, Commit, Expect, RegistryChange, Resource, ResourceSettings};
use zeroize::Zeroizing;

use settings::{has_secret, store_secret};

use super::{
    client::{
        apply_members,
        check::check,
        secret::{draw_id, draw_secret, given_secret, is_needed_by_resource},
    },
    settle::{Decision, settle},
};
use crate::terminal::{Exit, Failure, Format, Layout, Source, failed, misused, not_found, output, say};
use crate::{admin, wiring::Installation};

const LAYOUT: Layout = Layout {
    quiet: &["resource", "client_id", "client_secret"],
    columns: &["resource", "resource_name", "scopes", "access_token_format", "client_id"],
};
const SECRET: Layout = Layout { quiet: &["client_secret"], columns: &["client_id", "client_secret"] };

/// What is done with resources.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register a resource, and print its secret once
    Create {
        /// Its identifier, an absolute URI: the audience of its tokens
        resource: String,
        #[command(flatten)]
        members: Members,
        #[command(flatten)]
        credentials: Credentials,
    },
    /// List the resources
    List,
    /// Show a resource
    Show {
        /// Its identifier or its client_id
        resource: String,
    },
    /// Change a resource
    Edit {
        /// Its identifier or its client_id
        resource: String,
        #[command(flatten)]
        members: Members,
        /// Its secret, from standard input (-) or a @FILE
        #[arg(long, value_name = "SOURCE")]
        secret: Option<Source>,
    },
    /// Give a resource another secret, and print it once
    Secret {
        /// Its client_id or its identifier
        resource: String,
        /// The secret, from standard input (-) or a @FILE, instead of one that is made
        source: Option<Source>,
    },
    /// Print a long-lived token by which the resource may introspect: it alone on standard output
    Token {
        /// Its client_id or its identifier
        resource: String,
        /// How long it lives: a number of s, m, h or d
        #[arg(long, default_value = "365d", value_parser = token::parse_lifetime)]
        lifetime: i64,
    },
    /// Delete a resource; its credentials end
    Delete {
        /// Its identifier or its client_id
        resource: String,
    },
}

/// Members of a resource, by their common names and by their own.
#[derive(Debug, clap::Args)]
pub(crate) struct Members {
    /// How people read it
    #[arg(long)]
    name: Option<String>,
    /// The scopes that belong to it, separated by spaces; may be repeated
    #[arg(long)]
    scope: Vec<String>,
    /// What its access tokens are: opaque (the default) or jwt
    #[arg(long, value_name = "FORMAT")]
    token_format: Option<String>,
    /// Any other member; JSON, or text where it is none; without a value the member is dropped
    #[arg(long, short, value_name = "NAME=VALUE")]
    member: Vec<String>,
}

impl Members {
    fn apply(&self, members: &mut Map<String, Value>) -> Result<(), Failure> {
        let text = |text: &String| Value::from(text.clone());
        self.name.as_ref().map(|name| members.insert("resource_name".to_owned(), text(name)));
        let format = self.token_format.as_ref();
        format.map(|format| members.insert("access_token_format".to_owned(), text(format)));
        let scopes: Vec<&str> = self.scope.iter().flat_map(|scope| scope.split_whitespace()).collect();
        if !scopes.is_empty() {
            members.insert("scopes".to_owned(), scopes.into());
        }
        apply_members(&self.member, members)
    }
}

/// By what a resource authenticates.
#[derive(Debug, clap::Args)]
pub(crate) struct Credentials {
    /// Its client_id, or that of a client whose credentials it uses; without one, 22 characters are drawn
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// It never calls this server, since its access tokens are JWTs
    #[arg(long, conflicts_with_all = ["client_id", "secret"])]
    without_credentials: bool,
    /// Its secret, from standard input (-) or a @FILE, instead of one that is made
    #[arg(long, value_name = "SOURCE")]
    secret: Option<Source>,
}

/// Does it.
///
/// # Errors
/// [`Failure`] says what and by which exit code.
pub(crate) async fn run(
    command: Command,
    installation: &Installation,
    format: Format,
) -> Result<Exit, Failure> {
    match command {
        Command::Create { resource, members, credentials } => {
            let record = create(installation, &resource, &members, &credentials).await?;
            output::one(format, &LAYOUT, &record)?;
        }
        Command::List => {
            let resources = installation.server.store().resources().await?;
            let records = resources.iter().map(record).collect::<Result<Vec<_>, _>>()?;
            output::list(format, &LAYOUT, &records)?;
        }
        Command::Show { resource } => {
            output::one(format, &LAYOUT, &record(&find(installation, &resource).await?)?)?;
        }
        Command::Edit { resource, members, secret } => {
            let secret = secret.as_ref().map(given_secret).transpose()?;
            output::one(format, &LAYOUT, &edit(installation, &resource, &members, secret).await?)?;
        }
        Command::Secret { resource, source } => {
            let record = change_secret(installation, &resource, source.as_ref()).await?;
            output::one(format, &SECRET, &record)?;
        }
        Command::Token { resource, lifetime } => {
            token::print(installation, format, &resource, lifetime).await?
        }
        Command::Delete { resource } => {
            let identifier = delete(installation, &resource).await?;
            say(format_args!("deleted resource {identifier}"));
        }
    }
    Ok(Exit::Ok)
}

async fn create(
    installation: &Installation,
    identifier: &str,
    members: &Members,
    credentials: &Credentials,
) -> Result<Value, Failure> {
    let mut written = Map::new();
    members.apply(&mut written)?;
    let settings: ResourceSettings = serde_json::from_value(written.clone().into()).map_err(misused)?;
    let given = credentials.secret.as_ref().map(given_secret).transpose()?;
    let secret = given.clone().unwrap_or_else(draw_secret);
    let drawn = draw_id();
    settle(installation, async || {
        let store = installation.server.store();
        let mut known = store.resources().await?;
        if known.iter().any(|resource| resource.identifier.as_str() == identifier) {
            return Err(failed(format_args!("there is already a resource {identifier}")));
        }
        let id = credentials.client_id.as_deref().unwrap_or(&drawn);
        let id = ClientId::parse(id).ok_or_else(|| misused("a client_id is 1 to 255 visible characters"))?;
        let shared = store.client(&id).await?.map(|client| client.caller);
        let shared = shared.or_else(|| {
            known.iter_mut().filter_map(|other| other.caller.take()).find(|other| other.id == id)
        });
        if shared.is_some() && given.is_some() {
            return Err(misused(format_args!("{id} has a secret already, which the resource will share")));
        }
        let is_new = shared.is_none() && !credentials.without_credentials;
        let is_secret = is_new && has_secret(&settings);
        let named = (is_new || shared.is_some()).then_some(&id);
        let shown = is_secret.then_some(secret.as_str());
        check(installation, "resources", entry(written.clone(), identifier, named, shown)).await?;
        let own = || Caller {
            epoch: installation.server.draw_row_id(),
            disabled: false,
            secret: is_secret.then(|| store_secret(installation, &id, &settings, &secret)),
            id: id.clone(),
        };
        let caller = if is_new { Some(own()) } else { shared };
        let identifier = Audience::new(identifier);
        let resource =
            Resource { identifier, caller, settings: settings.clone(), applied: false, version: 0 };
        let put = RegistryChange::PutResource(Box::new(resource.clone()), Expect::Absent);
        let mut answer = record(&resource)?;
        if is_secret {
            answer["client_secret"] = secret.as_str().into();
        }
        Ok(Decision::new(Commit::new(installation.server.now()).with(put), answer))
    })
    .await
}

async fn edit(
    installation: &Installation,
    id: &str,
    members: &Members,
    secret: Option<Zeroizing<String>>,
) -> Result<Value, Failure> {
    settle(installation, async || {
        let mut resource = find(installation, id).await?;
        let Value::Object(mut written) = record(&resource)? else {
            return Err(failed("a resource is an object"));
        };
        written.retain(|name, _| name != "resource" && name != "client_id");
        members.apply(&mut written)?;
        let settings: ResourceSettings = serde_json::from_value(written.clone().into()).map_err(misused)?;
        let caller = resource.caller.as_ref().map(|caller| &caller.id);
        let given = secret.as_ref().map(|secret| secret.as_str());
        check(installation, "resources", entry(written, resource.identifier.as_str(), caller, given)).await?;
        if let (Some(secret), Some(caller)) = (given, &mut resource.caller) {
            caller.secret = Some(store_secret(installation, &caller.id, &settings, secret));
        }
        resource.settings = settings;
        let answer = record(&resource)?;
        let version = resource.version;
        let put = RegistryChange::PutResource(Box::new(resource), Expect::Version(version));
        Ok(Decision::new(Commit::new(installation.server.now()).with(put), answer))
    })
    .await
}

async fn change_secret(
    installation: &Installation,
    id: &str,
    source: Option<&Source>,
) -> Result<Value, Failure> {
    let secret = source.map_or_else(|| Ok(draw_secret()), given_secret)?;
    settle(installation, async || {
        let mut resource = find(installation, id).await?;
        if let Some(client) = shared_with(installation, &resource).await? {
            let id = &client.caller.id;
            return Err(failed(format_args!(
                "it uses the credentials of client {id}: run passavant client secret {id}"
            )));
        }
        let Some(caller) = &mut resource.caller else {
            return Err(failed(format_args!("{} was registered without credentials", resource.identifier)));
        };
        let mut stored = store_secret(installation, &caller.id, &resource.settings, &secret);
        if stored.sealed.is_none() && is_needed_by_resource(installation, &caller.id).await? {
            stored = installation.master.store_secret(&caller.id, &secret, true);
        }
        caller.secret = Some(stored);
        let answer = json!({ "client_id": caller.id.as_str(), "client_secret": secret.as_str() });
        let version = resource.version;
        let put = RegistryChange::PutResource(Box::new(resource), Expect::Version(version));
        Ok(Decision::new(Commit::new(installation.server.now()).with(put), answer))
    })
    .await
}

async fn delete(installation: &Installation, id: &str) -> Result<Audience, Failure> {
    settle(installation, async || {
        let identifier = find(installation, id).await?.identifier;
        if identifier.as_str() == admin::identifier(&installation.config.issuer) {
            return Err(failed("it is the server's own admin API, which every server has"));
        }
        let delete = RegistryChange::DeleteResource(identifier.clone());
        Ok(Decision::new(Commit::new(installation.server.now()).with(delete), identifier))
    })
    .await
}

/// The resource with this identifier, or the only one with this `client_id`.
async fn find(installation: &Installation, id: &str) -> Result<Resource, Failure> {
    let mut found = find_all(installation, id).await?;
    match (found.pop(), found.is_empty()) {
        (Some(resource), true) => Ok(resource),
        (Some(_), false) => {
            Err(misused(format_args!("several resources use {id}: name one by its identifier")))
        }
        (None, _) => Err(not_found("resource", id)),
    }
}

/// The resource with this identifier, or else all with this `client_id`.
async fn find_all(installation: &Installation, id: &str) -> Result<Vec<Resource>, Failure> {
    let mut resources = installation.server.store().resources().await?;
    if resources.iter().any(|resource| resource.identifier.as_str() == id) {
        resources.retain(|resource| resource.identifier.as_str() == id);
    } else {
        resources.retain(|resource| resource.caller.as_ref().is_some_and(|caller| caller.id.as_str() == id));
    }
    Ok(resources)
}

async fn shared_with(installation: &Installation, resource: &Resource) -> Result<Option<Client>, Failure> {
    let Some(caller) = &resource.caller else { return Ok(None) };
    Ok(installation.server.store().client(&caller.id).await?)
}

/// A resource as an entry of `apply`'s file.
fn entry(
    mut members: Map<String, Value>,
    identifier: &str,
    caller: Option<&ClientId>,
    secret: Option<&str>,
) -> Map<String, Value> {
    members.insert("resource".to_owned(), identifier.into());
    caller.map(|id| members.insert("client_id".to_owned(), id.as_str().into()));
    secret.map(|secret| members.insert("client_secret".to_owned(), secret.into()));
    members
}

/// A resource under its registered names, as `apply` reads them. Without its secret.
fn record(resource: &Resource) -> Result<Value, Failure> {
    let mut record = serde_json::to_value(&resource.settings).map_err(failed)?;
    record["resource"] = resource.identifier.as_str().into();
    if let Some(caller) = &resource.caller {
        record["client_id"] = caller.id.as_str().into();
    }
    Ok(record)
}
