//! `apply --server`: a running server is asked over HTTP, and says what the local command says.

mod admin;
mod command;
mod doors;

use std::{
    io::Write as _,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use serde_json::{Value, json};

use crate::{
    installation::{Installation, Outcome, Running},
    world::{NOTES, SECRET, whole},
};

/// The secret of the client that administers.
const DEPLOY_SECRET: &str = "deploy-secret-of-22-characters";

/// A server that answers at its own issuer, and a client that may administer it.
struct Remote {
    issuer: String,
    installation: Installation,
    server: Running,
}

impl Remote {
    /// The clients are registered before the server starts.
    fn start() -> Self {
        let installation = Installation::new();
        let port = free_port();
        let issuer = format!("http://localhost:{port}");
        installation.write(
            "passavant.toml",
            &format!(
                "issuer = \"{issuer}\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n[database]\nurl = \"sqlite:passavant.db\"\n\
                 [secrets]\nmaster_key_file = \"master.key\"\n"
            ),
        );
        for (id, scope) in [("deploy", "passavant.admin notes.read"), ("reader", "passavant.read")] {
            let create = ["client", "create", id, "--grant-type", "client_credentials"];
            let outcome = installation
                .run(&[&create[..], &["--scope", scope, "--secret", "-"]].concat(), DEPLOY_SECRET);
            assert_eq!(outcome.code, 0, "{outcome:?}");
        }
        installation.write("deploy.secret", &format!("{DEPLOY_SECRET}\n"));
        let server = installation.serve(&[]);
        Self { issuer, installation, server }
    }

    /// Runs the binary where no configuration is named.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passavant"));
        command.args(arguments).envs(environment.iter().copied()).current_dir(self.folder());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A command that does not read its input may end before it is written.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().expect("it ends by itself");
        Outcome { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// Applies a file of its folder as the client `deploy`.
    fn apply_file(&self, name: &str, flags: &[&str]) -> Outcome {
        let own = ["apply", "-f", name, "--server", &self.issuer, "--client-id", "deploy"];
        self.run(&[&own[..], &["--client-secret", "@deploy.secret"], flags].concat(), &[], "")
    }

    /// Applies a world as the client `deploy`.
    fn apply(&self, world: &Value, flags: &[&str]) -> Outcome {
        self.installation.write("remote.json", &world.to_string());
        self.apply_file("remote.json", flags)
    }

    /// The last line of a run that must end well.
    fn must_apply(&self, world: &Value, flags: &[&str]) -> String {
        let outcome = self.apply(world, flags);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        outcome.last_line().to_owned()
    }

    fn folder(&self) -> PathBuf {
        let file = self.installation.write("beside", "");
        file.parent().expect("a folder").to_owned()
    }

    /// The audience of the admin API.
    fn audience(&self) -> String {
        format!("{}/admin/api/v1", self.issuer)
    }

    /// Asks for a token by client_credentials, once.
    async fn ask_token(&self, (id, secret): (&str, &str), form: &[(&str, &str)]) -> (u16, Value) {
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .extend_pairs(form)
            .finish();
        let request = client()
            .post(format!("{}/token", self.issuer))
            .header(header::AUTHORIZATION, format!("Basic {pair}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON"))
    }

    /// A token for the admin API.
    async fn token(&self, id: &str, scope: &str) -> String {
        let form = [("scope", scope), ("resource", &self.audience())];
        let (status, body) = self.ask_token((id, DEPLOY_SECRET), &form).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// A request to `apply`, with this token.
    fn post(&self, query: &str, token: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        let request = client()
            .post(format!("{}/apply{query}", self.audience()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    async fn status(&self, token: &str) -> u16 {
        self.post("?dry_run=true", token, "{}").send().await.expect("an answer").status().as_u16()
    }
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.no_proxy().build().expect("a client")
}

/// A port that nobody has, out of those that the system gives to no outgoing connection.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).expect("below 10,000");
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("::1", port)).is_ok() {
            return port;
        }
    }
}

#[tokio::test]
async fn document_is_applied_like_the_local_command_and_takes_effect_at_once() {
    let remote = Remote::start();
    let local = Installation::new();
    let outcome = remote.apply(&whole(), &[]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!((outcome.out, outcome.err), {
        let expected = local.apply(&whole(), &[]);
        (expected.out, expected.err)
    });
    let (status, _) = remote.ask_token(("shop", SECRET), &[]).await;
    assert_eq!(status, 200);
    assert_eq!(remote.apply(&whole(), &[]).out, "0 changes\n");
}

#[test]
fn a_dry_run_changes_nothing() {
    let remote = Remote::start();
    let dry = remote.apply(&whole(), &["--dry-run"]);
    assert_eq!((dry.code, dry.last_line()), (0, "4 changes"), "{dry:?}");
    assert!(dry.err.contains("dry run"), "{dry:?}");
    assert_eq!(remote.must_apply(&whole(), &[]), "4 changes");
}

#[test]
fn prune_deletes_applied_objects_and_keeps_the_admin_api() {
    let remote = Remote::start();
    assert_eq!(remote.must_apply(&whole(), &[]), "4 changes");
    let nothing = json!({ "clients": [], "resources": [], "users": [], "scopes": [] });
    assert_eq!(remote.must_apply(&nothing, &["--prune", "--dry-run"]), "4 changes");
    let outcome = remote.apply(&nothing, &["--prune"]);
    for line in ["- client shop", &format!("- resource {NOTES}"), "~ user u-1", "- scope notes.read"] {
        assert!(outcome.out.lines().any(|found| found == line), "{line} in {}", outcome.out);
    }
    assert_eq!(remote.must_apply(&nothing, &["--prune"]), "0 changes");
}

#[test]
fn the_report_is_the_same_for_machines() {
    let remote = Remote::start();
    let local = Installation::new();
    let mut world = whole();
    world["clients"][0]["backchannel_user_code_parameter"] = true.into();
    let outcome = remote.apply(&world, &["--format", "json"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let report = |outcome: Outcome| serde_json::from_str::<Value>(&outcome.out).expect("JSON");
    let read = report(outcome);
    assert_eq!(read, report(local.apply(&world, &["--format", "json"])));
    assert_eq!((&read["count"], read["warnings"].as_array().map(Vec::len)), (&json!(4), Some(1)));
}

#[test]
fn problems_are_told_with_their_pointers_and_nothing_is_changed() {
    let remote = Remote::start();
    let local = Installation::new();
    let mut world = whole();
    world["clients"][0]["redirect_uri"] = "https://shop.example/cb".into();
    world["users"][0]["claims"] = json!([]);
    world["scope"] = json!([]);
    let outcome = remote.apply(&world, &[]);
    outcome.must_refuse(&["/clients/0/redirect_uri", "/users/0/claims", "/scope"]);
    assert!(outcome.err.contains("did you mean `redirect_uris`?"), "{outcome:?}");
    assert_eq!(outcome.err, local.apply(&world, &[]).err);
    assert_eq!(remote.must_apply(&whole(), &["--dry-run"]), "4 changes");
}

#[tokio::test]
async fn toml_and_the_files_of_secrets_are_read_by_the_command() {
    let remote = Remote::start();
    remote.installation.write("secret", &format!("{SECRET}\n"));
    remote.installation.write("password", "correct-horse\n");
    let toml = "[[clients]]\nclient_id = \"shop\"\nclient_secret_file = \"secret\"\n\
                grant_types = [\"client_credentials\"]\nscope = \"notes.read\"\n\
                [[resources]]\nresource = \"https://notes.example\"\nscopes = [\"notes.read\"]\n\
                client_id = \"notes-rs\"\nclient_secret_file = \"secret\"\n\
                [[users]]\nsub = \"u-1\"\nusername = \"alice\"\npassword_file = \"password\"\n";
    remote.installation.write("world.toml", toml);
    let outcome = remote.apply_file("world.toml", &[]);
    assert_eq!((outcome.code, outcome.last_line()), (0, "3 changes"), "{outcome:?}");
    assert!(outcome.out.contains("password: \"(set)\""), "{outcome:?}");
    assert_eq!(remote.ask_token(("shop", SECRET), &[]).await.0, 200);
    assert_eq!(remote.apply_file("world.toml", &[]).out, "0 changes\n");
}

#[test]
fn secret_file_problem_is_reported_at_its_member() {
    let remote = Remote::start();
    let mut world = whole();
    world["clients"][0].as_object_mut().expect("an object").remove("client_secret");
    world["clients"][0]["client_secret_file"] = "nowhere".into();
    remote.apply(&world, &[]).must_refuse(&["/clients/0/client_secret_file"]);
    remote.installation.write("short", "short");
    world["clients"][0]["client_secret_file"] = "short".into();
    remote.apply(&world, &[]).must_refuse(&["/clients/0/client_secret_file"]);
    world["clients"][0]["client_secret"] = SECRET.into();
    remote.apply(&world, &[]).must_refuse(&["/clients/0/client_secret_file"]);
}
