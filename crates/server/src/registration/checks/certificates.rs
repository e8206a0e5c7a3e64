//! Client certificates (RFC 8705): how a client is named in one, and what is bound to one.

use std::net::IpAddr;

use protocol::ClientAuthMethod;

use crate::{
    certificate::DistinguishedName,
    registration::{entry::Entry, rules::Rules},
};

/// The members that name the client of `tls_client_auth` in its certificate (RFC 8705 §2.1.2).
const NAMES: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];

/// `tls_client_auth_subject_dn`: a distinguished name (RFC 4514).
pub(crate) fn subject(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.text(name).is_some_and(|text| DistinguishedName::parse(text).is_none()) {
        entry.refuse(name, "must be a distinguished name such as `CN=shop,O=Example,C=CH` (RFC 4514)");
    }
}

/// `tls_client_auth_san_ip`: an address.
pub(crate) fn address(entry: &mut Entry<'_>, name: &'static str, _: &Rules) {
    if entry.text(name).is_some_and(|text| text.parse::<IpAddr>().is_err()) {
        entry.refuse(name, "must be an IP address");
    }
}

/// `tls_client_certificate_bound_access_tokens`: only where a client can show a certificate.
pub(crate) fn binding(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    let wanted = entry.value(name).and_then(serde_json::Value::as_bool) == Some(true);
    if wanted && !rules.mutual_tls {
        entry.refuse(name, UNAVAILABLE);
    }
}

/// What must accompany a method that authenticates by a certificate: exactly one name, or keys with certificates (RFC 8705
/// §2.1.2, §2.2.2).
pub(super) fn method(entry: &mut Entry<'_>, name: &'static str, rules: &Rules) {
    let Some(method) = entry.text(name).and_then(ClientAuthMethod::parse) else { return };
    let names = NAMES.iter().filter(|name| entry.has(name)).count();
    let problem = match method {
        ClientAuthMethod::TlsClientAuth | ClientAuthMethod::SelfSignedTlsClientAuth if !rules.mutual_tls => {
            UNAVAILABLE.to_owned()
        }
        ClientAuthMethod::TlsClientAuth if names != 1 => {
            format!("`tls_client_auth` needs exactly one of {} (RFC 8705 section 2.1.2)", NAMES.join(", "))
        }
        ClientAuthMethod::SelfSignedTlsClientAuth if !entry.has("jwks") && !entry.has("jwks_uri") => {
            "`self_signed_tls_client_auth` needs jwks or jwks_uri, with the certificate in x5c (RFC 8705 section 2.2.2)"
                .to_owned()
        }
        _ => return,
    };
    entry.refuse(name, problem);
}

const UNAVAILABLE: &str =
    "this server asks no client for a certificate: set http.mtls.listen, or http.mtls.client_cert_header";
