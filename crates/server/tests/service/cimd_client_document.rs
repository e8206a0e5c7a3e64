//! Clients whose id is the URL of their metadata (Client ID Metadata Document, draft-ietf-oauth-client-id-metadata-document).

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{Reason, settings::ClientDocuments, store::Provenance};
use protocol::{ClientId, limits};
use serde_json::{Value, json};
use testkit::server::{Reply, Running, TestServer, confidential, resource};

const URL: &str = "https://agent.example/client.json";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";

async fn start() -> Running {
    with(ClientDocuments::default()).await
}

async fn with(documents: ClientDocuments) -> Running {
    let server = TestServer::new()
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .client(confidential("shop"))
        .account("alice");
    server.settings(|settings| settings.client_documents = Some(documents)).start().await
}

fn document() -> Value {
    json!({
        "client_id": URL, "client_name": "Agent", "client_uri": "https://agent.example", "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none",
    })
}

fn but(name: &str, value: Value) -> Value {
    let mut document = document();
    document[name] = value;
    document
}

/// Serves the document, and begins to sign in.
async fn visit(server: &Running, document: &Value) -> Reply {
    server.fetch.serve_with(URL, document, &[]);
    authorize(server, URL).await
}

async fn authorize(server: &Running, id: &str) -> Reply {
    server.introduce(id, None, REDIRECT);
    server.browser().authorize(id).scope("openid notes.read").send().await
}

async fn stored(server: &Running) -> Option<passavant_server::store::Client> {
    server.store.client(&ClientId::new(URL)).await.expect("the store works")
}

/// Client ID Metadata Document §3, §4: no registration is needed before.
#[tokio::test]
async fn a_client_signs_a_user_in_with_its_url_as_its_id() {
    let server = start().await;
    server.fetch.serve_with(URL, &document(), &[]);
    server.introduce(URL, None, REDIRECT);
    let browser = server.browser().sign_in("alice");
    let tokens = browser.authorize(URL).scope("openid notes.read").tokens().await;
    let access = tokens.member("access_token");
    assert!(server.is_active(&access, "notes").await);
    assert_eq!(server.introspect(&access, "notes").await.json()["client_id"], URL);
    assert_eq!(server.fetch.asked(URL), 1, "it is cached (Client ID Metadata Document §4.4)");
    let client = stored(&server).await.expect("it is registered");
    assert!(matches!(client.registered.by, Provenance::MetadataDocument { .. }));
    assert!(client.require_pkce && !client.skip_consent && client.registered.unused_until.is_none());
}

/// Client ID Metadata Document §5
#[tokio::test]
async fn it_is_announced_where_it_is_enabled() {
    let member = "client_id_metadata_document_supported";
    let announced = async |server: &Running| {
        server.get("/.well-known/oauth-authorization-server").send().await.json()[member].clone()
    };
    assert_eq!(announced(&start().await).await, json!(true));
    let server = TestServer::new().account("alice").start().await;
    assert_eq!(announced(&server).await, Value::Null);
    server.fetch.serve_with(URL, &document(), &[]);
    authorize(&server, URL).await.refused(Reason::AuthorizeClientUnknown);
    assert_eq!(server.fetch.asked(URL), 0, "and nothing is fetched where it is not");
}

/// Client ID Metadata Document §3, §6.5: what is not such a URL, or names this machine or a private network, is not fetched.
#[tokio::test]
async fn only_public_https_urls_are_fetched() {
    let server = start().await;
    for id in [
        "http://agent.example/client.json",
        "https://agent.example",
        "https://agent.example/../client.json",
        "https://127.0.0.1/client.json",
        "https://localhost/client.json",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/client.json",
        "https://user@agent.example/client.json",
    ] {
        server.fetch.serve_with(id, &document(), &[]);
        authorize(&server, id).await.refused(Reason::AuthorizeClientUnknown);
        assert_eq!(server.fetch.asked(id), 0, "{id}");
    }
}

/// Client ID Metadata Document §4.1: about this URL, and without a shared secret.
#[tokio::test]
async fn a_document_that_is_not_valid_registers_nothing() {
    for document in [
        but("client_id", json!("https://agent.example/other.json")),
        but("client_id", Value::Null),
        but("client_secret", json!("a-secret-of-22-characters-or-more")),
        but("client_secret_expires_at", json!(0)),
        but("token_endpoint_auth_method", json!("client_secret_basic")),
        but("token_endpoint_auth_method", json!("private_key_jwt")),
        but("redirect_uris", json!(["https://agent.example/cb#f"])),
        but("redirect_uris", json!([])),
        but("skip_consent", json!(true)),
        but("scope", json!("openid passavant.admin")),
        but("id_token_signed_response_alg", json!("HS256")),
        json!([]),
    ] {
        let server = start().await;
        visit(&server, &document).await.refused(Reason::ClientDocumentInvalid);
        assert_eq!(stored(&server).await, None, "{document}");
    }
}

/// Client ID Metadata Document §4, §4.3, §6.6: only a 200 within the limit is a document.
#[tokio::test]
async fn a_document_that_can_not_be_fetched_is_an_error_page() {
    for status in [301, 302, 404, 500] {
        let server = start().await;
        server.fetch.refuse(URL, status);
        authorize(&server, URL).await.refused(Reason::ClientDocumentUnavailable);
    }
    let server = start().await;
    let large = but("software_version", json!("x".repeat(limits::CLIENT_DOCUMENT_BYTES_MAX)));
    visit(&server, &large).await.refused(Reason::ClientDocumentUnavailable);
    let server = start().await;
    server.fetch.serve_with(URL, &document(), &[("content-type", "text/html")]);
    authorize(&server, URL).await.refused(Reason::ClientDocumentInvalid);
}

