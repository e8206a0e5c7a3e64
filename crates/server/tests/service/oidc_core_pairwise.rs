//! Pairwise subjects (OpenID Connect Core 1.0 §8.1, OpenID Connect Dynamic Client Registration 1.0 §5).

use passavant_server::{Reason, settings::DynamicRegistration};
use serde_json::{Value, json};
use testkit::server::{Reply, Running, TestClient, TestServer, confidential, resource};

fn pairwise(id: &str, redirect: &str) -> TestClient {
    let client = confidential(id).scope("openid email offline_access notes.read");
    client.with(|metadata| {
        metadata.subject_type = Some("pairwise".to_owned());
        metadata.redirect_uris = vec![redirect.to_owned()];
    })
}

async fn start() -> Running {
    TestServer::new()
        .client(pairwise("one", "https://a.example/one"))
        .client(pairwise("two", "https://a.example/two"))
        .client(pairwise("other", "https://b.example/cb"))
        .client(confidential("shop").scope("openid notes.read"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
        .account("bob")
        .settings(|settings| settings.dynamic_registration = Some(DynamicRegistration::default()))
        .start()
        .await
}

async fn tokens(server: &Running, user: &str, client: &str) -> Reply {
    server.browser().sign_in(user).authorize(client).scope("openid notes.read").tokens().await
}

async fn sub(server: &Running, tokens: &Reply) -> String {
    server.claims(&tokens.member("id_token")).await["sub"].as_str().expect("a sub").to_owned()
}

/// Core §8.1: the same within a sector, another in every other one, and never the subject itself.
#[tokio::test]
async fn a_subject_is_that_of_the_sector() {
    let server = start().await;
    let mut subs = Vec::new();
    for (user, client) in
        [("alice", "one"), ("alice", "two"), ("alice", "other"), ("bob", "one"), ("alice", "shop")]
    {
        let tokens = tokens(&server, user, client).await;
        subs.push(sub(&server, &tokens).await);
    }
    assert_eq!(subs[0], subs[1], "one sector");
    assert_eq!(subs[4], testkit::server::subject("alice").as_str(), "public");
    let distinct: std::collections::BTreeSet<_> = [&subs[0], &subs[2], &subs[3], &subs[4]].into();
    assert_eq!(distinct.len(), 4, "{subs:?}");
}

/// Core §5.3.2: "The sub Claim in the UserInfo Response MUST be verified to exactly match the sub Claim in the ID Token".
#[tokio::test]
async fn userinfo_and_introspection_tell_the_client_the_same() {
    let server = start().await;
    let tokens = tokens(&server, "alice", "one").await;
    let (told, access) = (sub(&server, &tokens).await, tokens.member("access_token"));
    assert_eq!(server.userinfo(&access).await.ok().member("sub"), told);
    let own = server.introspect(&access, "one").await.ok().json();
    assert_eq!((&own["sub"], &own["username"]), (&json!(told), &Value::Null));
    // An API has one name for a user, whichever client comes.
    let at_api = server.introspect(&access, "notes").await.ok().json();
    assert_eq!(at_api["sub"], testkit::server::subject("alice").as_str());
}

/// Core §3.1.2.1: an ID token that comes back as a hint names its user, to this server only.
#[tokio::test]
async fn an_id_token_with_a_pairwise_subject_is_a_hint() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let id_token = browser.authorize("one").scope("openid").tokens().await.member("id_token");
    let claims = server.claims(&id_token).await;
    let subject = testkit::server::subject("alice");
    assert!(!claims.to_string().contains(subject.as_str()), "{claims}");
    let silent = |hint: &str| {
        browser.authorize("one").scope("openid").param("prompt", "none").param("id_token_hint", hint)
    };
    silent(&id_token).code().await;
    let of_bob = tokens(&server, "bob", "one").await.member("id_token");
    let landing = silent(&of_bob).finish().await;
    assert_eq!(landing.param("error").as_deref(), Some("login_required"));
}

async fn register(server: &Running, members: &Value) -> Reply {
    server.post("/register").body(Some("application/json"), members.to_string()).send().await
}

/// Registration §5: "The values of the redirect_uris MUST be included in the elements of the array, or registration MUST
/// fail."
#[tokio::test]
async fn a_sector_lists_every_redirect_uri() {
    let server = start().await;
    let (list, redirects) =
        ("https://group.example/uris.json", ["https://a.example/cb", "https://b.example/cb"]);
    let client =
        json!({ "subject_type": "pairwise", "sector_identifier_uri": list, "redirect_uris": redirects });
    let refused = async |text: &str| {
        let reply = register(&server, &client).await;
        let description = reply.refused(Reason::RegistrationMemberInvalid).member("error_description");
        assert!(
            description.contains("/sector_identifier_uri: ") && description.contains(text),
            "{description}"
        );
    };
    refused("could not be fetched").await;
    server.fetch.serve(list, &json!({}));
    refused("not a JSON array").await;
    server.fetch.serve(list, &json!([redirects[0]]));
    refused("does not list the redirect URI https://b.example/cb").await;
    server.fetch.serve(list, &json!(redirects));
    assert_eq!(register(&server, &client).await.status(), 201);
}

/// Core §8.1: "If there are multiple hostnames in the registered redirect_uris, the Client MUST register a
/// sector_identifier_uri."; Registration §2: it is https; and strangers name no address of this machine.
#[tokio::test]
async fn a_sector_is_named_where_it_is_needed_and_is_https() {
    let server = start().await;
    let redirects = json!(["https://a.example/cb", "https://b.example/cb"]);
    for sector in [Value::Null, json!("http://group.example/x"), json!("https://127.0.0.1/x"), json!("x")] {
        let client = json!({ "subject_type": "pairwise", "sector_identifier_uri": sector, "redirect_uris": redirects });
        register(&server, &client).await.refused(Reason::RegistrationMemberInvalid);
    }
    let client = json!({ "subject_type": "secret", "redirect_uris": ["https://a.example/cb"] });
    register(&server, &client).await.refused(Reason::RegistrationMemberInvalid);
    let client = json!({ "subject_type": "pairwise", "redirect_uris": ["https://a.example/cb"] });
    assert_eq!(register(&server, &client).await.json()["subject_type"], "pairwise");
}
