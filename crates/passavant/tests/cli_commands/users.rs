//! `user ..`.

use serde_json::json;

use crate::{
    flows::{code_flow, furnished},
    place::Place,
};

const ALICE: [&str; 9] = [
    "user",
    "create",
    "alice",
    "--sub",
    "u-1",
    "--claim",
    "name=Alice Martin",
    "--claim",
    "email_verified=true",
];

#[test]
fn user_is_created_listed_shown_and_deleted() {
    let place = Place::new();
    let expected = json!({
        "sub": "u-1",
        "username": "alice",
        "claims": {"name": "Alice Martin", "email_verified": true},
        "disabled": false,
    });
    assert_eq!(place.json_with(&ALICE, "correct-horse\n"), expected);
    assert_eq!(place.json(&["user", "show", "Alice"]), expected, "whatever the spelling");
    assert_eq!(place.json(&["user", "show", "u-1"]), expected, "by its sub");
    assert_eq!(place.json(&["user", "list"]), json!([expected]));
    assert_eq!(place.run(&["user", "delete", "--yes", "alice"]).code, 0);
    assert_eq!(place.json(&["user", "list"]), json!([]));
}

#[test]
fn a_name_or_sub_is_one_users_alone() {
    let place = Place::new();
    place.json_with(&ALICE, "correct-horse");
    for taken in [&["user", "create", "ALICE"][..], &["user", "create", "bob", "--sub", "u-1"]] {
        let ran = place.run_with(taken, "correct-horse");
        assert_eq!(ran.code, 1, "{taken:?}: {}", ran.err);
    }
}

#[test]
fn an_empty_password_is_refused_and_none_is_a_choice() {
    let place = Place::new();
    assert_eq!(place.run_with(&["user", "create", "alice"], "\n").code, 2);
    assert_eq!(place.run_with(&["user", "create", "alice"], "").code, 2);
    assert_eq!(place.run(&["user", "create", "alice", "--without-password"]).code, 0);
}

#[test]
fn a_user_is_disabled_and_enabled() {
    let place = Place::new();
    place.json_with(&ALICE, "correct-horse");
    assert_eq!(place.json(&["user", "disable", "alice"])["disabled"], true);
    assert_eq!(place.json(&["user", "show", "alice"])["disabled"], true);
    assert_eq!(place.json(&["user", "enable", "alice"])["disabled"], false);
}

/// A reset by an operator ends everything: whoever knows the old password may have connected an application with it.
#[tokio::test]
async fn password_reset_ends_offline_grants_too_and_reports_how_many() {
    let (place, _) = furnished();
    let _server = place.serve();
    code_flow(&place, &[]).await;
    code_flow(&place, &[]).await;
    let passwd = ["user", "passwd", "alice"];
    let ran = place.run_with(&[&["--format", "json"], &passwd[..]].concat(), "a-third-horse");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("ended 2 sessions and 2 grants"), "{}", ran.err);
    let told: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let expected = json!({"sub": "u-1", "username": "alice", "sessions_ended": 2, "grants_ended": 2});
    assert_eq!(told, expected);
    assert_eq!(place.json(&["grant", "list", "--user", "alice"]), json!([]));
    let again = place.run_with(&passwd, "a-fourth-horse");
    assert_eq!((again.code, again.out.as_str()), (0, ""), "what it says for people is no record");
    assert!(again.err.contains("ended 0 sessions and 0 grants"), "{}", again.err);
}

#[tokio::test]
async fn password_reset_keeps_connected_applications_if_asked() {
    let (place, _) = furnished();
    let _server = place.serve();
    let came = code_flow(&place, &["--show-tokens"]).await;
    let told = place.json_with(&["user", "passwd", "alice", "--keep-apps"], "a-third-horse");
    assert_eq!((&told["sessions_ended"], &told["grants_ended"]), (&json!(1), &json!(0)));
    assert_eq!(place.json(&["grant", "list", "--user", "alice"]).as_array().map(Vec::len), Some(1));
    place.json_with(&["token", "introspect"], came["refresh_token"].as_str().expect("a token"));
}
