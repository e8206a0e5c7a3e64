//! TLS by rustls: the server's certificate from files, which are read again when they change, and the certificates of
//! clients.

mod authorities;
mod files;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustls::{
    DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject as _},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub use authorities::ClientAuthorities;
use files::FromFiles;

use crate::limits::{HEAD_SECONDS_MAX, TLS_FILE_BYTES_MAX};

/// The protocols, in the order of preference (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];
const HTTP2: &[u8] = b"h2";

/// Where the certificate of a server is, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its intermediates, PEM, the server's own first.
    pub certificates: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Whether clients are asked for a certificate.
#[derive(Clone, Debug)]
pub enum ClientCertificates {
    /// They are not.
    NotAsked,
    /// They are, and may send none. Any certificate is accepted whose key the client proves to have; whether one of these
    /// authorities issued it is noted (RFC 8705 §2.2: a self-signed one has no issuer).
    Asked(Option<ClientAuthorities>),
}

/// TLS for a listener. Cheap to clone; clones share the certificate.
#[derive(Clone)]
pub struct Tls {
    config: Arc<FromFiles<ServerConfig>>,
    clients: ClientCertificates,
}

/// The certificate that a client proved to have in the handshake.
#[derive(Clone, Debug)]
pub struct PeerCertificate {
    /// The client's own, in DER.
    pub end_entity: CertificateDer<'static>,
    /// Whether one of the authorities for clients issued it, directly or by an intermediate that the client sent.
    pub is_trusted: bool,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`], with the file.
    pub fn load(files: TlsFiles, clients: ClientCertificates) -> Result<Self, TlsError> {
        let watched = vec![files.certificates.clone(), files.key.clone()];
        let asks = matches!(clients, ClientCertificates::Asked(_));
        let config = FromFiles::read(watched, move || config(&files, asks))?;
        Ok(Self { config: Arc::new(config), clients })
    }

    /// Reads the files again whenever one of them changes. A file that can't be used is logged, and what was read before
    /// stays in use.
    pub async fn follow(self) {
        let authorities = match &self.clients {
            ClientCertificates::Asked(Some(authorities)) => Some(authorities.clone()),
            ClientCertificates::Asked(None) | ClientCertificates::NotAsked => None,
        };
        let mut authorities = std::pin::pin!(async {
            match authorities {
                Some(authorities) => authorities.follow().await,
                None => std::future::pending().await,
            }
        });
        tokio::select! {
            () = self.config.follow() => {}
            () = &mut authorities => {}
        }
    }

    /// The handshake of a connection, within the time for the head of a request.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.config.current());
        let patience = Duration::from_secs(HEAD_SECONDS_MAX);
        timeout(patience, acceptor.accept(stream)).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Whether the peer speaks HTTP/2, and its certificate.
    pub(crate) fn agreed(&self, stream: &TlsStream<TcpStream>) -> (bool, Option<PeerCertificate>) {
        let (_, session) = stream.get_ref();
        let certificate = match (session.peer_certificates(), &self.clients) {
            (Some([end_entity, intermediates @ ..]), ClientCertificates::Asked(authorities)) => {
                let trusts = |authorities: &ClientAuthorities| authorities.trust(end_entity, intermediates);
                let is_trusted = authorities.as_ref().is_some_and(trusts);
                Some(PeerCertificate { end_entity: end_entity.clone().into_owned(), is_trusted })
            }
            _ => None,
        };
        (session.alpn_protocol() == Some(HTTP2), certificate)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("clients", &self.clients).finish_non_exhaustive()
    }
}

/// Why TLS can't be served.
#[derive(Debug)]
pub struct TlsError {
    path: PathBuf,
    text: String,
}

impl TlsError {
    fn new(path: &Path, text: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), text: text.to_string() }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.text)
    }
}

impl std::error::Error for TlsError {}

/// TLS 1.3, and of TLS 1.2 the suites with ephemeral keys and AES-GCM: what BCP 195 recommends and FAPI 2.0 Security
/// Profile §5.2.2 allows.
fn provider() -> CryptoProvider {
    use aws_lc_rs::cipher_suite as suite;
    let cipher_suites = vec![
        suite::TLS13_AES_256_GCM_SHA384,
        suite::TLS13_AES_128_GCM_SHA256,
        suite::TLS13_CHACHA20_POLY1305_SHA256,
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];
    CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() }
}

fn config(files: &TlsFiles, asks_clients: bool) -> Result<ServerConfig, TlsError> {
    let certificates = certificates(&files.certificates)?;
    let key = PrivateKeyDer::from_pem_slice(&files::read(&files.key, TLS_FILE_BYTES_MAX)?)
        .map_err(|_| TlsError::new(&files.key, "no private key in PEM"))?;
    let provider = Arc::new(provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new(&files.certificates, error))?;
    let builder = match asks_clients {
        true => builder.with_client_cert_verifier(Arc::new(AnyClient(provider))),
        false => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(certificates, key);
    let mut config = config.map_err(|error| TlsError::new(&files.certificates, error))?;
    config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// The certificates in a PEM file, of which there must be one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = files::read(path, TLS_FILE_BYTES_MAX)?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| TlsError::new(path, error))?;
    if found.is_empty() { Err(TlsError::new(path, "no certificate in PEM")) } else { Ok(found) }
}

/// Asks for a certificate, and accepts any whose key the client proves to have.
#[derive(Debug)]
struct AnyClient(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
