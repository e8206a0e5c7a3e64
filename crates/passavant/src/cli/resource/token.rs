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

/// Longest lifetime, in seconds: ten years.
const LIFETIME_SECONDS_MAX: i64 = 3650 * 86_400;

/// Reads `365d`, `12h`, `30m` or `90s`, as seconds.
pub(in crate::cli) fn parse_lifetime(text: &str) -> Result<i64, String> {
    let unit = match text.chars().last() {
        Some('d') => Some(86_400),
        Some('h') => Some(3_600),
        Some('m') => Some(60),
        Some('s') => Some(1),
        Some(_) | None => None,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<i64>().ok());
    let seconds = unit.zip(number).and_then(|(unit, number)| number.checked_mul(unit));
    match seconds {
        Some(seconds) if (1..=LIFETIME_SECONDS_MAX).contains(&seconds) => Ok(seconds),
        Some(_) => Err("at most 3650d, and more than nothing".to_owned()),
        None => Err("a number and a unit: 365d, 12h, 30m or 90s".to_owned()),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(parse_lifetime("365d"), Ok(365 * 86_400));
        assert_eq!(parse_lifetime("90s"), Ok(90));
        for bad in ["", "d", "365", "0d", "-1d", "3651d", "1w", "99999999999999999d", "1é"] {
            assert!(parse_lifetime(bad).is_err(), "{bad}");
        }
    }
}
