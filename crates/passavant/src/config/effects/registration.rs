//! The effects of `[clients.registration]`.

use std::io::Write as _;

use server::Reason;
use testkit::server::{ISSUER, Running};

use super::{
    super::{Config, Layers},
    config, start,
};

async fn register(server: &Running, members: serde_json::Value) -> testkit::server::Reply {
    server.post("/register").body(Some("application/json"), members.to_string()).send().await
}

/// RFC 7591 §3
#[tokio::test]
async fn clients_registration_dynamic() {
    let client = || serde_json::json!({ "redirect_uris": ["https://a.example/cb"] });
    for (lines, status) in
        [("", 404), ("dynamic = \"off\"", 404), ("dynamic = \"open\"", 201), ("dynamic = \"token\"", 401)]
    {
        let server = start(&format!("[clients.registration]\n{lines}\n")).await;
        assert_eq!(register(&server, client()).await.status(), status, "{lines}");
    }
}

/// RFC 7591 §3.2.1: what the policy does not allow is left out.
#[tokio::test]
async fn clients_registration_grant_types_auth_methods_and_scopes() {
    let lines = "[clients.registration]\ndynamic = \"open\"\ngrant_types = [\"authorization_code\", \"client_credentials\"]\n\
                 auth_methods = [\"client_secret_post\"]\nscopes = [\"openid\", \"email\"]\n";
    let server = start(lines).await;
    let client = serde_json::json!({
        "redirect_uris": ["https://a.example/cb"], "scope": "openid profile",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let answer = register(&server, client).await.json();
    assert_eq!(answer["grant_types"], serde_json::json!(["authorization_code", "client_credentials"]));
    assert_eq!(
        (&answer["scope"], &answer["token_endpoint_auth_method"]),
        (&"openid".into(), &"client_secret_post".into())
    );
}

#[tokio::test]
async fn clients_registration_hourly_and_unused_lifetime() {
    let server = start(
        "[clients.registration]\ndynamic = \"open\"\nhourly = 1\nhourly_per_address = 1\nunused_lifetime = \"1 hour\"\n",
    )
    .await;
    let client = || serde_json::json!({ "redirect_uris": ["https://a.example/cb"] });
    let id = register(&server, client()).await.member("client_id");
    register(&server, client()).await.refused(Reason::RegistrationsTooMany);
    server.clock.advance(3_601);
    server.authorization_server.maintain(9).await.expect("the store works");
    assert!(server.authorization_server.registry().client(&id).await.expect("it works").is_none());
    register(&server, client()).await;
    let settings = config("[clients.registration]\ndynamic = \"open\"\nhourly_per_address = 7\n").settings;
    assert_eq!(settings.dynamic_registration.expect("open").hourly_per_address_max, 7);
}

/// Client ID Metadata Document §4
#[tokio::test]
async fn clients_registration_cimd() {
    let url = "https://agent.example/client.json";
    for (value, reason) in [("false", Some(Reason::AuthorizeClientUnknown)), ("true", None)] {
        let server = start(&format!("[clients.registration]\ncimd = {value}\n")).await;
        let redirect = "https://agent.example/cb";
        let document = serde_json::json!({ "client_id": url, "redirect_uris": [redirect] });
        server.fetch.serve_with(url, &document, &[]);
        server.introduce(url, None, redirect);
        assert_eq!(server.browser().authorize(url).scope("openid").send().await.reason(), reason, "{value}");
    }
}

#[test]
fn clients_registration_danger_loopback_documents() {
    let lines = "[clients.registration]\ncimd = true\ndanger_loopback_documents = true\n";
    let read = |issuer: &str| {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
        write!(file, "issuer = \"{issuer}\"\n{lines}").expect("written");
        Config::of(&mut Layers::read(Some(file.path()), &[], &[]).expect("it is TOML"))
    };
    let settings = read("http://localhost:4000").expect("it is this machine").settings;
    assert!(settings.client_documents.expect("enabled").danger_loopback);
    let problems = read(ISSUER).expect_err("refused").to_string();
    assert!(
        problems.contains("clients.registration.danger_loopback_documents: is only for an issuer"),
        "{problems}"
    );
}

#[test]
fn clients_registration_statement_issuers() {
    let line = "statement_issuers = \"https://publisher.example https://publisher.example/jwks\"";
    let settings = config(&format!("[clients.registration]\ndynamic = \"open\"\n{line}\n")).settings;
    let issuers = settings.dynamic_registration.expect("open").statement_issuers;
    assert_eq!(
        (&*issuers[0].issuer, &*issuers[0].jwks_uri),
        ("https://publisher.example", "https://publisher.example/jwks")
    );
}
