//! `resource ..`

use serde_json::json;

use crate::{
    place::Place,
    web::{As, is_active, machine_token, post, within_a_second},
};

const NOTES: [&str; 7] = [
    "resource",
    "create",
    "https://notes.example",
    "--scope",
    "notes.read notes.write",
    "--client-id",
    "notes",
];

#[test]
fn resource_is_created_listed_shown_and_deleted() {
    let place = Place::new();
    let made = place.json(&[&NOTES[..], &["--name", "Notes", "--token-format", "jwt"]].concat());
    assert!(made["client_secret"].as_str().expect("a secret").starts_with("pvs_"));
    let expected = json!({
        "resource": "https://notes.example",
        "resource_name": "Notes",
        "scopes": ["notes.read", "notes.write"],
        "access_token_format": "jwt",
        "client_id": "notes",
    });
    assert_eq!(place.json(&["resource", "show", "https://notes.example"]), expected);
    assert_eq!(place.json(&["resource", "show", "notes"]), expected, "by its client_id");
    assert_eq!(place.json(&["resource", "list"]), json!([expected]));
    assert_eq!(place.run(&NOTES).code, 1, "there is one already");
    let edited = place.json(&["resource", "edit", "notes", "-m", "access_token_lifetime=60"]);
    assert_eq!(edited["access_token_lifetime"], 60);
    assert_eq!(place.run(&["resource", "delete", "--yes", "notes"]).code, 0);
    assert_eq!(place.json(&["resource", "list"]), json!([]));
}

#[test]
fn invalid_resource_is_refused() {
    let place = Place::new();
    for wrong in [
        &["notes"][..],
        &["https://notes.example/#x"],
        &["https://notes.example", "--scope", "introspection"],
        &["https://notes.example", "--token-format", "paseto"],
        &["https://notes.example", "-m", "scope=notes.read"],
    ] {
        let ran = place.run(&[&["resource", "create"], wrong].concat());
        assert_eq!(ran.code, 2, "{wrong:?}: {}", ran.err);
    }
}

#[test]
fn a_resource_without_credentials_has_none() {
    let place = Place::new();
    let made = place.json(&["resource", "create", "https://notes.example", "--without-credentials"]);
    assert_eq!((made.get("client_id"), made.get("client_secret")), (None, None));
    assert_eq!(place.run(&["resource", "secret", "https://notes.example"]).code, 1);
    assert_eq!(place.run(&["resource", "token", "https://notes.example"]).code, 1);
}

#[tokio::test]
async fn a_secret_works_at_the_running_server_until_it_is_changed() {
    let place = Place::new();
    let first = place.json(&NOTES)["client_secret"].as_str().expect("a secret").to_owned();
    let _server = place.serve();
    let url = format!("{}/introspect", place.issuer);
    let status = async |secret: &str| post(&url, As::Basic("notes", secret), &[("token", "x")]).await.0;
    assert_eq!(status(&first).await, 200);
    let second =
        place.json(&["resource", "secret", "notes"])["client_secret"].as_str().expect("a secret").to_owned();
    assert!(within_a_second(async || status(&first).await == 401).await);
    assert_eq!(status(&second).await, 200);
}

#[tokio::test]
async fn a_long_lived_token_introspects_for_its_resource_alone_until_it_is_revoked() {
    let place = Place::new();
    place.json(&NOTES);
    place.json(&[
        "resource",
        "create",
        "https://mail.example",
        "--scope",
        "mail.read",
        "--client-id",
        "mail",
    ]);
    let robot = ["client", "create", "robot", "--grant-type", "client_credentials"];
    let create = |scope: &'static str| place.json(&[&robot[..], &["--scope", scope]].concat());
    let secret = create("notes.read")["client_secret"].as_str().expect("a secret").to_owned();
    let _server = place.serve();
    let made = place.json(&["resource", "token", "notes", "--lifetime", "30d"]);
    assert_eq!(made["expires_in"], 30 * 86_400);
    assert_eq!(made["scope"], "introspection");
    assert_eq!(made["resource"], json!(["https://notes.example"]));
    let bearer = made["access_token"].as_str().expect("a token");
    let foreign =
        place.json(&["resource", "token", "mail"])["access_token"].as_str().expect("a token").to_owned();
    let token = machine_token(&place.issuer, "robot", &secret).await;
    assert!(is_active(&place.issuer, As::Bearer(bearer), &token).await);
    assert!(!is_active(&place.issuer, As::Bearer(&foreign), &token).await, "it is not for mail");
    assert!(
        !is_active(&place.issuer, As::Bearer(bearer), bearer).await,
        "no API takes it for an access token"
    );
    let shown = place.json_with(&["token", "introspect"], bearer);
    assert_eq!((&shown["active"], &shown["client_id"]), (&json!(true), &json!("notes")));
    assert_eq!(place.run_with(&["token", "revoke"], bearer).code, 0);
    let url = format!("{}/introspect", place.issuer);
    assert_eq!(post(&url, As::Bearer(bearer), &[("token", &token)]).await.0, 401);
    let why = place.run_with(&["token", "introspect", "--format", "quiet"], bearer);
    assert_eq!((why.code, why.out.as_str()), (5, "false\ntoken_revoked\n"));
}

