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
    members::{self, given_secret, printable},
};
use crate::terminal::{Exit, Failure, Format, Layout, Source, output, say};

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

impl Credentials {
    fn authentication(&self) -> Authentication {
        match &self.client_id {
            Some(id) => Authentication::Id(id.clone()),
            None if self.without_credentials => Authentication::Without,
            None => Authentication::Drawn,
        }
    }
}

/// Does it.
///
/// # Errors
/// [`Failure`] says what and by which exit code.
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
        Command::Token { resource, lifetime } => {
            token::print(administration, format, resource, lifetime).await?;
        }
        Command::Delete { resource } => {
            let identifier = DeleteResource { name: resource }.run(administration).await?;
            say(format_args!("deleted resource {identifier}"));
        }
    }
    Ok(Exit::Ok)
}
