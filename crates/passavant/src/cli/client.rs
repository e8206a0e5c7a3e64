//! `client ..`: applications that ask for tokens.

pub(super) mod check;
mod registration;
pub(super) mod secret;

use protocol::ClientId;
use serde_json::{Map, Value};
use server::store::{Caller, Client, Commit, End, Expect, Of, RegistryChange, Why};
use zeroize::Zeroizing;

use check::check;
use registration::Registration;
use secret::{draw_id, draw_secret, given_secret, is_needed_by_resource};

use super::settle::{Decision, settle};
use crate::terminal::{Exit, Failure, Format, Layout, Page, Source, failed, misused, not_found, output, say};
use crate::wiring::Installation;

const LAYOUT: Layout = Layout {
    quiet: &["client_id", "client_secret"],
    columns: &["client_id", "client_name", "token_endpoint_auth_method", "grant_types", "scope", "disabled"],
};
const SECRET: Layout = Layout { quiet: &["client_secret"], columns: &["client_id", "client_secret"] };

/// What is done with clients.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register a client, and print its secret once
    Create {
        /// Its id; without one, 22 characters are drawn
        client_id: Option<String>,
        #[command(flatten)]
        members: Members,
        /// Its secret, from standard input (-) or a @FILE, instead of one that is made
        #[arg(long, value_name = "SOURCE")]
        secret: Option<Source>,
    },
    /// List the clients
    List(Page),
    /// Show a client
    Show {
        /// Its id
        client_id: String,
    },
    /// Change a client
    Edit {
        /// Its id
        client_id: String,
        #[command(flatten)]
        members: Members,
        /// Whether it is turned away; its grants and tokens end
        #[arg(long, value_name = "BOOL")]
        disabled: Option<bool>,
        /// Its secret, from standard input (-) or a @FILE
        #[arg(long, value_name = "SOURCE")]
        secret: Option<Source>,
    },
    /// Give a client another secret, and print it once
    Secret {
        /// Its id
        client_id: String,
        /// The secret, from standard input (-) or a @FILE, instead of one that is made
        source: Option<Source>,
    },
    /// Delete a client; its grants and tokens end
    Delete {
        /// Its id
        client_id: String,
    },
}

/// Members of a registration, by their common names and by their registered ones.
#[derive(Debug, clap::Args)]
pub(crate) struct Members {
    /// How people read it
    #[arg(long)]
    name: Option<String>,
    /// Where it takes authorization responses; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// authorization_code (the default), refresh_token, client_credentials; may be repeated
    #[arg(long, value_name = "TYPE")]
    grant_type: Vec<String>,
    /// What it may ask for, separated by spaces
    #[arg(long)]
    scope: Option<String>,
    /// How it authenticates; client_secret_basic by default
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// It can't keep a secret: the same as --auth-method none
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    /// Any registered member; JSON, or text where it is none; without a value the member is dropped
    #[arg(long, short, value_name = "NAME=VALUE")]
    member: Vec<String>,
}

impl Members {
    fn apply(&self, members: &mut Map<String, Value>) -> Result<(), Failure> {
        let mut set = |name: &str, value: Option<Value>| {
            value.map(|value| members.insert(name.to_owned(), value));
        };
        let list = |list: &[String]| (!list.is_empty()).then(|| Value::from(list));
        set("client_name", self.name.clone().map(Value::from));
        set("redirect_uris", list(&self.redirect_uri));
        set("grant_types", list(&self.grant_type));
        set("scope", self.scope.clone().map(Value::from));
        let method = if self.public { Some("none".to_owned()) } else { self.auth_method.clone() };
        set("token_endpoint_auth_method", method.map(Value::from));
        apply_members(&self.member, members)
    }
}

