//! passavant's own members about tokens: a resource's access tokens and introspection answers, a client's ID tokens.

use std::collections::BTreeMap;

use jose::SignatureAlgorithm;
use protocol::IdTokenClaims;
use serde_json::Value;

use crate::registration::{
    entry::Entry,
    registered_resource::{AccessTokenType, IntrospectionAudience},
    rules::Rules,
};
use crate::store::DetailsType;

/// Maximum lifetime of access tokens that a resource may register, in seconds.
const ACCESS_TOKEN_SECONDS_MAX: i64 = 24 * 3600;
/// Lifetime above which there is a warning, in seconds: an API that does not introspect learns of no revocation.
const ACCESS_TOKEN_SECONDS_SENSIBLE: i64 = 3600;

/// `access_token_format`
pub(crate) fn format(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.text(name).is_some_and(|text| !matches!(text, "opaque" | "jwt")) {
        entry.refuse(name, "must be opaque or jwt");
    }
}

/// `access_token_typ`: RFC 9068 §2.1 has one value, and some frameworks accept only another.
pub(crate) fn typ(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    match entry.text(name).map(AccessTokenType::parse) {
        Some(None) => entry.refuse(name, "must be at+jwt or JWT"),
        Some(Some(AccessTokenType::Jwt)) => entry.warn(
            name,
            "ID tokens have this type as well: the API must check that `aud` is its own identifier",
        ),
        Some(Some(AccessTokenType::AtJwt)) | None => {}
    }
}

/// `access_token_signing_alg`: an API verifies with a public key (RFC 9068 §2.1).
pub(crate) fn signing_algorithm(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let is_public =
        |name: &str| SignatureAlgorithm::parse(name).is_some_and(|algorithm| !algorithm.is_symmetric());
    if entry.text(name).is_some_and(|name| !is_public(name)) {
        entry.refuse(name, "must be an algorithm with a public key, like ES256");
    }
}

/// `access_token_lifetime`
pub(crate) fn lifetime(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    match entry.value(name).and_then(Value::as_i64) {
        Some(seconds) if !(1..=ACCESS_TOKEN_SECONDS_MAX).contains(&seconds) => {
            entry.refuse(name, format!("must be 1 to {ACCESS_TOKEN_SECONDS_MAX} seconds"));
        }
        Some(seconds) if seconds > ACCESS_TOKEN_SECONDS_SENSIBLE => {
            entry.warn(name, "more than an hour is long for a token that may be stolen");
        }
        Some(_) | None => {}
    }
}

/// `introspection_audience`
pub(crate) fn introspection_audience(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.text(name).is_some_and(|text| IntrospectionAudience::parse(text).is_none()) {
        entry.refuse(name, "must be resource, client_id or none");
    }
}

/// `authorization_details_types` of a resource: what each type may hold (RFC 9396 §2).
pub(crate) fn details_types(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    let Some(types) = entry.value(name) else { return };
    let read = serde_json::from_value::<BTreeMap<String, DetailsType>>(types.clone());
    if let Err(error) = read {
        entry.refuse(
            name,
            format!("must hold an object for each type, with title, members and required: {error}"),
        );
    }
}

/// `id_token_claims`
pub(crate) fn id_token_claims(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.text(name).is_some_and(|word| ![IdTokenClaims::SCOPES, IdTokenClaims::NONE].contains(&word)) {
        entry.refuse(name, "must be scopes, none, or an array of names of claims");
    }
}
