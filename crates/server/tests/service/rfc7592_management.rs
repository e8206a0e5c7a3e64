//! Management of a registration by its client (RFC 7592).

use http::Method;
use passavant_server::{Reason, settings::DynamicRegistration};
use protocol::ClientId;
use serde_json::{Value, json};
use testkit::server::{Call, Reply, Running, TestServer, confidential};

const REDIRECT: &str = "https://agent.example/cb";

async fn start() -> Running {
    let server = TestServer::new().client(confidential("shop")).account("alice");
    let dynamic = Some(DynamicRegistration::default());
    server.settings(|settings| settings.dynamic_registration = dynamic).start().await
}

/// Where a client manages its registration, and the token for it.
struct Manager {
    server: Running,
    id: String,
    path: String,
    token: String,
    answer: Value,
}

impl Manager {
    async fn register(server: &Running, members: Value) -> Self {
        let reply = server.post("/register").body(Some("application/json"), members.to_string()).send().await;
        assert_eq!(reply.status(), 201, "{reply:?}");
        let url = reply.member("registration_client_uri");
        let path = url.strip_prefix(server.issuer()).expect("below the issuer").to_owned();
        let token = reply.member("registration_access_token");
        Self { server: server.clone(), id: reply.member("client_id"), path, token, answer: reply.json() }
    }

    async fn usual(server: &Running) -> Self {
        let members = json!({ "client_name": "Agent", "redirect_uris": [REDIRECT] });
        Self::register(server, members).await
    }

    fn call(&self, method: Method) -> Call {
        self.server.request(method, &self.path).bearer(&self.token)
    }

    async fn put(&self, members: &Value) -> Reply {
        self.call(Method::PUT).body(Some("application/json"), members.to_string()).send().await
    }

    fn update(&self, name: &str, value: Value) -> Value {
        let mut members =
            json!({ "client_id": self.id, "client_name": "Agent", "redirect_uris": [REDIRECT] });
        members[name] = value;
        members
    }
}

/// RFC 7592 §2.1, §3
#[tokio::test]
async fn a_client_reads_its_registration() {
    let client = Manager::usual(&start().await).await;
    let read = client.call(Method::GET).send_unwritten().await.ok();
    assert_eq!(read.header("cache-control"), Some("no-store"));
    let mut expected = client.answer.clone();
    // The secret is stored as a digest: it is told once.
    assert!(expected.as_object_mut().expect("an object").remove("client_secret").is_some());
    assert_eq!(read.json(), expected);
}

/// RFC 7592 §2.2: what is sent replaces what was registered.
#[tokio::test]
async fn an_update_replaces_the_registration_and_its_token() {
    let mut client = Manager::usual(&start().await).await;
    let members =
        json!({ "client_id": client.id, "redirect_uris": ["https://agent.example/new"], "scope": "openid" });
    let updated = client.put(&members).await.ok();
    assert_eq!(updated.json()["redirect_uris"], json!(["https://agent.example/new"]));
    assert_eq!(updated.json()["client_name"], Value::Null, "what is left out is gone");
    assert_eq!(updated.member("client_id"), client.id);
    assert_eq!(updated.json()["client_secret"], Value::Null, "it stays, and is told once");
    assert_eq!(updated.json()["client_id_issued_at"], client.answer["client_id_issued_at"]);
    client.call(Method::GET).send().await.refused(Reason::RegistrationTokenWrong);
    client.token = updated.member("registration_access_token");
    assert_eq!(client.call(Method::GET).send().await.ok().json()["scope"], "openid");
}

/// RFC 7592 §2.2: the secret that was issued still works after an update.
#[tokio::test]
async fn an_update_keeps_the_secret() {
    let server = start().await;
    let client = Manager::usual(&server).await;
    let secret = client.answer["client_secret"].as_str().expect("a secret").to_owned();
    client.put(&client.update("client_secret", json!(secret.clone()))).await.ok();
    server.introduce(&client.id, Some(&secret), REDIRECT);
    server.browser().sign_in("alice").authorize(&client.id).scope("openid").tokens().await;
}