/// Sets members that were written as `NAME=VALUE`.
pub(super) fn apply_members(written: &[String], members: &mut Map<String, Value>) -> Result<(), Failure> {
    for text in written {
        let (name, value) = text.split_once('=').ok_or_else(|| misused("a member is written NAME=VALUE"))?;
        if name.contains("secret") {
            return Err(misused("a secret is never an argument: use --secret, or the command secret"));
        }
        if value.is_empty() {
            members.remove(name);
            continue;
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        members.insert(name.to_owned(), value);
    }
    Ok(())
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
        Command::Create { client_id, members, secret } => {
            let record = create(installation, client_id, &members, secret.as_ref()).await?;
            output::one(format, &LAYOUT, &record)?;
        }
        Command::List(page) => {
            let after = page.after.as_deref().and_then(ClientId::parse);
            let found = installation.server.store().list_clients(after.as_ref(), page.asked()).await?;
            let clients = page.cut(found, |client| client.caller.id.to_string());
            let records = clients.iter().map(record).collect::<Result<Vec<_>, _>>()?;
            output::list(format, &LAYOUT, &records)?;
        }
        Command::Show { client_id } => {
            output::one(format, &LAYOUT, &record(&find(installation, &client_id).await?)?)?;
        }
        Command::Edit { client_id, members, disabled, secret } => {
            let given = secret.as_ref().map(given_secret).transpose()?;
            let change = |written: &mut Map<String, Value>| {
                members.apply(written)?;
                disabled.map(|disabled| written.insert("disabled".to_owned(), disabled.into()));
                Ok(())
            };
            let record = edit(installation, &client_id, given, change).await?;
            output::one(format, &LAYOUT, &record)?;
        }
        Command::Secret { client_id, source } => {
            let record = change_secret(installation, &client_id, source.as_ref()).await?;
            output::one(format, &SECRET, &record)?;
        }
        Command::Delete { client_id } => {
            delete(installation, &client_id).await?;
            say(format_args!("deleted client {client_id}, and ended its grants and tokens"));
        }
    }
    Ok(Exit::Ok)
}

async fn create(
    installation: &Installation,
    id: Option<String>,
    members: &Members,
    secret: Option<&Source>,
) -> Result<Value, Failure> {
    let id = id.unwrap_or_else(draw_id);
    let id = ClientId::parse(&id).ok_or_else(|| misused("a client_id is 1 to 255 visible characters"))?;
    let mut written = Map::new();
    members.apply(&mut written)?;
    let registration = Registration::read(written.clone())?;
    let secret = match secret {
        Some(source) => Some(given_secret(source)?),
        None => registration.needs_secret().then(draw_secret),
    };
    let server = &installation.server;
    if server.store().client(&id).await?.is_some() {
        return Err(failed(format_args!("there is already a client {id}")));
    }
    check(installation, "clients", entry(written, &id, secret.as_ref().map(|secret| secret.as_str())))
        .await?;
    let recoverable = registration.needs_secret_itself();
    let stored = secret.as_ref().map(|secret| installation.master.store_secret(&id, secret, recoverable));
    let epoch = server.draw_row_id();
    let client = settle(installation, async || {
        if server.store().client(&id).await?.is_some() {
            return Err(failed(format_args!("there is already a client {id}")));
        }
        let caller =
            Caller { id: id.clone(), epoch, disabled: registration.disabled, secret: stored.clone() };
        let client = registration.clone().into_client(caller, (false, 0));
        let commit = Commit::new(server.now())
            .with(RegistryChange::PutClient(Box::new(client.clone()), Expect::Absent));
        Ok(Decision::new(commit, client))
    })
    .await?;
    let mut record = record(&client)?;
    if let Some(secret) = secret {
        record["client_secret"] = secret.as_str().into();
    }
    Ok(record)
}

