//! `serve --dev`: no file, no environment, seeded, on loopback alone.

use std::path::Path;

use http::header;

use super::process::{Server, client, folder, form, json, outcome, run, send};

const CLI: (&str, &str) = ("demo-cli", "demo-secret");
const API: (&str, &str) = ("demo-api", "demo-api-secret");

fn start(folder: &Path) -> Server {
    Server::start(folder, &["serve", "--dev", "--listen", "127.0.0.1:0"])
}

#[tokio::test]
async fn a_token_of_the_seeded_machine_is_active_for_the_seeded_resource() {
    let folder = folder();
    let server = start(folder.path());
    let token = server.token(CLI).await;
    let answer = send(form(API, server.url("/introspect"), &format!("token={token}"))).await;
    assert_eq!(answer.status(), 200);
    let body = json(answer).await;
    assert_eq!((&body["active"], &body["scope"]), (&true.into(), &"demo.read".into()));
    let answer = send(client().get(server.url("/demo-api/time")).bearer_auth(token)).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_issuer_has_the_port_of_listen_and_both_loopback_addresses_answer() {
    let folder = folder();
    let server = start(folder.path());
    let issuer = format!("http://localhost:{}", server.address.port());
    for host in ["127.0.0.1", "[::1]"] {
        let url = format!("http://{host}:{}/.well-known/openid-configuration", server.address.port());
        let metadata = json(send(client().get(url)).await).await;
        assert_eq!(metadata["issuer"], issuer.as_str(), "{host}");
    }
    let said = server.said.join("\n");
    for words in
        [&*issuer, "alice / correct-horse", "demo-web", "demo-cli / demo-secret", "demo-api", "curl "]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn data_files_are_accessible_only_to_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let _server = start(folder.path());
    let data = folder.path().join(".passavant-dev");
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["master.key", "passavant.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
}

#[test]
fn demo_listens_only_on_loopback() {
    let folder = folder();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let (code, said) = outcome(&run(folder.path(), &["serve", "--dev", "--listen", address]));
        assert_eq!(code, Some(2), "{address}: {said}");
        assert!(said.contains("loopback"), "{said}");
    }
    assert!(!folder.path().join(".passavant-dev").exists(), "nothing was made");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = folder();
    let _first = start(folder.path());
    let (code, said) = outcome(&run(folder.path(), &["serve", "--dev", "--listen", "127.0.0.1:0"]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another server is running"), "{said}");
}

#[tokio::test]
async fn a_second_start_keeps_what_was_changed_meanwhile() {
    let folder = folder();
    let data = folder.path().join("elsewhere");
    let data = data.to_str().expect("a path");
    let first = Server::start(folder.path(), &["serve", "--dev", "--data", data, "--listen", "127.0.0.1:0"]);
    let listen = first.address.to_string();
    let edit = ["--dev", "--data", data, "client", "edit", "demo-web", "--name", "Changed"];
    assert_eq!(outcome(&run(folder.path(), &edit)).0, Some(0));
    first.terminate();
    assert_eq!(first.wait().0, Some(0));
    let _second = Server::start(folder.path(), &["serve", "--dev", "--data", data, "--listen", &listen]);
    let shown =
        run(folder.path(), &["--dev", "--data", data, "client", "show", "demo-web", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["client_name"], "Changed");
}

#[tokio::test]
async fn an_answer_says_what_differed_and_the_command_that_mends_it() {
    let folder = folder();
    let server = start(folder.path());
    let body = "grant_type=client_credentials&scope=demo.read+demo.write";
    let answer = json(send(form(CLI, server.url("/token"), body)).await).await;
    assert_eq!(
        answer["error_description"],
        "A requested scope is not registered to this client. scope: sent demo.write, expected openid \
         offline_access demo.read"
    );
    let issuer = format!("http://localhost:{}", server.address.port());
    let authorize =
        "/authorize?response_type=code&client_id=demo-web&redirect_uri=http://127.0.0.1:7/callback/";
    let page =
        send(client().get(server.url(authorize)).header(header::HOST, &issuer["http://".len()..])).await;
    assert_eq!(page.status(), 400);
    let page = page.text().await.expect("a page");
    for words in [
        "127.0.0.1:7/callback&#62;&#62;/&#60;&#60;",
        "passavant client edit demo-web --redirect-uri http://127.0.0.1:7/callback/",
    ] {
        assert!(page.contains(words), "{words} in {page}");
    }
    // Nothing of a secret, and nothing of who has an account.
    let wrong = json(send(form((CLI.0, "wrong"), server.url("/token"), body)).await).await;
    assert_eq!(wrong["error_description"], "Client authentication failed");
}

#[tokio::test]
async fn unknown_paths_are_404_and_every_response_has_a_request_id() {
    let folder = folder();
    let server = start(folder.path());
    for (path, status) in [("/nowhere", 404), ("/jwks", 200), ("/", 200), ("/login", 400)] {
        let answer = send(client().get(server.url(path))).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["x-request-id"].len(), 16, "{path}");
        assert_eq!(answer.headers().get(header::SERVER), None, "{path}");
        assert_eq!(answer.headers().get(header::STRICT_TRANSPORT_SECURITY), None, "{path}: this is http");
    }
}
