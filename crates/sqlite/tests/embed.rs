//! `examples/embed.rs` as a process on loopback: a code flow through its pages, with a minimal browser.
//!
//! It is built with the tests by `cargo test`; with a choice of targets, build it first (`--examples`).

use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};

use protocol::CodeChallenge;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// How long a process may take to start, or a request to be answered.
const PATIENCE: Duration = Duration::from_secs(60);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT_URI: &str = "http://127.0.0.1:9/cb";

/// The running example, which is killed when dropped.
struct Embed {
    _process: Child,
    _files: tempfile::TempDir,
    address: String,
}

async fn start() -> Embed {
    let files = tempfile::tempdir().expect("a folder");
    std::fs::write(files.path().join("app.key"), [7; 32]).expect("a key");
    let mut command = Command::new(binary());
    command.current_dir(files.path()).args(["app.db", "app.key", "127.0.0.1:0"]);
    let mut process = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("its log")).lines();
    let address = async {
        loop {
            let line = lines.next_line().await.expect("a log").expect("it runs");
            if let Some(address) = line.strip_prefix("listening on http://") {
                return address.to_owned();
            }
        }
    };
    let address = timeout(PATIENCE, address).await.expect("it listens");
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Embed { _process: process, _files: files, address }
}

/// `target/debug/examples/embed`, beside the `deps` where this test lies.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("this test");
    let target = own.parent().and_then(|deps| deps.parent()).expect("a target directory");
    let binary = target.join("examples/embed").with_extension(std::env::consts::EXE_EXTENSION);
    assert!(binary.is_file(), "{} is not built: cargo build --examples", binary.display());
    binary
}

/// A browser that only stores cookies.
struct Browser<'e> {
    embed: &'e Embed,
    cookies: BTreeMap<String, String>,
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location").expect("a location")
    }

    /// The fields of the page's form.
    fn csrf(&self) -> &str {
        let (_, rest) = self.body.split_once("name=csrf type=hidden value=").expect("a form");
        rest.split_once('>').expect("the end of a field").0
    }
}

impl Browser<'_> {
    async fn get(&mut self, url: &str) -> Reply {
        self.send("GET", url, "").await
    }

    /// Submits the form of a page.
    async fn submit(&mut self, url: &str, page: &Reply, fields: &str) -> Reply {
        let body = format!("csrf={}&{fields}", page.csrf());
        self.send("POST", url, &body).await
    }

    async fn send(&mut self, method: &str, url: &str, body: &str) -> Reply {
        let address = &self.embed.address;
        let path = url.strip_prefix(&format!("http://{address}")).unwrap_or(url);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            cookies.join("; "),
            body.len(),
        );
        let reply = exchange(address, &request).await;
        for line in reply.head.lines() {
            let Some(cookie) = line.strip_prefix("set-cookie: ") else { continue };
            let (pair, _) = cookie.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }
}

async fn exchange(address: &str, request: &str) -> Reply {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    };
    let answer = timeout(PATIENCE, exchange).await.expect("in time");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

fn json(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str(&reply.body).expect("JSON")
}

fn authorization_request() -> String {
    let challenge = CodeChallenge::of(VERIFIER);
    format!(
        "/authorize?response_type=code&client_id=phone&redirect_uri={REDIRECT_URI}&scope=openid&state=s\
         &code_challenge={}&code_challenge_method=S256",
        challenge.as_str()
    )
}

/// From the first request of an app to the claims of its user.
#[tokio::test]
async fn a_user_signs_in_allows_and_the_app_reads_who_it_is() {
    let embed = start().await;
    let mut browser = Browser { embed: &embed, cookies: BTreeMap::new() };
    let sign_in_url = browser.get(&authorization_request()).await.location().to_owned();
    let page = browser.get(&sign_in_url).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let wrong = browser.submit(&sign_in_url, &page, "username=alice&password=wrong").await;
    assert!(wrong.body.contains("The name or the password is wrong."), "{}", wrong.body);
    let stranger = browser.submit(&sign_in_url, &page, "username=bob&password=wrong").await;
    assert!(stranger.body.contains("The name or the password is wrong."), "{}", stranger.body);
    let right = "username=alice&password=correct+horse+battery+staple";
    let consent_url = browser.submit(&sign_in_url, &page, right).await.location().to_owned();
    let page = browser.get(&consent_url).await;
    assert!(page.body.contains("phone asks for openid"), "{}", page.body);
    let back = browser.submit(&consent_url, &page, "decision=allow").await.location().to_owned();
    assert!(back.starts_with(REDIRECT_URI) && back.contains("state=s"), "{back}");
    let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).expect("a code");
    let form = format!(
        "grant_type=authorization_code&client_id=phone&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}"
    );
    let tokens = json(&browser.send("POST", "/token", &form).await);
    let access_token = tokens["access_token"].as_str().expect("a token");
    let request = format!(
        "GET /userinfo HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {access_token}\r\nconnection: close\r\n\r\n",
        embed.address
    );
    assert_eq!(json(&exchange(&embed.address, &request).await)["sub"], "alice");
}

/// A user who denies, and a cross-site form.
#[tokio::test]
async fn user_can_deny_and_other_sites_cannot_submit_the_form() {
    let embed = start().await;
    let mut browser = Browser { embed: &embed, cookies: BTreeMap::new() };
    let sign_in_url = browser.get(&authorization_request()).await.location().to_owned();
    let forged = "csrf=forged&username=alice&password=correct+horse+battery+staple";
    let refused = browser.send("POST", &sign_in_url, forged).await;
    assert!(refused.status == 400 && refused.body.contains("form_cross_site"), "{}", refused.body);
    let page = browser.get(&sign_in_url).await;
    let right = "username=alice&password=correct+horse+battery+staple";
    let consent_url = browser.submit(&sign_in_url, &page, right).await.location().to_owned();
    let page = browser.get(&consent_url).await;
    let back = browser.submit(&consent_url, &page, "decision=deny").await.location().to_owned();
    assert!(back.starts_with(REDIRECT_URI) && back.contains("error=access_denied"), "{back}");
}

/// It may be read in one go.
#[test]
fn example_is_under_120_lines() {
    assert!(include_str!("../examples/embed.rs").lines().count() < 120);
}
