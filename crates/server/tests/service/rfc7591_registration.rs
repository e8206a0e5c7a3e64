//! Registration of clients by themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0).

use jose::{SignatureAlgorithm, SigningKey, jws::Header};
use passavant_server::{
    InitialToken, Reason,
    settings::{DynamicRegistration, StatementIssuer},
    store::{Change, Commit, EventKind, Provenance},
};
use protocol::{ClientId, Timestamp, limits};
use serde_json::{Value, json};
use testkit::server::{Call, Reply, Running, TestServer, resource};

const REDIRECT: &str = "https://agent.example/cb";

fn server() -> TestServer {
    TestServer::new()
        .resource(resource("https://notes.example", "notes.read notes.write").caller("notes"))
        .resource(resource("https://music.example", "music.read").caller("music"))
        .account("alice")
}

async fn open() -> Running {
    with(DynamicRegistration::default()).await
}

async fn with(dynamic: DynamicRegistration) -> Running {
    server().settings(|settings| settings.dynamic_registration = Some(dynamic)).start().await
}

fn call(server: &Running, members: &Value) -> Call {
    server.post("/register").body(Some("application/json"), members.to_string())
}

async fn register(server: &Running, members: Value) -> Reply {
    call(server, &members).send().await
}

/// What most clients send.
fn usual() -> Value {
    json!({
        "client_name": "Agent", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
    })
}

fn but(members: Value, name: &str, value: Value) -> Value {
    let mut members = members;
    members[name] = value;
    members
}

async fn registered(server: &Running, members: Value) -> Value {
    let reply = register(server, members).await;
    assert_eq!(reply.status(), 201, "{reply:?}");
    reply.json()
}

