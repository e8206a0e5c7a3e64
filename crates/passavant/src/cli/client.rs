//! `client ..`: applications that ask for tokens.

use admin::{
    Administration,
    operations::{
        ChangeClientSecret, CreateClient, CreateRegistrationToken, DeleteClient, EditClient, MemberEdit,
        find_client,
    },
    record,
};
use protocol::ClientId;
use serde_json::{Value, json};

use super::{
    lifetime::parse_lifetime,
    members::{self, given_secret, printable},
};
use crate::terminal::{Exit, Failure, Format, Layout, Page, Source, Yes, output, say};

const LAYOUT: Layout = Layout {
    quiet: &["client_id", "client_secret"],
    columns: &[
        "client_id",
        "client_name",
        "token_endpoint_auth_method",
        "grant_types",
        "scope",
        "disabled",
        "provenance",
    ],
};
const REGISTRATION_TOKEN: Layout =
    Layout { quiet: &["registration_token"], columns: &["registration_token", "uses", "expires_at"] };
const SECRET: Layout = Layout { quiet: &["client_secret"], columns: &["client_id", "client_secret"] };

/// Commands for clients.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register a client, and print its secret once
    Create {
        /// Client ID; without one, a random ID of 22 characters
        client_id: Option<String>,
        #[command(flatten)]
        members: Members,
        /// Read the secret from standard input (-) or a @FILE instead of generating one
        #[arg(long, value_name = "SOURCE")]
        secret: Option<Source>,
    },
    /// List the clients
    List(Page),
    /// Show a client
    Show {
        /// Client ID
        client_id: String,
    },
    /// Change a client
    Edit {
        /// Client ID
        client_id: String,
        #[command(flatten)]
        members: Members,
        /// Replace all redirect URIs by these
        #[arg(long, value_name = "URI", num_args = 1.., conflicts_with = "redirect_uri")]
        set_redirect_uris: Vec<String>,
        /// Disable or enable the client; disabling ends its grants and tokens
        #[arg(long, value_name = "BOOL")]
        disabled: Option<bool>,
        /// Replace the secret: read it from standard input (-) or a @FILE
        #[arg(long, value_name = "SOURCE")]
        secret: Option<Source>,
    },
    /// Replace the secret of a client, and print it once
    Secret {
        /// Client ID
        client_id: String,
        /// Read the secret from standard input (-) or a @FILE instead of generating one
        source: Option<Source>,
    },
    /// Print a token with which clients register themselves at /register (RFC 7591 section 3)
    RegistrationToken {
        /// How many clients may register with it, at most 1000
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        uses: u32,
        /// How long it is valid: 30m, 12h, 7d
        #[arg(long, default_value = "1d", value_parser = parse_lifetime)]
        lifetime: i64,
    },
    /// Delete a client; its grants and tokens end
    Delete {
        /// Client ID
        client_id: String,
        #[command(flatten)]
        yes: Yes,
    },
}

/// Metadata of a client: options for the common members, and one for any other.
#[derive(Debug, clap::Args)]
pub(crate) struct Members {
    /// Display name
    #[arg(long)]
    name: Option<String>,
    /// Redirect URI for authorization responses, added to those that are registered; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Grant type: authorization_code (the default), refresh_token, client_credentials; may be repeated. Replaces those
    /// that are registered
    #[arg(long, value_name = "TYPE")]
    grant_type: Vec<String>,
    /// Scopes that the client may request, separated by spaces. Replaces those that are registered
    #[arg(long)]
    scope: Option<String>,
    /// The only authentication method; by default the secret is accepted by HTTP Basic and in the body
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// The client can't keep a secret: the same as --auth-method none
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    /// Set any metadata member to a JSON value (plain text if it is not JSON); NAME= removes it
    #[arg(long, short, value_name = "NAME=VALUE")]
    member: Vec<String>,
}

