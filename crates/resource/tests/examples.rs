//! The examples as processes on loopback, configured by the environment, against a scripted authorization server.
//!
//! `cargo test` builds them with the tests; if you select targets, build them first (`--examples`).

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use testkit::Authority;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

const AUDIENCE: &str = "https://notes.example";
/// How long a process may take to start, or a request to be answered.
const PATIENCE: Duration = Duration::from_secs(60);

/// An authorization server on loopback: its metadata and keys.
async fn authority() -> Authority {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let authority = Authority::new(format!("http://{}", listener.local_addr().expect("an address")));
    let (metadata, keys) = (authority.metadata(), authority.jwks());
    let app = Router::new()
        .route("/.well-known/oauth-authorization-server", get(async move || Json(metadata)))
        .route("/jwks", get(async move || Json(keys)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    authority
}

/// A running example. It ends with the test.
struct Example {
    _process: Child,
    address: String,
}

/// Starts an example and waits until it prints its address.
async fn start(name: &str, authority: &Authority, more: &[(&str, &str)]) -> Example {
    let mut command = Command::new(binary(name));
    for ours in
        ["TOKEN", "JWKS_URL", "INTROSPECTION_URL", "CLIENT_ID", "CLIENT_SECRET", "DPOP", "REQUIRED_SCOPES"]
    {
        command.env_remove(format!("PASSAVANT_{ours}"));
    }
    command.env("PASSAVANT_ISSUER", authority.issuer()).env("PASSAVANT_AUDIENCE", AUDIENCE);
    command.env("LISTEN", "127.0.0.1:0").env("NO_PROXY", "127.0.0.1").envs(more.iter().copied());
    command.stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("its log")).lines();
    let address = async {
        loop {
            let line = lines.next_line().await.expect("a log").expect("it runs");
            if let Some((_, address)) = line.split_once(" on http://") {
                return address.to_owned();
            }
        }
    };
    let address = timeout(PATIENCE, address).await.expect("it listens");
    // An unread log would fill its pipe and block the process.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Example { _process: process, address }
}

/// `target/debug/examples/NAME`, next to the `deps` directory of this test.
fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this test");
    let target = own.parent().and_then(|deps| deps.parent()).expect("a target directory");
    let binary = target.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(binary.is_file(), "{} is not built: cargo build --all-features --examples", binary.display());
    binary
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("JSON: {}", self.body))
    }
}

impl Example {
    /// One request, written out by hand, with this token in the header.
    async fn send(&self, method: &str, path: &str, token: Option<&str>) -> Answer {
        let authorization =
            token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: notes.example\r\n{authorization}content-length: 0\r\n"
        );
        self.exchange(&format!("{head}connection: close\r\n\r\n")).await
    }

    /// A call of a tool, as a client of the Model Context Protocol makes it.
    async fn call(&self, tool: &str, arguments: Value, token: &str) -> Answer {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        let body = body.to_string();
        let head =
            format!("POST /mcp HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n", self.address);
        let accept = "accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n";
        let length = body.len();
        self.exchange(&format!("{head}{accept}content-length: {length}\r\nconnection: close\r\n\r\n{body}"))
            .await
    }

    async fn exchange(&self, request: &str) -> Answer {
        let exchange = async {
            let mut stream = TcpStream::connect(&self.address).await.expect("a connection");
            stream.write_all(request.as_bytes()).await.expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("an answer");
            answer
        };
        let answer = timeout(PATIENCE, exchange).await.expect("in time");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("GET", path, token).await
    }
}

fn token(authority: &Authority, scope: &str) -> String {
    authority.token(AUDIENCE).subject("alice").client("shop").scope(scope).sign()
}