/// RFC 7591 §3.2.1
#[tokio::test]
async fn a_registration_is_answered_with_everything_that_is_registered() {
    let server = open().await;
    let reply = register(&server, usual()).await;
    assert_eq!((reply.status(), reply.header("cache-control")), (201, Some("no-store")));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let answer = reply.json();
    for (name, value) in usual().as_object().expect("an object") {
        assert_eq!(answer[name], *value, "{name}");
    }
    let id = answer["client_id"].as_str().expect("an id");
    assert!(id.len() >= 22 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert_eq!(answer["client_id_issued_at"], server.now());
    assert_eq!(answer["registration_client_uri"], format!("https://as.example/register/{id}"));
    let token = answer["registration_access_token"].as_str().expect("a token");
    assert!(token.starts_with("pvr_") && token.len() == 4 + 43, "{token}");
    let scope = "openid profile email address phone offline_access music.read notes.read notes.write";
    assert_eq!(answer["scope"], scope, "RFC 7591 §2: a default set of scopes");
    // A client without a credential gets none.
    assert_eq!((&answer["client_secret"], &answer["client_secret_expires_at"]), (&Value::Null, &Value::Null));
    assert_eq!(answer["warnings"], Value::Null);
}

/// RFC 7591 §2: the defaults where a member is absent.
#[tokio::test]
async fn absent_members_get_the_defaults_of_rfc_7591() {
    let server = open().await;
    let answer = registered(&server, json!({ "redirect_uris": [REDIRECT] })).await;
    assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(answer["grant_types"], json!(["authorization_code"]));
    assert_eq!(answer["response_types"], json!(["code"]));
    assert!(answer["client_secret"].as_str().is_some_and(|secret| secret.starts_with("pvs_")));
    assert_eq!(answer["client_secret_expires_at"], 0, "RFC 7591 §3.2.1: REQUIRED with a secret");
}

/// RFC 7591 §3.2.1: a client can use what it registered at once.
#[tokio::test]
async fn a_registered_client_signs_a_user_in() {
    let server = open().await;
    let answer =
        registered(&server, but(usual(), "token_endpoint_auth_method", json!("client_secret_post"))).await;
    let member = |name: &str| answer[name].as_str().expect("text").to_owned();
    server.introduce(&member("client_id"), Some(&member("client_secret")), REDIRECT);
    let request = server.browser().sign_in("alice").authorize(&member("client_id"));
    let tokens = request.scope("openid notes.read").tokens().await;
    assert!(server.is_active(&tokens.member("access_token"), "notes").await);
}

/// RFC 7591 §3: the operator decides whether anybody may register.
#[tokio::test]
async fn without_the_setting_nobody_registers() {
    let server = server().start().await;
    assert_eq!(register(&server, usual()).await.status(), 404);
    assert_eq!(server.get("/register/x").send().await.status(), 404);
    let metadata = server.get("/.well-known/oauth-authorization-server").send().await.json();
    assert_eq!(metadata["registration_endpoint"], Value::Null);
    let server = open().await;
    let metadata = server.get("/.well-known/oauth-authorization-server").send().await.json();
    assert_eq!(metadata["registration_endpoint"], "https://as.example/register");
}

/// RFC 7591 §2: "The authorization server MUST ignore any client metadata sent by the client that it does not understand".
#[tokio::test]
async fn unknown_members_are_ignored() {
    let server = open().await;
    let answer = registered(&server, but(usual(), "x_of_another_server", json!({ "a": 1 }))).await;
    assert_eq!(answer["x_of_another_server"], Value::Null);
    // What the server sets is not the client's to say (RFC 7591 §3.2.1), and null says nothing.
    let sent = json!({ "client_id_issued_at": 5, "registration_client_uri": "https://x.example", "logo_uri": null,
        "client_secret_expires_at": 7, "registration_access_token": "pvr_x", "redirect_uris": [REDIRECT] });
    let answer = registered(&server, sent).await;
    assert_eq!((&answer["client_id_issued_at"], &answer["logo_uri"]), (&json!(server.now()), &Value::Null));
    assert_eq!(answer["client_secret_expires_at"], 0);
}

/// RFC 7591 §5: nobody gives itself rights.
#[tokio::test]
async fn what_only_the_operator_sets_is_refused() {
    let server = open().await;
    for (name, value) in [
        ("client_id", json!("shop")),
        ("client_secret", json!("a-secret-of-22-characters-or-more")),
        ("skip_consent", json!(true)),
        ("require_pkce", json!(false)),
        ("one_resource_per_token", json!(false)),
        ("disabled", json!(false)),
        ("scope", json!("openid passavant.admin")),
        ("scope", json!("passavant.read")),
        ("scope", json!("introspection")),
    ] {
        let reply = register(&server, but(usual(), name, value)).await;
        reply.refused(Reason::RegistrationMemberInvalid);
        assert!(reply.member("error_description").contains(&format!("/{name}: ")), "{reply:?}");
    }
    // Members of accounts and resources are unknown here, and have no effect.
    let answer = registered(&server, but(but(usual(), "sub", json!("alice")), "scopes", json!(["a"]))).await;
    assert_eq!((&answer["sub"], &answer["scopes"]), (&Value::Null, &Value::Null));
    assert!(server.store.events(0, 99).await.expect("the store works").len() < 99);
}

/// RFC 7591 §3.2.2: `invalid_redirect_uri` and `invalid_client_metadata`, with what is wrong.
#[tokio::test]
async fn invalid_values_are_refused_with_their_place() {
    let server = open().await;
    for (uri, text) in [
        ("https://agent.example/cb#f", "fragment"),
        ("http://agent.example/cb", "http"),
        ("javascript:alert(1)", "scheme"),
        ("cursor://cb", "scheme"),
        ("/cb", "absolute"),
    ] {
        let reply = register(&server, but(usual(), "redirect_uris", json!([REDIRECT, uri]))).await;
        let description = reply.refused(Reason::RegistrationUriInvalid).member("error_description");
        assert!(description.contains("/redirect_uris/1: ") && description.contains(text), "{description}");
    }
    for missing in [json!([]), Value::Null] {
        let reply = register(&server, but(usual(), "redirect_uris", missing)).await;
        reply.refused(Reason::RegistrationUriInvalid);
    }
    let private = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }] });
    for (name, value) in [
        ("client_name", json!(7)),
        ("redirect_uris", json!("https://agent.example/cb")),
        ("logo_uri", json!("javascript:alert(1)")),
        ("jwks", private),
        ("jwks_uri", json!("http://127.0.0.1/jwks")),
        ("token_endpoint_auth_method", json!("magic")),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("grant_types", json!(["client_credentials"])),
    ] {
        let reply = register(&server, but(usual(), name, value)).await;
        assert!(
            matches!(
                reply.reason(),
                Some(Reason::RegistrationMemberInvalid | Reason::RegistrationUriInvalid)
            ),
            "{name}: {reply:?}"
        );
        reply.refused(reply.reason().expect("one of these"));
    }
}

