//! TLS of the server itself, certificates of clients, and those that a proxy passes on (RFC 8705, RFC 9440).

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use reqwest::{Certificate, Client, Identity, tls::Version};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::ServerName,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::process::{
    MACHINE, RESOURCE, Server, client, folder, form, outcome, run, run_with, send, set_mode,
};

const HOST: &str = "id.example";
const ALIAS: &str = "mtls.id.example";
const SERVE: [&str; 5] = ["-c", "passavant.toml", "serve", "--apply", "world.json"];

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// A certificate and its key, PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn issued(by: &Authority, names: &[&str], purpose: ExtendedKeyUsagePurpose) -> Self {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "machine");
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, by).expect("a certificate").pem();
        Self { certificate, key: key.serialize_pem() }
    }

    fn of_server(by: &Authority) -> Self {
        Self::issued(by, &[HOST, ALIAS], ExtendedKeyUsagePurpose::ServerAuth)
    }

    fn of_client(by: &Authority) -> Self {
        Self::issued(by, &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn identity(&self) -> Identity {
        Identity::from_pem(format!("{}{}", self.certificate, self.key).as_bytes()).expect("an identity")
    }

    /// The certificate as RFC 9440 writes it.
    fn header(&self) -> String {
        let body: String = self.certificate.lines().filter(|line| !line.starts_with("-----")).collect();
        format!(":{}:", STANDARD.encode(STANDARD.decode(body).expect("base64")))
    }

    fn write(&self, folder: &Path) {
        // As a tool that renews certificates does: each file at once.
        for (name, text) in [("tls.pem", &self.certificate), ("tls.key", &self.key)] {
            fs::write(folder.join(format!("{name}.new")), text).expect("written");
            fs::rename(folder.join(format!("{name}.new")), folder.join(name)).expect("renamed");
        }
    }
}

/// A server at an https issuer, and the authorities of its certificate and of those of clients.
struct Place {
    folder: TempDir,
    own: Authority,
    clients: Authority,
}

impl Place {
    /// With these lines of configuration below `[http]`.
    fn new(http: &str) -> Self {
        let place = Self { folder: folder(), own: authority("own"), clients: authority("clients") };
        let at = place.folder.path();
        let text = format!(
            "issuer = \"https://{HOST}\"\n[http]\nlisten = \"127.0.0.1:0\"\n{http}\n\
             [database]\nurl = \"sqlite:passavant.db\"\n[secrets]\nmaster_key_file = \"master.key\"\n"
        );
        fs::write(at.join("passavant.toml"), text).expect("written");
        fs::write(at.join("master.key"), "0f".repeat(32)).expect("written");
        set_mode(&at.join("master.key"), 0o600);
        fs::write(at.join("ca.pem"), place.clients.pem()).expect("written");
        Pair::of_server(&place.own).write(at);
        let world = json!({
            "clients": [{
                "client_id": MACHINE.0, "token_endpoint_auth_method": "tls_client_auth",
                "tls_client_auth_subject_dn": "CN=machine", "grant_types": ["client_credentials"],
                "response_types": [], "scope": "notes.read", "tls_client_certificate_bound_access_tokens": true
            }],
            "resources": [{
                "resource": "https://notes.example", "scopes": ["notes.read"], "client_id": RESOURCE.0,
                "client_secret": RESOURCE.1
            }]
        });
        fs::write(at.join("world.json"), world.to_string()).expect("written");
        place
    }

    /// Starts it without any client.
    fn start(&self) -> Server {
        Server::start(self.folder.path(), &SERVE[..3])
    }

    /// Starts it with a client that authenticates by a certificate.
    fn start_with_client(&self) -> Server {
        Server::start(self.folder.path(), &SERVE)
    }

    /// A client that trusts the server's authority, and nobody else.
    fn client(&self, addresses: &[(&str, SocketAddr)], identity: Option<&Pair>) -> Client {
        let trusted = Certificate::from_pem(self.own.pem().as_bytes()).expect("a certificate");
        let mut builder =
            Client::builder().tls_certs_only([trusted]).no_proxy().timeout(Duration::from_secs(30));
        for (host, address) in addresses {
            builder = builder.resolve(host, *address);
        }
        if let Some(pair) = identity {
            builder = builder.identity(pair.identity());
        }
        builder.build().expect("a client")
    }
}

/// The address of the listener that asks for client certificates.
fn mutual(server: &Server) -> SocketAddr {
    let line = server.said.iter().find_map(|line| line.strip_prefix("mtls")).expect("a line");
    line.trim().parse().expect("an address")
}

const TLS: &str = "[http.tls]\ncert_file = \"tls.pem\"\nkey_file = \"tls.key\"";

fn mutual_tls() -> String {
    format!(
        "{TLS}\n[http.mtls]\nlisten = \"127.0.0.1:0\"\nurl = \"https://{ALIAS}\"\nclient_ca_file = \"ca.pem\""
    )
}

async fn ask(client: &Client, host: &str, address: SocketAddr) -> reqwest::Response {
    let request = client.post(format!("https://{host}:{}/token", address.port()));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = format!("grant_type=client_credentials&client_id={}", MACHINE.0);
    request.body(body).send().await.expect("an answer")
}

/// RFC 8705 §2.1, §3, §5: over the listener of the alias a client authenticates by its certificate, which its token is bound to.
#[tokio::test]
async fn a_client_authenticates_and_binds_its_tokens_over_the_second_listener() {
    let place = Place::new(&mutual_tls());
    let server = place.start_with_client();
    let (public, mutual) = (server.address, mutual(&server));
    let pair = Pair::of_client(&place.clients);
    let addresses = [(HOST, public), (ALIAS, mutual)];
    let client = place.client(&addresses, Some(&pair));
    let metadata = client.get(format!("https://{HOST}:{}/.well-known/openid-configuration", public.port()));
    let metadata: Value =
        serde_json::from_str(&metadata.send().await.expect("an answer").text().await.expect("a body"))
            .expect("JSON");
    assert_eq!(metadata["mtls_endpoint_aliases"]["token_endpoint"], format!("https://{ALIAS}/token"));

    // The public listener asks for no certificate.
    assert_eq!(ask(&client, HOST, public).await.status(), StatusCode::UNAUTHORIZED);
    let answer = ask(&client, ALIAS, mutual).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    let token = answer["access_token"].as_str().expect("a token");

    let request = client.post(format!("https://{HOST}:{}/introspect", public.port()));
    let credentials = STANDARD.encode(format!("{}:{}", RESOURCE.0, RESOURCE.1));
    let request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let told =
        request.body(format!("token={token}")).send().await.expect("an answer").text().await.expect("a body");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["cnf"]["x5t#S256"].is_string(), "{told}");

    // One of an authority that is not configured, and none at all.
    let stranger = place.client(&addresses, Some(&Pair::of_client(&authority("strangers"))));
    assert_eq!(ask(&stranger, ALIAS, mutual).await.status(), StatusCode::UNAUTHORIZED);
    let nobody = place.client(&addresses, None);
    assert_eq!(ask(&nobody, ALIAS, mutual).await.status(), StatusCode::UNAUTHORIZED);
}

