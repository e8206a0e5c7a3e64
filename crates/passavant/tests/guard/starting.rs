//! How a guard is started, and how it ends.

use std::process::{Command, Output};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    place::{Place, Process, json},
    upstream::Upstream,
};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
    command.arg("guard").args(arguments).output().expect("the binary runs")
}

fn outcome(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const ISSUER: [&str; 4] = ["--issuer", "https://id.example", "--audience", "https://notes.example"];

#[test]
fn a_secret_is_never_an_argument() {
    let (code, said) =
        outcome(&[&ISSUER[..], &["--client-id", "x", "--client-secret", "hunter2-hunter2"]].concat());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("never an argument") && !said.contains("hunter2"), "{said}");
}

#[test]
fn invalid_settings_are_reported_before_listening() {
    for (arguments, expected, words) in [
        (&[][..], 3, "PASSAVANT_ISSUER"),
        (&["--issuer", "http://id.example", "--audience", "x"], 3, "plain http"),
        (&[&ISSUER[..], &["--token", "opaque"]].concat(), 2, "possible values: auto, jwt, introspection"),
        (&[&ISSUER[..], &["--dpop", "on"]].concat(), 2, "possible values: off, accept, require"),
        (&[&ISSUER[..], &["--client-auth", "mtls"]].concat(), 2, "possible values: basic, post, bearer"),
        (
            &[&ISSUER[..], &["--introspection-response", "xml"]].concat(),
            2,
            "possible values: auto, json, jwt",
        ),
        (&[&ISSUER[..], &["--cache-seconds", "2 h"]].concat(), 2, "a duration from 0 seconds to 1 hour"),
        (
            &[&ISSUER[..], &["--upstream", "http://app", "--upstream-seconds", "0"]].concat(),
            2,
            "from 1 second to 1 hour",
        ),
        (
            &[&ISSUER[..], &["--upstream", "http://app", "--body-bytes-max", "4 GB"]].concat(),
            2,
            "a size such as",
        ),
        (&[&ISSUER[..], &["--upstream", "http://app/path"]].concat(), 2, "without a path"),
        (&[&ISSUER[..], &["--upstream", "http://app", "--public", "/"]].concat(), 2, "everything public"),
        (&[&ISSUER[..], &["--public", "/x"]].concat(), 2, "--upstream"),
        (&[&ISSUER[..], &["--upstream", "http://app", "--trusted-proxy", "x"]].concat(), 2, "network"),
        (&[&ISSUER[..], &["--upstream", "http://app", "--audience", "b"]].concat(), 2, "one audience"),
    ] {
        let (code, said) = outcome(arguments);
        assert_eq!(code, Some(expected), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn a_wrong_variable_is_named_and_so_is_a_wrong_filter() {
    for (variable, value, words) in [
        ("PASSAVANT_TOKEN", "opaque", "PASSAVANT_TOKEN=opaque"),
        ("PASSAVANT_CACHE_SECONDS", "soon", "PASSAVANT_CACHE_SECONDS=soon"),
        ("PASSAVANT_LOG__FILTER", "passavant=loud", "PASSAVANT_LOG__FILTER: log.filter: "),
        ("RUST_LOG", "passavant=loud", "RUST_LOG: log.filter: "),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
        let output =
            command.arg("guard").args(ISSUER).env(variable, value).output().expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{variable}: {said}");
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn flag_overrides_variable_and_secret_is_read_from_standard_input() {
    let folder = TempDir::new().expect("a folder");
    let environment = [
        ("PASSAVANT_ISSUER", "https://variable.example"),
        ("PASSAVANT_AUDIENCE", "https://notes.example"),
        ("PASSAVANT_TOKEN", "opaque"),
        ("PASSAVANT_CLIENT_ID", "notes-rs"),
    ];
    let flags = ["--issuer", "https://flag.example", "--token", "introspection", "--client-secret", "-"];
    let arguments = [&["guard", "--listen", "127.0.0.1:0"], &flags[..]].concat();
    let guard = Process::start(folder.path(), &arguments, &environment, "a-secret\n");
    assert_eq!(guard.said("issuer"), "https://flag.example");
    assert_eq!(guard.said("audience"), "https://notes.example");
}

#[tokio::test]
async fn a_request_that_was_accepted_is_answered_before_the_end() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &[]);
    let token = place.token().await;
    let mut accepted = TcpStream::connect(place.address()).await.expect("a connection");
    let head = format!(
        "POST /x HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"
    );
    accepted.write_all(head.as_bytes()).await.expect("sent");
    // Once it asks for the body, the request is on its way.
    let mut go_on = [0; 25];
    accepted.read_exact(&mut go_on).await.expect("100 Continue");
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue"));
    let Place { guard, .. } = place;
    let ending = tokio::task::spawn_blocking(|| guard.terminate());
    accepted.write_all(b"body").await.expect("sent");
    let mut answer = String::new();
    accepted.read_to_string(&mut answer).await.expect("an answer, and the end");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""length":4"#), "{answer}");
    let (code, log) = ending.await.expect("it ends");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("SIGTERM"), "{log}");
}

#[tokio::test]
async fn unverifiable_token_is_503_and_the_guard_starts_anyway() {
    let folder = TempDir::new().expect("a folder");
    let upstream = Upstream::start().await;
    let origin = format!("http://{}", upstream.address);
    let arguments = [
        "guard",
        "--listen",
        "127.0.0.1:0",
        "--issuer",
        "http://127.0.0.1:9",
        "--audience",
        "https://notes.example",
        "--upstream",
        &origin,
        "--client-id",
        "x",
        "--client-secret",
        "-",
    ];
    let guard = Process::start(folder.path(), &arguments, &[], "a-secret");
    let url = format!("http://{}/x", guard.address("listening"));
    let answer = super::place::client().get(url).bearer_auth("opaque").send().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(json(answer).await["error"], "temporarily_unavailable");
    assert_eq!(upstream.asked(), 0);
}
