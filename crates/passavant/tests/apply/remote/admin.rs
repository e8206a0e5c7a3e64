//! The admin API itself: whom it opens to, what it takes, what it says.

use http::{Method, header};
use jose::{SelfSigned, SignatureAlgorithm, SigningKey, base64url, primitives};
use serde_json::{Value, json};

use super::{DEPLOY_SECRET, Remote, client};
use crate::world::{SECRET, shop_with, whole};

#[tokio::test]
async fn without_a_live_token_nothing_is_read() {
    let remote = Remote::start();
    let answer = remote.post("", "", "{").send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()[header::WWW_AUTHENTICATE]),
        (401, &"Bearer".parse().expect("ASCII"))
    );
    assert_eq!(remote.status("x").await, 401);
    let token = remote.token("deploy", "passavant.admin").await;
    assert_eq!(remote.status(&token).await, 200);
    let revocation = client()
        .post(format!("{}/revoke", remote.issuer))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .basic_auth("deploy", Some(DEPLOY_SECRET))
        .body(format!("token={token}"));
    assert_eq!(revocation.send().await.expect("an answer").status(), 200);
    assert_eq!(remote.status(&token).await, 401);
}

/// A DPoP proof by this key for a POST, made now.
fn proof(key: &SigningKey, target: &str, token: Option<&str>) -> String {
    let now = fetching::Clock::now(&fetching::SystemClock::default()).0;
    let mut claims = json!({ "htm": "POST", "htu": target, "iat": now, "jti": format!("{now} {target}") });
    if let Some(token) = token {
        claims["ath"] = base64url::encode(&primitives::sha256(token.as_bytes())).into();
    }
    SelfSigned::sign(claims.to_string().as_bytes(), key).expect("signs")
}

/// RFC 9449 §7: a token that is bound to a key administers only with the proof of it.
#[tokio::test]
async fn a_bound_token_administers_only_with_its_proof() {
    let remote = Remote::start();
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let url = format!("{}/token", remote.issuer);
    let request = client().post(&url).header("dpop", proof(&key, &url, None));
    let request = request.basic_auth("deploy", Some(DEPLOY_SECRET));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body("grant_type=client_credentials&scope=passavant.admin").send().await;
    let answer: Value =
        serde_json::from_str(&answer.expect("an answer").text().await.expect("a body")).expect("JSON");
    let token = answer["access_token"].as_str().expect("a token");
    assert_eq!((&answer["token_type"], remote.status(token).await), (&json!("DPoP"), 401));
    let url = format!("{}/apply", remote.audience());
    let ask = |sent: String| {
        let request = client().post(&url).header(header::CONTENT_TYPE, "application/json");
        request.header("authorization", format!("DPoP {token}")).header("dpop", sent).body("{}").send()
    };
    let sent = proof(&key, &url, Some(token));
    assert_eq!(ask(proof(&key, &url, Some("another"))).await.expect("an answer").status(), 401);
    assert_eq!(ask(sent.clone()).await.expect("an answer").status(), 200);
    assert_eq!(ask(sent).await.expect("an answer").status(), 401, "it was used");
}