/// Changes a client. Where it now needs a secret and has none, one is made, and answered this once.
async fn edit(
    installation: &Installation,
    id: &str,
    given: Option<Zeroizing<String>>,
    change: impl Fn(&mut Map<String, Value>) -> Result<(), Failure>,
) -> Result<Value, Failure> {
    let server = &installation.server;
    settle(installation, async || {
        let before = find(installation, id).await?;
        let id = &before.caller.id;
        let Value::Object(mut written) = record(&before)? else {
            return Err(failed("a client is an object"));
        };
        written.remove("client_id");
        change(&mut written)?;
        let registration = Registration::read(written.clone())?;
        let is_missing = registration.needs_secret() && before.caller.secret.is_none();
        let drawn = (given.is_none() && is_missing).then(draw_secret);
        let secret = given.as_ref().or(drawn.as_ref()).map(|secret| secret.as_str());
        check(installation, "clients", entry(written, id, secret)).await?;
        let mut caller = Caller { disabled: registration.disabled, ..before.caller.clone() };
        let recoverable =
            registration.needs_secret_itself() || is_needed_by_resource(installation, id).await?;
        match secret {
            Some(secret) => caller.secret = Some(installation.master.store_secret(id, secret, recoverable)),
            None if !recoverable => caller.secret.iter_mut().for_each(|kept| kept.sealed = None),
            None => {}
        }
        let mut commit = Commit::new(server.now());
        if caller.disabled && !before.caller.disabled {
            caller.epoch = server.draw_row_id();
            commit.push(ended(installation, id, Why::ClientDisabled));
        }
        let client = registration.into_client(caller, (before.applied, before.version));
        let mut answer = record(&client)?;
        if let Some(drawn) = &drawn {
            answer["client_secret"] = drawn.as_str().into();
        }
        commit.push(RegistryChange::PutClient(Box::new(client), Expect::Version(before.version)));
        Ok(Decision::new(commit, answer))
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
        let mut client = find(installation, id).await?;
        let registration = Registration::of(&client);
        if !registration.needs_secret() {
            let method = client.metadata.auth_method();
            return Err(failed(format_args!("{id} authenticates by {method}, which needs no secret")));
        }
        let version = client.version;
        let recoverable = registration.needs_secret_itself()
            || is_needed_by_resource(installation, &client.caller.id).await?;
        client.caller.secret =
            Some(installation.master.store_secret(&client.caller.id, &secret, recoverable));
        let commit = Commit::new(installation.server.now())
            .with(RegistryChange::PutClient(Box::new(client), Expect::Version(version)));
        Ok(Decision::new(commit, serde_json::json!({ "client_id": id, "client_secret": secret.as_str() })))
    })
    .await
}

async fn delete(installation: &Installation, id: &str) -> Result<(), Failure> {
    settle(installation, async || {
        let id = find(installation, id).await?.caller.id;
        let commit = Commit::new(installation.server.now())
            .with(RegistryChange::DeleteClient(id.clone()))
            .with(ended(installation, &id, Why::ClientDeleted));
        Ok(Decision::new(commit, ()))
    })
    .await
}

/// The client with this id.
async fn find(installation: &Installation, id: &str) -> Result<Client, Failure> {
    let found = match ClientId::parse(id) {
        Some(id) => installation.server.store().client(&id).await?,
        None => None,
    };
    found.ok_or_else(|| not_found("client", id))
}

fn ended(installation: &Installation, id: &ClientId, why: Why) -> End {
    installation.server.ending(Of::Client(id.clone()), why)
}

/// A client as an entry of `apply`'s file.
fn entry(mut members: Map<String, Value>, id: &ClientId, secret: Option<&str>) -> Map<String, Value> {
    members.insert("client_id".to_owned(), id.as_str().into());
    secret.map(|secret| members.insert("client_secret".to_owned(), secret.into()));
    members
}

/// A client under the registered names, as `apply` reads them. Without its secret.
fn record(client: &Client) -> Result<Value, Failure> {
    let mut record = serde_json::to_value(&client.metadata).map_err(failed)?;
    record["client_id"] = client.caller.id.as_str().into();
    record["require_pkce"] = client.require_pkce.into();
    record["skip_consent"] = client.skip_consent.into();
    record["disabled"] = client.caller.disabled.into();
    Ok(record)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_json_or_text_and_never_a_secret() {
        let mut members = Map::new();
        let written = ["jwks={\"keys\":[]}", "client_name=Shop = 1", "default_max_age=60"].map(str::to_owned);
        apply_members(&written, &mut members).expect("fine");
        assert_eq!(
            Value::Object(members.clone()),
            json!({"jwks": {"keys": []}, "client_name": "Shop = 1", "default_max_age": 60})
        );
        apply_members(&["jwks=".to_owned()], &mut members).expect("fine");
        assert_eq!(members.get("jwks"), None);
        assert!(apply_members(&["client_secret=x".to_owned()], &mut members).is_err());
    }
}
