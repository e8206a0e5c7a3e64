//! What keeps a server from starting, and the command that the refusal names: a time that is ahead, another issuer, files
//! of secrets.

use std::{fs, path::Path, time::SystemTime};

use super::process::{
    ISSUER, MACHINE, Server, client, configure, folder, form, json, outcome, run, send, set_mode,
};

const SERVE: [&str; 3] = ["-c", "passavant.toml", "serve"];

/// A command on the installation.
fn command(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    outcome(&run(folder, &[&["-c", "passavant.toml"], arguments].concat()))
}

/// Seconds since 1970, by the system's clock.
#[expect(clippy::disallowed_methods, reason = "a test of how the process sees the system's clock")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("it fits")
}

/// Runs SQL on the database of an installation that no server uses.
fn edit(folder: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(folder.join("passavant.db")).expect("it opens");
    connection.execute_batch(sql).expect("it is written");
}

/// An installation with a client, whose server has ended, written so many seconds ahead of the present.
fn written_ahead(folder: &Path, seconds: i64) {
    let server = Server::configured(folder);
    server.terminate();
    server.wait();
    edit(folder, &format!("UPDATE issuer SET newest = {}", now() + seconds));
}

#[tokio::test]
async fn a_database_that_is_ahead_is_refused_until_the_named_command_has_mended_it() {
    let folder = folder();
    let folder = folder.path();
    written_ahead(folder, 3_600);
    for arguments in [&["serve"][..], &["client", "list"]] {
        let (code, said) = command(folder, arguments);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("passavant db reset-time") && said.contains("ahead of the clock"), "{said}");
    }
    let (code, said) = command(folder, &["db", "reset-time"]);
    assert_eq!(code, Some(0), "{said}");
    let server = Server::start(folder, &SERVE);
    server.token(MACHINE).await;
    let (code, said) = command(folder, &["db", "reset-time"]);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("another server is running").count(), 1, "{said}");
}

#[tokio::test]
async fn while_time_is_held_the_log_says_so_and_the_server_is_not_ready() {
    let folder = folder();
    let folder = folder.path();
    written_ahead(folder, 240);
    let server = Server::start(folder, &SERVE);
    let management =
        server.said.iter().find_map(|line| line.strip_prefix("management ")).expect("a listener");
    let ready = send(client().get(format!("http://{management}/health/ready"))).await;
    assert_eq!(ready.status(), 503);
    let ready: serde_json::Value = json(ready).await;
    assert_eq!(ready["clock"], "held");
    assert!(ready["held_seconds"].as_i64().is_some_and(|seconds| (100..=240).contains(&seconds)), "{ready}");
    let live = send(client().get(format!("http://{management}/health/live"))).await;
    assert_eq!(live.status(), 200, "it works, though nothing expires");
    server.terminate();
    let (_, log) = server.wait();
    assert!(log.contains("time is held") && log.contains("passavant db reset-time"), "{log}");
}

#[tokio::test]
async fn another_issuer_is_refused_until_it_is_renamed_or_added() {
    let folder = folder();
    let folder = folder.path();
    let server = Server::configured(folder);
    server.terminate();
    server.wait();
    let configuration = folder.join("passavant.toml");
    let text = fs::read_to_string(&configuration).expect("it is there");
    let (one, other) = ("http://localhost:4999", "http://localhost:5999");
    let moved = |to: &str| fs::write(&configuration, text.replace(ISSUER, to)).expect("written");
    moved(one);
    for arguments in [&["serve"][..], &["client", "list"]] {
        let (code, said) = command(folder, arguments);
        assert_eq!(code, Some(3), "{said}");
        for words in [ISSUER, one, "--new-issuer", &format!("passavant db rename-issuer {ISSUER}")] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }
    let (code, said) = command(folder, &["db", "rename-issuer", "https://unknown.example"]);
    assert!(code == Some(1) && said.contains(ISSUER), "{said}");
    let (code, said) = command(folder, &["db", "rename-issuer", ISSUER]);
    assert_eq!(code, Some(0), "{said}");
    let server = Server::start(folder, &SERVE);
    server.token(MACHINE).await;
    server.terminate();
    server.wait();
    let (code, listed) = {
        let ran = run(folder, &["-c", "passavant.toml", "resource", "list", "--format", "quiet"]);
        (ran.status.code(), String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    assert_eq!(code, Some(0));
    assert!(listed.contains(&format!("{one}/admin/api/v1")) && !listed.contains(ISSUER), "{listed}");
    moved(other);
    let server = Server::start(folder, &[&SERVE[..], &["--new-issuer"]].concat());
    let answer = send(form(MACHINE, server.url("/token"), "grant_type=client_credentials")).await;
    assert_eq!(answer.status(), 401, "the other issuer has its own clients");
    server.terminate();
    server.wait();
    drop(Server::start(folder, &SERVE));
    let (code, said) = command(folder, &["db", "rename-issuer", one]);
    assert!(code == Some(1) && said.contains("already"), "{said}");
}

/// Kubernetes mounts secrets for a group; editors and shells leave bytes around them.
#[test]
fn secrets_may_be_read_by_a_group_and_what_is_around_them_is_removed_and_told() {
    let folder = folder();
    let folder = folder.path();
    configure(folder);
    let key = folder.join("master.key");
    for mode in [0o440, 0o640, 0o400] {
        set_mode(&key, mode);
        let (code, said) = command(folder, &["key", "list"]);
        assert_eq!(code, Some(0), "{mode:o}: {said}");
        assert!(!said.contains("removed"), "{said}");
    }
    set_mode(&key, 0o600);
    fs::write(&key, format!("\u{feff}{} \r\n\n", "0f".repeat(32))).expect("written");
    let (code, said) = command(folder, &["key", "list"]);
    assert!(code == Some(0) && said.contains("removed"), "{said}");
    fs::write(folder.join("secret"), "\u{feff} a-secret-of-22-characters-or-more\n\n").expect("written");
    let create = ["client", "create", "shop", "--grant-type", "client_credentials", "--secret", "@secret"];
    let ran = run(folder, &[&["-c", "passavant.toml", "--format", "json"], &create[..]].concat());
    let (code, said) = outcome(&ran);
    assert!(code == Some(0) && said.contains("removed") && said.contains("read by everybody"), "{said}");
    let made: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(made["client_secret"], "a-secret-of-22-characters-or-more");
    let world = r#"{"clients": [{"client_id": "x", "client_secret_file": "secret",
        "grant_types": ["client_credentials"], "response_types": []}]}"#;
    fs::write(folder.join("world.json"), world).expect("written");
    let (code, said) = command(folder, &["apply", "-f", "world.json"]);
    assert!(
        code == Some(0) && said.contains("/clients/0/client_secret_file: ") && said.contains("removed"),
        "{said}"
    );
}
