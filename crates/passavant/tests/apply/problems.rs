//! A file is checked whole: every problem is told with its JSON pointer, and nothing is changed.

use serde_json::{Value, json};

use crate::{
    installation::Installation,
    world::{NOTES, OTHER, SECRET, shop_with, whole},
};

/// Applies these clients, and nothing else.
fn apply_client(installation: &Installation, members: Value) -> crate::installation::Outcome {
    installation.apply(&json!({ "clients": [shop_with(members)] }), &[])
}

#[test]
fn every_problem_of_a_file_is_told_and_nothing_is_changed() {
    let installation = Installation::new();
    let world = json!({
        "clients": [
            { "client_id": "fine", "client_secret": SECRET, "grant_types": ["client_credentials"] },
            { "client_id": "a\nb", "client_secret": "short", "redirect_uri": ["https://a.example"] },
            { "client_secret": SECRET, "redirect_uris": ["https://a.example/#x", "https://a.example", 7] },
            { "client_id": "n", "client_name": 7, "scope": ["openid"], "disabled": "no", "client_secret": SECRET },
            "a client",
        ],
        "resources": [
            { "resource": "notes", "scopes": ["a b"], "access_token_format": "paseto" },
            { "resource": "https://b.example", "introspection_audience": "me", "access_token_lifetime": 0 },
        ],
        "users": [{ "sub": "", "username": "bob", "claims": [] }, { "sub": "u-2", "username": "", "name": "Carol" }],
        "scopes": [{ "scope": "a b" }, { "scope": "c", "description": 7, "claims": "name" }],
        "scope": [],
    });
    let outcome = installation.apply(&world, &[]);
    outcome.must_refuse(&[
        "/clients/1/client_id",
        "/clients/1/client_secret",
        "/clients/1/redirect_uri",
        "/clients/2/client_id",
        "/clients/2/redirect_uris/0",
        "/clients/2/redirect_uris/2",
        "/clients/3/client_name",
        "/clients/3/scope",
        "/clients/3/disabled",
        "/clients/4",
        "/resources/0/resource",
        "/resources/0/scopes/0",
        "/resources/0/access_token_format",
        "/resources/1/introspection_audience",
        "/resources/1/access_token_lifetime",
        "/users/0/sub",
        "/users/0/claims",
        "/users/1/username",
        "/users/1/name",
        "/scopes/0/scope",
        "/scopes/1/description",
        "/scopes/1/claims",
        "/scope",
    ]);
    assert_eq!(installation.everything(), json!({ "clients": [], "resources": [], "users": [] }));
}

#[test]
fn one_problem_prevents_every_change() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let before = installation.everything();
    let mut world = whole();
    world["clients"][0] = shop_with(json!({ "client_name": "Other shop" }));
    world["users"][0]["claims"]["name"] = "Somebody else".into();
    world["scopes"][0]["claims"] = json!([7]);
    installation.apply(&world, &[]).must_refuse(&["/scopes/0/claims/0"]);
    assert_eq!(installation.everything(), before);
    installation.must_apply(&whole(), 0);
}

#[test]
fn an_unknown_member_is_answered_with_the_nearest_one() {
    let installation = Installation::new();
    let mut world = whole();
    world["clients"][0] =
        shop_with(json!({ "redirect_uri": "https://shop.example/cb", "client-name": "Shop" }));
    world["resources"][0]["scope"] = "notes.read".into();
    world["users"][0]["user_name"] = "alice".into();
    world["client"] = json!([]);
    let outcome = installation.apply(&world, &[]);
    for (pointer, near) in [
        ("/clients/0/redirect_uri", "redirect_uris"),
        ("/clients/0/client-name", "client_name"),
        ("/resources/0/scope", "scopes"),
        ("/users/0/user_name", "username"),
        ("/client", "clients"),
    ] {
        let line = outcome.err.lines().find(|line| line.trim().starts_with(&format!("{pointer}: ")));
        let hint = format!("did you mean `{near}`?");
        assert!(line.is_some_and(|line| line.contains(&hint)), "{pointer} {hint} in {}", outcome.err);
    }
}

#[test]
fn two_objects_of_one_id_are_a_problem() {
    let installation = Installation::new();
    let mut world = whole();
    for array in ["clients", "resources", "users", "scopes"] {
        let first = world[array][0].clone();
        world[array].as_array_mut().expect("an array").push(first);
    }
    world["users"][1]["sub"] = "u-2".into();
    world["users"][1]["username"] = " ALICE ".into();
    let pointers = ["/clients/1/client_id", "/resources/1/resource", "/users/1/username", "/scopes/1/scope"];
    installation.apply(&world, &[]).must_refuse(&pointers);
}

