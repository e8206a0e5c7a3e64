//! `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2): what both require of the connection.

use http::request::Parts;
use protocol::ClientAuthMethod;

use super::{known::Known, self_signed_tls, tls};
use crate::{
    AuthorizationServer, certificate::ClientCertificate, error::Error, incoming::RequestHead as _,
    reason::Reason, refusal::Difference,
};

/// Authenticates by the certificate of the connection, if that is the registered method. Whether it was.
pub(super) async fn check(server: &AuthorizationServer, head: &Parts, known: &Known) -> Result<bool, Error> {
    let method = known.client.as_ref().and_then(|client| client.method);
    let Some(method) = method.filter(|method| method.is_by_certificate()) else { return Ok(false) };
    let certificate = head.extensions.get::<ClientCertificate>().ok_or_else(|| {
        let absent = || Some(Difference::absent("client certificate", "one on the connection"));
        head.differs(Reason::ClientCertificateMissing, absent)
    })?;
    match method {
        ClientAuthMethod::TlsClientAuth => tls::check(head, known, certificate)?,
        _ => self_signed_tls::check(server, known, certificate).await?,
    }
    Ok(true)
}
