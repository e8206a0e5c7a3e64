//! `--prune`: what an earlier run made, and nothing else.

use serde_json::json;

use crate::{
    installation::Installation,
    world::{NOTES, SECRET, whole},
};

/// A world that lists nothing, in every array.
fn nothing() -> serde_json::Value {
    json!({ "clients": [], "resources": [], "users": [], "scopes": [] })
}

#[test]
fn prune_deletes_unlisted_objects_and_disables_users() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let dry = installation.apply(&nothing(), &["--prune", "--dry-run"]);
    assert_eq!((dry.code, dry.last_line()), (0, "4 changes"), "{dry:?}");
    installation.must_apply(&whole(), 0);

    let outcome = installation.apply(&nothing(), &["--prune"]);
    assert_eq!((outcome.code, outcome.last_line()), (0, "4 changes"), "{outcome:?}");
    for line in ["- client shop", &format!("- resource {NOTES}"), "~ user u-1", "- scope notes.read"] {
        assert!(outcome.out.lines().any(|found| found == line), "{line} in {}", outcome.out);
    }
    let left = installation.everything();
    assert_eq!((&left["clients"], &left["resources"]), (&json!([]), &json!([])));
    assert_eq!(left["users"][0]["disabled"], true);
    let again = installation.apply(&nothing(), &["--prune"]);
    assert_eq!(again.out, "0 changes\n");
}

#[test]
fn without_prune_nothing_is_deleted() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    installation.must_apply(&nothing(), 0);
}

#[test]
fn absent_array_is_not_pruned() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let outcome = installation.apply(&json!({ "resources": [], "scopes": [] }), &["--prune"]);
    assert_eq!(outcome.last_line(), "2 changes", "{outcome:?}");
    let left = installation.everything();
    assert_eq!(
        (&left["clients"][0]["client_id"], &left["users"][0]["disabled"]),
        (&json!("shop"), &json!(false))
    );
}

#[test]
fn prune_keeps_objects_apply_did_not_create() {
    let installation = Installation::new();
    let create = |arguments: &[&str], input: &str| {
        let outcome = installation.run(arguments, input);
        assert_eq!(outcome.code, 0, "{outcome:?}");
    };
    create(&["client", "create", "shop", "--grant-type", "client_credentials", "--secret", "-"], SECRET);
    create(&["resource", "create", NOTES, "--scope", "notes.read"], "");
    create(&["user", "create", "bob", "--sub", "u-2", "--password", "-"], "correct-horse");
    let untouched = installation.everything();
    assert_eq!(installation.apply(&nothing(), &["--prune"]).out, "0 changes\n");
    assert_eq!(installation.everything(), untouched);

    // Changed by a file, it still was not made by one.
    let shop = json!({ "client_id": "shop", "grant_types": ["client_credentials"], "client_name": "Shop" });
    installation.must_apply(&json!({ "clients": [shop] }), 1);
    assert_eq!(installation.apply(&nothing(), &["--prune"]).out, "0 changes\n");
}

#[test]
fn deleted_client_leaves_shared_credentials_to_the_resource() {
    let installation = Installation::new();
    let mut world = whole();
    world["resources"][0]["client_id"] = "shop".into();
    installation.must_apply(&world, 4);
    let outcome = installation.apply(&json!({ "clients": [] }), &["--prune"]);
    assert_eq!(outcome.last_line(), "1 change", "{outcome:?}");
    assert_eq!(installation.json(&["resource", "show", NOTES])["client_id"], "shop");
    world.as_object_mut().expect("an object").remove("clients");
    installation.must_apply(&world, 0);
}