/// RFC 7591 §3.1: "application/json".
#[tokio::test]
async fn only_a_json_object_is_read() {
    let server = open().await;
    let text = usual().to_string();
    for (content_type, body) in [
        (None, &*text),
        (Some("text/plain"), &text),
        (Some("application/json"), "[]"),
        (Some("application/json"), "{"),
        (Some("application/json"), ""),
    ] {
        let call = server.post("/register").body(content_type, body);
        call.send_unwritten().await.refused(Reason::RegistrationMalformed);
    }
    let call = server.post("/register").body(Some("Application/JSON; charset=utf-8"), &*text);
    assert_eq!(call.send().await.status(), 201);
    let long = but(usual(), "software_version", json!("x".repeat(limits::REGISTRATION_BYTES_MAX)));
    call_refused(&server, &long, Reason::BodyTooLarge).await;
    server.get("/register").send().await.refused(Reason::MethodNotAllowed);
}

async fn call_refused(server: &Running, members: &Value, reason: Reason) {
    call(server, members).send_unwritten().await.refused(reason);
}

/// RFC 7591 §3.2.1: "The authorization server MAY reject or replace any of the client's requested metadata values", and the
/// answer has what is registered.
#[tokio::test]
async fn what_the_policy_does_not_allow_is_left_out_and_told() {
    let server = open().await;
    // As a well-known client registers: one unknown grant type must not refuse all.
    let asked = json!({
        "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none", "scope": "openid notes.read bogus",
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "client_credentials"],
        "response_types": ["code", "token"],
    });
    let answer = registered(&server, asked).await;
    assert_eq!(answer["grant_types"], json!(["authorization_code"]));
    assert_eq!(answer["response_types"], json!(["code"]));
    assert_eq!(answer["scope"], "openid notes.read");
    let told = answer["warnings"].to_string();
    for left in ["/grant_types", "client_credentials", "/response_types", "/scope", "bogus"] {
        assert!(told.contains(left), "{left}: {told}");
    }
}

/// OpenID Connect Relying Party Metadata Choices 1.0 §2: of what the client supports, the server registers one, and tells it.
#[tokio::test]
async fn of_the_values_that_a_client_supports_one_is_registered() {
    let server = open().await;
    let asked = json!({
        "redirect_uris": [REDIRECT], "id_token_signing_alg_values_supported": ["ML-DSA-44", "ES256"],
        "token_endpoint_auth_methods_supported": ["attest_jwt_client_auth", "none"],
    });
    let answer = registered(&server, asked).await;
    assert_eq!(answer["id_token_signed_response_alg"], "ES256");
    assert_eq!(answer["token_endpoint_auth_method"], "none");
    assert_eq!(answer["id_token_signing_alg_values_supported"], Value::Null);
}

/// RFC 7591 §3: an initial access token permits a number of registrations.
#[tokio::test]
async fn an_initial_access_token_permits_its_number_of_registrations() {
    let server = with(DynamicRegistration { needs_token: true, ..DynamicRegistration::default() }).await;
    call_refused(&server, &usual(), Reason::RegistrationTokenMissing).await;
    let until = Timestamp(server.now()) + 60;
    let InitialToken { token, item } = InitialToken::make(server.authorization_server.draws(), 2, until);
    server.commit(Commit::new(Timestamp(server.now())).with(Change::Item(item))).await;
    let with_token = |text: &str| call(&server, &usual()).bearer(text);
    // An invalid request does not use it up.
    let invalid = call(&server, &but(usual(), "client_name", json!(7))).bearer(&token.to_text());
    invalid.send().await.refused(Reason::RegistrationMemberInvalid);
    for _ in 0..2 {
        assert_eq!(with_token(&token.to_text()).send().await.status(), 201);
    }
    with_token(&token.to_text()).send_unwritten().await.refused(Reason::RegistrationTokenWrong);
    let other = protocol::RegistrationToken::mint(token.handle().id, [9; 24]);
    for wrong in [other.to_text(), token.expose(), "pvr_x".to_owned()] {
        with_token(&wrong).send_unwritten().await.refused(Reason::RegistrationTokenWrong);
    }
}