/// RFC 7592 §2.2: "The client MUST include its "client_id" field in the request, and it MUST be the same as its currently
/// issued client identifier"; "The client MUST NOT be allowed to overwrite its existing client secret with its own chosen
/// value".
#[tokio::test]
async fn an_update_has_the_clients_own_id_and_secret() {
    let server = start().await;
    let client = Manager::usual(&server).await;
    for (name, value) in [
        ("client_id", Value::Null),
        ("client_id", json!("shop")),
        ("client_secret", json!("a-secret-of-22-characters-or-more")),
        ("client_secret", json!(7)),
        ("skip_consent", json!(true)),
        ("require_pkce", json!(false)),
        ("scope", json!("passavant.admin")),
    ] {
        let reply = client.put(&client.update(name, value)).await;
        let text = reply.refused(Reason::RegistrationMemberInvalid).member("error_description");
        assert!(text.contains(&format!("/{name}: ")), "{text}");
    }
    // Nothing was changed, and the token is still the same.
    client.call(Method::GET).send().await.ok();
}

/// What the operator set stays, whatever the client sends.
#[tokio::test]
async fn an_update_keeps_what_the_operator_set() {
    let server = start().await;
    let client = Manager::usual(&server).await;
    let id = ClientId::new(&*client.id);
    let mut record = server.store.client(&id).await.expect("it works").expect("it is there");
    record.skip_consent = true;
    record.metadata.one_resource_per_token = Some(false);
    let expect = passavant_server::store::Expect::Version(record.version);
    let put = passavant_server::store::RegistryChange::PutClient(Box::new(record), expect);
    server.commit(passavant_server::store::Commit::new(protocol::Timestamp(server.now())).with(put)).await;
    client.put(&client.update("client_name", json!("Other"))).await.ok();
    let record = server.store.client(&id).await.expect("it works").expect("it is there");
    assert!(record.skip_consent && record.require_pkce);
    assert_eq!(record.metadata.one_resource_per_token, Some(false));
    assert_eq!(record.metadata.client_name.as_deref(), Some("Other"));
}

/// RFC 7592 §2.3
#[tokio::test]
async fn a_deleted_client_is_gone_with_its_tokens() {
    let server = start().await;
    let client = Manager::usual(&server).await;
    let secret = client.answer["client_secret"].as_str().expect("a secret").to_owned();
    server.introduce(&client.id, Some(&secret), REDIRECT);
    let tokens = server.browser().sign_in("alice").authorize(&client.id).scope("openid").tokens().await;
    let reply = client.call(Method::DELETE).send().await;
    assert_eq!((reply.status(), reply.body()), (204, ""));
    server.userinfo(&tokens.member("access_token")).await.refused(Reason::TokenInactive);
    for method in [Method::GET, Method::DELETE] {
        client.call(method).send().await.refused(Reason::RegistrationTokenWrong);
    }
    assert_eq!(server.store.client(&ClientId::new(&*client.id)).await.expect("it works"), None);
}

/// RFC 7592 §2: the token is that of this client, and nobody learns which clients there are.
#[tokio::test]
async fn only_the_clients_own_token_opens_its_registration() {
    let server = start().await;
    let (client, other) = (Manager::usual(&server).await, Manager::usual(&server).await);
    let body = client.update("client_name", json!("Stolen")).to_string();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let call = |path: &str| {
            let call = server.request(method.clone(), path);
            if method == Method::PUT { call.body(Some("application/json"), &*body) } else { call }
        };
        let reply = call(&client.path).send_unwritten().await;
        assert_eq!(
            reply.refused(Reason::RegistrationTokenMissing).header("www-authenticate"),
            Some("Bearer")
        );
        for (path, token) in [
            (&*client.path, &*other.token),
            (&client.path, "pvr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            (&client.path, "x"),
            ("/register/shop", &client.token),
            ("/register/none", &client.token),
            ("/register/%2e", &client.token),
        ] {
            let reply = call(path).bearer(token).send_unwritten().await;
            let challenge = reply.refused(Reason::RegistrationTokenWrong).header("www-authenticate");
            assert!(
                challenge.is_some_and(|text| text.starts_with("Bearer error=\"invalid_token\"")),
                "{path}"
            );
        }
    }
    client.call(Method::POST).send().await.refused(Reason::MethodNotAllowed);
    assert_eq!(server.get("/register/a/b").send().await.status(), 404);
}