#[tokio::test]
async fn a_token_without_the_scope_is_answered_with_the_scope() {
    let remote = Remote::start();
    let token = remote.token("reader", "passavant.read").await;
    let answer = remote.post("", &token, "{}").send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    let challenge = answer.headers()[header::WWW_AUTHENTICATE].to_str().expect("ASCII");
    assert!(
        challenge.contains("insufficient_scope") && challenge.contains("scope=\"passavant.admin\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn token_with_several_audiences_is_refused() {
    let remote = Remote::start();
    let notes = json!({ "resources": [{ "resource": "https://notes.example", "scopes": ["notes.read"] }] });
    assert_eq!(remote.must_apply(&notes, &[]), "1 change");
    let (status, body) = remote.ask_token(("deploy", DEPLOY_SECRET), &[]).await;
    assert_eq!((status, &body["scope"]), (200, &json!("passavant.admin notes.read")));
    assert_eq!(remote.status(body["access_token"].as_str().expect("a token")).await, 401);
}

#[tokio::test]
async fn user_token_is_refused_whatever_its_scopes() {
    let remote = Remote::start();
    assert_eq!(remote.must_apply(&json!({ "users": whole()["users"] }), &[]), "1 change");
    let token = remote.token("deploy", "passavant.admin").await;
    assert_eq!(remote.status(&token).await, 200);
    // No grant gives such a token: a row is made one.
    let database = rusqlite::Connection::open(remote.folder().join("passavant.db")).expect("the database");
    let changed = database.execute("UPDATE access SET subject = 'u-1'", []).expect("written");
    assert!(changed > 0);
    assert_eq!(remote.status(&token).await, 403);
}

#[tokio::test]
async fn a_client_that_lost_the_scope_is_refused_at_once() {
    let remote = Remote::start();
    let token = remote.token("deploy", "passavant.admin").await;
    let without =
        json!({ "client_id": "deploy", "grant_types": ["client_credentials"], "scope": "notes.read" });
    let answer = remote.post("", &token, json!({ "clients": [without] }).to_string()).send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
    assert_eq!(remote.status(&token).await, 403);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let remote = Remote::start();
    let token = remote.token("deploy", "passavant.admin").await;
    let body = vec![b' '; 4 * 1024 * 1024 + 1];
    // The server may close before the last byte is sent: then there is no answer to read.
    if let Ok(answer) = remote.post("", &token, body).send().await {
        assert_eq!(answer.status(), 413);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
    let text = "x".repeat(3_000);
    let users: Vec<Value> = (0..1_500)
        .map(|n| json!({ "sub": format!("u-{n}"), "username": format!("u{n}"), "claims": { "name": text } }))
        .collect();
    let outcome = remote.apply(&json!({ "users": users }), &[]);
    assert_eq!((outcome.code, outcome.out.as_str()), (3, ""), "{outcome:?}");
    assert_eq!(remote.status(&token).await, 200);
}

#[tokio::test]
async fn problems_are_problem_details_with_pointers() {
    let remote = Remote::start();
    let token = remote.token("deploy", "passavant.admin").await;
    let world = json!({ "clients": [shop_with(json!({ "redirect_uri": "https://shop.example/cb" }))] });
    let answer = remote.post("", &token, world.to_string()).send().await.expect("an answer");
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    let text = answer.text().await.expect("a body");
    let problem: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(problem["errors"][0]["pointer"], "/clients/0/redirect_uri");
    assert_eq!(problem["status"], 422);
    assert!(!text.contains(SECRET), "{text}");
    for (query, body, status) in [
        ("", "{", 400),
        ("?dryrun=true", "{}", 400),
        ("?dry_run=1", "{}", 400),
        ("", "[]", 422),
        ("", r#"{"clients": [], "clients": []}"#, 422),
    ] {
        let answer = remote.post(query, &token, body).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{query} {body}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_sent_as_json_is_refused() {
    let remote = Remote::start();
    let token = remote.token("deploy", "passavant.admin").await;
    let both = remote.post("", &token, "{}").header(header::CONTENT_TYPE, "text/plain");
    let url = format!("{}/apply", remote.audience());
    let plain = client().post(&url).header(header::CONTENT_TYPE, "text/plain").bearer_auth(&token).body("{}");
    let none = client().post(&url).bearer_auth(&token).body(vec![b'{', b'}']);
    for request in [both, plain, none] {
        assert_eq!(request.send().await.expect("an answer").status(), 415);
    }
}

#[tokio::test]
async fn the_server_reads_no_file_for_others() {
    let remote = Remote::start();
    let token = remote.token("deploy", "passavant.admin").await;
    let shop = shop_with(json!({ "client_secret": null, "client_secret_file": "deploy.secret" }));
    let user = json!({ "sub": "u-1", "username": "alice", "password_file": "/etc/hostname" });
    let world = json!({ "clients": [shop], "users": [user] });
    let answer = remote.post("", &token, world.to_string()).send().await.expect("an answer");
    assert_eq!(answer.status(), 422);
    let problem: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    let found: Vec<_> = problem["errors"].as_array().expect("a list").iter().map(|e| &e["pointer"]).collect();
    assert!(found.contains(&&json!("/clients/0/client_secret_file")), "{problem}");
    assert!(found.contains(&&json!("/users/0/password_file")), "{problem}");
}

#[tokio::test]
async fn answers_are_not_kept_and_open_to_no_page() {
    let remote = Remote::start();
    let token = remote.token("deploy", "passavant.admin").await;
    for token in [&*token, ""] {
        let request =
            remote.post("?dry_run=true", token, "{}").header(header::ORIGIN, "https://shop.example");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    for method in [Method::OPTIONS, Method::GET] {
        let url = format!("{}/apply", remote.audience());
        let answer = client().request(method, url).bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(answer.status(), 405);
        assert!(!answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_METHODS));
    }
}

#[test]
fn no_secret_is_in_the_report_or_in_the_log() {
    let mut remote = Remote::start();
    let outcome = remote.apply(&whole(), &[]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let log = remote.server.end();
    assert!(log.contains("applied over HTTP"), "{log}");
    for text in [&outcome.out, &outcome.err, &log] {
        for secret in [SECRET, "correct-horse", DEPLOY_SECRET] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn admin_api_resource_exists_and_cannot_be_deleted() {
    let remote = Remote::start();
    let own = remote.installation.json(&["resource", "show", &remote.audience()]);
    assert_eq!(own["scopes"], json!(["passavant.admin", "passavant.read"]));
    let delete = remote.installation.run(&["resource", "delete", "--yes", &remote.audience()], "");
    assert_eq!(delete.code, 1, "{delete:?}");
    let world = json!({ "resources": [
        { "resource": remote.audience(), "scopes": ["x"] },
        { "resource": "https://notes.example", "scopes": ["passavant.admin"] },
    ] });
    remote.apply(&world, &[]).must_refuse(&["/resources/0/resource", "/resources/1/scopes/0"]);
    assert_eq!(remote.installation.json(&["resource", "show", &remote.audience()]), own);
}
