//! The guard presents a client certificate, over real TLS (RFC 8705 §2).

use std::sync::Arc;

use passavant_resource::{ClientTls, Credentials, Guard, Reason, ReqwestFetch};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::stub::http;
use crate::support::{AUDIENCE, check, refused};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

fn issued(by: &Authority, name: &str) -> (CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("parameters");
    (params.signed_by(&key, by).expect("a certificate").der().clone(), key)
}

/// A server that requires a certificate of this authority, and reports the one it got.
struct Server {
    issuer: String,
    trusted: String,
    seen: JoinHandle<Option<(CertificateDer<'static>, String)>>,
}

async fn serve(clients: &Authority) -> Server {
    let own = authority();
    let (certificate, key) = issued(&own, "localhost");
    let mut roots = RootCertStore::empty();
    roots.add(clients.der().clone()).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(vec![certificate], key)
        .expect("a certificate");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let seen = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.ok()?;
        answer(&acceptor, stream).await
    });
    Server { issuer, trusted: own.pem(), seen }
}

/// Answers one request; the certificate that came with it, and its body.
async fn answer(acceptor: &TlsAcceptor, stream: TcpStream) -> Option<(CertificateDer<'static>, String)> {
    let mut stream = acceptor.accept(stream).await.ok()?;
    let certificate = stream.get_ref().1.peer_certificates()?.first()?.clone();
    let mut request = Vec::new();
    while !String::from_utf8_lossy(&request).contains("token=opaque") {
        request.push(stream.read_u8().await.ok()?);
    }
    let mut rest = vec![0; "&client_id=notes-rs".len()];
    stream.read_exact(&mut rest).await.ok()?;
    request.extend(rest);
    let good = json!({"active": true, "scope": "read"}).to_string();
    stream.write_all(&http("200 OK", &[], good.as_bytes())).await.ok()?;
    stream.shutdown().await.ok()?;
    let text = String::from_utf8(request).ok()?;
    Some((certificate, text.rsplit("\r\n").next()?.to_owned()))
}

fn guard(server: &Server, tls: &ClientTls) -> Guard {
    Guard::builder(&server.issuer, AUDIENCE)
        .introspect_as(Credentials::tls_client_auth("notes-rs"))
        .introspection_url(&format!("{}/introspect", server.issuer))
        .fetch(Arc::new(ReqwestFetch::with_tls(tls).expect("a client")))
        .build()
        .expect("a guard")
}

#[tokio::test]
async fn the_server_sees_the_certificate_and_the_client_id() {
    let clients = authority();
    let server = serve(&clients).await;
    let (certificate, key) = issued(&clients, "notes-rs");
    let pem = format!("{}{}", pem(&certificate), key.serialize_pem());
    let tls = ClientTls::new().certificate(&pem).authorities(&server.trusted);
    let guard = guard(&server, &tls);
    check(&guard, "opaque").await.expect("accepted");
    let seen = server.seen.await.expect("no panic").expect("a request");
    assert_eq!(seen, (certificate, "token=opaque&client_id=notes-rs".to_owned()));
}

#[tokio::test]
async fn without_a_certificate_of_ours_or_theirs_it_is_503() {
    let (clients, strangers) = (authority(), authority());
    let (foreign, key) = issued(&strangers, "notes-rs");
    let foreign = format!("{}{}", pem(&foreign), key.serialize_pem());
    for has_certificate in [false, true] {
        let server = serve(&clients).await;
        let mut tls = ClientTls::new().authorities(&server.trusted);
        if has_certificate {
            tls = tls.certificate(&foreign);
        }
        let guard = guard(&server, &tls);
        assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
        assert_eq!(server.seen.await.expect("no panic"), None);
    }
    let server = serve(&clients).await;
    let untrusting = guard(&server, &ClientTls::new());
    assert_eq!(refused(&untrusting, "opaque").await, Reason::IntrospectionFailed);
    assert_eq!(
        server.seen.await.expect("no panic"),
        None,
        "no token goes to a server that nobody vouches for"
    );
}

#[test]
fn what_is_no_certificate_with_its_key_is_refused() {
    let (certificate, key) = issued(&authority(), "notes-rs");
    for pem in [String::new(), "x".to_owned(), pem(&certificate), key.serialize_pem()] {
        assert!(ReqwestFetch::with_tls(&ClientTls::new().certificate(&pem)).is_err(), "{pem}");
    }
    assert!(!format!("{:?}", ClientTls::new().certificate(&key.serialize_pem())).contains("PRIVATE"));
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
