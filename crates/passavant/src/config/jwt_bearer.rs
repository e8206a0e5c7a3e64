//! The settings of assertions that speak for users, from their section.

use server::{JwtBearer, TrustedIssuer};

/// What each issuer must be.
pub(super) const EXPECTED: &str = "must be an issuer and the URL of its keys, separated by a space, and the name of a \
    claim if that is not sub (RFC 7523 section 3)";

/// The trusted issuers; `Some(None)` where there are none, and the grant is off. `None` where one is not valid.
pub(super) fn trusted(issuers: &[String]) -> Option<Option<JwtBearer>> {
    let issuers: Vec<_> = issuers.iter().map(|text| TrustedIssuer::parse(text)).collect::<Option<_>>()?;
    Some((!issuers.is_empty()).then_some(JwtBearer { issuers }))
}
