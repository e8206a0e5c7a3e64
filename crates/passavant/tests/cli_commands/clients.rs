//! `client ..`

use serde_json::json;

use crate::{
    place::Place,
    web::{As, is_active, machine_token, post, post_json, visit, within_a_second},
};

const ROBOT: [&str; 7] =
    ["client", "create", "robot", "--grant-type", "client_credentials", "--scope", "notes.read"];

fn with_notes(place: &Place) -> String {
    let notes =
        ["resource", "create", "https://notes.example", "--scope", "notes.read", "--client-id", "notes"];
    let made = place.json(&notes);
    made["client_secret"].as_str().expect("a secret").to_owned()
}

#[test]
fn client_is_created_listed_shown_and_deleted() {
    let place = Place::new();
    let made = place.json(&[
        "client",
        "create",
        "shop",
        "--name",
        "Shop",
        "--redirect-uri",
        "https://shop.example/cb",
        "--grant-type",
        "authorization_code",
        "--grant-type",
        "refresh_token",
        "--scope",
        "openid notes.read",
        "--member",
        "id_token_signed_response_alg=ES256",
    ]);
    let secret = made["client_secret"].as_str().expect("a secret");
    assert!(secret.starts_with("pvs_") && secret.len() >= 4 + 43, "256 bits behind the prefix");
    let expected = json!({
        "client_id": "shop",
        "client_name": "Shop",
        "redirect_uris": ["https://shop.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid notes.read",
        "id_token_signed_response_alg": "ES256",
        "require_pkce": true,
        "skip_consent": false,
        "disabled": false,
    });
    assert_eq!(place.json(&["client", "show", "shop"]), expected);
    assert_eq!(place.json(&["client", "list"]), json!([expected]));
    assert_eq!(
        place.run(&["client", "create", "shop", "--public", "--redirect-uri", "https://a.example/"]).code,
        1
    );
    assert_eq!(place.json(&["client", "show", "shop"]), expected, "it was not replaced");
    let deleted = place.run(&["client", "delete", "--yes", "shop"]);
    assert_eq!(
        (deleted.code, deleted.out.as_str()),
        (0, ""),
        "data on standard output, talk on standard error"
    );
    assert_eq!(place.json(&["client", "list"]), json!([]));
}

#[test]
fn a_public_client_has_no_secret_and_a_drawn_id_is_for_urls() {
    let place = Place::new();
    let made = place.json(&["client", "create", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
    assert_eq!(made.get("client_secret"), None);
    let id = made["client_id"].as_str().expect("an id");
    assert!(
        id.len() == 22 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
        "{id}"
    );
    assert_eq!(place.run(&["client", "secret", id]).code, 1);
}

#[test]
fn invalid_registration_is_refused_whole() {
    let place = Place::new();
    for wrong in [
        &["--redirect-uri", "http://shop.example/cb"][..],
        &["--redirect-uri", "https://shop.example/cb#x"],
        &["--redirect-uri", "https://shop.example/cb", "--member", "redirect_url=https://shop.example/"],
        &["--redirect-uri", "https://shop.example/cb", "--scope", "introspection"],
        &["--redirect-uri", "https://shop.example/cb", "--member", "skip_consent=perhaps"],
    ] {
        let ran = place.run(&[&["client", "create", "shop"], wrong].concat());
        assert_eq!(ran.code, 2, "{wrong:?}: {}", ran.err);
    }
    assert_eq!(place.json(&["client", "list"]), json!([]));
}

#[test]
fn own_secret_is_accepted_if_it_is_long_enough() {
    let place = Place::new();
    place.json(&ROBOT);
    assert_eq!(place.run_with(&["client", "secret", "robot", "-"], "21-characters-exactly\n").code, 2);
    let made = place.json_with(&["client", "secret", "robot", "-"], "22-characters-exactly!\n");
    assert_eq!(made, json!({"client_id": "robot", "client_secret": "22-characters-exactly!"}));
    std::fs::write(place.path("secret"), "a-secret-from-a-file-that-is-long\n").expect("written");
    let source = format!("@{}", place.path("secret").display());
    let made = place.json(&["client", "secret", "robot", &source]);
    assert_eq!(made["client_secret"], "a-secret-from-a-file-that-is-long");
}

#[tokio::test]
async fn a_secret_works_at_the_running_server_until_it_is_changed() {
    let place = Place::new();
    let _server = place.serve();
    with_notes(&place);
    let first = place.json(&ROBOT)["client_secret"].as_str().expect("a secret").to_owned();
    let token = format!("{}/token", place.issuer);
    let form = [("grant_type", "client_credentials")];
    let status = async |secret: &str| post(&token, As::Basic("robot", secret), &form).await.0;
    assert!(within_a_second(async || status(&first).await == 200).await, "a new client is known");
    let second =
        place.json(&["client", "secret", "robot"])["client_secret"].as_str().expect("a secret").to_owned();
    assert!(within_a_second(async || status(&first).await == 401).await, "the old secret has ended");
    assert_eq!(status(&second).await, 200);
}

#[tokio::test]
async fn disabling_a_client_ends_its_tokens_within_a_second() {
    let place = Place::new();
    let secret = with_notes(&place);
    let own = place.json(&ROBOT)["client_secret"].as_str().expect("a secret").to_owned();
    let _server = place.serve();
    let token = machine_token(&place.issuer, "robot", &own).await;
    let active = async || is_active(&place.issuer, As::Basic("notes", &secret), &token).await;
    assert!(active().await);
    assert_eq!(place.json(&["client", "edit", "robot", "--disabled", "true"])["disabled"], true);
    assert!(within_a_second(async || !active().await).await);
    let why = place.run_with(&["token", "introspect", "--format", "json"], &token);
    assert_eq!(why.code, 5, "{}", why.err);
    assert!(why.out.contains("client_ended"), "{}", why.out);
    assert_eq!(place.json(&["client", "edit", "robot", "--disabled", "false"])["disabled"], false);
    assert!(!active().await, "what has ended does not come back");
}

#[tokio::test]
async fn recreated_client_does_not_revive_old_tokens() {
    let place = Place::new();
    let secret = with_notes(&place);
    let own = place.json(&ROBOT)["client_secret"].as_str().expect("a secret").to_owned();
    let _server = place.serve();
    let token = machine_token(&place.issuer, "robot", &own).await;
    assert_eq!(place.run(&["client", "delete", "--yes", "robot"]).code, 0);
    let active = async || is_active(&place.issuer, As::Basic("notes", &secret), &token).await;
    assert!(within_a_second(async || !active().await).await);
    place.json(&ROBOT);
    assert!(!active().await);
}

#[tokio::test]
async fn deleting_a_client_whose_credentials_a_resource_shares_ends_the_clients_tokens() {
    let place = Place::new();
    let both = ["client", "create", "both", "--grant-type", "client_credentials", "--scope", "notes.read"];
    let own = place.json(&both)["client_secret"].as_str().expect("a secret").to_owned();
    let notes =
        ["resource", "create", "https://notes.example", "--scope", "notes.read", "--client-id", "both"];
    assert_eq!(place.json(&notes).get("client_secret"), None, "the client's secret is the resource's");
    let _server = place.serve();
    let token = machine_token(&place.issuer, "both", &own).await;
    let active = async || is_active(&place.issuer, As::Basic("both", &own), &token).await;
    assert!(active().await);
    assert_eq!(place.run(&["client", "delete", "--yes", "both"]).code, 0);
    assert!(
        within_a_second(async || !active().await).await,
        "the resource still calls, and reads that it ended"
    );
}

#[test]
fn no_change_is_lost_among_several_at_once() {
    let place = Place::new();
    place.json(&ROBOT);
    let members = ["client_name=A", "client_uri=https://a.example/", "default_max_age=60", "software_id=b"];
    let running = members.map(|member| place.start(&["client", "edit", "robot", "--member", member]));
    for process in running {
        let ran = process.finish();
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    let robot = place.json(&["client", "show", "robot"]);
    for (name, value) in [
        ("client_name", json!("A")),
        ("client_uri", json!("https://a.example/")),
        ("default_max_age", json!(60)),
        ("software_id", json!("b")),
    ] {
        assert_eq!(robot[name], value, "{robot}");
    }
}

#[test]
fn a_redirect_uri_is_added_and_all_are_replaced_where_that_is_said() {
    let place = Place::new();
    let [one, two, three] = ["one", "two", "three"].map(|name| format!("https://shop.example/{name}"));
    place.json(&["client", "create", "shop", "--redirect-uri", &one]);
    for _ in 0..2 {
        let edited = place.json(&["client", "edit", "shop", "--redirect-uri", &two]);
        assert_eq!(edited["redirect_uris"], json!([one, two]), "added once");
    }
    let edited = place.json(&["client", "edit", "shop", "--set-redirect-uris", &three, &one]);
    assert_eq!(edited["redirect_uris"], json!([three, one]));
    let both = ["client", "edit", "shop", "--redirect-uri", &two, "--set-redirect-uris", &one];
    assert_eq!(place.run(&both).code, 2);
}

#[test]
fn what_is_created_comes_with_what_an_application_asks_for() {
    let place = Place::new();
    let ran = place.run(&["client", "create", "shop", "--redirect-uri", "https://shop.example/cb"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let discovery = format!("{}/.well-known/openid-configuration", place.issuer);
    for words in ["shown only once", &discovery, "client_secret_basic"] {
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
    let public = ["client", "create", "spa", "--public", "--redirect-uri", "https://spa.example/"];
    let ran = place.run(&public);
    assert!(ran.err.contains("none") && !ran.err.contains("shown only once"), "{}", ran.err);
    let ran = place.run(&["client", "secret", "shop"]);
    assert!(ran.err.contains("shown only once"), "{}", ran.err);
}

#[test]
fn a_pattern_and_a_scope_that_nobody_has_are_warned_of() {
    let place = Place::new();
    with_notes(&place);
    let ran = place.run(&[
        "client",
        "create",
        "shop",
        "--redirect-uri",
        "https://app.example/*",
        "--scope",
        "openid emial notes.read notes.raed something.else",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("warning: /redirect_uris/0: contains `*`"), "{}", ran.err);
    for words in
        ["`emial` is unknown", "did you mean `email`?", "did you mean `notes.read`?", "`something.else` is"]
    {
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
    assert!(!ran.err.contains("`notes.read` is unknown") && !ran.err.contains("`openid`"), "{}", ran.err);
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let place = Place::new();
    place.json(&ROBOT);
    with_notes(&place);
    place.json_with(&["user", "create", "alice"], "correct-horse-battery\n");
    for (noun, id, list) in
        [("client", "robot", "client_id"), ("resource", "notes", "client_id"), ("user", "alice", "username")]
    {
        let is_there =
            || place.json(&[noun, "list"]).as_array().expect("a list").iter().any(|one| one[list] == id);
        let ran = place.run(&[noun, "delete", id]);
        assert_eq!(ran.code, 2, "{noun}: {}", ran.err);
        assert!(ran.err.contains("--yes"), "{noun}: {}", ran.err);
        assert!(is_there(), "{noun}");
        assert_eq!(place.run(&[noun, "delete", id, "--yes"]).code, 0, "{noun}");
        assert!(!is_there(), "{noun}");
    }
}

/// RFC 7591 §3: whoever has the token registers with it, and what registered itself is shown as such.
#[tokio::test]
async fn a_registration_token_registers_a_client_once() {
    let place = Place::new();
    configure(&place, "[clients.registration]\ndynamic = \"token\"\n");
    let made = place.json(&["client", "registration-token", "--lifetime", "1h"]);
    let token = made["registration_token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("pvr_") && made["uses"] == 1, "{made}");
    let quiet = place.run(&["--format", "quiet", "client", "registration-token", "--uses", "3"]);
    assert!(quiet.out.starts_with("pvr_") && quiet.out.lines().count() == 1, "{}", quiet.out);
    assert_eq!(place.run(&["client", "registration-token", "--uses", "1001"]).code, 2);
    let _server = place.serve();
    let url = format!("{}/register", place.issuer);
    let members = json!({ "client_name": "Agent", "redirect_uris": ["https://agent.example/cb"] });
    let (status, answer) = post_json(&url, &token, &members).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(post_json(&url, &token, &members).await.0, 401, "it is used up");
    let shown = place.json(&["client", "show", answer["client_id"].as_str().expect("an id")]);
    assert_eq!((&shown["provenance"], &shown["client_name"]), (&json!("self-registered"), &json!("Agent")));
    assert!(shown["registered_at"].is_number() && shown["unused_until"].is_number(), "{shown}");
    assert_eq!(place.json(&["client", "list"])[0]["provenance"], "self-registered");
}

fn configure(place: &Place, lines: &str) {
    let config = std::fs::read_to_string(place.path("passavant.toml")).expect("it is there");
    std::fs::write(place.path("passavant.toml"), format!("{config}{lines}")).expect("written");
}

/// Serves this document at `/client.json` of the port, and counts the connections.
fn publish(
    listener: std::net::TcpListener,
    document: String,
) -> std::sync::Arc<std::sync::atomic::AtomicUsize> {
    use std::io::{Read as _, Write as _};
    let seen = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
    let count = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut stream = stream.expect("a connection");
            let read = stream.read(&mut [0; 2048]).expect("a request");
            assert!(read > 0);
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length:";
            write!(stream, "{head} {}\r\n\r\n{document}", document.len()).expect("written");
        }
    });
    seen
}

/// Client ID Metadata Document §6.5: a document of this machine is fetched only where the operator permits that, which is for
/// tests.
#[tokio::test]
async fn a_metadata_document_of_this_machine_is_only_read_where_that_is_permitted() {
    for (danger, status) in [(true, 303), (false, 400)] {
        let place = Place::new();
        let lines = format!("[clients.registration]\ncimd = true\ndanger_loopback_documents = {danger}\n");
        configure(&place, &lines);
        let _server = place.serve();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let id = format!("http://{}/client.json", listener.local_addr().expect("an address"));
        let redirect = "http://127.0.0.1/callback";
        let document = json!({ "client_id": id, "client_name": "Agent", "redirect_uris": [redirect] });
        let seen = publish(listener, document.to_string());
        let request = [
            ("response_type", "code"),
            ("client_id", &*id),
            ("redirect_uri", redirect),
            ("scope", "openid"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        let (found, location) = visit(&format!("{}/authorize", place.issuer), &request).await;
        assert_eq!((found, location.contains("/login")), (status, danger), "{location}");
        assert_eq!(seen.load(std::sync::atomic::Ordering::SeqCst), usize::from(danger));
        let listed = place.json(&["client", "list"]);
        let provenance = danger.then(|| json!("metadata document"));
        assert_eq!(listed.get(0).map(|client| client["provenance"].clone()), provenance);
    }
}