#[tokio::test]
async fn an_initial_access_token_expires_and_is_compared_whole() {
    let server = with(DynamicRegistration { needs_token: true, ..DynamicRegistration::default() }).await;
    let now = Timestamp(server.now());
    let InitialToken { token, item } = InitialToken::make(server.authorization_server.draws(), 9, now + 60);
    server.commit(Commit::new(now).with(Change::Item(item))).await;
    let forged = protocol::RegistrationToken::mint(token.handle().id, [9; 24]).to_text();
    call(&server, &usual()).bearer(&forged).send_unwritten().await.refused(Reason::RegistrationTokenWrong);
    // The request above took a second.
    server.clock.advance(59);
    assert_eq!(call(&server, &usual()).bearer(&token.to_text()).send().await.status(), 201);
    server.clock.advance(1);
    call(&server, &usual()).bearer(&token.to_text()).send().await.refused(Reason::RegistrationTokenWrong);
}

/// Concurrent registrations share the uses of one token.
#[tokio::test]
async fn an_initial_access_token_of_one_use_registers_one_client() {
    let server = with(DynamicRegistration { needs_token: true, ..DynamicRegistration::default() }).await;
    let now = Timestamp(server.now());
    let InitialToken { token, item } = InitialToken::make(server.authorization_server.draws(), 1, now + 60);
    server.commit(Commit::new(now).with(Change::Item(item))).await;
    let calls = (0..8).map(|_| call(&server, &usual()).bearer(&token.to_text()).send());
    let replies = futures_util::future::join_all(calls).await;
    assert_eq!(replies.iter().filter(|reply| reply.status() == 201).count(), 1);
}

/// Strangers do not fill the store.
#[tokio::test]
async fn registrations_without_a_token_have_a_number_in_each_hour() {
    let dynamic = DynamicRegistration { hourly_max: 3, ..DynamicRegistration::default() };
    let server = with(dynamic).await;
    for _ in 0..3 {
        registered(&server, usual()).await;
    }
    let reply = register(&server, usual()).await;
    assert_eq!(reply.refused(Reason::RegistrationsTooMany).header("retry-after"), Some("3600"));
    server.clock.advance(3_600);
    registered(&server, usual()).await;
}

/// A client that gets no token within the time is deleted; one that got a token stays.
#[tokio::test]
async fn a_client_that_is_not_used_is_deleted() {
    let server = open().await;
    let id = |answer: &Value| answer["client_id"].as_str().expect("an id").to_owned();
    let (unused, used) = (id(&registered(&server, usual()).await), id(&registered(&server, usual()).await));
    server.introduce(&used, None, REDIRECT);
    server.browser().sign_in("alice").authorize(&used).scope("openid").tokens().await;
    let kept = async |id: &str| server.store.client(&ClientId::new(id)).await.expect("it works").is_some();
    server.clock.advance(7 * 86_400);
    server.authorization_server.maintain(99).await.expect("the store works");
    assert!(kept(&unused).await && kept(&used).await);
    server.clock.advance(1);
    server.authorization_server.maintain(99).await.expect("the store works");
    assert!(!kept(&unused).await && kept(&used).await);
    let of = |event: &passavant_server::store::Event| {
        event.kind == EventKind::ClientChanged && event.client == Some(ClientId::new(&*unused))
    };
    assert_eq!(server.events().await.iter().filter(|event| of(event)).count(), 2, "registered, deleted");
}

/// RFC 9700 §2.3, RFC 8707 §2.2: a token for several resources can be used by each of them at the others.
#[tokio::test]
async fn a_client_that_registered_itself_gets_a_token_for_one_resource() {
    let server = open().await;
    let answer = registered(&server, usual()).await;
    let id = answer["client_id"].as_str().expect("an id");
    server.introduce(id, None, REDIRECT);
    let browser = server.browser().sign_in("alice");
    let request = || browser.authorize(id).scope("openid notes.read music.read");
    let code = request().code().await;
    let reply = server.redeem(&code).await;
    let description = reply.refused(Reason::AudienceTooMany).member("error_description");
    assert!(description.contains("resource"), "{description}");
    // The code was not used up by that.
    let reply = server.redemption(&code).param("resource", "https://notes.example").send().await.ok();
    assert!(server.is_active(&reply.member("access_token"), "notes").await);
    assert!(!server.is_active(&reply.member("access_token"), "music").await);
}