#[tokio::test]
async fn long_lived_tokens_are_listed_and_revoked_one_by_one() {
    let place = Place::new();
    place.json(&NOTES);
    place.json(&["resource", "create", "https://mail.example", "--client-id", "mail"]);
    let issue = |name: &str, lifetime: &str| place.json(&["resource", "token", name, "--lifetime", lifetime]);
    let (first, second, of_mail) = (issue("notes", "30d"), issue("notes", "12h"), issue("mail", "1h"));
    issue("notes", "1s");
    let _server = place.serve();
    // What has expired is not listed.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let list = |name: &str| place.json(&["resource", "token", name, "--list"]);
    let ids = |list: &serde_json::Value| {
        let tokens = list.as_array().expect("a list").iter();
        tokens.map(|token| token["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let id = |made: &serde_json::Value| made["id"].as_str().expect("an id").to_owned();
    let listed = list("notes");
    assert_eq!(ids(&listed), [id(&first), id(&second)]);
    assert_eq!(ids(&list("mail")), [id(&of_mail)]);
    assert_eq!(listed, list("https://notes.example"), "by its identifier");
    for (token, made) in listed.as_array().expect("a list").iter().zip([&first, &second]) {
        assert_eq!(token["client_id"], "notes");
        assert_eq!(token["resource"], json!(["https://notes.example"]));
        assert_eq!(token["expires_at"], made["expires_at"]);
        let lives =
            token["expires_at"].as_i64().zip(token["issued_at"].as_i64()).map(|(end, start)| end - start);
        assert_eq!(lives, made["expires_in"].as_i64());
        let secret = made["access_token"].as_str().expect("a token");
        assert!(!token.to_string().contains(secret), "the token itself is printed once");
    }
    let url = format!("{}/introspect", place.issuer);
    let status = async |made: &serde_json::Value| {
        let bearer = made["access_token"].as_str().expect("a token");
        post(&url, As::Bearer(bearer), &[("token", "x")]).await.0
    };
    assert_eq!((status(&first).await, status(&second).await), (200, 200));
    // Another resource's token is not revoked in passing.
    for wrong in [id(&of_mail), "0".to_owned(), "x".to_owned()] {
        let ran = place.run(&["resource", "token", "notes", "--revoke", &wrong]);
        assert_eq!(ran.code, 4, "{wrong}: {}", ran.err);
    }
    let ran = place.run(&["resource", "token", "notes", "--revoke", &id(&first)]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains(&id(&first)), "{}", ran.err);
    assert_eq!((status(&first).await, status(&second).await, status(&of_mail).await), (401, 200, 200));
    assert_eq!(ids(&list("notes")), [id(&second)]);
    assert_eq!(place.run(&["resource", "token", "notes", "--revoke", &id(&first)]).code, 4, "it has ended");
}

/// A token that leaked with the secret ends with it.
#[tokio::test]
async fn new_secret_ends_the_long_lived_tokens_of_its_resource() {
    let place = Place::new();
    place.json(&NOTES);
    let made = place.json(&["resource", "token", "notes"]);
    let bearer = made["access_token"].as_str().expect("a token");
    let _server = place.serve();
    let url = format!("{}/introspect", place.issuer);
    let status = async || post(&url, As::Bearer(bearer), &[("token", "x")]).await.0;
    assert_eq!(status().await, 200);
    place.json(&["resource", "secret", "notes"]);
    assert!(within_a_second(async || status().await == 401).await);
    assert_eq!(place.json(&["resource", "token", "notes", "--list"]), json!([]));
}

#[test]
fn long_lived_token_is_alone_on_standard_output() {
    let place = Place::new();
    place.json(&NOTES);
    let ran = place.run(&["resource", "token", "notes", "--lifetime", "30d"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let token = ran.out.strip_suffix('\n').expect("a line");
    assert!(!token.is_empty() && !token.contains(char::is_whitespace), "{}", ran.out);
    assert!(ran.err.contains("expires_at") && ran.err.contains("https://notes.example"), "{}", ran.err);
    assert!(!ran.err.contains(token), "the token is printed once");
    assert_eq!(place.json_with(&["token", "introspect"], token)["active"], true);
    let quiet = place.run(&["resource", "token", "notes", "--format", "quiet"]);
    assert_eq!((quiet.out.lines().count(), quiet.err.as_str()), (1, ""));
}

#[tokio::test]
async fn recreated_resource_does_not_revive_its_long_lived_token() {
    let place = Place::new();
    place.json(&NOTES);
    let bearer =
        place.json(&["resource", "token", "notes"])["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(place.run(&["resource", "delete", "--yes", "notes"]).code, 0);
    place.json(&NOTES);
    let why = place.run_with(&["token", "introspect", "--format", "quiet"], &bearer);
    assert_eq!((why.code, why.out.as_str()), (5, "false\nclient_ended\n"));
}

#[test]
fn a_lifetime_without_a_unit_is_a_usage_error() {
    let place = Place::new();
    place.json(&NOTES);
    for wrong in ["30", "0d", "4000d", "soon"] {
        assert_eq!(place.run(&["resource", "token", "notes", "--lifetime", wrong]).code, 2, "{wrong}");
    }
}
