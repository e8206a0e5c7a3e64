//! Keys of the configuration that only a running server or a command shows: what failed sign-ins cost, what a new
//! password must be, whose pages users see, what is logged.

use std::{fs, path::Path, time::Instant};

use http::{HeaderMap, header};

use super::process::{ISSUER, MACHINE, Server, client, configure, folder, form, json, outcome, run, send};

const SERVE: [&str; 5] = ["-c", "passavant.toml", "serve", "--apply", "world.json"];
const WORLD: &str = r#"{
    "clients": [
        { "client_id": "machine", "client_secret": "machine-secret-of-22-characters",
          "grant_types": ["client_credentials"], "response_types": [], "scope": "openid" },
        { "client_id": "web", "token_endpoint_auth_method": "none", "redirect_uris": ["https://web.example/cb"] }
    ],
    "users": [ { "sub": "u-1", "username": "alice", "password": "correct-horse" } ]
}"#;
const REQUEST: &str = "/authorize?client_id=web&response_type=code&scope=openid&redirect_uri=https://web.example/cb\
     &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// Adds lines to the configuration.
fn configured(folder: &Path, lines: &str) {
    configure(folder);
    let file = folder.join("passavant.toml");
    let text = fs::read_to_string(&file).expect("there") + lines;
    fs::write(file, text).expect("written");
    fs::write(folder.join("world.json"), WORLD).expect("written");
}

/// A sign-in page that waits for its form.
struct Page {
    path: String,
    cookie: String,
    html: String,
}

/// A browser asks for a code, and is sent to the sign-in page.
async fn sign_in_page(server: &Server) -> Page {
    let asked = send(client().get(server.url(REQUEST)).header(header::HOST, "localhost:4000")).await;
    let text = |headers: &HeaderMap, name: &str| headers[name].to_str().expect("text").to_owned();
    let path = text(asked.headers(), "location").replace(ISSUER, "");
    let cookie = text(asked.headers(), "set-cookie").split(';').next().expect("a pair").to_owned();
    let page = client().get(server.url(&path)).header(header::HOST, "localhost:4000");
    let html = send(page.header(header::COOKIE, &cookie)).await.text().await.expect("a page");
    Page { path, cookie, html }
}

/// Posts the form of a sign-in page; answers with the status and the cookies that are set.
async fn sign_in(server: &Server, page: &Page, password: &str) -> (u16, String) {
    sign_in_by(server, page, password, HeaderMap::new()).await
}

/// The same through a proxy that adds these headers.
async fn sign_in_by(server: &Server, page: &Page, password: &str, added: HeaderMap) -> (u16, String) {
    let csrf = page.html.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let body = format!("csrf={}&username=alice&password={password}", csrf.expect("a form"));
    let posted = client()
        .post(server.url(&page.path))
        .header(header::HOST, "localhost:4000")
        .header(header::ORIGIN, ISSUER)
        .header(header::COOKIE, &page.cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .headers(added)
        .body(body);
    let answer = send(posted).await;
    let cookie = answer.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
    (answer.status().as_u16(), cookie.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn address_over_its_failure_limit_is_refused() {
    let folder = folder();
    configured(folder.path(), "[sign_in]\naddress_failures = 2\nwindow = \"1 hour\"\n");
    let file = folder.path().join("passavant.toml");
    let text = fs::read_to_string(&file).expect("there");
    fs::write(&file, text.replace("[http]\n", "[http]\ntrusted_proxies = [\"127.0.0.1\"]\n"))
        .expect("written");
    let server = Server::start(folder.path(), &SERVE);
    let page = sign_in_page(&server).await;
    let at = HeaderMap::from_iter([(
        header::HeaderName::from_static("x-forwarded-for"),
        header::HeaderValue::from_static("203.0.113.7"),
    )]);
    for _ in 0..2 {
        assert_eq!(sign_in_by(&server, &page, "wrong", at.clone()).await.0, 422);
    }
    assert_eq!(sign_in_by(&server, &page, "correct-horse", at).await.0, 429);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "measures how long an answer waits")]
async fn account_over_its_failure_limit_waits_no_longer_than_configured() {
    let folder = folder();
    configured(folder.path(), "[sign_in]\naccount_failures = 1\nwait_max = 1\n");
    let server = Server::start(folder.path(), &SERVE);
    let page = sign_in_page(&server).await;
    assert_eq!(sign_in(&server, &page, "wrong").await.0, 422);
    let start = Instant::now();
    assert_eq!(sign_in(&server, &page, "wrong").await.0, 422);
    assert!(start.elapsed().as_millis() >= 1_000, "the second failure waits");
    let start = Instant::now();
    assert_eq!(sign_in(&server, &page, "correct-horse").await.0, 303);
    assert!(start.elapsed().as_millis() < 2_000, "the third would wait 2 s without wait_max");
}

#[tokio::test]
async fn a_browser_keeps_the_session_cookie_where_sessions_are_remembered() {
    let folder = folder();
    configured(folder.path(), "[sessions]\nremember = \"always\"\nabsolute = \"2 hours\"\n");
    let server = Server::start(folder.path(), &SERVE);
    let page = sign_in_page(&server).await;
    let (status, cookie) = sign_in(&server, &page, "correct-horse").await;
    assert!(status == 303 && cookie.ends_with("; Max-Age=7200"), "{status} {cookie}");
}

#[tokio::test]
async fn pages_go_by_the_name_and_the_logo_of_the_organization() {
    let folder = folder();
    configured(folder.path(), "[branding]\nname = \"Example <Org>\"\nlogo = \"logo.svg\"\n");
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
    fs::write(folder.path().join("logo.svg"), svg).expect("written");
    let server = Server::start(folder.path(), &SERVE);
    let html = sign_in_page(&server).await.html;
    assert!(html.contains("Example &#60;Org&#62;</bdi>"), "{html}");
    assert!(html.contains("<img class=\"logo\" src=\"/assets/logo\" alt=\"\">"), "{html}");
    let logo = send(client().get(server.url("/assets/logo"))).await;
    assert_eq!(
        (logo.status().as_u16(), &logo.headers()["content-type"]),
        (200, &"image/svg+xml".parse().expect("text"))
    );
    assert_eq!(logo.text().await.expect("a body"), svg);
}

#[test]
fn invalid_logo_is_refused_before_listening() {
    let folder = folder();
    configured(folder.path(), "[branding]\nlogo = \"world.json\"\n");
    for command in [&["-c", "passavant.toml", "config", "check"][..], &SERVE] {
        let (code, said) = outcome(&run(folder.path(), command));
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("world.json is not an SVG, PNG, JPEG or WebP image"), "{said}");
    }
}

#[tokio::test]
async fn without_a_logo_there_is_none() {
    let folder = folder();
    let server = Server::configured(folder.path());
    assert_eq!(send(client().get(server.url("/assets/logo"))).await.status(), 404);
}

#[test]
fn a_new_password_is_as_long_as_passwords_says() {
    let folder = folder();
    configured(folder.path(), "[passwords]\nlength_min = 14\n");
    let file = folder.path().join("password");
    let create = ["-c", "passavant.toml", "user", "create", "bob", "--password", "@password"];
    fs::write(&file, "thirteen-char").expect("written");
    let (code, said) = outcome(&run(folder.path(), &create));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("/password: must have 14 or more characters"), "{said}");
    let (code, said) = outcome(&run(folder.path(), &["-c", "passavant.toml", "apply", "-f", "world.json"]));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("/users/0/password: must have 14 or more characters"), "{said}");
    fs::write(&file, "fourteen-chars").expect("written");
    assert_eq!(outcome(&run(folder.path(), &create)).0, Some(0));
}