/// RFC 7591 §5: how a client came to be registered is kept.
#[tokio::test]
async fn it_is_stored_that_a_client_registered_itself() {
    let server = open().await;
    let answer = registered(&server, usual()).await;
    let id = ClientId::new(answer["client_id"].as_str().expect("an id"));
    let client = server.store.client(&id).await.expect("it works").expect("it is there");
    let token = answer["registration_access_token"].as_str().expect("a token");
    let token = protocol::RegistrationToken::parse(token).expect("a token");
    assert_eq!(client.registered.by, Provenance::SelfRegistered { token: token.handle().digest });
    assert!(client.require_pkce && !client.skip_consent);
    let stored = format!("{client:?}");
    assert!(!stored.contains(&token.expose()), "only its digest is stored");
}

const PUBLISHER: &str = "https://publisher.example";
const PUBLISHER_KEYS: &str = "https://publisher.example/jwks";

fn statement(server: &Running, key: &SigningKey, but: Value) -> String {
    let mut claims = json!({
        "iss": PUBLISHER, "iat": server.now(), "exp": server.now() + 60, "aud": server.issuer(),
        "software_id": "agent", "client_name": "Vouched",
    });
    claims.as_object_mut().expect("an object").extend(but.as_object().cloned().unwrap_or_default());
    let header = Header { kid: Some(key.kid().to_owned()), ..Header::default() };
    jose::jws::sign(&header, claims.to_string().as_bytes(), key).expect("it signs")
}

/// RFC 7591 §2.3, §3.1.1: "the client metadata values conveyed in the software statement MUST take precedence", and the
/// statement is returned unmodified.
#[tokio::test]
async fn a_software_statement_of_an_approved_issuer_takes_precedence() {
    let issuer = StatementIssuer { issuer: PUBLISHER.to_owned(), jwks_uri: PUBLISHER_KEYS.to_owned() };
    let dynamic = DynamicRegistration { statement_issuers: vec![issuer], ..DynamicRegistration::default() };
    let server = with(dynamic).await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    server.serve_keys(PUBLISHER_KEYS, &[&key]);
    let sent = async |but_statement: Value| {
        let statement = statement(&server, &key, but_statement);
        register(&server, but(usual(), "software_statement", json!(statement))).await
    };
    let vouched = statement(&server, &key, json!({}));
    let reply = register(&server, but(usual(), "software_statement", json!(vouched))).await;
    assert_eq!((reply.status(), &*reply.member("client_name")), (201, "Vouched"), "{reply:?}");
    assert_eq!(reply.member("software_statement"), vouched);
    for wrong in [
        json!({ "exp": server.now() }),
        json!({ "nbf": server.now() + 3600 }),
        json!({ "aud": "https://other.example" }),
        json!({ "iss": 7 }),
    ] {
        sent(wrong).await.refused(Reason::SoftwareStatementInvalid);
    }
    sent(json!({ "iss": "https://stranger.example" })).await.refused(Reason::SoftwareStatementNotAllowed);
    // What it says is judged as what the client says.
    sent(json!({ "skip_consent": true })).await.refused(Reason::RegistrationMemberInvalid);
    let other = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    for forged in [json!(statement(&server, &other, json!({}))), json!("x"), json!(7)] {
        let reply = register(&server, but(usual(), "software_statement", forged)).await;
        reply.refused(Reason::SoftwareStatementInvalid);
    }
}

/// RFC 7591 §3.2.2
#[tokio::test]
async fn a_software_statement_that_nobody_approved_is_refused() {
    let server = open().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
    let statement = statement(&server, &key, json!({}));
    let reply = register(&server, but(usual(), "software_statement", json!(statement))).await;
    reply.refused(Reason::SoftwareStatementNotAllowed);
}

/// Fetch, "CORS protocol": an application in a browser registers before its origin is known.
#[tokio::test]
async fn a_page_of_any_origin_may_register() {
    let server = open().await;
    for path in ["/register", "/register/x"] {
        let call = server.request(http::Method::OPTIONS, path).header("origin", "http://localhost:6274");
        let reply = call.header("access-control-request-headers", "content-type").send().await;
        assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (204, Some("*")));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
    let reply = call(&server, &usual()).header("origin", "http://localhost:6274").send().await;
    assert_eq!((reply.status(), reply.header("access-control-allow-origin")), (201, Some("*")));
}
