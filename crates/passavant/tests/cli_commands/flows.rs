//! `flow ..`, and what is left of it: grants and sessions.

use serde_json::{Value, json};

use crate::{
    place::{Place, Ran},
    web::Browser,
};

const SCOPE: &str = "openid profile offline_access notes.read";

/// A resource, a machine, a native client and a user.
pub(crate) fn furnished() -> (Place, String) {
    let place = Place::new();
    place.json(&[
        "resource",
        "create",
        "https://notes.example",
        "--scope",
        "notes.read",
        "--token-format",
        "jwt",
    ]);
    let robot = ["client", "create", "robot", "--grant-type", "client_credentials", "--scope", "notes.read"];
    let secret = place.json(&robot)["client_secret"].as_str().expect("a secret").to_owned();
    let grants = ["--grant-type", "authorization_code", "--grant-type", "refresh_token"];
    let native = ["client", "create", "native", "--public", "--redirect-uri", "http://127.0.0.1/callback"];
    place.json(&[&native[..], &grants, &["--scope", SCOPE]].concat());
    place.json_with(&["user", "create", "alice", "--sub", "u-1", "--claim", "name=Alice"], "correct-horse\n");
    (place, secret)
}

/// Runs the code flow to its end, as alice.
pub(crate) async fn code_flow(place: &Place, arguments: &[&str]) -> Value {
    let flow = ["--format", "json", "flow", "code", "--server", &place.issuer, "--client-id", "native"];
    let mut flow = place.start(&[&flow[..], &["--scope", SCOPE], arguments].concat());
    let url = flow.line_of_talk("http");
    let status = Browser::default().sign_in_and_allow(&url, ("alice", "correct-horse")).await;
    assert_eq!(status, 200);
    let Ran { code, out, err } = flow.finish();
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).expect("JSON")
}

#[test]
fn a_flow_asks_the_configured_installation() {
    let (place, secret) = furnished();
    let _server = place.serve();
    let flow = ["flow", "client-credentials", "--client-id", "robot", "--client-secret", "-"];
    let ran = place.run_with(&flow, &secret);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains(&format!("{}/token", place.issuer)), "{}", ran.err);
}

#[test]
fn client_credentials_shows_each_hop_and_hides_secrets_and_tokens() {
    let (place, secret) = furnished();
    let _server = place.serve();
    let flow = ["flow", "client-credentials", "--server", &place.issuer, "--client-id", "robot"];
    let hidden =
        place.run_with(&[&["--format", "json"], &flow[..], &["--client-secret", "-"]].concat(), &secret);
    assert_eq!(hidden.code, 0, "{}", hidden.err);
    let shown: Value = serde_json::from_str(&hidden.out).expect("JSON");
    assert_eq!((&shown["token_type"], shown.get("access_token")), (&json!("Bearer"), None));
    assert_eq!(shown["access_token_claims"]["aud"], "https://notes.example");
    assert!(hidden.err.contains("/.well-known/openid-configuration") && hidden.err.contains("/token"));
    assert!(!hidden.err.contains(&secret));
    let post = [&flow[..], &["--client-secret", "-", "--auth-method", "post", "--show-tokens"]].concat();
    let either = place.run_with(&post, &secret);
    assert_eq!(either.code, 0, "nothing is registered: {}", either.err);
    let edit = place.run(&["client", "edit", "robot", "--auth-method", "client_secret_basic"]);
    assert_eq!(edit.code, 0, "{}", edit.err);
    // The server notices a change by another process within a quarter of a second.
    let mut tries = (0..50).map(|_| place.run_with(&post, &secret));
    let refused = tries.find(|ran| ran.code == 1).expect("registered is basic");
    assert!(refused.err.contains("invalid_client") && !refused.err.contains(&secret), "{}", refused.err);
    let shown = place.json_with(&[&flow[..], &["--client-secret", "-", "--show-tokens"]].concat(), &secret);
    assert!(shown["access_token"].is_string());
}

#[test]
fn flow_without_a_server_exits_with_6() {
    let place = Place::new();
    let flow = ["flow", "client-credentials", "--server", &place.issuer, "--client-id", "robot"];
    let ran = place.run_with(&[&flow[..], &["--client-secret", "-"]].concat(), "a-secret");
    assert_eq!(ran.code, 6, "{}", ran.err);
    let plain = ["flow", "code", "--server", "http://id.example", "--client-id", "robot"];
    assert_eq!(place.run(&plain).code, 2, "nothing goes over plain http to another machine");
}