#[test]
fn the_hash_of_a_password_costs_what_passwords_says() {
    let folder = folder();
    configured(folder.path(), "[passwords]\nmemory_mib = 20\npasses = 3\n");
    let applied = run(folder.path(), &["-c", "passavant.toml", "apply", "-f", "world.json"]);
    assert_eq!(outcome(&applied).0, Some(0), "{}", outcome(&applied).1);
    let database = rusqlite::Connection::open(folder.path().join("passavant.db")).expect("a database");
    let hash: String =
        database.query_row("SELECT password FROM account", (), |row| row.get(0)).expect("an account");
    assert!(hash.starts_with("$argon2id$v=19$m=20480,t=3,p=1$"), "{hash}");
}

#[tokio::test]
async fn a_variable_sets_what_the_file_does_not() {
    let folder = folder();
    configured(folder.path(), "");
    let variables = [("PASSAVANT_TOKENS__ACCESS_TOKEN_LIFETIME", "2 minutes")];
    let server = Server::start_with(folder.path(), &SERVE, &variables);
    let answer = send(form(MACHINE, server.url("/token"), "grant_type=client_credentials")).await;
    assert_eq!(json(answer).await["expires_in"], 120);
}

#[tokio::test]
async fn the_own_variable_and_rust_log_say_what_is_logged_in_dev_too() {
    for arguments in [&["serve", "--dev", "--listen", "127.0.0.1:0"][..], &SERVE] {
        for (variables, logged) in [
            (&[][..], true),
            (&[("RUST_LOG", "error")][..], false),
            (&[("PASSAVANT_LOG__FILTER", "error")], false),
            (&[("RUST_LOG", "error"), ("PASSAVANT_LOG__FILTER", "info")], true),
        ] {
            let folder = folder();
            configured(folder.path(), "");
            let server = Server::start_with(folder.path(), arguments, variables);
            server.terminate();
            let (code, log) = server.wait();
            assert_eq!(
                (code, log.contains("SIGTERM")),
                (Some(0), logged),
                "{arguments:?} {variables:?}: {log}"
            );
        }
    }
}

#[test]
fn invalid_log_filter_is_refused_with_its_variable() {
    let folder = folder();
    configured(folder.path(), "");
    for arguments in [&["serve", "--dev", "--listen", "127.0.0.1:0"][..], &SERVE] {
        let (code, said) =
            outcome(&super::process::run_with(folder.path(), arguments, &[("RUST_LOG", "passavant=loud")]));
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("RUST_LOG: log.filter: "), "{said}");
    }
}