/// What all of them do: accept, refuse with the challenge, and require the scope.
async fn protects_its_notes(name: &str) {
    let authority = authority().await;
    let example = start(name, &authority, &[]).await;
    let good = token(&authority, "notes.read");
    let accepted = example.get("/notes", Some(&good)).await;
    assert_eq!((accepted.status, &*accepted.body), (200, "notes of alice"), "{name}");
    let missing = example.get("/notes", None).await;
    assert_eq!(missing.status, 401, "{name}");
    assert!(
        missing.head.contains("\r\nwww-authenticate: bearer") && !missing.head.contains("error="),
        "{name}"
    );
    let stranger = token(&Authority::new(authority.issuer()), "notes.read");
    let elsewhere = authority.token("https://other.example").subject("alice").scope("notes.read").sign();
    for bad in ["garbage", &stranger, &elsewhere] {
        let refused = example.get("/notes", Some(bad)).await;
        assert_eq!(refused.status, 401, "{name}");
        assert!(
            refused.head.contains("www-authenticate: bearer error=\"invalid_token\""),
            "{name}: {}",
            refused.head
        );
        assert_eq!(refused.json()["error"], "invalid_token", "{name}");
    }
    let poor = example.get("/notes", Some(&token(&authority, "other"))).await;
    assert_eq!(poor.status, 403, "{name}");
    assert!(
        poor.head.contains("error=\"insufficient_scope\"") && poor.head.contains("scope=\"notes.read\""),
        "{name}"
    );
}

/// What axum and actix-web have in addition: metadata, typed claims, optional tokens, more scopes.
async fn extracts(name: &str) {
    let authority = authority().await;
    let example = start(name, &authority, &[]).await;
    let good = token(&authority, "notes.read");
    let metadata = example.get("/.well-known/oauth-protected-resource", None).await;
    assert_eq!((metadata.status, &metadata.json()["resource"]), (200, &json!(AUDIENCE)), "{name}");
    let member = authority.token(AUDIENCE).subject("alice").scope("notes.read").claim("department", "7");
    let me = example.get("/me", Some(&member.sign())).await;
    assert_eq!((me.status, me.json()), (200, json!({"sub": "alice", "department": "7"})), "{name}");
    assert_eq!(example.get("/me", Some(&good)).await.status, 401, "{name}: a claim is missing");
    assert_eq!(example.get("/hello", None).await.body, "hello nobody", "{name}");
    assert_eq!(example.get("/hello", Some(&good)).await.body, "hello alice", "{name}");
    assert_eq!(example.get("/hello", Some("garbage")).await.status, 401, "{name}");
    let written = example.send("POST", "/notes", Some(&token(&authority, "notes.read notes.write"))).await;
    assert_eq!((written.status, &*written.body), (200, "written"), "{name}");
    let refused = example.send("POST", "/notes", Some(&good)).await;
    assert_eq!(refused.status, 403, "{name}");
    assert!(refused.head.contains("scope=\"notes.write\""), "{name}: {}", refused.head);
}

#[tokio::test]
async fn axum_protects_its_notes() {
    protects_its_notes("with_axum").await;
}

#[tokio::test]
async fn axum_extracts_tokens_and_claims() {
    extracts("with_axum").await;
}

#[tokio::test]
async fn actix_protects_its_notes() {
    protects_its_notes("with_actix").await;
}

#[tokio::test]
async fn actix_extracts_tokens_and_claims() {
    extracts("with_actix").await;
}

#[tokio::test]
async fn hyper_protects_its_notes() {
    protects_its_notes("with_hyper").await;
}

#[tokio::test]
async fn no_framework_at_all_protects_its_notes() {
    protects_its_notes("without_framework").await;
}

#[tokio::test]
async fn tonic_protects_its_notes() {
    let authority = authority().await;
    let example = start("with_tonic", &authority, &[]).await;
    let channel = Channel::from_shared(format!("http://{}", example.address)).expect("an address");
    let channel = channel.timeout(PATIENCE).connect().await.expect("a connection");
    let read = async |token: Option<String>| {
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.expect("ready");
        let mut request = tonic::Request::new(());
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().expect("metadata");
            request.metadata_mut().insert("authorization", value);
        }
        let path = "/example.Notes/Read".parse().expect("a path");
        client.unary(request, path, ProstCodec::<(), String>::default()).await
    };
    let answer = read(Some(token(&authority, "notes.read"))).await.expect("accepted");
    assert_eq!(answer.into_inner(), "notes of alice");
    for (token, code, challenge) in [
        (None, tonic::Code::Unauthenticated, "Bearer"),
        (Some("garbage".to_owned()), tonic::Code::Unauthenticated, "Bearer error=\"invalid_token\""),
        (Some(token(&authority, "x")), tonic::Code::PermissionDenied, "Bearer error=\"insufficient_scope\""),
    ] {
        let status = read(token).await.expect_err("refused");
        assert_eq!(status.code(), code);
        let found = status.metadata().get("www-authenticate").expect("a challenge").to_str().expect("ASCII");
        assert!(found.starts_with(challenge), "{found}");
    }
}

