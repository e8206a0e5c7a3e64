//! The authorities that issue certificates to clients (RFC 8705 §2.1).

use std::{fmt, path::PathBuf, sync::Arc};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, UnixTime},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::{TlsError, certificates, files::FromFiles, provider};

/// Authorities in a PEM file, which is read again when it changes. Cheap to clone.
#[derive(Clone)]
pub struct ClientAuthorities(Arc<FromFiles<Arc<dyn ClientCertVerifier>>>);

impl ClientAuthorities {
    /// Reads the file.
    ///
    /// # Errors
    /// [`TlsError`] if it has no certificate, or one that is not an authority's.
    pub fn load(path: PathBuf) -> Result<Self, TlsError> {
        let watched = vec![path.clone()];
        let read = move || {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(&path)? {
                roots.add(certificate).map_err(|error| TlsError::new(&path, error))?;
            }
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()))
                .build()
                .map_err(|error| TlsError::new(&path, error))
        };
        Ok(Self(Arc::new(FromFiles::read(watched, read)?)))
    }

    /// Whether one of them issued this certificate for a client, and it is valid now (RFC 5280 §6).
    pub fn trust(&self, end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> bool {
        let verdict = self.0.current().verify_client_cert(end_entity, intermediates, UnixTime::now());
        verdict.map_err(|error| tracing::debug!(%error, "a client's certificate is not trusted")).is_ok()
    }

    /// Reads the file again whenever it changes.
    pub async fn follow(&self) {
        self.0.follow().await;
    }
}

impl fmt::Debug for ClientAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientAuthorities(...)")
    }
}
