//! `self_signed_tls_client_auth` (RFC 8705 §2.2): the certificate is one that the client registered, in `x5c` of its keys.

use super::{keys::KeySource, known::Known};
use crate::{AuthorizationServer, certificate::ClientCertificate, error::Error, reason::Reason};

/// Checks the certificate against those of the client's `jwks` or `jwks_uri` (RFC 8705 §2.2.2).
pub(super) async fn check(
    server: &AuthorizationServer,
    known: &Known,
    certificate: &ClientCertificate,
) -> Result<(), Error> {
    let client = known.client.as_ref().ok_or(Reason::ClientUnknown)?;
    let keys = server.remote_keys().of(KeySource::client(client)).await.map_err(|error| {
        tracing::warn!(client = %client.id(), %error, "the certificates of a client could not be read");
        Reason::ClientCertificatesUnavailable
    })?;
    let registered = keys.keys().iter().filter_map(|key| key.certificates().first());
    let is_registered = registered.into_iter().any(|der| der.as_slice() == certificate.der());
    if is_registered { Ok(()) } else { Err(Reason::ClientCertificateMismatch.into()) }
}
