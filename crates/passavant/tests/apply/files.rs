//! What a world is read from.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::json;

use crate::{
    browser::Peer,
    installation::Installation,
    world::{SECRET, shop_with, whole},
};

const TOML: &str = r#"
[[clients]]
client_id = "shop"
client_secret = "a-secret-of-22-characters-or-more"
client_name = "Shop"
redirect_uris = ["https://shop.example/cb"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
response_types = ["code"]
token_endpoint_auth_method = "client_secret_basic"
scope = "openid notes.read"
id_token_signed_response_alg = "ES256"

[[resources]]
resource = "https://notes.example"
scopes = ["notes.read"]
client_id = "notes-rs"
client_secret = "a-secret-of-22-characters-or-more"

[[users]]
sub = "u-1"
username = "alice"
password = "correct-horse"
claims = { name = "Alice", email = "alice@example.org" }

[[scopes]]
scope = "notes.read"
description = "Read your notes"
"#;

#[test]
fn toml_says_the_same_as_json() {
    let installation = Installation::new();
    let file = installation.write("world.toml", TOML);
    let outcome = installation.run(&["apply", "--file", file.to_str().expect("UTF-8")], "");
    assert_eq!((outcome.code, outcome.last_line()), (0, "4 changes"), "{outcome:?}");
    installation.must_apply(&whole(), 0);
}

#[test]
fn dash_reads_json_from_standard_input() {
    let installation = Installation::new();
    let outcome = installation.run(&["apply", "-f", "-"], &whole().to_string());
    assert_eq!((outcome.code, outcome.last_line()), (0, "4 changes"), "{outcome:?}");
    installation.must_apply(&whole(), 0);
}

#[test]
fn unreadable_document_is_refused_without_showing_its_content() {
    let installation = Installation::new();
    let secret = format!("client_secret = \"{SECRET}\" {SECRET}");
    for (name, text) in [
        ("world.json", "{"),
        ("world.json", "[]"),
        ("world.json", &format!("{{\"clients\": [{{\"client_secret\": \"{SECRET}\" {SECRET}")),
        ("world.toml", &secret),
    ] {
        let file = installation.write(name, text);
        let outcome = installation.run(&["apply", "-f", file.to_str().expect("UTF-8")], "");
        assert_eq!((outcome.code, outcome.out.as_str()), (3, ""), "{name} {text}: {outcome:?}");
        assert!(!outcome.err.contains(SECRET) && !outcome.err.is_empty(), "{outcome:?}");
    }
    let outcome = installation.run(&["apply", "-f", "nowhere.json"], "");
    assert_eq!((outcome.code, outcome.out.as_str()), (3, ""), "{outcome:?}");
}

#[tokio::test]
async fn secrets_are_read_from_files_beside_the_world() {
    let installation = Installation::new();
    installation.write("secret", &format!("{SECRET}\n"));
    installation.write("password", "correct-horse\n");
    let mut world = whole();
    world["clients"][0] = shop_with(json!({ "client_secret": null, "client_secret_file": "secret" }));
    let user = world["users"][0].as_object_mut().expect("an object");
    user.remove("password");
    user.insert("password_file".to_owned(), "password".into());
    installation.must_apply(&world, 4);
    let server = installation.serve(&[]);
    Peer::of(server.address()).token_with_status(("shop", SECRET), 200).await;
    installation.must_apply(&whole(), 0);
}

#[test]
fn a_secret_file_that_everybody_may_read_is_told() {
    let installation = Installation::new();
    let secret = installation.write("secret", &format!("{SECRET}\n"));
    let mut world = whole();
    world["clients"][0] = shop_with(json!({ "client_secret": null, "client_secret_file": "secret" }));
    for (mode, is_told) in [(0o640, false), (0o644, true), (0o600, false)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("our own file");
        let outcome = installation.apply(&world, &["--dry-run"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let told =
            outcome.err.contains("/clients/0/client_secret_file: names a file that may be read by everybody");
        assert_eq!(told, is_told, "{mode:o}: {outcome:?}");
    }
}

#[test]
fn a_secret_file_that_can_not_be_read_is_a_problem() {
    let installation = Installation::new();
    let mut world = whole();
    world["clients"][0] = shop_with(json!({ "client_secret": null, "client_secret_file": "nowhere" }));
    world["users"][0]["password_file"] = "nowhere".into();
    installation.apply(&world, &[]).must_refuse(&["/clients/0/client_secret_file", "/users/0/password_file"]);
}

#[tokio::test]
async fn serve_applies_a_file_before_it_answers() {
    let installation = Installation::new();
    installation.write("world.json", &whole().to_string());
    let server = installation.serve(&["--apply", "world.json"]);
    let peer = Peer::of(server.address());
    assert_eq!(peer.client_credentials(("shop", SECRET)).await.expect("an answer").status, 200);
}

#[test]
fn serve_refuses_to_start_with_a_file_that_can_not_be_applied() {
    let installation = Installation::new();
    installation.write("world.json", r#"{"clients": [{"client_id": "shop"}]}"#);
    installation.run(&["serve", "--apply", "world.json"], "").must_refuse(&["/clients/0/client_secret"]);
}
