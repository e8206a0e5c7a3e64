//! `grant ..`: what users approved, and all that was issued from it.

use admin::{
    Administration,
    operations::{RevokeGrant, RevokeGrants, find_user},
};
use protocol::{ClientId, GrantId, SessionId};
use serde_json::{Value, json};
use server::store::{Grant, Of};

use crate::terminal::{Exit, Failure, Format, Layout, Page, misused, not_found, output, say};

const LAYOUT: Layout = Layout {
    quiet: &["grant_id"],
    columns: &["grant_id", "sub", "client_id", "scope", "approved_at", "expires_at", "offline"],
};

/// Commands for grants.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List active grants
    List {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        page: Page,
    },
    /// Revoke a grant, or all grants of a user, client or session; every token issued from it ends
    Revoke {
        /// Grant identifier
        #[arg(required_unless_present_any = ["user", "client", "session"], conflicts_with_all = ["user", "client", "session"])]
        grant_id: Option<String>,
        #[command(flatten)]
        whose: Whose,
    },
}

/// Whose grants are meant.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Whose {
    /// Grants that this user approved: username or subject identifier
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Grants approved for this client
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// Grants approved in this session
    #[arg(long, value_name = "SID")]
    session: Option<String>,
}

impl Whose {
    async fn find(&self, administration: &Administration) -> Result<Option<Of>, Failure> {
        if let Some(name) = &self.user {
            return Ok(Some(Of::Subject(find_user(administration, name).await?.subject)));
        }
        if let Some(id) = &self.client {
            let client = ClientId::parse(id).ok_or_else(|| not_found("client", id))?;
            return Ok(Some(Of::Client(client)));
        }
        let Some(id) = &self.session else { return Ok(None) };
        Ok(Some(Of::Session(SessionId::parse(id).ok_or_else(|| not_found("session", id))?)))
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
        Command::List { whose, page } => {
            let after =
                page.after.as_deref().map(|id| GrantId::parse(id).ok_or_else(|| not_found("grant", id)));
            let of = whose.find(administration).await?;
            let store = administration.server.store();
            let found = store.list_grants(of.as_ref(), after.transpose()?, page.asked()).await?;
            let grants = page.cut(found, |grant| grant.id.to_string());
            let now = administration.server.now();
            let standing = grants.iter().filter(|grant| grant.expires_at > now);
            output::list(format, &LAYOUT, &standing.map(record).collect::<Vec<_>>())?;
        }
        Command::Revoke { grant_id, whose } => match (grant_id, whose.find(administration).await?) {
            (Some(id), _) => {
                RevokeGrant { id: id.clone() }.run(administration).await?;
                say(format_args!("revoked grant {id}: every token issued from it has ended"));
            }
            (None, Some(of)) => {
                RevokeGrants { of }.run(administration).await?;
                say("revoked: every token issued from these grants has ended");
            }
            (None, None) => return Err(misused("name a grant, or --user, --client or --session")),
        },
    }
    Ok(Exit::Ok)
}

fn record(grant: &Grant) -> Value {
    json!({
        "grant_id": grant.id.to_string(),
        "sub": grant.subject.as_str(),
        "client_id": grant.client.as_str(),
        "sid": grant.session.map(|session| session.to_string()),
        "scope": grant.scopes.as_str(),
        "aud": &grant.audience,
        "auth_time": grant.authenticated_at.0,
        "amr": grant.amr.split(' ').filter(|method| !method.is_empty()).collect::<Vec<_>>(),
        "approved_at": grant.approved_at.0,
        "expires_at": grant.expires_at.0,
        "offline": grant.offline,
    })
}
