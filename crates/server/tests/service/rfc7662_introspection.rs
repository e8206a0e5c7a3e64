//! Introspection as JSON (RFC 7662), in the form that all supported resource servers accept.

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{
    Reason,
    store::{Of, Why},
};
use serde_json::{Value, json};
use testkit::server::{Reply, Running, TestServer, confidential, public, resource, subject};

const NOTES: &str = "https://notes.example";

async fn start() -> Running {
    let scope = "openid offline_access notes.read music.play";
    TestServer::new()
        .client(confidential("shop").scope(scope))
        .client(confidential("other").scope(scope))
        .client(public("spa"))
        .resource(resource(NOTES, "notes.read").caller("notes"))
        .resource(resource("https://music.example", "music.play").caller("music"))
        .account("alice")
        .start()
        .await
}

/// Tokens of alice for the client `shop`.
async fn tokens(server: &Running, scope: &str) -> Reply {
    server.browser().sign_in("alice").authorize("shop").scope(scope).tokens().await
}

async fn access(server: &Running, scope: &str) -> String {
    tokens(server, scope).await.member("access_token")
}

async fn machine_access(server: &Running, scope: &str) -> String {
    server.client_credentials("shop").param("scope", scope).send().await.ok().member("access_token")
}

async fn answer(server: &Running, token: &str, caller: &str) -> Value {
    server.introspect(token, caller).await.ok().json()
}

/// RFC 7662 §2.2
#[tokio::test]
async fn an_active_user_token_says_all_of_this_and_no_more() {
    let server = start().await;
    let token = access(&server, "openid notes.read").await;
    let now = server.now();
    let expected = json!({
        "active": true, "scope": "openid notes.read", "client_id": "shop", "username": "alice",
        "sub": subject("alice").as_str(), "token_type": "Bearer", "exp": now + 600, "iat": now,
        "iss": "https://as.example",
    });
    assert_eq!(answer(&server, &token, "notes").await, expected);
}

/// For a client_credentials token, `sub` is the client, and there is no `username`.
#[tokio::test]
async fn an_active_machine_token_has_its_client_as_subject_and_no_username() {
    let server = start().await;
    let token = machine_access(&server, "notes.read").await;
    let now = server.now();
    let expected = json!({
        "active": true, "scope": "notes.read", "client_id": "shop", "sub": "shop", "token_type": "Bearer",
        "exp": now + 600, "iat": now, "iss": "https://as.example",
    });
    assert_eq!(answer(&server, &token, "notes").await, expected);
}

/// A null causes a 500 in django-oauth-toolkit and a 400 in django-lasuite.
#[tokio::test]
async fn no_member_is_ever_null() {
    let server = start().await;
    let refresh = tokens(&server, "openid offline_access").await.member("refresh_token");
    let machine = machine_access(&server, "notes.read").await;
    for token in [&refresh, &machine, "x"] {
        let reply = server.introspect(token, "shop").await.ok();
        assert!(!reply.body().contains("null"), "{}", reply.body());
    }
}

/// RFC 7662 §2.2: a string, present even if it is empty.
#[tokio::test]
async fn scope_is_always_a_string() {
    let server = TestServer::new().client(confidential("bare").scope("openid")).start().await;
    let token = server.client_credentials("bare").send().await.ok().member("access_token");
    assert_eq!(answer(&server, &token, "bare").await["scope"], "");
}

/// django-lasuite has no leeway: an `iat` in the future would be refused.
#[tokio::test]
async fn times_are_whole_seconds_and_never_ahead() {
    let server = start().await;
    server.clock.advance_millis(999);
    let token = access(&server, "notes.read").await;
    let answer = answer(&server, &token, "notes").await;
    assert_eq!(
        (answer["iat"].as_i64(), answer["exp"].as_i64()),
        (Some(server.now()), Some(server.now() + 600))
    );
}

