//! The certificate of a client's TLS connection (RFC 8705): an extension of the request, which the host inserts.

mod der;
mod name;

use std::{net::IpAddr, sync::Arc};

use jose::Thumbprint;

pub(crate) use name::DistinguishedName;

/// The tags of `GeneralName` (RFC 5280 §4.2.1.6).
const MAIL: u8 = 0x81;
const HOST: u8 = 0x82;
const URI: u8 = 0x86;
const ADDRESS: u8 = 0x87;

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
        let subject = der::Subject::read(&self.0.der)?;
        let mut names = CertifiedNames {
            subject: DistinguishedName::of(&subject.relative)?,
            ..CertifiedNames::default()
        };
        for name in subject.alternatives {
            let text = || std::str::from_utf8(name.contents).ok().map(str::to_owned);
            match name.tag {
                MAIL => names.emails.push(text()?),
                HOST => names.dns.push(text()?),
                URI => names.uris.push(text()?),
                ADDRESS => names.addresses.push(address(name.contents)?),
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

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType, string::Ia5String};

    use super::*;

    fn der() -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "shop");
        let text = |text: &str| Ia5String::try_from(text).expect("ASCII");
        params.subject_alt_names = vec![
            SanType::DnsName(text("shop.example")),
            SanType::URI(text("https://shop.example/id")),
            SanType::Rfc822Name(text("shop@example.org")),
            SanType::IpAddress([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()),
        ];
        params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec()
    }

    fn names(der: Vec<u8>) -> Option<CertifiedNames> {
        ClientCertificate::new(der, true).names()
    }

    #[test]
    fn every_kind_of_name_is_read() {
        let names = names(der()).expect("it reads");
        assert_eq!(names.subject.to_string(), "CN=shop");
        assert_eq!(
            (&*names.dns, &*names.uris),
            (&["shop.example".into()][..], &["https://shop.example/id".into()][..])
        );
        assert_eq!(names.emails, ["shop@example.org"]);
        assert_eq!(names.addresses, ["2001:db8::1".parse::<IpAddr>().expect("an address")]);
    }

    #[test]
    fn a_broken_certificate_is_not_read_and_breaks_nothing() {
        let good = der();
        for length in 0..good.len() {
            assert!(names(good[..length].to_vec()).is_none(), "{length} bytes");
        }
        assert!(names([&good[..], &[0]].concat()).is_none());
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.clone();
                changed[at] ^= 1 << bit;
                // Most of these bytes are the key and the signature, which rustls looks at.
                let _ = names(changed);
            }
        }
    }
}
