//! `key ..` and `token decode`.

use serde_json::{Value, json};

use crate::{
    flows::furnished,
    place::{Place, bare},
    web::{self, machine_token, within_a_second},
};

#[tokio::test]
async fn a_rotated_key_is_published_first_and_signs_when_its_time_has_come() {
    let place = Place::new();
    let _server = place.serve();
    let es256 = kid(&place, "ES256");
    let made = place.json(&["key", "rotate", "--alg", "ES256"]);
    assert_eq!((&made[0]["alg"], &made[0]["state"]), (&json!("ES256"), &json!("next")));
    let number = |value: &Value| value.as_i64().expect("a time");
    assert_eq!(number(&made[0]["active_at"]), number(&made[0]["created_at"]) + 600);
    let old = key(&place, &es256);
    assert_eq!((&old["state"], &old["replaced_at"]), (&json!("active"), &made[0]["active_at"]));
    let fresh = made[0]["kid"].as_str().expect("a kid").to_owned();
    let published = async |kid: &str| published(&place, kid).await;
    assert!(within_a_second(async || published(&fresh).await).await, "by a server in another process");
    let now = place.json(&["key", "rotate", "--alg", "ES256", "--now"]);
    assert_eq!((&now[0]["kid"], &now[0]["state"]), (&json!(fresh), &json!("active")), "it need not wait");
    let old = key(&place, &es256);
    assert_eq!(old["state"], "retiring");
    assert_eq!(number(&old["deleted_at"]), number(&old["retired_at"]) + 7 * 86_400);
    assert!(published(&es256).await, "signatures outlive the time in which a key signs");
    assert_eq!(key(&place, &kid(&place, "RS256"))["state"], "active", "another algorithm is another key");
}

#[tokio::test]
async fn a_key_is_distrusted_at_once_and_only_when_that_is_said() {
    let (place, secret) = furnished();
    let _server = place.serve();
    let token = machine_token(&place.issuer, "robot", &secret).await;
    let es256 = kid(&place, "ES256");
    let ran = place.run(&["key", "retire", &es256]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("passavant key rotate") && ran.err.contains("--now"), "{}", ran.err);
    let successor = place.json(&["key", "retire", "--now", &es256])[0].clone();
    assert_eq!((&successor["alg"], &successor["state"]), (&json!("ES256"), &json!("active")));
    assert!(within_a_second(async || !published(&place, &es256).await).await);
    assert_eq!(
        place.run_with(&["token", "introspect"], &token).code,
        5,
        "what it signed is not valid anymore"
    );
    let token = machine_token(&place.issuer, "robot", &secret).await;
    let decoded = place.json_with(&["token", "decode"], &token);
    assert_eq!((&decoded["signature"], &decoded["header"]["kid"]), (&json!("ours"), &successor["kid"]));
    assert_eq!(place.run(&["key", "retire", "--now", &es256]).code, 4, "it is gone");
}

#[test]
fn rotation_adds_an_algorithm_and_without_one_rotates_all() {
    let place = Place::new();
    assert_eq!(place.json(&["key", "rotate", "--now", "--alg", "EdDSA"])[0]["alg"], "EdDSA");
    let made = place.json(&["key", "rotate"]);
    let mut algorithms: Vec<_> =
        made.as_array().expect("a list").iter().map(|key| key["alg"].clone()).collect();
    algorithms.sort_by_key(Value::to_string);
    assert_eq!(algorithms, [json!("ES256"), json!("EdDSA"), json!("RS256")]);
    let private = place.run(&["key", "list", "--format", "json"]).out;
    assert!(!private.contains("\"d\""), "no private half is ever shown");
}