/// RFC 7662 §2.2: nothing else is revealed about inactive tokens.
#[tokio::test]
async fn an_expired_token_is_inactive_and_nothing_else() {
    let server = start().await;
    let token = access(&server, "notes.read").await;
    server.clock.advance(599);
    assert!(server.is_active(&token, "notes").await);
    server.clock.advance(1);
    assert_eq!(server.introspect(&token, "notes").await.ok().body(), r#"{"active":false}"#);
}

/// RFC 8414 §2
#[tokio::test]
async fn the_issuer_is_the_published_one() {
    let server = start().await;
    let published =
        server.get("/.well-known/openid-configuration").send().await.ok().json()["issuer"].clone();
    let token = access(&server, "notes.read").await;
    assert_eq!(answer(&server, &token, "notes").await["iss"], published);
}

/// django-oauth-toolkit 3.4.1 refuses an `aud` that is not a prefix of its URLs, so it is included only if the client
/// named the resource.
#[tokio::test]
async fn the_audience_is_said_only_of_tokens_that_named_their_resource() {
    let server = start().await;
    let unnamed = access(&server, "notes.read").await;
    assert_eq!(answer(&server, &unnamed, "notes").await.get("aud"), None);
    let request = server.browser().sign_in("alice").authorize("shop").scope("notes.read");
    let named = request.param("resource", NOTES).tokens().await.member("access_token");
    assert_eq!(answer(&server, &named, "notes").await["aud"], NOTES);
}

/// Resource servers differ in how they read `aud`, so the resource selects its form.
#[tokio::test]
async fn a_resource_chooses_what_stands_in_the_audience() {
    let server = start().await;
    let unnamed = access(&server, "notes.read").await;
    let request = server.browser().sign_in("alice").authorize("shop").scope("notes.read");
    let named = request.param("resource", NOTES).tokens().await.member("access_token");
    for (member, expected) in
        [("resource", Some(json!(NOTES))), ("client_id", Some(json!("shop"))), ("none", None)]
    {
        let chosen = Some(member.to_owned());
        let api = resource(NOTES, "notes.read").caller("notes");
        server.put_resource(api.with(|settings| settings.introspection_audience = chosen)).await;
        for token in [&unnamed, &named] {
            assert_eq!(answer(&server, token, "notes").await.get("aud"), expected.as_ref(), "{member}");
        }
    }
}

/// If one caller serves two resources with different settings, that of the token's resource applies.
#[tokio::test]
async fn the_resource_that_the_token_is_for_chooses_the_audience() {
    let choose = |member: &str| {
        let member = Some(member.to_owned());
        move |settings: &mut passavant_server::store::ResourceSettings| {
            settings.introspection_audience = member
        }
    };
    let server = TestServer::new()
        .client(confidential("shop").scope("a b"))
        .resource(resource("https://a.example", "a").caller("api").with(choose("client_id")))
        .resource(resource("https://b.example", "b").caller("api").with(choose("resource")))
        .start()
        .await;
    for (scope, aud) in [("a", "shop"), ("b", "https://b.example")] {
        let token = machine_access(&server, scope).await;
        assert_eq!(answer(&server, &token, "api").await["aud"], aud);
    }
}

/// RFC 7662 §2.2 leaves the form of the response to `Accept`; without registration for RFC 9701 it is JSON.
#[tokio::test]
async fn json_is_the_answer_to_who_asks_for_nothing_else() {
    let server = start().await;
    let token = access(&server, "notes.read").await;
    for accept in [None, Some("*/*"), Some("application/json"), Some("text/html, application/json;q=0.9")] {
        let mut call = server.post("/introspect").as_client("notes").param("token", &token);
        if let Some(accept) = accept {
            call = call.header("accept", accept);
        }
        let reply = call.send().await.ok();
        assert_eq!(reply.header("content-type"), Some("application/json"), "{accept:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.json()["active"], true);
    }
}

/// RFC 7662 §2.1, §4: the caller must authenticate, and is told how. Never 200, never a bare 403.
#[tokio::test]
async fn a_caller_that_does_not_authenticate_gets_a_challenge() {
    let server = start().await;
    let token = access(&server, "notes.read").await;
    let ask = || server.post("/introspect").param("token", &token);
    ask().send_unwritten().await.refused(Reason::ClientSecretMissing);
    ask().basic("notes", "wrong").send_unwritten().await.refused(Reason::ClientSecretWrong);
    let reply = ask().basic("nobody", "wrong").send_unwritten().await;
    reply.refused(Reason::ClientUnknown);
    assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"passavant\""));
    let reply = ask().bearer("wrong").send_unwritten().await;
    reply.refused(Reason::TokenInactive);
    assert!(reply.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer error=")));
}

/// RFC 7662 §2.1
#[tokio::test]
async fn a_public_client_cannot_introspect() {
    let server = start().await;
    let request = server.browser().sign_in("alice").authorize("spa");
    let token = request.tokens().await.member("access_token");
    let call = server.post("/introspect").as_client("spa").param("token", &token);
    call.send_unwritten().await.refused(Reason::IntrospectionNotAllowed);
}

/// RFC 7662 §2.1
#[tokio::test]
async fn the_token_must_be_sent() {
    let server = start().await;
    let call = server.post("/introspect").as_client("notes");
    call.clone().send_unwritten().await.refused(Reason::ParameterMissing("token"));
    call.param("token", "").send_unwritten().await.refused(Reason::ParameterMissing("token"));
}

/// RFC 7662 §2.1: hints are optional.
#[tokio::test]
async fn a_wrong_hint_is_ignored() {
    let server = start().await;
    let token = access(&server, "notes.read").await;
    let call = server.post("/introspect").as_client("notes").param("token", &token);
    let reply = call.param("token_type_hint", "refresh_token").send().await.ok();
    assert_eq!(reply.json()["active"], true);
}

/// A resource sees a token exactly when the token's audience contains it (RFC 7662 §2.2: "the authorization server
/// MAY respond differently to different protected resources").
#[tokio::test]
async fn a_resource_sees_tokens_for_itself_alone() {
    let server = start().await;
    let notes = access(&server, "notes.read").await;
    assert!(server.is_active(&notes, "notes").await);
    assert!(!server.is_active(&notes, "music").await);
    let both = access(&server, "notes.read music.play").await;
    assert!(server.is_active(&both, "notes").await && server.is_active(&both, "music").await);
    let issuer_alone = access(&server, "openid").await;
    assert!(!server.is_active(&issuer_alone, "notes").await);
}

/// A client sees its own access and refresh tokens.
#[tokio::test]
async fn a_client_sees_its_own_tokens_alone() {
    let server = start().await;
    let tokens = tokens(&server, "openid offline_access notes.read").await;
    for token in [tokens.member("access_token"), tokens.member("refresh_token")] {
        assert!(server.is_active(&token, "shop").await);
        assert!(!server.is_active(&token, "other").await);
    }
}

/// Only its client may introspect a refresh token.
#[tokio::test]
async fn no_resource_sees_a_refresh_token() {
    let server = start().await;
    let refresh = tokens(&server, "openid offline_access notes.read").await.member("refresh_token");
    assert!(!server.is_active(&refresh, "notes").await);
    let answer = answer(&server, &refresh, "shop").await;
    assert_eq!((answer.get("token_type"), &answer["sub"]), (None, &json!(subject("alice").as_str())));
}

/// Anything but an access or refresh token of this server is inactive for every caller: codes, ID tokens, assertions,
/// responses of this endpoint, tokens of other issuers.
#[tokio::test]
async fn every_other_kind_of_token_is_inactive() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let server = start().await;
    server.put_client(confidential("signer").key(&key)).await;
    let browser = server.browser().sign_in("alice");
    let code = browser.authorize("shop").scope("openid notes.read").code().await.code;
    let tokens = tokens(&server, "openid notes.read").await;
    let call = server.post("/introspect").as_client("notes").param("token", &tokens.member("access_token"));
    let answered = call.header("accept", "application/token-introspection+jwt").send().await.ok();
    let foreign = testkit::Authority::new(server.issuer()).token(NOTES).sign();
    let assertion = server.assertion("signer").sign();
    let id_token = tokens.member("id_token");
    let others =
        [&*code, &id_token, answered.body(), &foreign, &assertion, "x", "a.b.c", &"x".repeat(9_000), "A A"];
    for token in others {
        for caller in ["shop", "notes"] {
            let call = server.post("/introspect").as_client(caller).param("token", token);
            assert_eq!(call.send_unwritten().await.ok().body(), r#"{"active":false}"#, "{caller}: {token}");
        }
    }
}

/// The id without the secret is not a valid token.
#[tokio::test]
async fn a_token_of_the_right_id_and_a_wrong_secret_is_inactive() {
    let server = start().await;
    let token = access(&server, "notes.read").await;
    let guessed = format!("{}{}", &token[..20], "A".repeat(23));
    assert!(!server.is_active(&guessed, "notes").await);
}

/// What ends a grant ends its tokens.
#[tokio::test]
async fn a_token_of_an_ended_grant_is_inactive() {
    let server = start().await;
    let token = access(&server, "notes.read").await;
    server.authorization_server.end(Of::Subject(subject("alice")), Why::Host).await.expect("ends");
    assert!(!server.is_active(&token, "notes").await);
}

/// A client_credentials token ends when its client is disabled, deleted or created again.
#[tokio::test]
async fn a_machine_token_dies_with_its_client() {
    let server = start().await;
    let shop = || confidential("shop").scope("notes.read");
    let token = machine_access(&server, "notes.read").await;
    server.put_client(shop().disabled()).await;
    assert!(!server.is_active(&token, "notes").await, "disabled");
    server.put_client(shop()).await;
    server.delete_client("shop").await;
    assert!(!server.is_active(&token, "notes").await, "deleted");
    server.put_client(shop()).await;
    assert!(!server.is_active(&token, "notes").await, "made anew");
}

/// django-oauth-toolkit's RESOURCE_SERVER_AUTH_TOKEN: a token with scope `introspection` in place of credentials.
#[tokio::test]
async fn a_resource_may_call_with_a_bearer_token() {
    let server = start().await;
    let bearer = server.client_credentials("notes").send().await.ok().member("access_token");
    let notes = access(&server, "notes.read").await;
    let music = access(&server, "music.play").await;
    for (token, active) in [(notes, true), (music, false)] {
        let call = server.post("/introspect").bearer(&bearer).param("token", &token);
        assert_eq!(call.send().await.ok().json()["active"], active);
    }
}

/// The scheme is compared without case (RFC 9110 §11.1).
#[tokio::test]
async fn the_scheme_bearer_has_no_case() {
    let server = start().await;
    let bearer = server.client_credentials("notes").send().await.ok().member("access_token");
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let call = server.post("/introspect").header("authorization", &format!("{scheme} {bearer}"));
        call.param("token", "x").send().await.ok();
    }
}

