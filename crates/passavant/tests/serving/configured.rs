//! `serve -c`: what it takes from its configuration, and when it refuses to start.

use std::fs;

use super::process::{
    ISSUER, MACHINE, RESOURCE, Server, client, configure, folder, form, json, outcome, run, send, set_mode,
};

const SERVE: [&str; 3] = ["-c", "passavant.toml", "serve"];

#[test]
fn without_a_master_key_it_names_the_command_that_writes_one() {
    let folder = folder();
    configure(folder.path());
    let key = folder.path().join("master.key");
    fs::remove_file(&key).expect("there was one");
    let (code, said) = outcome(&run(folder.path(), &SERVE));
    assert_eq!(code, Some(3), "{said}");
    let command = said.split("write one with: passavant ").nth(1).expect("a command").trim();
    assert!(command.starts_with("key master "), "{said}");
    assert!(!folder.path().join("passavant.db").exists(), "nothing was made");
    let made = run(folder.path(), &command.split(' ').collect::<Vec<_>>());
    assert_eq!(outcome(&made).0, Some(0));
    drop(Server::start(folder.path(), &SERVE));
}

#[test]
fn files_that_others_may_read_are_refused() {
    let folder = folder();
    configure(folder.path());
    fs::write(folder.path().join("passavant.db"), "").expect("written");
    for (file, mode) in [("master.key", 0o644), ("master.key", 0o660), ("passavant.db", 0o604)] {
        let path = folder.path().join(file);
        set_mode(&path, mode);
        let (code, said) = outcome(&run(folder.path(), &SERVE));
        assert_eq!(code, Some(3), "{file}: {said}");
        assert!(said.contains(file) && said.contains("chmod 600"), "{said}");
        set_mode(&path, 0o600);
    }
    drop(Server::start(folder.path(), &SERVE));
}

#[test]
fn every_problem_of_the_configuration_is_told_at_once() {
    let folder = folder();
    let text = "issuer = \"http://id.example.org\"\n[http]\nlisen = \"x\"\nlisten = \"x\"\n";
    fs::write(folder.path().join("passavant.toml"), text).expect("written");
    for command in [&["-c", "passavant.toml", "config", "check"][..], &SERVE] {
        let (code, said) = outcome(&run(folder.path(), command));
        assert_eq!(code, Some(3), "{said}");
        for words in [
            "passavant.toml:1: issuer: ",
            "passavant.toml:3: http.lisen: unknown key; did you mean `http.listen`?",
            "passavant.toml:4: http.listen: expected an address and port such as \"127.0.0.1:4000\", got \"x\"",
        ] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }
}

#[test]
fn show_names_every_value_and_where_it_is_from() {
    let folder = folder();
    configure(folder.path());
    let shown =
        run(folder.path(), &["-c", "passavant.toml", "config", "show", "--origin", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let row =
        |key: &str| shown.as_array().expect("rows").iter().find(|row| row["key"] == key).expect("a row");
    assert_eq!(
        (&row("issuer")["value"], &row("issuer")["origin"]),
        (&ISSUER.into(), &"passavant.toml:1".into())
    );
    assert_eq!(row("log.filter")["origin"], "default");
}

#[tokio::test]
async fn the_management_port_tells_of_health_and_the_public_one_does_not() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let management =
        server.said.iter().find_map(|line| line.strip_prefix("management ")).expect("an address");
    for path in ["/health/live", "/health/ready", "/healthz"] {
        let answer = send(client().get(format!("http://{}{path}", management.trim()))).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(json(answer).await["status"], "ok", "{path}");
        assert_eq!(send(client().get(server.url(path))).await.status(), 404, "{path}");
    }
    let answer = send(client().get(format!("http://{}/token", management.trim()))).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn healthcheck_reports_whether_the_server_answers() {
    let folder = folder();
    configure(folder.path());
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let text = fs::read_to_string(folder.path().join("passavant.toml")).expect("there");
    let text = text.replace(
        "[management]\nlisten = \"127.0.0.1:0\"",
        &format!("[management]\nlisten = \"127.0.0.1:{port}\""),
    );
    fs::write(folder.path().join("passavant.toml"), text).expect("written");
    let check = ["-c", "passavant.toml", "healthcheck"];
    let (code, said) = outcome(&run(folder.path(), &check));
    assert_eq!(code, Some(6), "{said}");
    let _server = Server::start(folder.path(), &SERVE);
    assert_eq!(outcome(&run(folder.path(), &check)), (Some(0), String::new()));
}

#[tokio::test]
async fn an_issuer_with_a_path_is_served_below_it_and_its_documents_also_before_it() {
    let folder = folder();
    configure(folder.path());
    let file = folder.path().join("passavant.toml");
    let text = fs::read_to_string(&file).expect("there").replace(ISSUER, "http://localhost:4000/oauth");
    fs::write(&file, text).expect("written");
    let server = Server::start(folder.path(), &SERVE);
    for path in [
        "/oauth/.well-known/openid-configuration",
        "/.well-known/openid-configuration/oauth",
        "/oauth/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/oauth",
    ] {
        let metadata = json(send(client().get(server.url(path))).await).await;
        assert_eq!(metadata["issuer"], "http://localhost:4000/oauth", "{path}");
        assert_eq!(metadata["jwks_uri"], "http://localhost:4000/oauth/jwks", "{path}");
    }
    for (path, status) in
        [("/oauth/jwks", 200), ("/jwks", 404), ("/oauth/", 200), ("/oauth/assets/ui.css", 200)]
    {
        assert_eq!(send(client().get(server.url(path))).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn objects_applied_at_start_work() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let token = server.token(MACHINE).await;
    let body = json(send(form(RESOURCE, server.url("/introspect"), &format!("token={token}"))).await).await;
    assert_eq!(body["active"], true);
}