#[tokio::test]
async fn code_flow_grant_and_session_can_be_ended() {
    let (place, _) = furnished();
    let _server = place.serve();
    let came = code_flow(&place, &["--show-tokens"]).await;
    assert_eq!(came["id_token_claims"]["sub"], "u-1");
    assert_eq!(came["userinfo"]["name"], "Alice");
    assert_eq!(came["access_token_claims"]["scope"], came["scope"]);
    let grants = place.json(&["grant", "list", "--user", "alice"]);
    let sessions = place.json(&["session", "list", "--user", "u-1"]);
    assert_eq!((&grants[0]["client_id"], &grants[0]["offline"]), (&json!("native"), &json!(true)));
    assert_eq!((&sessions[0]["sub"], &sessions[0]["amr"]), (&json!("u-1"), &json!(["pwd"])));
    assert_eq!(grants[0]["sid"], sessions[0]["sid"]);
    assert_eq!(came["id_token_claims"]["sid"], sessions[0]["sid"]);

    let refresh = came["refresh_token"].as_str().expect("a token");
    let shown = place.json_with(&["token", "introspect"], refresh);
    assert_eq!((&shown["token_kind"], &shown["username"]), (&json!("refresh_token"), &json!("alice")));
    assert_eq!(shown["grant_id"], grants[0]["grant_id"]);

    assert_eq!(place.run(&["session", "kill", sessions[0]["sid"].as_str().expect("a sid")]).code, 0);
    assert_eq!(place.json(&["session", "list"]), json!([]));
    place.json_with(&["token", "introspect"], refresh);

    assert_eq!(place.run(&["grant", "revoke", grants[0]["grant_id"].as_str().expect("an id")]).code, 0);
    assert_eq!(place.json(&["grant", "list"]), json!([]));
    for token in [refresh, came["access_token"].as_str().expect("a token")] {
        let why = place.run_with(&["token", "introspect", "--format", "quiet"], token);
        assert_eq!((why.code, why.out.as_str()), (5, "false\ngrant_ended\n"));
    }
}

#[tokio::test]
async fn disabling_a_user_ends_every_grant() {
    let (place, _) = furnished();
    let _server = place.serve();
    let came = code_flow(&place, &["--show-tokens"]).await;
    assert_eq!(place.json(&["user", "disable", "alice"])["disabled"], true);
    assert_eq!(place.json(&["session", "list"]), json!([]));
    assert_eq!(place.json(&["grant", "list"]), json!([]));
    for token in ["access_token", "refresh_token"] {
        let token = came[token].as_str().expect("a token");
        let why = place.run_with(&["token", "introspect", "--format", "quiet"], token);
        assert_eq!((why.code, why.out.as_str()), (5, "false\ngrant_ended\n"));
    }
}

#[tokio::test]
async fn a_new_password_signs_in_and_ends_the_sessions_of_the_old_one() {
    let (place, _) = furnished();
    let _server = place.serve();
    place.json_with(&["user", "create", "bob", "--sub", "u-2"], "another-horse");
    assert_eq!(place.run_with(&["user", "passwd", "alice"], "a-third-horse\n").code, 0);
    assert_eq!(place.run_with(&["user", "passwd", "alice"], "correct-horse\n").code, 0);
    code_flow(&place, &[]).await;
    assert_eq!(place.json(&["session", "list"]).as_array().map(Vec::len), Some(1));
    assert_eq!(place.run_with(&["user", "passwd", "bob"], "a-fourth-horse").code, 0);
    assert_eq!(place.json(&["session", "list"]).as_array().map(Vec::len), Some(1), "that was somebody else");
    assert_eq!(place.run_with(&["user", "passwd", "alice"], "a-third-horse\n").code, 0);
    assert_eq!(place.json(&["session", "list"]), json!([]));
}

#[tokio::test]
async fn all_grants_of_a_client_or_user_can_be_ended() {
    let (place, _) = furnished();
    let _server = place.serve();
    code_flow(&place, &[]).await;
    assert_eq!(place.run(&["session", "kill", "--user", "alice"]).code, 0);
    assert_eq!(place.json(&["session", "list"]), json!([]));
    assert_eq!(place.json(&["grant", "list", "--client", "native"]).as_array().map(Vec::len), Some(1));
    assert_eq!(place.run(&["grant", "revoke", "--client", "native"]).code, 0);
    assert_eq!(place.json(&["grant", "list", "--client", "native"]), json!([]));
}