/// Other valid tokens are not accepted here.
#[tokio::test]
async fn a_bearer_token_without_the_scope_is_refused() {
    let server = start().await;
    for token in [access(&server, "notes.read").await, machine_access(&server, "notes.read").await] {
        let call = server.post("/introspect").bearer(&token).param("token", &token);
        let reply = call.send_unwritten().await;
        reply.refused(Reason::ScopeInsufficient);
        assert_eq!(reply.status(), 403);
    }
}

/// A bearer token ends at its expiry, and with its resource.
#[tokio::test]
async fn a_bearer_token_ends() {
    let server = start().await;
    let ask = |bearer: &str| server.post("/introspect").bearer(bearer).param("token", "x");
    let old = server.client_credentials("notes").send().await.ok().member("access_token");
    server.clock.advance(600);
    ask(&old).send_unwritten().await.refused(Reason::TokenInactive);
    let bearer = server.client_credentials("notes").send().await.ok().member("access_token");
    ask(&bearer).send().await.ok();
    let change = passavant_server::store::RegistryChange::DeleteResource(protocol::Audience::new(NOTES));
    let commit = passavant_server::store::Commit::new(protocol::Timestamp(server.now())).with(change);
    server.commit(commit).await;
    ask(&bearer).send_unwritten().await.refused(Reason::TokenInactive);
}