#[tokio::test]
async fn mcp_opens_its_tools_by_scope() {
    let authority = authority().await;
    let example = start("mcp", &authority, &[]).await;
    let missing = example.send("POST", "/mcp", None).await;
    assert_eq!(missing.status, 401);
    assert!(missing.head.contains("www-authenticate: bearer scope=\"notes.read\", resource_metadata="));
    assert_eq!(example.get("/.well-known/oauth-protected-resource", None).await.status, 200);
    let (reader, writer) = (token(&authority, "notes.read"), token(&authority, "notes.read notes.write"));
    let said = |answer: &Answer| answer.json()["result"]["content"][0]["text"].clone();
    let note = json!({"title": "milk"});
    let refused = example.call("delete_note", note.clone(), &reader).await;
    assert_eq!(refused.status, 403);
    assert!(refused.head.contains("scope=\"notes.read notes.write\""), "{}", refused.head);
    assert_eq!(said(&example.call("list_notes", json!({}), &reader).await), "milk, bread");
    assert_eq!(said(&example.call("delete_note", note, &writer).await), "milk is gone");
    assert_eq!(said(&example.call("list_notes", json!({}), &reader).await), "bread");
    assert_eq!(said(&example.call("who_am_i", json!({}), &reader).await), "alice");
}

#[tokio::test]
async fn the_resource_server_says_who_came_on_every_path() {
    let authority = authority().await;
    let example = start("resource_server", &authority, &[]).await;
    let good = token(&authority, "notes.read openid");
    let expected = json!({"sub": "alice", "client_id": "shop", "scope": "notes.read openid"});
    for path in ["/", "/anything/else", "/api/userinfo"] {
        let answer = example.get(path, Some(&good)).await;
        assert_eq!((answer.status, answer.json()), (200, expected.clone()), "{path}");
    }
    assert_eq!(example.get("/", None).await.status, 401);
    assert_eq!(example.get("/.well-known/oauth-protected-resource", None).await.status, 200);
}

#[tokio::test]
async fn the_resource_server_tells_the_time() {
    let authority = authority().await;
    let example = start("resource_server", &authority, &[]).await;
    let time = example.get("/api/time", Some(&token(&authority, ""))).await;
    assert_eq!(time.status, 200);
    let parts = time.json();
    for (name, least, most) in [
        ("year", 2026, 9999),
        ("month", 1, 12),
        ("day", 1, 31),
        ("hour", 0, 23),
        ("minute", 0, 59),
        ("second", 0, 59),
    ] {
        let part = parts[name].as_i64().unwrap_or(-1);
        assert!((least..=most).contains(&part), "{name}: {parts}");
    }
    assert_eq!(example.get("/api/time", None).await.status, 401);
    assert_eq!(example.send("DELETE", "/api/time", Some(&token(&authority, ""))).await.status, 405);
}

#[tokio::test]
async fn the_resource_server_serves_userinfo_where_it_has_claims() {
    let authority = authority().await;
    let folder = std::env::temp_dir().join(format!("passavant-userinfo-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("claims.json");
    let claims = json!({"alice": {"name": "Alice", "email": "alice@example.org", "name#ja": "アリス"}});
    std::fs::write(&file, claims.to_string()).expect("a file");
    let file = file.to_str().expect("UTF-8").to_owned();
    let example = start("resource_server", &authority, &[("PASSAVANT_USERINFO_FILE", &file)]).await;
    std::fs::remove_dir_all(&folder).expect("removed");
    let good = token(&authority, "openid email");
    for method in ["GET", "POST"] {
        let answer = example.send(method, "/api/userinfo", Some(&good)).await;
        assert_eq!(answer.json(), json!({"sub": "alice", "email": "alice@example.org"}), "{method}");
        assert!(answer.head.contains("content-type: application/json") && answer.head.contains("no-store"));
    }
    assert_eq!(example.get("/api/userinfo", None).await.status, 401);
    assert_eq!(example.get("/api/userinfo", Some(&token(&authority, "email"))).await.status, 403);
    assert_eq!(example.get("/", Some(&good)).await.json()["sub"], "alice", "other paths stay as they are");
}
