//! `key ..` and `token decode`.

use serde_json::{Value, json};

use crate::{
    place::{Place, bare},
    web::{self, machine_token, within_a_second},
};

#[tokio::test]
async fn a_rotated_key_signs_and_the_one_before_stays_published() {
    let place = Place::new();
    let _server = place.serve();
    let keys = place.json(&["key", "list"]);
    let first = |alg: &str, keys: &Value| {
        let found = keys.as_array().expect("a list").iter().find(|key| key["alg"] == alg);
        found.expect("it is there")["kid"].as_str().expect("a kid").to_owned()
    };
    let (es256, rs256) = (first("ES256", &keys), first("RS256", &keys));
    let made = place.json(&["key", "rotate", "--alg", "ES256"]);
    assert_eq!((&made[0]["alg"], &made[0]["state"]), (&json!("ES256"), &json!("active")));
    let state = |kid: &str| {
        let keys = place.json(&["key", "list"]);
        keys.as_array().expect("a list").iter().find(|key| key["kid"] == kid).expect("it is there")["state"]
            .clone()
    };
    assert_eq!((state(&es256), state(&rs256)), (json!("retiring"), json!("active")));
    let fresh = made[0]["kid"].as_str().expect("a kid").to_owned();
    let published = async |kid: &str| {
        let keys = web::json(&format!("{}/jwks", place.issuer)).await;
        keys["keys"].as_array().expect("a list").iter().any(|key| key["kid"] == kid)
    };
    assert!(
        within_a_second(async || published(&fresh).await).await,
        "a server in another process publishes it"
    );
    assert!(published(&es256).await, "signatures outlive the time in which a key signs");
}

#[test]
fn rotation_adds_an_algorithm_and_without_one_rotates_all() {
    let place = Place::new();
    assert_eq!(place.json(&["key", "rotate", "--alg", "EdDSA"])[0]["alg"], "EdDSA");
    let made = place.json(&["key", "rotate"]);
    let mut algorithms: Vec<_> =
        made.as_array().expect("a list").iter().map(|key| key["alg"].clone()).collect();
    algorithms.sort_by_key(Value::to_string);
    assert_eq!(algorithms, [json!("ES256"), json!("EdDSA"), json!("RS256")]);
    let private = place.run(&["key", "list", "--format", "json"]).out;
    assert!(!private.contains("\"d\""), "no private half is ever shown");
}

#[tokio::test]
async fn jwt_is_decoded_without_verification() {
    let place = Place::new();
    let notes =
        ["resource", "create", "https://notes.example", "--scope", "notes.read", "--token-format", "jwt"];
    place.json(&notes);
    let robot = ["client", "create", "robot", "--grant-type", "client_credentials", "--scope", "notes.read"];
    let secret = place.json(&robot)["client_secret"].as_str().expect("a secret").to_owned();
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