/// RFC 7662 §2.1 allows further parameters. Whoever names a resource, as in RFC 8707 §2, learns whether the token is for
/// it, and reads `aud`.
#[tokio::test]
async fn an_answer_about_a_named_resource_says_its_audience() {
    let scope = "notes.read music.play";
    let server = TestServer::new()
        .client(confidential("shop").scope(scope))
        .resource(resource(NOTES, "notes.read").caller("notes"))
        .resource(resource("https://music.example", "music.play").caller("both"))
        .resource(resource("https://radio.example", "music.play").caller("both"))
        .account("alice")
        .start()
        .await;
    let ask = async |token: &str, caller: &str, resources: &[&str]| {
        let mut call = server.post("/introspect").as_client(caller).param("token", token);
        for resource in resources {
            call = call.param("resource", resource);
        }
        call.send().await
    };
    let (notes, music) =
        (machine_access(&server, "notes.read").await, machine_access(&server, "music.play").await);
    assert_eq!(ask(&notes, "notes", &[]).await.json()["aud"], Value::Null, "nobody asked");
    assert_eq!(ask(&notes, "notes", &[NOTES]).await.json()["aud"], NOTES);
    // RFC 3986 §6.2.3: the empty path is `/`.
    assert_eq!(ask(&notes, "notes", &["https://notes.example/"]).await.json()["aud"], NOTES);
    let of_both = ask(&music, "both", &[]).await.json();
    assert_eq!(of_both["aud"], json!(["https://music.example", "https://radio.example"]));
    for resource in ["https://music.example", "https://radio.example"] {
        assert_eq!(ask(&music, "both", &[resource]).await.json()["aud"], resource);
    }
    assert_eq!(ask(&notes, "both", &["https://music.example"]).await.json(), json!({"active": false}));
    // The client sees its own tokens, and only for the resource that it names.
    assert_eq!(ask(&notes, "shop", &[NOTES]).await.json()["aud"], NOTES);
    assert_eq!(ask(&notes, "shop", &["https://music.example"]).await.json(), json!({"active": false}));
    for (caller, resources) in [
        ("notes", &["https://music.example"][..]),
        ("notes", &[NOTES, "https://music.example"]),
        ("notes", &["https://unknown.example"]),
    ] {
        let refused = ask(&notes, caller, resources).await;
        assert_eq!(refused.json()["error"], "invalid_target", "{caller} {resources:?}");
        refused.refused(Reason::ResourceNotAllowed);
    }
}
