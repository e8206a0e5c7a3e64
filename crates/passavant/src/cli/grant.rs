//! `grant ..`: what users approved, and all that was issued from it.

use protocol::{ClientId, GrantId, SessionId};
use serde_json::{Value, json};
use server::store::{Commit, End, Grant, Of, Why};

use super::{
    settle::{Decision, settle},
    user,
};
use crate::terminal::{Exit, Failure, Format, Layout, Page, misused, not_found, output, say};
use crate::wiring::Installation;

const LAYOUT: Layout = Layout {
    quiet: &["grant_id"],
    columns: &["grant_id", "sub", "client_id", "scope", "approved_at", "expires_at", "offline"],
};

/// What is done with grants.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the grants that stand
    List {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        page: Page,
    },
    /// Revoke a grant, or all of a user, client or session; every token issued from it ends
    Revoke {
        /// The grant
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
    /// Those that this user approved: a username or sub
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Those approved for this client
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// Those approved in this session
    #[arg(long, value_name = "SID")]
    session: Option<String>,
}

impl Whose {
    async fn find(&self, installation: &Installation) -> Result<Option<Of>, Failure> {
        if let Some(name) = &self.user {
            return Ok(Some(Of::Subject(user::find(installation, name).await?.subject)));
        }
        if let Some(id) = &self.client {
            let client = ClientId::parse(id).ok_or_else(|| not_found("client", id))?;
            return Ok(Some(Of::Client(client)));
        }
        let Some(id) = &self.session else { return Ok(None) };
        Ok(Some(Of::Session(SessionId::parse(id).ok_or_else(|| not_found("session", id))?)))
    }
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
        Command::List { whose, page } => {
            let after =
                page.after.as_deref().map(|id| GrantId::parse(id).ok_or_else(|| not_found("grant", id)));
            let of = whose.find(installation).await?;
            let store = installation.server.store();
            let found = store.list_grants(of.as_ref(), after.transpose()?, page.asked()).await?;
            let grants = page.cut(found, |grant| grant.id.to_string());
            let now = installation.server.now();
            let standing = grants.iter().filter(|grant| grant.expires_at > now);
            output::list(format, &LAYOUT, &standing.map(record).collect::<Vec<_>>())?;
        }
        Command::Revoke { grant_id, whose } => match (grant_id, whose.find(installation).await?) {
            (Some(id), _) => revoke(installation, &id).await?,
            (None, Some(of)) => revoke_all(installation, of).await?,
            (None, None) => return Err(misused("name a grant, or --user, --client or --session")),
        },
    }
    Ok(Exit::Ok)
}

async fn revoke(installation: &Installation, id: &str) -> Result<(), Failure> {
    let grant = find(installation, id).await?.ok_or_else(|| not_found("grant", id))?;
    settle(installation, async || {
        let commit = Commit::new(installation.server.now()).with(End::grant(&grant, Why::Revoked));
        Ok(Decision::new(commit, ()))
    })
    .await?;
    say(format_args!("revoked grant {id}: every token issued from it has ended"));
    Ok(())
}

async fn revoke_all(installation: &Installation, of: Of) -> Result<(), Failure> {
    settle(installation, async || {
        let end = installation.server.ending(of.clone(), Why::Revoked);
        let commit = Commit::new(installation.server.now()).with(end);
        Ok(Decision::new(commit, ()))
    })
    .await?;
    say("revoked: every token issued from these grants has ended");
    Ok(())
}

/// The grant with this id, unless it ended. A list that begins just before it begins with it.
async fn find(installation: &Installation, id: &str) -> Result<Option<Grant>, Failure> {
    let Some(id) = GrantId::parse(id) else { return Ok(None) };
    let before = GrantId(id.0.saturating_sub(1));
    let found = installation.server.store().list_grants(None, Some(before), 1).await?;
    Ok(found.into_iter().find(|grant| grant.id == id))
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
