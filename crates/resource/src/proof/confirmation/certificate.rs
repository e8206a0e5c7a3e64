//! Tokens bound to the certificate of a TLS connection (RFC 8705 §3).

use jose::Thumbprint;

use crate::reason::Reason;

/// The certificate that the client of this connection proved to hold: an extension of the request, which the TLS stack
/// of the host puts there.
///
/// It must be the certificate of the very connection that the request came by, after a handshake that verified its
/// signature. It need not chain up to anybody: what counts is that it is the one the token was issued to (RFC 8705
/// §3). Nothing is ever taken from a header. Cheap to copy: make it once for a connection.
///
/// ```
/// # use passavant_resource::ClientCertificate;
/// # let (mut request, peer_certificates) = (http::Request::new(()), [vec![0x30, 0x82]]);
/// if let Some(der) = peer_certificates.first() {
///     request.extensions_mut().insert(ClientCertificate::from_der(der));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientCertificate(Thumbprint);

impl ClientCertificate {
    /// The end-entity certificate, as it came in the handshake, in DER.
    pub fn from_der(der: &[u8]) -> Self {
        Self(Thumbprint::of_certificate(der))
    }
}

/// The connection's certificate must be the one with this SHA-256 (RFC 8705 §3).
pub(super) fn check(found: Option<&ClientCertificate>, expected: &Thumbprint) -> Result<(), Reason> {
    let found = found.ok_or(Reason::CertificateMissing)?;
    if found.0.is(expected) { Ok(()) } else { Err(Reason::CertificateWrong) }
}