#[test]
fn a_member_that_is_written_twice_is_a_problem() {
    let installation = Installation::new();
    let file = installation.write(
        "world.json",
        r#"{"clients": [{"client_id": "a", "client_secret": "x", "client_secret": "y"}]}"#,
    );
    let outcome = installation.run(&["apply", "-f", file.to_str().expect("UTF-8")], "");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    assert!(outcome.err.contains("client_secret") && outcome.err.contains("twice"), "{outcome:?}");
}

#[test]
fn taken_username_is_refused() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let world = json!({ "users": [{ "sub": "u-2", "username": "Alice" }] });
    installation.apply(&world, &[]).must_refuse(&["/users/0/username"]);
}

#[test]
fn no_client_can_hold_the_scope_introspection() {
    let installation = Installation::new();
    apply_client(&installation, json!({ "scope": "openid introspection" }))
        .must_refuse(&["/clients/0/scope"]);
    let world = json!({ "resources": [{ "resource": NOTES, "scopes": ["introspection"] }] });
    installation.apply(&world, &[]).must_refuse(&["/resources/0/scopes/0"]);
}

#[test]
fn a_confidential_client_without_a_secret_is_a_problem() {
    let installation = Installation::new();
    for method in
        [json!(null), json!("client_secret_basic"), json!("client_secret_post"), json!("client_secret_jwt")]
    {
        let members = json!({ "client_secret": null, "token_endpoint_auth_method": method });
        apply_client(&installation, members).must_refuse(&["/clients/0/client_secret"]);
    }
    let world = json!({ "resources": [{ "resource": NOTES, "client_id": "notes-rs" }] });
    installation.apply(&world, &[]).must_refuse(&["/resources/0/client_secret"]);
}

#[test]
fn client_without_secret_authentication_needs_no_secret() {
    let installation = Installation::new();
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                      "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    for members in [
        json!({ "token_endpoint_auth_method": "none" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key] } }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://shop.example/jwks" }),
    ] {
        let mut members = members;
        members["client_secret"] = Value::Null;
        let outcome = apply_client(&installation, members);
        assert_eq!((outcome.code, outcome.last_line()), (0, "1 change"), "{outcome:?}");
    }
    let members = json!({ "client_secret": null, "token_endpoint_auth_method": "private_key_jwt" });
    apply_client(&installation, members).must_refuse(&["/clients/0/token_endpoint_auth_method"]);
}