impl Members {
    fn edits(&self) -> Result<Vec<MemberEdit>, Failure> {
        let list = |list: &[String]| (!list.is_empty()).then(|| Value::from(list));
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let method = if self.public { Some("none".into()) } else { text(&self.auth_method) };
        let mut edits: Vec<_> = [
            ("client_name", text(&self.name)),
            ("grant_types", list(&self.grant_type)),
            ("scope", text(&self.scope)),
            ("token_endpoint_auth_method", method),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(MemberEdit::set(name, value?)))
        .collect();
        if !self.redirect_uri.is_empty() {
            edits.push(MemberEdit::add("redirect_uris", self.redirect_uri.iter().map(String::as_str)));
        }
        edits.extend(members::parse(&self.member)?);
        Ok(edits)
    }
}

/// Runs a command.
///
/// # Errors
/// [`Failure`] with its exit code.
pub(crate) async fn run(
    command: Command,
    administration: &Administration,
    format: Format,
) -> Result<Exit, Failure> {
    match command {
        Command::Create { client_id, members, secret } => {
            let (members, secret) = (members.edits()?, given_secret(secret.as_ref())?);
            let created = CreateClient { id: client_id, members, secret }.run(administration).await?;
            let record = printable(created);
            tell_what_an_application_needs(administration, &record);
            output::one(format, &LAYOUT, &record)?;
        }
        Command::List(page) => {
            let after = page.after.as_deref().and_then(ClientId::parse);
            let found = administration.server.store().list_clients(after.as_ref(), page.asked()).await?;
            let clients = page.cut(found, |client| client.caller.id.to_string());
            let records: Vec<_> = clients.iter().map(|client| record::shown_client(client).into()).collect();
            output::list(format, &LAYOUT, &records)?;
        }
        Command::Show { client_id } => {
            let client = find_client(administration, &client_id).await?;
            output::one(format, &LAYOUT, &record::shown_client(&client).into())?;
        }
        Command::Edit { client_id, members, set_redirect_uris, disabled, secret } => {
            let (mut members, secret) = (members.edits()?, given_secret(secret.as_ref())?);
            if !set_redirect_uris.is_empty() {
                members.push(MemberEdit::set("redirect_uris", set_redirect_uris));
            }
            members.extend(disabled.map(|disabled| MemberEdit::set("disabled", disabled)));
            let edited = EditClient { id: client_id, members, secret }.run(administration).await?;
            output::one(format, &LAYOUT, &printable(edited))?;
        }
        Command::Secret { client_id, source } => {
            let secret = given_secret(source.as_ref())?;
            let changed = ChangeClientSecret { id: client_id, secret }.run(administration).await?;
            output::one(format, &SECRET, &credentials(printable(changed)))?;
        }
        Command::RegistrationToken { uses, lifetime } => {
            let made = CreateRegistrationToken { uses, lifetime }.run(administration).await?;
            let token = made.token.to_text();
            let record =
                json!({ "registration_token": token, "uses": uses, "expires_at": made.expires_at.0 });
            output::one(format, &REGISTRATION_TOKEN, &record)?;
        }
        Command::Delete { client_id, yes } => {
            find_client(administration, &client_id).await?;
            yes.confirm(format_args!("delete client {client_id}, and end its grants and tokens")).await?;
            DeleteClient { id: client_id.clone() }.run(administration).await?;
            say(format_args!("deleted client {client_id}, and ended its grants and tokens"));
        }
    }
    Ok(Exit::Ok)
}

/// What the configuration of an application asks for beside id and secret.
fn tell_what_an_application_needs(administration: &Administration, record: &Value) {
    let issuer = &administration.server.settings().issuer;
    let method =
        record["token_endpoint_auth_method"].as_str().unwrap_or("client_secret_basic or client_secret_post");
    say(format_args!(
        "issuer                      {issuer}\n\
         discovery                   {issuer}/.well-known/openid-configuration\n\
         token_endpoint_auth_method  {method}"
    ));
}

/// Only the id and the secret of a record.
pub(super) fn credentials(record: Value) -> Value {
    json!({ "client_id": record["client_id"], "client_secret": record["client_secret"] })
}
