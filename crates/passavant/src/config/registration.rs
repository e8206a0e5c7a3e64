//! From `[clients.registration]` to the settings of the server.

use fetching::NamedBy;
use protocol::{ClientAuthMethod, Scopes, scope};
use server::settings::{ClientDocuments, DynamicRegistration, RegistrationPolicy, StatementIssuer};

use super::sections::registration::{DynamicAccess, Registration};

/// Who may register itself, and as what; `None` where nobody may.
pub(super) fn dynamic(section: &Registration) -> Option<DynamicRegistration> {
    let needs_token = match section.dynamic {
        DynamicAccess::Off => return None,
        DynamicAccess::Token => true,
        DynamicAccess::Open => false,
    };
    Some(DynamicRegistration {
        needs_token,
        policy: policy(section),
        statement_issuers: section.statement_issuers.iter().filter_map(|text| issuer_of(text)).collect(),
        hourly_per_address_max: section.hourly_per_address,
        hourly_max: section.hourly,
        unused_lifetime: unused_lifetime(section),
    })
}

/// How the metadata of clients is read whose id is its URL; `None` where it is not.
pub(super) fn documents(section: &Registration) -> Option<ClientDocuments> {
    section.cimd.then(|| ClientDocuments {
        policy: policy(section),
        hourly_max: section.hourly,
        unused_lifetime: unused_lifetime(section),
        danger_loopback: section.danger_loopback_documents,
    })
}

fn policy(section: &Registration) -> RegistrationPolicy {
    let named = section.auth_methods.iter().filter_map(|name| ClientAuthMethod::parse(name));
    let default = RegistrationPolicy::default();
    RegistrationPolicy {
        grant_types: match section.grant_types.as_slice() {
            [] => default.grant_types,
            named => named.to_vec(),
        },
        auth_methods: if section.auth_methods.is_empty() { default.auth_methods } else { named.collect() },
        scopes: (!section.scopes.is_empty()).then(|| section.scopes.clone()),
    }
}

fn unused_lifetime(section: &Registration) -> i64 {
    i64::try_from(section.unused_lifetime.as_secs()).unwrap_or(i64::MAX)
}

fn issuer_of(text: &str) -> Option<StatementIssuer> {
    let (issuer, jwks_uri) = text.split_once(' ')?;
    Some(StatementIssuer { issuer: issuer.to_owned(), jwks_uri: jwks_uri.trim().to_owned() })
}

/// What is wrong with a software statement issuer.
///
/// # Errors
/// The text for the operator.
pub(super) fn statement_issuer(text: &str) -> Result<(), String> {
    let wrong = || format!("expected an issuer, a space, and the https URL of its key set, got \"{text}\"");
    let issuer = issuer_of(text).ok_or_else(wrong)?;
    NamedBy::operator_of(&issuer.issuer).check(&issuer.jwks_uri).map(|_| ()).map_err(|_| wrong())
}

/// What is wrong with the name of an authentication method.
///
/// # Errors
/// The text for the operator.
pub(super) fn auth_method(text: &str) -> Result<(), String> {
    let names =
        || ClientAuthMethod::ALL.iter().map(|method| format!("`{method}`")).collect::<Vec<_>>().join(", ");
    ClientAuthMethod::parse(text)
        .map(|_| ())
        .ok_or_else(|| format!("expected one of {}, got \"{text}\"", names()))
}

/// What is wrong with a scope that strangers may register.
///
/// # Errors
/// The text for the operator.
pub(super) fn open_scope(text: &str) -> Result<(), String> {
    let is_one = Scopes::parse(text).is_ok_and(|scopes| scopes.as_str() == text) && !text.contains(' ');
    match is_one {
        false => Err(format!("expected one scope, got \"{text}\"")),
        true if scope::is_administrative(text) || text == scope::INTROSPECTION => {
            Err(format!("\"{text}\" is given by the operator only"))
        }
        true => Ok(()),
    }
}
