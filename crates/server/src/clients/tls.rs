//! `tls_client_auth` (RFC 8705 §2.1): an authority issued the certificate, and it names the client as it is registered.

use std::net::IpAddr;

use http::request::Parts;
use protocol::ClientMetadata;

use super::known::Known;
use crate::{
    certificate::{CertifiedNames, ClientCertificate, DistinguishedName},
    incoming::RequestHead as _,
    reason::Reason,
    refusal::Difference,
};

/// Checks the certificate against the one registered name (RFC 8705 §2.1.2).
pub(super) fn check(head: &Parts, known: &Known, certificate: &ClientCertificate) -> Result<(), Reason> {
    if !certificate.is_trusted() {
        let sent = || {
            let expected = "a certificate that http.mtls.client_ca_file issued";
            Some(Difference::new("client certificate", "one of another issuer, or out of date", expected))
        };
        return Err(head.differs(Reason::ClientCertificateUntrusted, sent));
    }
    let metadata = known.client.as_ref().map(|client| &client.metadata).ok_or(Reason::ClientUnknown)?;
    let names = certificate.names().ok_or(Reason::ClientCertificateMismatch)?;
    if is_named(metadata, &names) {
        return Ok(());
    }
    let other = || Some(Difference::new("client certificate", &names.subject, "the registered name"));
    Err(head.differs(Reason::ClientCertificateMismatch, other))
}

/// Whether the certificate has the registered name. A client that registered none is nobody.
fn is_named(metadata: &ClientMetadata, names: &CertifiedNames) -> bool {
    if let Some(subject) = &metadata.tls_client_auth_subject_dn {
        return DistinguishedName::parse(subject).is_some_and(|subject| subject == names.subject);
    }
    if let Some(host) = &metadata.tls_client_auth_san_dns {
        return names.dns.iter().any(|name| name.eq_ignore_ascii_case(host));
    }
    if let Some(uri) = &metadata.tls_client_auth_san_uri {
        return names.uris.contains(uri);
    }
    if let Some(address) = &metadata.tls_client_auth_san_ip {
        return address.parse::<IpAddr>().is_ok_and(|address| names.addresses.contains(&address));
    }
    metadata.tls_client_auth_san_email.as_ref().is_some_and(|address| names.emails.contains(address))
}
