//! The certificate of a client's TLS connection (RFC 8705): an extension of the request, which the host inserts.

mod name;

use std::{net::IpAddr, sync::Arc};

use jose::Thumbprint;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer as _};

pub(crate) use name::DistinguishedName;

/// The client certificate of the connection: an extension of the request, which the host inserts after the TLS handshake, or
/// takes from the header of a proxy that it trusts (RFC 9440).
///
/// The handshake must have verified that the client has its key. It is accepted from nowhere else. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    der: Vec<u8>,
    thumbprint: Thumbprint,
    is_trusted: bool,
}

impl ClientCertificate {
    /// The end-entity certificate of the handshake, in DER, and whether an authority that the host trusts for clients issued
    /// it (RFC 8705 §2.1).
    pub fn new(der: Vec<u8>, is_trusted: bool) -> Self {
        let thumbprint = Thumbprint::of_certificate(&der);
        Self(Arc::new(Inner { der, thumbprint, is_trusted }))
    }

    /// Its SHA-256, as `x5t#S256` names it (RFC 8705 §3.1).
    pub fn thumbprint(&self) -> Thumbprint {
        self.0.thumbprint
    }

    /// The certificate itself.
    pub(crate) fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Whether an authority for clients issued it.
    pub(crate) fn is_trusted(&self) -> bool {
        self.0.is_trusted
    }

    /// Whom it names; `None` if it can't be read.
    pub(crate) fn names(&self) -> Option<CertifiedNames> {
        let (rest, certificate) = X509Certificate::from_der(&self.0.der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let mut names = CertifiedNames {
            subject: DistinguishedName::of(certificate.subject()),
            ..CertifiedNames::default()
        };
        let alternatives = certificate.subject_alternative_name().ok()?;
        for name in alternatives.iter().flat_map(|extension| &extension.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.dns.push((*name).to_owned()),
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::RFC822Name(address) => names.emails.push((*address).to_owned()),
                GeneralName::IPAddress(bytes) => names.addresses.extend(address(bytes)),
                _ => {}
            }
        }
        Some(names)
    }
}

/// Whom a certificate names: its subject, and the subject's alternative names (RFC 5280 §4.2.1.6).
#[derive(Debug, Default)]
pub(crate) struct CertifiedNames {
    pub(crate) subject: DistinguishedName,
    pub(crate) dns: Vec<String>,
    pub(crate) uris: Vec<String>,
    pub(crate) emails: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}
