//! Tokens bound to the certificate of a TLS connection (RFC 8705 §3).

use jose::Thumbprint;

use crate::reason::Reason;

/// The client certificate of the connection: an extension of the request, which the host inserts after the TLS
/// handshake.
///
/// It must be the certificate of the connection that carried the request, and the handshake must have verified
/// possession of its key. Its chain does not matter, only that the token is bound to it (RFC 8705 §3). It is never
/// read from a header. Cheap to copy: make it once for each connection.
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
    /// The end-entity certificate of the handshake, in DER.
    pub fn from_der(der: &[u8]) -> Self {
        Self(Thumbprint::of_certificate(der))
    }
}

/// The connection's certificate must be the one with this SHA-256 (RFC 8705 §3).
pub(super) fn check(found: Option<&ClientCertificate>, expected: &Thumbprint) -> Result<(), Reason> {
    let found = found.ok_or(Reason::CertificateMissing)?;
    if found.0.is(expected) { Ok(()) } else { Err(Reason::CertificateWrong) }
}
