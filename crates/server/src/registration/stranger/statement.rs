//! Software statements (RFC 7591 §2.3): metadata that another party vouches for. They count only of issuers that the operator
//! configured.

use jose::{Claims, jws::Unverified};
use serde_json::{Map, Value};

use crate::{
    AuthorizationServer,
    clients::KeySource,
    error::{Error, Fault},
    reason::Reason,
    settings::StatementIssuer,
};

const MEMBER: &str = "software_statement";
/// Claims about the statement itself (RFC 7519 §4.1), not about the client.
const OF_THE_STATEMENT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Puts the claims of the statement, if there is one, in place of the members that the client sent beside it (RFC 7591 §3.1.1:
/// "the client metadata values conveyed in the software statement MUST take precedence").
///
/// # Errors
/// [`Reason::SoftwareStatementInvalid`], [`Reason::SoftwareStatementNotAllowed`], and a fault where the keys of the issuer are
/// unavailable.
pub(crate) async fn vouched(
    server: &AuthorizationServer,
    issuers: &[StatementIssuer],
    mut members: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    let Some(statement) = members.get(MEMBER) else { return Ok(members) };
    let statement = statement.as_str().ok_or(Reason::SoftwareStatementInvalid)?;
    let claims = verified(server, issuers, statement).await?;
    let about_the_client =
        claims.into_map().into_iter().filter(|(name, _)| !OF_THE_STATEMENT.contains(&name.as_str()));
    for (name, value) in about_the_client {
        if name != MEMBER && !super::request::OF_THE_SERVER.contains(&name.as_str()) {
            members.insert(name, value);
        }
    }
    Ok(members)
}

async fn verified(
    server: &AuthorizationServer,
    issuers: &[StatementIssuer],
    statement: &str,
) -> Result<Claims, Error> {
    let invalid = || Error::from(Reason::SoftwareStatementInvalid);
    let unverified = Unverified::parse(statement).map_err(|_| invalid())?;
    let unread = Claims::parse(unverified.payload_unverified()).map_err(|_| invalid())?;
    let named = unread.string("iss").ok().flatten().ok_or_else(invalid)?;
    let issuer = issuers.iter().find(|issuer| issuer.issuer == named);
    let issuer = issuer.ok_or(Reason::SoftwareStatementNotAllowed)?;
    let algorithm = unverified.algorithm().filter(|algorithm| !algorithm.is_symmetric());
    let algorithm = algorithm.ok_or_else(invalid)?;
    let found =
        server.remote_keys().verifying(KeySource::configured(&issuer.jwks_uri), unverified.kid(), algorithm);
    let keys = found.await.map_err(|error| {
        tracing::warn!(%error, issuer = issuer.issuer, "the keys of a software statement could not be fetched");
        Fault::Busy("the keys of the software statement could not be fetched")
    })?;
    let verified = unverified.verify_any(&keys.map_err(|_| invalid())?).map_err(|_| invalid())?;
    let claims = verified.claims().map_err(|_| invalid())?;
    let time = |name: &str| claims.time(name).map_err(|_| invalid());
    let (now, skew) = (server.now().0, server.settings().clock_skew);
    let is_over = time("exp")?.is_some_and(|exp| exp <= now);
    let is_early = time("nbf")?.is_some_and(|nbf| nbf > now + skew);
    let audience = claims.strings("aud").map_err(|_| invalid())?;
    let is_for_others = !audience.is_empty() && !audience.contains(&server.settings().issuer.as_str());
    if is_over || is_early || is_for_others { Err(invalid()) } else { Ok(claims) }
}
