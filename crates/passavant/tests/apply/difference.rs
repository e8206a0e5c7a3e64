//! What a run says that it changes, and what it leaves alone.

use serde_json::json;

use crate::{
    installation::Installation,
    world::{NOTES, OTHER, SECRET, shop_with, whole},
};

#[test]
fn a_second_run_changes_nothing() {
    let installation = Installation::new();
    let first = installation.must_apply(&whole(), 4);
    for line in ["+ client shop", &format!("+ resource {NOTES}"), "+ user u-1", "+ scope notes.read"] {
        assert!(first.out.lines().any(|found| found == line), "{line} in {}", first.out);
    }
    let before = installation.everything();
    let second = installation.must_apply(&whole(), 0);
    assert_eq!((second.out.as_str(), installation.everything()), ("0 changes\n", before));
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let installation = Installation::new();
    let dry = installation.apply(&whole(), &["--dry-run"]);
    assert_eq!((dry.code, dry.last_line()), (0, "4 changes"), "{dry:?}");
    assert_eq!(installation.everything(), json!({ "clients": [], "resources": [], "users": [] }));

    installation.must_apply(&whole(), 4);
    let before = installation.everything();
    let mut world = whole();
    world["clients"][0] = shop_with(json!({ "client_name": "Other shop" }));
    let dry = installation.apply(&world, &["--dry-run"]);
    assert_eq!((dry.code, dry.last_line()), (0, "1 change"), "{dry:?}");
    assert!(dry.out.contains(r#"client_name: "Shop" -> "Other shop""#), "{dry:?}");
    assert_eq!(installation.everything(), before);
    installation.must_apply(&world, 1);
}

#[test]
fn no_run_prints_a_secret() {
    let installation = Installation::new();
    let symmetric = |k: &str| json!({ "keys": [{ "kty": "oct", "kid": "1", "k": k }] });
    let mut world = whole();
    world["clients"][0] =
        shop_with(json!({ "jwks": symmetric("b25lLW9jdGV0LWtleS1vZi0zMi1ieXRlcy0tLS0tLQ") }));
    let mut changed = world.clone();
    changed["clients"][0] = shop_with(
        json!({ "client_secret": OTHER, "jwks": symmetric("dHdvLW9jdGV0LWtleS1vZi0zMi1ieXRlcy0tLS0tLQ") }),
    );
    changed["resources"][0]["client_secret"] = OTHER.into();
    let outcomes = [
        installation.apply(&world, &["--dry-run"]),
        installation.apply(&world, &[]),
        installation.apply(&world, &["--dry-run", "--format", "json"]),
        installation.apply(&changed, &["--dry-run"]),
        installation.apply(&changed, &["--format", "json"]),
    ];
    for outcome in outcomes {
        assert_eq!(outcome.code, 0, "{outcome:?}");
        for secret in [SECRET, OTHER, "correct-horse", "argon2", "b25lLW9jdGV0", "dHdvLW9jdGV0"] {
            assert!(
                !outcome.out.contains(secret) && !outcome.err.contains(secret),
                "{secret} in {outcome:?}"
            );
        }
    }
}

#[test]
fn an_absent_member_takes_its_default() {
    let installation = Installation::new();
    let mut world = whole();
    world["clients"][0] = shop_with(json!({ "skip_consent": true, "require_pkce": false, "disabled": true }));
    world["resources"][0]["access_token_format"] = "jwt".into();
    world["users"][0]["disabled"] = true.into();
    installation.must_apply(&world, 4);
    installation.must_apply(&whole(), 3);
    let shop = installation.json(&["client", "show", "shop"]);
    assert_eq!(
        [&shop["skip_consent"], &shop["require_pkce"], &shop["disabled"]],
        [&json!(false), &json!(true), &json!(false)]
    );
    assert_eq!(installation.json(&["resource", "show", NOTES]).get("access_token_format"), None);
    assert_eq!(installation.json(&["user", "show", "alice"])["disabled"], false);
    let mut world = whole();
    world["users"][0].as_object_mut().expect("an object").remove("claims");
    installation.must_apply(&world, 1);
    assert_eq!(installation.json(&["user", "show", "alice"])["claims"], json!({}));
}

#[test]
fn absent_array_is_left_alone() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let before = installation.everything();
    installation.must_apply(&json!({ "clients": [] }), 0);
    installation.must_apply(&json!({}), 0);
    assert_eq!(installation.everything(), before);
}

#[test]
fn unsupported_registered_value_is_kept_with_a_warning() {
    let installation = Installation::new();
    let mut world = whole();
    world["clients"][0] = shop_with(json!({
        "grant_types": ["authorization_code", "urn:example:made-up"],
        "id_token_signed_response_alg": "PS256",
        "userinfo_signed_response_alg": "ES256K",
        "backchannel_user_code_parameter": true,
        "contacts": ["ops@shop.example"],
    }));
    let outcome = installation.must_apply(&world, 4);
    let member = |name: &str| format!("warning: /clients/0/{name}: ");
    for name in [
        "grant_types/1",
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "backchannel_user_code_parameter",
    ] {
        assert_eq!(outcome.err.matches(&member(name)).count(), 1, "{name} in {}", outcome.err);
    }
    assert_eq!(outcome.err.lines().count(), 4, "{}", outcome.err);
    let shop = installation.json(&["client", "show", "shop"]);
    assert_eq!(shop["grant_types"][1], "urn:example:made-up");
    assert_eq!(shop["contacts"][0], "ops@shop.example");
    installation.must_apply(&world, 0);
}

#[test]
fn concurrent_applies_end_in_the_same_state() {
    let installation = Installation::new();
    let file = installation.write("world.json", &whole().to_string());
    let file = file.to_str().expect("UTF-8");
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let run = || installation.run(&["apply", "-f", file], "");
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().expect("it ends")).collect()
    });
    let lines: Vec<_> = outcomes.iter().map(|outcome| (outcome.code, outcome.last_line())).collect();
    assert_eq!(lines.iter().filter(|line| **line == (0, "4 changes")).count(), 1, "{outcomes:?}");
    assert_eq!(lines.iter().filter(|line| **line == (0, "0 changes")).count(), 3, "{outcomes:?}");
}

#[test]
fn printed_documents_can_be_applied() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    installation.must_apply(&installation.everything(), 0);
}

#[test]
fn a_changed_password_of_an_existing_account_is_told_and_has_no_effect() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let mut world = whole();
    assert!(!installation.must_apply(&world, 0).err.contains("password"), "it is the same");
    world["users"][0]["password"] = "another-horse-of-mine".into();
    for flags in [&["--dry-run"][..], &[]] {
        let outcome = installation.apply(&world, flags);
        assert_eq!((outcome.code, outcome.last_line()), (0, "0 changes"), "{outcome:?}");
        let warning = "warning: /users/0/password: is not the password of alice";
        assert!(outcome.err.contains(warning), "{}", outcome.err);
        assert!(
            outcome.err.contains("passavant user passwd alice") && !outcome.err.contains("another-horse")
        );
    }
}
