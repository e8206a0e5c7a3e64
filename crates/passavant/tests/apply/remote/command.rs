//! What the command needs, and how it ends where it gets nowhere.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

use super::{DEPLOY_SECRET, Remote, free_port};
use crate::{installation::Installation, world::whole};

/// Runs `apply` on a world against this server, as the client `deploy`.
fn apply_to(server: &str) -> crate::installation::Outcome {
    let installation = Installation::new();
    let world = installation.write("world.json", &whole().to_string());
    let secret = installation.write("deploy.secret", DEPLOY_SECRET);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_passavant"))
        .args(["apply", "-f"])
        .arg(world)
        .args(["--server", server, "--client-id", "deploy", "--client-secret"])
        .arg(format!("@{}", secret.display()))
        .output()
        .expect("the binary runs");
    crate::installation::Outcome {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn unresponsive_server_exits_with_6() {
    let outcome = apply_to(&format!("http://127.0.0.1:{}", free_port()));
    assert_eq!((outcome.code, outcome.out.as_str()), (6, ""), "{outcome:?}");
}

#[test]
fn credentials_never_go_over_plain_http_to_another_machine() {
    for server in ["http://192.0.2.1", "http://id.example.org", "ftp://127.0.0.1", "localhost"] {
        let outcome = apply_to(server);
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{server}: {outcome:?}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    elsewhere.set_nonblocking(true).expect("nonblocking");
    let target = elsewhere.local_addr().expect("an address");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let outcome = apply_to(&issuer);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{outcome:?}");
    assert!(elsewhere.accept().is_err(), "the redirect was followed");
}

#[test]
fn the_server_is_named_by_its_issuer() {
    let remote = Remote::start();
    let outcome = apply_to(&remote.issuer.replace("localhost", "127.0.0.1"));
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{outcome:?}");
    assert!(outcome.err.contains(&remote.issuer), "{outcome:?}");
}

#[test]
fn a_wrong_secret_is_refused_and_not_shown() {
    let remote = Remote::start();
    let wrong = "a-wrong-secret-of-22-characters";
    remote.installation.write("deploy.secret", wrong);
    let outcome = remote.apply(&whole(), &[]);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{outcome:?}");
    assert!(outcome.err.contains("invalid_client") && !outcome.err.contains(wrong), "{outcome:?}");
}

#[test]
fn a_client_without_the_scope_is_told_which_it_needs() {
    let remote = Remote::start();
    remote.installation.write("remote.json", &whole().to_string());
    let own = ["apply", "-f", "remote.json", "--server", &remote.issuer, "--client-id", "reader"];
    let outcome = remote.run(&[&own[..], &["--client-secret", "-"]].concat(), &[], DEPLOY_SECRET);
    assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{outcome:?}");
    assert!(outcome.err.contains("passavant.admin"), "{outcome:?}");
}

#[test]
fn credentials_come_from_the_environment_where_no_flag_says_them() {
    let remote = Remote::start();
    let environment = [("PASSAVANT_CLIENT_ID", "deploy"), ("PASSAVANT_CLIENT_SECRET", DEPLOY_SECRET)];
    let own = ["apply", "-f", "-", "--server", &remote.issuer];
    let outcome = remote.run(&own, &environment, &whole().to_string());
    assert_eq!((outcome.code, outcome.last_line()), (0, "4 changes"), "{outcome:?}");
    for some in [&environment[..1], &environment[1..], &[]] {
        assert_eq!(remote.run(&own, some, &whole().to_string()).code, 2, "{some:?}");
    }
}

#[test]
fn invalid_arguments_exit_with_2() {
    let installation = Installation::new();
    installation.write("world.json", &whole().to_string());
    let server = ["--server", "http://127.0.0.1:1", "--client-id", "deploy"];
    // The installation's own commands name a configuration.
    let both = [&["apply", "-f", "world.json"], &server[..], &["--client-secret", "-"]].concat();
    assert_eq!(installation.run(&both, DEPLOY_SECRET).code, 2);
    let alone = ["apply", "-f", "world.json", "--client-id", "deploy"];
    assert_eq!(installation.run(&alone, "").code, 2);
    let remote = |flags: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_passavant"));
        let output = command.arg("apply").args(server).args(flags).output().expect("the binary runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = remote(&["-f", "-", "--client-secret", DEPLOY_SECRET]);
    assert!(code == Some(2) && !said.contains(DEPLOY_SECRET), "{said}");
    assert_eq!(remote(&["-f", "-", "--client-secret", "-"]).0, Some(2));
}
