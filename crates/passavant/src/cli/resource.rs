//! `resource ..`: protected APIs, their scopes and their credentials.

mod token;

use admin::{
    Administration,
    operations::{
        Authentication, ChangeResourceSecret, CreateResource, DeleteResource, EditResource, MemberEdit,
        find_resource,
    },
    record,
};

use super::{
    client::credentials,
    lifetime::parse_lifetime,
    members::{self, given_secret, printable},
};
use crate::terminal::{Exit, Failure, Format, Layout, Source, Yes, output, say};

const LAYOUT: Layout = Layout {
    quiet: &["resource", "client_id", "client_secret"],
    columns: &["resource", "resource_name", "scopes", "access_token_format", "client_id"],
};
const SECRET: Layout = Layout { quiet: &["client_secret"], columns: &["client_id", "client_secret"] };

/// Commands for resources.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register a resource, and print its secret once
    Create {
        /// Resource identifier: an absolute URI, and the audience of its tokens
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
        /// Resource identifier or client ID
        resource: String,
    },
    /// Change a resource
    Edit {
        /// Resource identifier or client ID
        resource: String,
        #[command(flatten)]
        members: Members,
        /// Replace the secret: read it from standard input (-) or a @FILE
        #[arg(long, value_name = "SOURCE")]
        secret: Option<Source>,
    },
    /// Replace the secret of a resource, and print it once
    Secret {
        /// Client ID or resource identifier
        resource: String,
        /// Read the secret from standard input (-) or a @FILE instead of generating one
        source: Option<Source>,
    },
    /// Print a long-lived token with which the resource may introspect, or list or revoke such tokens; a new secret
    /// ends them. Only the token goes to standard output
    Token {
        /// Client ID or resource identifier
        resource: String,
        /// Lifetime: a number and s, m, h or d
        #[arg(long, default_value = "365d", value_parser = parse_lifetime)]
        lifetime: i64,
        /// List the tokens that are valid, without the tokens themselves, instead of issuing one
        #[arg(long, conflicts_with_all = ["lifetime", "revoke"])]
        list: bool,
        /// Revoke a token by its ID in the list, instead of issuing one
        #[arg(long, value_name = "ID", conflicts_with = "lifetime")]
        revoke: Option<String>,
    },
    /// Delete a resource; its credentials end
    Delete {
        /// Resource identifier or client ID
        resource: String,
        #[command(flatten)]
        yes: Yes,
    },
}

/// Metadata of a resource: options for the common members, and one for any other.
#[derive(Debug, clap::Args)]
pub(crate) struct Members {
    /// Display name
    #[arg(long)]
    name: Option<String>,
    /// Scopes of the resource, separated by spaces; may be repeated
    #[arg(long)]
    scope: Vec<String>,
    /// Format of its access tokens: opaque or jwt; by default jwt without credentials, else opaque
    #[arg(long, value_name = "FORMAT")]
    token_format: Option<String>,
    /// Set any metadata member to a JSON value (plain text if it is not JSON); NAME= removes it
    #[arg(long, short, value_name = "NAME=VALUE")]
    member: Vec<String>,
}

impl Members {
    fn edits(&self) -> Result<Vec<MemberEdit>, Failure> {
        let scopes: Vec<&str> = self.scope.iter().flat_map(|scope| scope.split_whitespace()).collect();
        let mut edits = Vec::new();
        edits.extend(self.name.as_deref().map(|name| MemberEdit::set("resource_name", name)));
        edits.extend(self.token_format.as_deref().map(|name| MemberEdit::set("access_token_format", name)));
        if !scopes.is_empty() {
            edits.push(MemberEdit::set("scopes", scopes));
        }
        edits.extend(members::parse(&self.member)?);
        Ok(edits)
    }
}

/// The credentials of a new resource.
#[derive(Debug, clap::Args)]
pub(crate) struct Credentials {
    /// Client ID, or the ID of a client whose credentials it shares; without one, a random ID of 22 characters
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Register no credentials: the resource reads JWTs and never calls this server
    #[arg(long, conflicts_with_all = ["client_id", "secret"])]
    without_credentials: bool,
    /// Read the secret from standard input (-) or a @FILE instead of generating one
    #[arg(long, value_name = "SOURCE")]
    secret: Option<Source>,
}

impl Credentials {
    fn authentication(&self) -> Authentication {
        match &self.client_id {
            Some(id) => Authentication::Id(id.clone()),
            None if self.without_credentials => Authentication::Without,
            None => Authentication::Drawn,
        }
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
        Command::Create { resource, members, credentials } => {
            let authentication = credentials.authentication();
            let (members, secret) = (members.edits()?, given_secret(credentials.secret.as_ref())?);
            let create = CreateResource { identifier: resource, members, authentication, secret };
            output::one(format, &LAYOUT, &printable(create.run(administration).await?))?;
        }
        Command::List => {
            let resources = administration.server.store().resources().await?;
            let records: Vec<_> = resources.iter().map(|one| record::resource(one).into()).collect();
            output::list(format, &LAYOUT, &records)?;
        }
        Command::Show { resource } => {
            let resource = find_resource(administration, &resource).await?;
            output::one(format, &LAYOUT, &record::resource(&resource).into())?;
        }
        Command::Edit { resource, members, secret } => {
            let (members, secret) = (members.edits()?, given_secret(secret.as_ref())?);
            let edit = EditResource { name: resource, members, secret };
            output::one(format, &LAYOUT, &printable(edit.run(administration).await?))?;
        }
        Command::Secret { resource, source } => {
            let secret = given_secret(source.as_ref())?;
            let changed = ChangeResourceSecret { name: resource, secret }.run(administration).await?;
            output::one(format, &SECRET, &credentials(printable(changed)))?;
        }
        Command::Token { resource, list: true, .. } => token::list(administration, format, resource).await?,
        Command::Token { resource, revoke: Some(id), .. } => {
            token::revoke(administration, resource, id).await?;
        }
        Command::Token { resource, lifetime, .. } => {
            token::print(administration, format, resource, lifetime).await?;
        }
        Command::Delete { resource, yes } => {
            let found = find_resource(administration, &resource).await?;
            yes.confirm(format_args!("delete resource {}, and end its credentials", found.identifier))
                .await?;
            let identifier = DeleteResource { name: resource }.run(administration).await?;
            say(format_args!("deleted resource {identifier}"));
        }
    }
    Ok(Exit::Ok)
}
