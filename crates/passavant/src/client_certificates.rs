//! The certificate of a client: from the handshake of its connection, or from the header of a trusted proxy (RFC 9440).

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use protocol::fields;
use server::ClientCertificate;
use serving::{CertificateDer, ClientAuthorities, PeerCertificate, TrustedProxies};

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
/// Most intermediates that are read.
const CHAIN_MAX: usize = 8;

/// Takes certificates from the header of trusted proxies.
#[derive(Clone, Debug)]
pub(crate) struct ProxiedCertificates {
    /// The proxies that set the header.
    pub(crate) proxies: TrustedProxies,
    /// Who issues certificates to clients.
    pub(crate) authorities: Option<ClientAuthorities>,
}

impl ProxiedCertificates {
    /// The certificate in `Client-Cert` (RFC 9440 §2.2), if this peer is a proxy that may set it.
    pub(crate) fn read(&self, peer: IpAddr, headers: &HeaderMap) -> Option<PeerCertificate> {
        if !headers.contains_key(CLIENT_CERT) || !self.proxies.contains(peer) {
            return None;
        }
        let end_entity = only(headers).or_else(|| {
            tracing::warn!(%peer, "a trusted proxy sent a Client-Cert that is not one certificate as RFC 9440 writes it");
            None
        })?;
        let chain = headers.get_all(CLIENT_CERT_CHAIN).iter().map(HeaderValue::as_bytes);
        let intermediates: Vec<_> = fields::members(chain).take(CHAIN_MAX).map_while(byte_sequence).collect();
        let trusts = |authorities: &ClientAuthorities| authorities.trust(&end_entity, &intermediates);
        let is_trusted = self.authorities.as_ref().is_some_and(trusts);
        Some(PeerCertificate { end_entity, is_trusted })
    }
}

/// Inserts a certificate for the server's endpoints, and for APIs in the same process.
pub(crate) fn insert<B>(request: &mut Request<B>, certificate: &PeerCertificate) {
    let own = ClientCertificate::new(certificate.end_entity.to_vec(), certificate.is_trusted);
    request.extensions_mut().insert(own);
    insert_for_api(request, certificate);
}

/// Inserts a certificate for the guard of an API.
pub(crate) fn insert_for_api<B>(request: &mut Request<B>, certificate: &PeerCertificate) {
    request.extensions_mut().insert(resource::ClientCertificate::from_der(&certificate.end_entity));
}

/// The one value of `Client-Cert`.
fn only(headers: &HeaderMap) -> Option<CertificateDer<'static>> {
    let mut lines = headers.get_all(CLIENT_CERT).iter();
    let line = lines.next()?;
    byte_sequence(line.as_bytes().trim_ascii()).filter(|_| lines.next().is_none())
}

/// A Byte Sequence of RFC 8941 §3.3.5: base64 between colons.
fn byte_sequence(text: &[u8]) -> Option<CertificateDer<'static>> {
    let text = text.strip_prefix(b":")?.strip_suffix(b":")?;
    STANDARD.decode(text).ok().filter(|der| !der.is_empty()).map(CertificateDer::from)
}

#[cfg(test)]
mod tests {
    use serving::Network;

    use super::*;

    fn read(peer: &str, lines: &[&str]) -> Option<Vec<u8>> {
        let proxies = vec![Network::parse("10.0.0.0/8").expect("a network")].into();
        let proxied = ProxiedCertificates { proxies, authorities: None };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CLIENT_CERT, HeaderValue::from_str(line).expect("text"));
        }
        let found = proxied.read(peer.parse().expect("an address"), &headers)?;
        assert!(!found.is_trusted, "nobody issues certificates here");
        Some(found.end_entity.to_vec())
    }

    /// RFC 9440 §2.2, §4: only from a proxy that is trusted, and only one.
    #[test]
    fn a_certificate_is_taken_from_the_header_of_a_trusted_proxy_only() {
        assert_eq!(read("10.1.2.3", &[":MIIB:"]), Some(vec![0x30, 0x82, 0x01]));
        assert_eq!(read("11.1.2.3", &[":MIIB:"]), None);
        for lines in
            [&[][..], &["MIIB"], &[":MIIB"], &["::"], &[":MII!:"], &[":MIIB:", ":MIIB:"], &[":MIIB:, :MIIB:"]]
        {
            assert_eq!(read("10.1.2.3", lines), None, "{lines:?}");
        }
    }
}