/// The protocol that a client agrees on with the server, and the status of its answer to HTTP/2.
async fn agreed(
    place: &Place,
    address: SocketAddr,
    provider: CryptoProvider,
    protocols: &[&[u8]],
) -> Option<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(place.own.der().clone()).expect("an authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from(HOST).expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    if protocol.as_deref() == Some(b"h2") {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("HTTP/2");
        tokio::spawn(connection);
        let request = Request::get(format!("https://{HOST}/jwks"))
            .body(Empty::<bytes::Bytes>::new())
            .expect("a request");
        let answer = sender.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(!answer.into_body().collect().await.expect("a body").to_bytes().is_empty());
    }
    Some(protocol.unwrap_or_default())
}

/// RFC 7301, FAPI 2.0 Security Profile §5.2.2: HTTP/2 where the client speaks it; of TLS 1.2 only ephemeral keys with AES-GCM.
#[tokio::test]
async fn http_2_is_agreed_on_and_only_the_suites_of_bcp_195() {
    let place = Place::new(TLS);
    let server = place.start();
    let all = aws_lc_rs::default_provider;
    assert_eq!(
        agreed(&place, server.address, all(), &[b"h2", b"http/1.1"]).await.as_deref(),
        Some(&b"h2"[..])
    );
    assert_eq!(
        agreed(&place, server.address, all(), &[b"http/1.1"]).await.as_deref(),
        Some(&b"http/1.1"[..])
    );
    let only = |suite| CryptoProvider { cipher_suites: vec![suite], ..all() };
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        // The certificate has an ECDSA key.
        let name = format!("{:?}", suite.suite());
        let is_served = !name.contains("RSA") && (name.contains("GCM") || name.starts_with("TLS13"));
        let agreed = agreed(&place, server.address, only(*suite), &[]).await;
        assert_eq!(agreed.is_some(), is_served, "{name}");
    }
    let old = place.client(&[(HOST, server.address)], None);
    let url = format!("https://{HOST}:{}/jwks", server.address.port());
    assert_eq!(old.get(&url).send().await.expect("an answer").status(), StatusCode::OK);
    let trusted = Certificate::from_pem(place.own.pem().as_bytes()).expect("a certificate");
    let old = Client::builder().tls_certs_only([trusted]).no_proxy().tls_version_max(Version::TLS_1_2);
    let old = old.resolve(HOST, server.address).build().expect("a client");
    assert_eq!(old.get(&url).send().await.expect("an answer").status(), StatusCode::OK);
}