/// The audit trail names who changed which key: the operator, and the server for the keys of the first start.
#[test]
fn who_rotated_and_distrusted_a_key_is_recorded() {
    let place = Place::new();
    drop(place.serve());
    let changed = |kid: &str| -> Vec<(String, String)> {
        let database = rusqlite::Connection::open(place.path("passavant.db")).expect("the database");
        let sql = "SELECT kind, actor FROM event WHERE detail = ?1 ORDER BY cursor";
        let mut events = database.prepare(sql).expect("a statement");
        let rows = events.query_map([kid], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
        rows.collect::<Result<_, _>>().expect("text")
    };
    let by = |actor: &str| ("key_changed".to_owned(), actor.to_owned());
    let first = kid(&place, "ES256");
    assert_eq!(changed(&first), [by("server")]);
    let made = place.json(&["key", "rotate", "--alg", "ES256", "--now"]);
    let second = made[0]["kid"].as_str().expect("a kid");
    // It is added and signs, and its predecessor retires.
    let operator = || by("operator:cli");
    assert_eq!(changed(second), [operator()]);
    assert_eq!(changed(&first), [by("server"), operator()]);
    place.json(&["key", "retire", "--now", second]);
    assert_eq!(changed(second), [operator(), operator()]);
}

/// One key in 64 has such a thumbprint.
#[test]
fn key_id_that_begins_with_a_hyphen_is_no_option() {
    let place = Place::new();
    for arguments in [["key", "retire", "--now", "-bFHUMQSwiJ6"], ["key", "retire", "-bFHUMQSwiJ6", "--now"]]
    {
        let ran = place.run(&arguments);
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(ran.err.contains("-bFHUMQSwiJ6"), "{}", ran.err);
    }
}

/// The `kid` of the key that signs with this algorithm.
fn kid(place: &Place, alg: &str) -> String {
    let keys = place.json(&["key", "list"]);
    let signs = |key: &&Value| key["alg"] == alg && key["state"] == "active";
    let found = keys.as_array().expect("a list").iter().find(signs).expect("it is there");
    found["kid"].as_str().expect("a kid").to_owned()
}

/// The key with this `kid`.
fn key(place: &Place, kid: &str) -> Value {
    let keys = place.json(&["key", "list"]);
    keys.as_array().expect("a list").iter().find(|key| key["kid"] == kid).expect("it is there").clone()
}

/// Whether the key set has a key.
async fn published(place: &Place, kid: &str) -> bool {
    let keys = web::json(&format!("{}/jwks", place.issuer)).await;
    keys["keys"].as_array().expect("a list").iter().any(|key| key["kid"] == kid)
}

#[tokio::test]
async fn jwt_is_decoded_without_verification() {
    let (place, secret) = furnished();
    let _server = place.serve();
    let token = machine_token(&place.issuer, "robot", &secret).await;
    let decoded = place.json_with(&["token", "decode"], &token);
    assert_eq!((&decoded["signature"], &decoded["header"]["typ"]), (&json!("ours"), &json!("at+jwt")));
    assert_eq!(decoded["claims"]["client_id"], "robot");
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    let forged = format!("{signed}.{}", "A".repeat(86));
    let ran = place.run_with(&["token", "decode", "--format", "json"], &forged);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.out.contains("not_ours") && ran.err.contains("believe nothing"), "{}", ran.err);
    let elsewhere = bare(&["token", "decode", "--format", "json"], &token);
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.err);
    assert!(
        elsewhere.out.contains("not_asked") && elsewhere.err.contains("believe nothing"),
        "{}",
        elsewhere.out
    );
    assert_eq!(place.run_with(&["token", "decode"], "an-opaque-token").code, 1);
    let introspected = place.json_with(&["token", "introspect"], &token);
    assert_eq!((&introspected["active"], &introspected["scope"]), (&json!(true), &json!("notes.read")));
    assert_eq!(place.run_with(&["token", "revoke"], &token).code, 0);
    let why = place.run_with(&["token", "introspect", "--format", "quiet"], &token);
    assert_eq!((why.code, why.out.as_str()), (5, "false\ntoken_revoked\n"), "a JWT is revoked by its jti");
}

#[test]
fn foreign_token_is_reported_as_unknown() {
    let place = Place::new();
    for text in ["x", &"A".repeat(43), "a.b.c"] {
        let why = place.run_with(&["token", "introspect", "--format", "quiet"], text);
        assert_eq!((why.code, why.out.as_str()), (5, "false\ntoken_unknown\n"), "{text}");
        assert_eq!(place.run_with(&["token", "revoke"], text).code, 4, "{text}");
    }
}
