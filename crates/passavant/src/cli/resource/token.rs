//! `resource token`: long-lived access tokens by which a resource may introspect, for settings that want a static one.

use admin::{
    Administration,
    operations::{IssueResourceToken, ListResourceTokens, ListedToken, ResourceToken, RevokeResourceToken},
};
use protocol::{TokenType, scope};
use serde_json::{Value, json};

use crate::terminal::{Failure, Format, Layout, output, say};

const LAYOUT: Layout = Layout { quiet: &["access_token"], columns: &["access_token"] };

const LIST: Layout =
    Layout { quiet: &["id"], columns: &["id", "client_id", "resource", "issued_at", "expires_at"] };

/// Issues the token and prints it, the only time that it is seen. For people only the token goes to standard output, and
/// what is to be known of it to standard error, so that `TOKEN=$(passavant resource token rs)` works.
pub(super) async fn print(
    administration: &Administration,
    format: Format,
    name: String,
    lifetime: i64,
) -> Result<(), Failure> {
    let issued = IssueResourceToken { name, lifetime }.run(administration).await?;
    let ResourceToken { id, access_token, client_id, audience, expires_at } = issued;
    let mut record = json!({
        "id": id.to_string(),
        "access_token": access_token.as_str(),
        "token_type": TokenType::Bearer.as_str(),
        "expires_in": lifetime,
        "expires_at": expires_at.0,
        "scope": scope::INTROSPECTION,
        "client_id": client_id.as_str(),
        "resource": &audience,
    });
    if format == Format::Table {
        output::one(Format::Quiet, &LAYOUT, &record)?;
        record.as_object_mut().map(|members| members.remove("access_token"));
        say(output::sheet(&LAYOUT, &record).trim_end());
        return Ok(());
    }
    output::one(format, &LAYOUT, &record)
}

/// Prints the tokens that are valid.
pub(super) async fn list(
    administration: &Administration,
    format: Format,
    name: String,
) -> Result<(), Failure> {
    let tokens = ListResourceTokens { name }.run(administration).await?;
    output::list(format, &LIST, &tokens.iter().map(record).collect::<Vec<_>>())
}

/// Revokes one of them.
pub(super) async fn revoke(administration: &Administration, name: String, id: String) -> Result<(), Failure> {
    RevokeResourceToken { name, id: id.clone() }.run(administration).await?;
    say(format_args!("revoked token {id}"));
    Ok(())
}

fn record(token: &ListedToken) -> Value {
    json!({
        "id": token.id.to_string(),
        "client_id": token.client_id.as_str(),
        "resource": &token.audience,
        "issued_at": token.issued_at.0,
        "expires_at": token.expires_at.0,
    })
}
