//! Mutual TLS (RFC 8705): clients that authenticate by a certificate, and tokens that are bound to one.

use http::Request;
use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{ClientCertificate, MutualTls, Reason};
use protocol::ClientMetadata;
use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, SanType, string::Ia5String};
use serde_json::{Value, json};
use testkit::server::{Call, Running, TestClient, TestServer, confidential, public, resource};

const NOTES: &str = "https://notes.example";
const MUSIC: &str = "https://music.example";

/// A certificate with a subject and four kinds of alternative names.
fn certificate() -> Vec<u8> {
    certificate_with(|_| {})
}

fn certificate_with(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "CH");
    params.distinguished_name.push(DnType::OrganizationName, "Shops, Inc.");
    params.distinguished_name.push(DnType::CommonName, "shop");
    let text = |text: &str| Ia5String::try_from(text).expect("ASCII");
    params.subject_alt_names = vec![
        SanType::DnsName(text("shop.example")),
        SanType::URI(text("https://shop.example/id")),
        SanType::IpAddress([192, 0, 2, 7].into()),
        SanType::Rfc822Name(text("shop@example.org")),
    ];
    change(&mut params);
    params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate").der().to_vec()
}

/// The certificate as the host hands it on, once an authority of clients is known to have issued it.
fn trusted(der: &[u8]) -> ClientCertificate {
    ClientCertificate::new(der.to_vec(), true)
}

fn untrusted(der: &[u8]) -> ClientCertificate {
    ClientCertificate::new(der.to_vec(), false)
}