/// RFC 7517 §5: each key stands for itself.
#[test]
fn a_key_that_can_not_be_used_is_reported_and_spoils_no_other() {
    let installation = Installation::new();
    let good = json!({ "kty": "EC", "crv": "P-256", "kid": "1", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                       "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    let keyed = |keys: &[&Value]| {
        let keys = json!({ "keys": keys });
        let method = "private_key_jwt";
        apply_client(
            &installation,
            json!({ "client_secret": null, "token_endpoint_auth_method": method, "jwks": keys }),
        )
    };
    let weak = json!({ "kty": "RSA", "kid": "old", "n": "AQAB", "e": "AQAB" });
    let secret = json!({ "kty": "oct", "kid": "s", "k": "b25lLW9jdGV0LWtleS1vZi0zMi1ieXRlcy0tLS0tLQ" });
    for (neighbor, warned) in [
        (with("use", json!("enc")), None),
        (with("alg", json!(null)), None),
        (json!(null), Some("keys[1]")),
        (weak, Some("\"old\": the RSA modulus")),
        (secret, Some("\"s\"")),
        (with("kid", json!(7)), Some("\"kid\"")),
    ] {
        let outcome = keyed(&[&good, &neighbor]);
        assert_eq!(outcome.code, 0, "{neighbor}: {outcome:?}");
        let said = format!("{}{}", outcome.out, outcome.err);
        assert_eq!(said.contains("/clients/0/jwks"), warned.is_some(), "{neighbor}: {said}");
        assert!(warned.is_none_or(|text| said.contains(text)), "{neighbor}: {said}");
    }
    for wrong in [&[&json!(null)][..], &[&good, &with("d", json!("AQAB"))], &[&with("x", json!("AQAB"))]] {
        keyed(wrong).must_refuse(&["/clients/0/jwks"]);
    }
}

#[test]
fn resource_without_credentials_cannot_introspect() {
    let installation = Installation::new();
    for method in ["none", "private_key_jwt"] {
        let resource =
            json!({ "resource": NOTES, "client_id": "notes-rs", "token_endpoint_auth_method": method });
        let outcome = installation.apply(&json!({ "resources": [resource] }), &[]);
        outcome.must_refuse(&["/resources/0/token_endpoint_auth_method"]);
    }
    let shop = shop_with(json!({ "client_secret": null, "token_endpoint_auth_method": "none" }));
    let world = json!({ "clients": [shop], "resources": [{ "resource": NOTES, "client_id": "shop" }] });
    installation.apply(&world, &[]).must_refuse(&["/resources/0/client_id"]);
}

#[test]
fn secrets_have_their_limits() {
    let installation = Installation::new();
    for secret in ["21-characters-of-text", "", "a-secret-of-22-characters-or-more\n", &"x".repeat(513)] {
        let members = json!({ "client_secret": secret });
        apply_client(&installation, members).must_refuse(&["/clients/0/client_secret"]);
    }
    let world = json!({ "resources": [{ "resource": NOTES, "client_secret": SECRET }] });
    installation.apply(&world, &[]).must_refuse(&["/resources/0/client_id"]);
    let members = json!({ "client_secret_file": "secret" });
    installation.write("secret", SECRET);
    apply_client(&installation, members).must_refuse(&["/clients/0/client_secret_file"]);
    let members = json!({ "client_secret": null, "client_secret_file": "secret" });
    installation.write("secret", "short");
    apply_client(&installation, members).must_refuse(&["/clients/0/client_secret_file"]);
}

#[test]
fn client_keys_are_public_and_given_once() {
    let installation = Installation::new();
    let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                          "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" });
    for (members, pointer) in [
        (json!({ "jwks": { "keys": [private] } }), "/clients/0/jwks"),
        (json!({ "jwks": {} }), "/clients/0/jwks"),
        (json!({ "jwks": "https://shop.example/jwks" }), "/clients/0/jwks"),
        (json!({ "jwks": { "keys": [] }, "jwks_uri": "https://shop.example/jwks" }), "/clients/0/jwks_uri"),
        (json!({ "jwks_uri": "http://shop.example/jwks" }), "/clients/0/jwks_uri"),
        (json!({ "jwks_uri": "file:///etc/passwd" }), "/clients/0/jwks_uri"),
    ] {
        apply_client(&installation, members).must_refuse(&[pointer]);
    }
}

#[test]
fn dangerous_value_is_refused() {
    let installation = Installation::new();
    for (name, value) in [
        ("logo_uri", "javascript:alert(1)"),
        ("policy_uri", "shop.example/policy"),
        ("client_name", &*"x".repeat(10_000)),
        ("default_max_age", "60"),
        ("backchannel_logout_session_required", "yes"),
        ("id_token_encrypted_response_enc", "A256GCM"),
    ] {
        let outcome = apply_client(&installation, json!({ name: value }));
        outcome.must_refuse(&[&format!("/clients/0/{name}")]);
    }
    let signed_by =
        |name: &str| json!({ "resources": [{ "resource": NOTES, "access_token_signing_alg": name }] });
    for name in ["HS256", "none", "es256"] {
        installation.apply(&signed_by(name), &[]).must_refuse(&["/resources/0/access_token_signing_alg"]);
    }
}

#[test]
fn credentials_are_taken_over_from_a_client_but_never_from_a_resource() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let client =
        json!({ "client_id": "notes-rs", "client_secret": OTHER, "grant_types": ["client_credentials"] });
    installation.apply(&json!({ "clients": [client] }), &[]).must_refuse(&["/clients/0/client_id"]);

    let resource =
        json!({ "resource": "https://shop.example/api", "client_id": "shop", "client_secret": OTHER });
    installation.apply(&json!({ "resources": [resource] }), &[]).must_refuse(&["/resources/0/client_secret"]);
    // Nor does a new resource change the secret of the one whose credentials it joins.
    let joined = |secret: &str| json!({ "resource": "https://music.example", "client_id": "notes-rs", "client_secret": secret });
    installation
        .apply(&json!({ "resources": [joined(OTHER)] }), &[])
        .must_refuse(&["/resources/0/client_secret"]);
    installation.must_apply(&json!({ "resources": [joined(SECRET)] }), 1);
}
