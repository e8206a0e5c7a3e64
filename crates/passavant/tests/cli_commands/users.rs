//! `user ..`, without a browser.

use serde_json::json;

use crate::place::Place;

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
fn a_user_is_made_listed_shown_and_deleted_under_its_registered_names() {
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
    assert_eq!(place.run(&["user", "delete", "alice"]).code, 0);
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