/// A name for messages, and what registers it.
type Registered = (&'static str, fn(&mut ClientMetadata));

/// A client of `tls_client_auth` with this registered name.
fn named(id: &str, name: impl FnOnce(&mut ClientMetadata)) -> TestClient {
    confidential(id).scope("openid offline_access notes.read music.play").method("tls_client_auth").with(name)
}

fn subject(metadata: &mut ClientMetadata) {
    metadata.tls_client_auth_subject_dn = Some(r"CN=shop,O=Shops\, Inc.,C=CH".to_owned());
}

/// The keys of a client of `self_signed_tls_client_auth`, with this certificate.
fn keys_with(der: &[u8]) -> Value {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let mut jwk = key.public_jwk().expect("it is no shared secret").to_value();
    let text = jose::base64url::encode(der).replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    jwk["x5c"] = json!([text + &padding]);
    json!({ "keys": [jwk] })
}

fn server() -> TestServer {
    TestServer::new()
        .settings(|settings| {
            settings.mutual_tls = Some(MutualTls { url: Some("https://mtls.as.example".to_owned()) });
        })
        .resource(resource(NOTES, "notes.read").caller("notes"))
        .resource(resource(MUSIC, "music.play").caller("music").jwt())
        .account("alice")
}

fn ask(server: &Running, client: &str) -> Call {
    server.client_credentials(client).param("scope", "notes.read")
}

/// RFC 8705 §2.1, §2.1.2: the certificate of an authority, by each of the five names.
#[tokio::test]
async fn a_client_authenticates_by_a_certificate_with_its_registered_name() {
    let good: [Registered; 5] = [
        ("subject", subject),
        ("dns", |metadata| metadata.tls_client_auth_san_dns = Some("SHOP.example".to_owned())),
        ("uri", |metadata| metadata.tls_client_auth_san_uri = Some("https://shop.example/id".to_owned())),
        ("ip", |metadata| metadata.tls_client_auth_san_ip = Some("192.0.2.7".to_owned())),
        ("email", |metadata| metadata.tls_client_auth_san_email = Some("shop@example.org".to_owned())),
    ];
    let bad: [Registered; 7] = [
        ("subject", |metadata| metadata.tls_client_auth_subject_dn = Some("CN=shop".to_owned())),
        ("order", |metadata| {
            metadata.tls_client_auth_subject_dn = Some(r"C=CH,O=Shops\, Inc.,CN=shop".to_owned())
        }),
        ("dns", |metadata| metadata.tls_client_auth_san_dns = Some("example".to_owned())),
        ("uri", |metadata| metadata.tls_client_auth_san_uri = Some("https://shop.example/ID".to_owned())),
        ("ip", |metadata| metadata.tls_client_auth_san_ip = Some("192.0.2.8".to_owned())),
        ("email", |metadata| metadata.tls_client_auth_san_email = Some("other@example.org".to_owned())),
        ("none", |_| {}),
    ];
    let der = certificate();
    for (name, register) in good {
        let server = server().client(named("shop", register)).start().await;
        let call = ask(&server, "shop").certificate(&trusted(&der));
        assert_eq!(call.send().await.ok().member("token_type"), "Bearer", "{name}");
    }
    for (_, register) in bad {
        let server = server().client(named("shop", register)).start().await;
        let call = ask(&server, "shop").certificate(&trusted(&der));
        call.send_unwritten().await.refused(Reason::ClientCertificateMismatch);
    }
}

/// RFC 8705 §2.1: a certificate that nobody trusted issued is no credential, whatever stands in it, and neither is none.
#[tokio::test]
async fn a_certificate_of_an_unknown_issuer_authenticates_nobody() {
    let server = server().client(named("shop", subject)).start().await;
    let der = certificate();
    let call = ask(&server, "shop").certificate(&untrusted(&der));
    call.send_unwritten().await.refused(Reason::ClientCertificateUntrusted);
    ask(&server, "shop").send_unwritten().await.refused(Reason::ClientCertificateMissing);
    let garbage = trusted(&der[..der.len() - 1]);
    let call = ask(&server, "shop").certificate(&garbage);
    call.send_unwritten().await.refused(Reason::ClientCertificateMismatch);
}

/// RFC 8705 §2: a client authenticates by the method that it registered, and by no other.
#[tokio::test]
async fn a_certificate_is_no_credential_of_other_clients() {
    let server = server()
        .client(named("shop", subject))
        .client(confidential("basic"))
        .client(public("spa"))
        .start()
        .await;
    let certificate = trusted(&certificate());
    let bare = |id: &str| {
        server
            .post("/token")
            .param("grant_type", "client_credentials")
            .param("client_id", id)
            .certificate(&certificate)
    };
    bare("basic").send_unwritten().await.refused(Reason::ClientSecretMissing);
    bare("spa").send_unwritten().await.refused(Reason::ClientCredentialsNotAllowed);
    bare("shop").send().await.ok();
    let with_secret = server.post("/token").param("grant_type", "client_credentials").basic("shop", "x");
    let with_secret = with_secret.certificate(&certificate);
    with_secret.send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// RFC 8705 §2.2: the certificate is one of those in the client's keys, by value or at `jwks_uri`; an issuer is not asked for.
#[tokio::test]
async fn a_client_authenticates_by_a_certificate_that_it_registered() {
    let (own, other) = (certificate(), certificate());
    let self_signed =
        |id: &str| confidential(id).scope("openid notes.read").method("self_signed_tls_client_auth");
    let by_value = self_signed("shop").with(|metadata| metadata.jwks = Some(keys_with(&own)));
    let uri = "https://shop.example/jwks";
    let by_reference = self_signed("remote").with(|metadata| metadata.jwks_uri = Some(uri.to_owned()));
    let away = "https://away.example/jwks";
    let away = self_signed("away").with(|metadata| metadata.jwks_uri = Some(away.to_owned()));
    let server = server().client(by_value).client(by_reference).client(away).start().await;
    server.fetch.serve(uri, &keys_with(&own));
    for client in ["shop", "remote"] {
        ask(&server, client).certificate(&untrusted(&own)).send().await.ok();
        let call = ask(&server, client).certificate(&trusted(&other));
        call.send_unwritten().await.refused(Reason::ClientCertificateMismatch);
        ask(&server, client).send_unwritten().await.refused(Reason::ClientCertificateMissing);
    }
    let call = ask(&server, "away").certificate(&untrusted(&own));
    call.send_unwritten().await.refused(Reason::ClientCertificatesUnavailable);
}

fn bound(metadata: &mut ClientMetadata) {
    metadata.tls_client_certificate_bound_access_tokens = Some(true);
}

/// RFC 8705 §3, §3.1, §3.2: the token is bound to the certificate, and introspection and JWT say so.
#[tokio::test]
async fn an_access_token_is_bound_to_the_certificate_of_the_connection() {
    let client = confidential("shop").scope("notes.read music.play").with(bound);
    let server = server().client(client).start().await;
    let own = trusted(&certificate());
    let expected = json!({ "x5t#S256": own.thumbprint().to_string() });
    for (scope, caller) in [("notes.read", "notes"), ("music.play", "music")] {
        let call = server.client_credentials("shop").param("scope", scope).certificate(&own);
        let reply = call.send().await.ok();
        assert_eq!(reply.member("token_type"), "Bearer");
        let token = reply.member("access_token");
        let told = server.introspect(&token, caller).await.ok().json();
        assert_eq!((&told["cnf"], &told["token_type"]), (&expected, &json!("Bearer")), "{scope}");
        if scope == "music.play" {
            let claims = server.verified(&token).await.claims().expect("claims");
            assert_eq!(claims.value("cnf"), Some(&expected));
        }
    }
    ask(&server, "shop").send_unwritten().await.refused(Reason::BindingCertificateMissing);
}

/// RFC 8705 §3.4: without the member, a certificate binds nothing.
#[tokio::test]
async fn tokens_of_a_client_that_did_not_register_it_are_not_bound() {
    let server = server().client(named("shop", subject)).start().await;
    let reply = ask(&server, "shop").certificate(&trusted(&certificate())).send().await.ok();
    let told = server.introspect(&reply.member("access_token"), "notes").await.ok().json();
    assert_eq!(told.get("cnf"), None);
}

/// RFC 8705 §3: at UserInfo, introspection and a route of the host, only over a connection with the same certificate.
#[tokio::test]
async fn a_bound_token_works_only_with_its_certificate() {
    let client = confidential("shop").scope("openid notes.read").with(bound);
    let server = server().client(client).start().await;
    let (own, other) = (trusted(&certificate()), trusted(&certificate()));
    let code = server.browser().sign_in("alice").authorize("shop").scope("openid").code().await;
    let token = server.redemption(&code).certificate(&own).send().await.ok().member("access_token");
    let ask_userinfo = || server.get("/userinfo").bearer(&token);
    ask_userinfo().send().await.refused(Reason::CertificateMissing);
    ask_userinfo().certificate(&other).send().await.refused(Reason::CertificateWrong);
    ask_userinfo().certificate(&own).send().await.ok();

    let token = ask(&server, "shop").certificate(&own).send().await.ok().member("access_token");
    for (shown, reason) in [
        (None, Some(Reason::CertificateMissing)),
        (Some(&other), Some(Reason::CertificateWrong)),
        (Some(&own), None),
    ] {
        let mut request = Request::get("/notes").header("authorization", format!("Bearer {token}"));
        if let (Some(certificate), Some(extensions)) = (shown, request.extensions_mut()) {
            extensions.insert(certificate.clone());
        }
        let head = request.body(()).expect("a request").into_parts().0;
        let denied = server.authorization_server.access(&head, NOTES, &["notes.read"]).await.err();
        assert_eq!(denied.and_then(|denied| denied.reason()), reason);
    }
}

/// RFC 8705 §4: the refresh token of a public client is bound to the certificate; a confidential client may change its own.
#[tokio::test]
async fn a_refresh_token_of_a_public_client_is_for_the_holder_of_its_certificate() {
    let scope = "openid offline_access notes.read";
    let server = server()
        .client(public("spa").scope(scope).with(bound))
        .client(confidential("shop").scope(scope).with(bound))
        .start()
        .await;
    let (own, other) = (trusted(&certificate()), trusted(&certificate()));
    for (client, refused) in [("spa", true), ("shop", false)] {
        let request = server.browser().sign_in("alice").authorize(client).scope("openid offline_access");
        let code = request.code().await;
        let first = server.redemption(&code).certificate(&own).send().await.ok().member("refresh_token");
        let changed = server.renewal(client, &first).certificate(&other).send().await;
        assert_eq!(changed.reason(), refused.then_some(Reason::RefreshKeyMismatch), "{client}");
        let first = if refused { first } else { changed.member("refresh_token") };
        server.renewal(client, &first).certificate(&own).send().await.ok();
    }
}

/// RFC 8705 §3.3, §5: the metadata lists the methods, and the endpoints at the URL that asks for certificates, if there is
/// one; without it none of this.
#[tokio::test]
async fn the_metadata_lists_mutual_tls_where_certificates_are_asked_for() {
    let path = "/.well-known/oauth-authorization-server";
    let metadata = server().start().await.get(path).send().await.ok().json();
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().expect("a list").clone();
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        assert!(methods.contains(&json!(method)), "{methods:?}");
    }
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let aliases = metadata["mtls_endpoint_aliases"].as_object().expect("an object");
    assert_eq!(aliases["token_endpoint"], "https://mtls.as.example/token");
    assert_eq!(aliases["userinfo_endpoint"], "https://mtls.as.example/userinfo");
    assert_eq!(aliases["introspection_endpoint"], "https://mtls.as.example/introspect");
    assert!(!aliases.contains_key("authorization_endpoint") && !aliases.contains_key("end_session_endpoint"));
    let without = TestServer::new().start().await.get(path).send().await.ok();
    assert!(!without.body().contains("tls_client"), "{}", without.body());
}

/// RFC 9449 §4.3, RFC 8705 §5: a proof may name the URL that the metadata lists.
#[tokio::test]
async fn a_proof_may_name_the_alias_of_the_endpoint() {
    let server = server().client(confidential("shop").scope("notes.read").with(bound)).start().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let proof = server.proof(&key, "POST", "/token").claim("htu", "https://mtls.as.example/token").sign();
    let own = trusted(&certificate());
    let reply = ask(&server, "shop").header("dpop", &proof).certificate(&own).send().await.ok();
    let told = server.introspect(&reply.member("access_token"), "notes").await.ok().json();
    let cnf = told["cnf"].as_object().expect("an object");
    assert_eq!((cnf.len(), &told["token_type"]), (2, &json!("DPoP")), "both keys are demanded");
}

/// RFC 5280 §4.1.2.6: what is no text in a subject is compared as it is encoded.
#[tokio::test]
async fn a_subject_is_compared_whole() {
    let register = |metadata: &mut ClientMetadata| {
        metadata.tls_client_auth_subject_dn = Some("CN=shop".to_owned());
    };
    let server = server().client(named("shop", register)).start().await;
    let with = |parts: &[(DnType, &str)]| {
        certificate_with(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            for (kind, value) in parts {
                params.distinguished_name.push(kind.clone(), *value);
            }
            params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]));
        })
    };
    let call = ask(&server, "shop").certificate(&trusted(&with(&[(DnType::CommonName, "shop")])));
    call.send().await.ok();
    for parts in [
        &[(DnType::CommonName, "shop"), (DnType::OrganizationName, "x")][..],
        &[(DnType::OrganizationName, "shop")],
        &[(DnType::CommonName, "Shop")],
        &[],
    ] {
        let call = ask(&server, "shop").certificate(&trusted(&with(parts)));
        call.send_unwritten().await.refused(Reason::ClientCertificateMismatch);
    }
}