/// Client ID Metadata Document §4.4: "MUST NOT cache error responses"; but a minute passes, or each request would be a fetch.
#[tokio::test]
async fn a_failure_is_tried_again_after_a_minute() {
    let server = start().await;
    server.fetch.refuse(URL, 500);
    for _ in 0..3 {
        authorize(&server, URL).await.refused(Reason::ClientDocumentUnavailable);
    }
    assert_eq!(server.fetch.asked(URL), 1);
    server.clock.advance(60);
    assert_eq!(visit(&server, &document()).await.reason(), None);
    assert!(stored(&server).await.is_some());
}

/// Client ID Metadata Document §4.4: HTTP cache headers, within bounds.
#[tokio::test]
async fn a_stale_document_is_fetched_again_and_replaces_what_was_registered() {
    let server = start().await;
    server.fetch.serve_with(URL, &document(), &[("cache-control", "max-age=600")]);
    authorize(&server, URL).await;
    server.clock.advance(599);
    authorize(&server, URL).await;
    assert_eq!(server.fetch.asked(URL), 1);
    server.clock.advance(1);
    let moved = "https://agent.example/moved";
    visit(&server, &but("redirect_uris", json!([moved]))).await.refused(Reason::RedirectUriMismatch);
    assert_eq!(server.fetch.asked(URL), 2);
    let client = stored(&server).await.expect("it is registered");
    assert_eq!(client.metadata.redirect_uris, [moved]);
    assert_eq!(client.version, 2);
}

/// Client ID Metadata Document §6.2: a key pair is the only credential.
#[tokio::test]
async fn a_client_authenticates_by_a_key_at_its_own_url() {
    let server = start().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    let keys = "https://agent.example/jwks";
    server.serve_keys(keys, &[&key]);
    let mut document = but("token_endpoint_auth_method", json!("private_key_jwt"));
    document["jwks_uri"] = json!(keys);
    server.fetch.serve_with(URL, &document, &[]);
    server.introduce(URL, None, REDIRECT);
    let code = server.browser().sign_in("alice").authorize(URL).scope("openid").code().await;
    server.redeem(&code).await.refused(Reason::ClientSecretMissing);
    server.introduce_key(URL, &key, REDIRECT);
    server.redeem(&code).await.ok();
    assert_eq!(server.fetch.asked(keys), 1);
    // What a stranger names is not fetched from this machine.
    let inside = "https://127.0.0.1/jwks";
    server.serve_keys(inside, &[&key]);
    document["jwks_uri"] = json!(inside);
    server.fetch.serve_with(URL, &document, &[]);
    server.clock.advance(86_400);
    let code = server.browser().sign_in("alice").authorize(URL).scope("openid").code().await;
    server.redeem(&code).await.refused(Reason::AssertionKeysUnavailable);
    assert_eq!(server.fetch.asked(inside), 0);
}

/// Client ID Metadata Document §6.10: a client that the operator registered is the operator's.
#[tokio::test]
async fn a_client_of_the_operator_is_not_looked_up() {
    let documents = Some(ClientDocuments::default());
    let client = confidential(URL).with(|metadata| metadata.redirect_uris = vec![REDIRECT.to_owned()]);
    let server = TestServer::new().client(client).account("alice");
    let server = server.settings(|settings| settings.client_documents = documents).start().await;
    visit(&server, &document()).await;
    assert_eq!(server.fetch.asked(URL), 0);
    assert_eq!(stored(&server).await.expect("it is there").registered.by, Provenance::Operator);
}

/// A disabled client stays disabled, whatever its document says.
#[tokio::test]
async fn a_disabled_client_is_not_looked_up() {
    let server = start().await;
    visit(&server, &document()).await;
    let mut record = stored(&server).await.expect("it is registered");
    record.caller.disabled = true;
    let expect = passavant_server::store::Expect::Version(record.version);
    let put = passavant_server::store::RegistryChange::PutClient(Box::new(record), expect);
    server.commit(passavant_server::store::Commit::new(protocol::Timestamp(server.now())).with(put)).await;
    server.clock.advance(86_400);
    authorize(&server, URL).await.refused(Reason::AuthorizeClientUnknown);
    assert_eq!(server.fetch.asked(URL), 1);
    assert!(stored(&server).await.expect("it is there").caller.disabled);
}

/// Strangers neither fill the store nor have the server fetch without end.
#[tokio::test]
async fn new_documents_have_a_number_in_each_hour() {
    let server = with(ClientDocuments { hourly_max: 2, ..ClientDocuments::default() }).await;
    for at in 0..2 {
        let url = format!("https://agent.example/{at}");
        authorize(&server, &url).await.refused(Reason::ClientDocumentUnavailable);
    }
    visit(&server, &document()).await.refused(Reason::ClientDocumentsTooMany);
    server.clock.advance(3_600);
    assert_eq!(visit(&server, &document()).await.reason(), None);
}

/// A client of which no user ever got further is deleted.
#[tokio::test]
async fn a_client_that_is_not_used_is_deleted() {
    let server = start().await;
    visit(&server, &document()).await;
    server.clock.advance(7 * 86_400 + 1);
    server.authorization_server.maintain(9).await.expect("the store works");
    assert_eq!(stored(&server).await, None);
}
