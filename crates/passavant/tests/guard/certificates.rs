//! Tokens that are bound to a client certificate (RFC 8705 §3), which a proxy in front passes on (RFC 9440).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jose::{SignatureAlgorithm, SigningKey, Thumbprint, jws};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{
    place::{Process, client},
    upstream::Upstream,
};

const AUDIENCE: &str = "https://api.example";

/// A certificate, in DER.
fn certificate() -> Vec<u8> {
    let params = CertificateParams::new(Vec::new()).expect("parameters");
    params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec()
}

/// The key set of an issuer, which is served as long as the test runs, and a token of its bound to this certificate.
async fn issuer(bound_to: &[u8]) -> (String, String) {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let set =
        jose::JwkSet::new(vec![key.public_jwk().expect("it is no shared secret").clone()]).expect("a set");
    let keys = axum::Router::new()
        .route("/jwks", axum::routing::get(move || async move { axum::Json(set.to_value()) }));
    tokio::spawn(async move { axum::serve(listener, keys).await });
    let now = fetching::Clock::now(&fetching::SystemClock::default()).0;
    let claims = json!({
        "iss": issuer, "aud": AUDIENCE, "sub": "shop", "client_id": "shop", "iat": now, "exp": now + 600, "jti": "1",
        "cnf": { "x5t#S256": Thumbprint::of_certificate(bound_to).to_string() },
    });
    let header = jws::Header {
        typ: Some("at+jwt".to_owned()),
        kid: Some(key.kid().to_owned()),
        ..jws::Header::default()
    };
    let token = jws::sign(&header, claims.to_string().as_bytes(), &key).expect("signs");
    (issuer, token)
}

/// RFC 8705 §3, RFC 9440 §4: the certificate of the token, from the header of a trusted proxy; no upstream gets the header.
#[tokio::test]
async fn a_bound_token_is_let_through_only_with_its_certificate_from_a_trusted_proxy() {
    let (own, other) = (certificate(), certificate());
    let (issuer, token) = issuer(&own).await;
    let upstream = Upstream::start().await;
    let in_front = format!("http://{}", upstream.address);
    let folder = TempDir::new().expect("a folder");
    let jwks = format!("{issuer}/jwks");
    let start = |more: &[&str]| {
        let common =
            ["guard", "--issuer", &issuer, "--audience", AUDIENCE, "--jwks-url", &jwks, "--token", "jwt"];
        let listen = ["--listen", "127.0.0.1:0"];
        Process::start(folder.path(), &[&common[..], &listen, more].concat(), &[], "")
    };
    let header = |der: &[u8]| format!(":{}:", STANDARD.encode(der));
    let trusted = ["--client-cert-header", "--trusted-proxy", "127.0.0.1"];
    let stranger = ["--client-cert-header", "--trusted-proxy", "10.0.0.1"];
    for (path, more) in [("/check/notes", &[][..]), ("/notes", &["--upstream", &*in_front])] {
        for (flags, good) in [(trusted, 200), (stranger, 401)] {
            let guard = start(&[&flags[..], more].concat());
            let ask = |sent: Option<String>| {
                let request =
                    client().get(format!("http://{}{path}", guard.address("listening"))).bearer_auth(&token);
                sent.into_iter().fold(request, |request, value| request.header("client-cert", value)).send()
            };
            let answer = ask(Some(header(&own))).await.expect("an answer");
            assert_eq!(answer.status(), good, "{path} {flags:?}");
            let body = answer.text().await.expect("a body");
            assert!(!body.contains("client-cert"), "{body}");
            assert_eq!(ask(Some(header(&other))).await.expect("an answer").status(), 401, "{path} {flags:?}");
            assert_eq!(ask(Some("x".to_owned())).await.expect("an answer").status(), 401, "{path} {flags:?}");
            assert_eq!(ask(None).await.expect("an answer").status(), 401, "{path} {flags:?}");
        }
    }
    assert_eq!(upstream.asked(), 1);
}
