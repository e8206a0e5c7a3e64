//! Reads one claim of a token. A claim of the wrong type refuses the token; it is never ignored.

use jose::{Claims, JoseError};
use protocol::Timestamp;

use crate::reason::Reason;

/// A claim that must be a string where it is present, and not an empty one.
pub(crate) fn text<'a>(claims: &'a Claims, name: &str) -> Result<Option<&'a str>, Reason> {
    let found = claims.string(name).map_err(|error| malformed(&error))?;
    if found == Some("") {
        return Err(malformed(&JoseError::Claim(name.to_owned())));
    }
    Ok(found)
}

/// A claim that must be a number of seconds where it is present.
pub(crate) fn time(claims: &Claims, name: &str) -> Result<Option<Timestamp>, Reason> {
    Ok(claims.time(name).map_err(|error| malformed(&error))?.map(Timestamp))
}

pub(crate) fn missing(claim: &str) -> Reason {
    tracing::debug!(claim, "a claim is missing");
    Reason::ClaimMissing
}

pub(crate) fn malformed(error: &JoseError) -> Reason {
    tracing::debug!(%error, "a claim is malformed");
    Reason::ClaimMalformed
}