/// A renewed certificate is served without a restart, and one that can't be used is not.
#[tokio::test]
async fn a_changed_certificate_is_served_without_a_restart() {
    let mut place = Place::new(TLS);
    let server = place.start();
    let url = format!("https://{HOST}:{}/jwks", server.address.port());
    let is_served = async |place: &Place| {
        let client = place.client(&[(HOST, server.address)], None);
        client.get(&url).send().await.is_ok()
    };
    assert!(is_served(&place).await);
    fs::write(place.folder.path().join("tls.pem"), "no certificate").expect("written");
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(is_served(&place).await, "the former one stays");
    place.own = authority("another");
    Pair::of_server(&place.own).write(place.folder.path());
    let mut patience = 40;
    while !is_served(&place).await {
        patience -= 1;
        assert!(patience > 0, "the new certificate is not served");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    server.terminate();
    let (_, log) = server.wait();
    assert!(log.contains("changed certificates can't be used") && log.contains("were read again"), "{log}");
}

/// RFC 9440 §2.4, §4: the header of a trusted proxy, and of nobody else.
#[tokio::test]
async fn a_certificate_is_taken_from_the_header_of_a_trusted_proxy() {
    let header = |proxies: &str| {
        format!(
            "trusted_proxies = [\"{proxies}\"]\n[http.mtls]\nclient_cert_header = true\nclient_ca_file = \"ca.pem\""
        )
    };
    for (proxies, status) in [("127.0.0.1", 200), ("10.0.0.1", 401)] {
        let place = Place::new(&header(proxies));
        let server = place.start_with_client();
        let pair = Pair::of_client(&place.clients);
        let ask = |certificate: Option<String>| {
            let request = client().post(server.url("/token"));
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let request =
                certificate.into_iter().fold(request, |request, value| request.header("client-cert", value));
            request.body(format!("grant_type=client_credentials&client_id={}", MACHINE.0)).send()
        };
        assert_eq!(ask(Some(pair.header())).await.expect("an answer").status(), status, "{proxies}");
        let stranger = Pair::of_client(&authority("strangers"));
        assert_eq!(ask(Some(stranger.header())).await.expect("an answer").status(), 401, "{proxies}");
        assert_eq!(ask(None).await.expect("an answer").status(), 401, "{proxies}");
    }
}

/// What is wrong with the settings of TLS is told with the key, and with the file.
#[test]
fn what_is_wrong_with_tls_is_told_at_the_start() {
    for (http, said) in [
        ("[http.tls]\ncert_file = \"tls.pem\"", "http.tls.key_file: is required beside http.tls.cert_file"),
        ("[http.tls]\nkey_file = \"tls.key\"", "http.tls.cert_file: is required beside http.tls.key_file"),
        ("[http.tls]\ncert_file = \"tls.key\"\nkey_file = \"tls.key\"", "tls.key: no certificate in PEM"),
        ("[http.tls]\ncert_file = \"tls.pem\"\nkey_file = \"ca.pem\"", "ca.pem: no private key in PEM"),
        ("[http.tls]\ncert_file = \"none.pem\"\nkey_file = \"tls.key\"", "none.pem: No such file"),
        ("[http.mtls]\nlisten = \"127.0.0.1:0\"", "http.mtls.listen: needs the certificate of [http.tls]"),
        (
            "[http.mtls]\nclient_cert_header = true",
            "http.mtls.client_cert_header: needs http.trusted_proxies",
        ),
        ("[http.mtls]\nurl = \"https://x.example\"", "http.mtls.url: has no effect without http.mtls.listen"),
        ("[http.mtls]\nurl = \"http://x.example\"", "http.mtls.url: must be an https URL"),
        ("[http.mtls]\nurl = \"https://x.example/a\"", "http.mtls.url: must have the path of the issuer"),
    ] {
        let place = Place::new(http);
        let (code, text) = outcome(&run(place.folder.path(), &["-c", "passavant.toml", "serve"]));
        assert_eq!(code, Some(3), "{http}: {text}");
        assert!(text.contains(said), "{said} in {text}");
    }
    let place = Place::new("");
    let (_, text) =
        outcome(&run(place.folder.path(), &["-c", "passavant.toml", "apply", "-f", "world.json"]));
    assert!(text.contains("this server asks no client for a certificate"), "{text}");
}

/// A server with TLS does not answer what is not TLS.
#[tokio::test]
async fn plain_http_is_not_answered_where_tls_is_served() {
    let place = Place::new(TLS);
    let server = place.start();
    let request = form(MACHINE, server.url("/token"), "grant_type=client_credentials");
    assert!(request.send().await.is_err());
    let listener = [("PASSAVANT_HTTP__LISTEN", server.address.to_string())];
    let listener = listener.each_ref().map(|(name, value)| (*name, value.as_str()));
    let health = run_with(place.folder.path(), &["-c", "passavant.toml", "healthcheck"], &listener);
    assert_eq!(outcome(&health).0, Some(0), "{}", outcome(&health).1);
    let client = place.client(&[(HOST, server.address)], None);
    let answer = send(client.get(format!("https://{HOST}:{}/jwks", server.address.port()))).await;
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains");
}
