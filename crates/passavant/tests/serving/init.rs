//! `init`: an installation from nothing, and errors that name the file that was wanted.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path};

use super::process::{Server, client, folder, json, outcome, run, send};

/// A free port before another one, on which `init` puts health and metrics.
fn free_with_the_next() -> u16 {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port));
    let mut pairs = (0..100).filter_map(|_| {
        let first = listen(0).ok()?;
        let port = first.local_addr().ok()?.port();
        listen(port.checked_add(1)?).is_ok().then_some(port)
    });
    pairs.next().expect("two free ports in a row")
}

#[tokio::test]
async fn what_init_writes_is_served_as_it_stands() {
    let folder = folder();
    let free = free_with_the_next();
    let issuer = format!("http://localhost:{free}");
    let ran = run(folder.path(), &["init", &issuer, "--folder", "id"]);
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(outcome(&ran).0, Some(0), "{}", outcome(&ran).1);
    let there = folder.path().join("id").canonicalize().expect("it is made");
    for (name, mode) in [("passavant.toml", 0o640), ("master.key", 0o600), ("data", 0o700)] {
        let path = there.join(name);
        assert_eq!(path.metadata().expect("it is made").permissions().mode() & 0o777 & !mode, 0, "{name}");
        assert!(said.contains(&path.display().to_string()), "{name} in {said}");
    }
    let config = there.join("passavant.toml").display().to_string();
    for words in ["next:", &format!("serve --config {config}"), "user create", "client create"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let unit = fs::read_to_string(there.join("passavant.service")).expect("a unit");
    assert!(unit.contains(&format!("serve --config {config}")) && unit.contains("User="), "{unit}");
    let (code, said) = outcome(&run(folder.path(), &["--config", &config, "config", "check"]));
    assert_eq!(code, Some(0), "{said}");
    let server = Server::start(folder.path(), &["--config", &config, "serve"]);
    assert_eq!(server.address.port(), free);
    let metadata: serde_json::Value =
        json(send(client().get(server.url("/.well-known/openid-configuration"))).await).await;
    assert_eq!(metadata["issuer"], issuer.as_str());
    let (code, said) = outcome(&run(folder.path(), &["init", &issuer, "--folder", "id"]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&config) && said.contains("nothing was written"), "{said}");
}

#[test]
fn behind_a_proxy_init_writes_what_the_proxy_needs() {
    let folder = folder();
    let arguments =
        ["init", "https://id.example.org", "--config", "id/server.toml", "--listen", "127.0.0.1:4005"];
    let (code, said) = outcome(&run(folder.path(), &arguments));
    assert_eq!(code, Some(0), "{said}");
    let read = |name: &str| fs::read_to_string(folder.path().join("id").join(name)).expect("written");
    assert!(read("server.toml").contains("trusted_proxies = [\"127.0.0.1\""), "{}", read("server.toml"));
    assert_eq!(read("Caddyfile"), "id.example.org {\n\treverse_proxy 127.0.0.1:4005\n}\n");
    for words in ["server_name id.example.org;", "proxy_pass http://127.0.0.1:4005;", "Host $http_host"] {
        assert!(read("nginx.conf").contains(words), "{words}");
    }
    let (code, said) = outcome(&run(folder.path(), &["--config", "id/server.toml", "config", "check"]));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(outcome(&run(folder.path(), &["init", "http://id.example.org", "--folder", "x"])).0, Some(2));
    assert!(!folder.path().join("x").exists(), "nothing is made for an issuer that can't be");
}

/// Whoever reads an error must know which file to look at.
#[test]
fn errors_name_the_path_that_was_wanted() {
    let folder = folder();
    let here = folder.path();
    fs::write(here.join("a-file"), "").expect("written");
    let config = "issuer = \"http://localhost:4000\"\n[http]\nlisten = \"127.0.0.1:0\"\n[database]\n\
                  url = \"sqlite:nowhere/p.db\"\n[secrets]\nmaster_key_file = \"master.key\"\n";
    fs::write(here.join("passavant.toml"), config).expect("written");
    let wanted = |arguments: &[&str], path: &str| {
        let (code, said) = outcome(&run(here, arguments));
        assert!(code != Some(0) && said.contains(path), "{arguments:?}: {path} in {said}");
    };
    wanted(&["-c", "passavant.toml", "serve"], "master.key");
    assert_eq!(outcome(&run(here, &["key", "master", "master.key"])).0, Some(0));
    wanted(&["-c", "passavant.toml", "serve"], "nowhere/p.db");
    wanted(&["-c", "missing.toml", "serve"], "missing.toml");
    wanted(&["init", "https://id.example.org", "--folder", "a-file/below"], "a-file/below");
    wanted(&["serve", "--dev", "--data", "a-file/below"], "a-file/below");
    if !Path::new("/etc/passavant/passavant.toml").exists() {
        for arguments in [&["client", "list"][..], &["serve"], &["config", "check"]] {
            wanted(arguments, "/etc/passavant/passavant.toml");
            wanted(arguments, "passavant init");
        }
    }
}
