//! Who was refused, and why: one line in the log, and `passavant explain`. Never a secret in either.

#[path = "support/browser.rs"]
mod browser;
#[path = "support/installation.rs"]
mod installation;

use std::time::Duration;

use serde_json::{Value, json};

use browser::{Answer, Browser, Peer, hidden};
use installation::{Installation, Running};

const SECRET: &str = "a-secret-of-22-characters-or-more";
const SHOP: (&str, &str) = ("shop", SECRET);
const NOTES: (&str, &str) = ("notes-rs", SECRET);
const REDIRECT: &str = "https://shop.example/cb";
const ALICE: (&str, &str) = ("alice", "correct-horse");
/// The first 16 hexadecimal digits of the SHA-256 of alice's `sub`, `u-1`.
const ALICE_IN_THE_LOG: &str = "a24a7f55f278dd49";
/// A challenge (RFC 7636 Appendix B).
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn installation() -> Installation {
    let installation = Installation::new();
    let world = json!({
        "clients": [
            {
                "client_id": "shop", "client_secret": SECRET, "client_name": "Shop", "redirect_uris": [REDIRECT],
                "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
                "token_endpoint_auth_method": "client_secret_basic", "scope": "openid notes.read",
                "skip_consent": true,
            },
            { "client_id": "other", "client_secret": SECRET, "grant_types": ["client_credentials"], "response_types": [] },
        ],
        "resources": [{
            "resource": "https://notes.example", "scopes": ["notes.read"], "client_id": "notes-rs",
            "client_secret": SECRET,
        }],
        "users": [{ "sub": "u-1", "username": "alice", "password": ALICE.1 }],
    });
    let file = installation.write("world.json", &world.to_string());
    let applied = installation.run(&["apply", "-f", &file.display().to_string()], "");
    assert_eq!(applied.code, 0, "{applied:?}");
    installation
}

fn request_id(answer: &Answer) -> String {
    let id = answer.headers.get("x-request-id").and_then(|id| id.to_str().ok());
    id.expect("every answer has the id of its request").to_owned()
}

/// An authorization request with these parameters replaced, or left out where they are empty.
fn authorize(changes: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("response_type", "code"),
        ("client_id", "shop"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        params.retain(|(known, _)| known != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    format!("/authorize?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish())
}

/// The path that an answer redirects to.
fn next(answer: &Answer) -> String {
    let location = answer.headers.get("location").and_then(|value| value.to_str().ok()).expect("a redirect");
    location.strip_prefix(installation::ISSUER).expect("a page of the server").to_owned()
}

/// The sign-in page of an authorization request, filled in.
async fn sign_in(browser: &mut Browser, (name, password): (&str, &str)) -> Answer {
    let first = browser.visit(&authorize(&[]), None).await.expect("an answer");
    let path = next(&first);
    let page = browser.visit(&path, None).await.expect("an answer");
    let csrf = hidden(&page.body, "csrf");
    let form = [("csrf", csrf.as_str()), ("username", name), ("password", password)];
    browser.visit(&path, Some(&form)).await.expect("an answer")
}

fn explained(installation: &Installation, id: &str) -> Value {
    let ran = installation.run(&["explain", id, "--format", "json"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).expect("JSON")
}

/// The lines of the log about one request, without what every line has.
fn lines(log: &str, id: &str) -> Vec<Value> {
    let all = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    all.filter(|line| line["request_id"] == id).collect()
}

/// One refused request of each family of reasons: its answer, and what is known of it.
async fn refuse_one_of_each_family(peer: &Peer) -> Vec<(Answer, Value)> {
    let form = [("grant_type", "client_credentials"), ("scope", "notes.read admin")];
    let scope = peer.post("/token", Some(SHOP), &form).await.expect("an answer");
    let malformed = peer.post("/token", Some(SHOP), &[("grant_type", "")]).await.expect("an answer");
    let secret =
        peer.post("/introspect", Some(("shop", "wrong")), &[("token", "x")]).await.expect("an answer");
    let method = [("grant_type", "client_credentials"), ("client_id", "shop"), ("client_secret", SECRET)];
    let method = peer.post("/token", None, &method).await.expect("an answer");
    let inactive = peer.post("/userinfo", None, &[("access_token", "unknown")]).await.expect("an answer");
    let mut browser = Browser::new(peer);
    let redirect = authorize(&[("redirect_uri", "https://shop.example/cb/?a=secret-in-a-query")]);
    let redirect = browser.visit(&redirect, None).await.expect("an answer");
    let pkce =
        browser.visit(&authorize(&[("code_challenge_method", "plain")]), None).await.expect("an answer");
    let password = sign_in(&mut browser, ("alice", "wrong-horse")).await;
    let about = |route: &str, status: u16, reason: &str, what: &str, sent: &str, expected: &str| {
        json!({
            "route": route, "status": status, "client_id": "shop", "peer": "127.0.0.1", "reason": reason,
            "what": what, "sent": sent, "expected": expected,
        })
    };
    let mut token = about("POST /userinfo", 401, "token_inactive", "access token", "", "an active one");
    token["sent"] = "no access token of this server, or one that was deleted".into();
    token["client_id"] = Value::Null;
    let mut uri = about("GET /authorize", 400, "redirect_uri_mismatch", "redirect_uri", "", "");
    uri["sent"] = "https://shop.example/cb/?a".into();
    uri["marked"] = "https://shop.example/cb>>/?a<<".into();
    uri["expected"] = "https://shop.example/cb>><<".into();
    let mut user = about("POST /login", 422, "sign_in_failed", "username and password", "", "");
    (user["sent"], user["expected"]) = ("another password".into(), "the password of the account".into());
    user["sub"] = "u-1".into();
    let auth_method = "token_endpoint_auth_method";
    vec![
        (scope, about("POST /token", 400, "scope_not_registered", "scope", "admin", "openid notes.read")),
        (malformed, about("POST /token", 400, "parameter_missing", "grant_type", "nothing", "a value")),
        (
            secret,
            about(
                "POST /introspect",
                401,
                "client_secret_wrong",
                "client_secret",
                "another secret",
                "the secret of the client",
            ),
        ),
        (
            method,
            about(
                "POST /token",
                401,
                "client_method_not_registered",
                auth_method,
                "client_secret_post",
                "client_secret_basic",
            ),
        ),
        (inactive, token),
        (redirect, uri),
        (
            pkce,
            about("GET /authorize", 303, "pkce_method_unsupported", "code_challenge_method", "plain", "S256"),
        ),
        (password, user),
    ]
}

#[tokio::test]
async fn refused_request_is_one_line_and_is_explained_two_seconds_later() {
    let installation = installation();
    let mut server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let refused = refuse_one_of_each_family(&peer).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let explained: Vec<_> =
        refused.iter().map(|(answer, _)| explained(&installation, &request_id(answer))).collect();
    let log = server.end();
    for ((answer, expected), explained) in refused.iter().zip(&explained) {
        let id = request_id(answer);
        for (name, value) in expected.as_object().expect("an object") {
            let found = explained.get(name).unwrap_or(&Value::Null);
            assert_eq!(found, value, "{name} of {explained}");
        }
        assert!(explained["rule"].as_str().is_some_and(|rule| rule.ends_with('.')), "{explained}");
        let lines = lines(&log, &id);
        let [line] = lines.as_slice() else { panic!("{id} has {} lines: {lines:#?}", lines.len()) };
        let level = if expected["reason"] == "client_secret_wrong" { "WARN" } else { "INFO" };
        assert_eq!(line["level"], level, "{line}");
        let (method, route) =
            expected["route"].as_str().and_then(|route| route.split_once(' ')).expect("two");
        let sent = expected.get("marked").unwrap_or(&expected["sent"]);
        for (name, value) in [
            ("message", &json!("http.request")),
            ("client", &expected["client_id"]),
            ("peer", &expected["peer"]),
            ("method", &json!(method)),
            ("route", &json!(route)),
            ("status", &expected["status"]),
            ("reason", &expected["reason"]),
            ("what", &expected["what"]),
            ("sent", sent),
            ("expected", &expected["expected"]),
        ] {
            assert_eq!(line.get(name).unwrap_or(&Value::Null), value, "{name} of {line}");
        }
        let subject = expected.get("sub").map(|_| ALICE_IN_THE_LOG);
        assert_eq!(line.get("subject").and_then(Value::as_str), subject, "{line}");
    }
    let fix = |reason: &str| {
        let of = explained.iter().find(|explained| explained["reason"] == reason).expect("refused");
        of["fix"].as_str().expect("a command").to_owned()
    };
    assert_eq!(fix("scope_not_registered"), "passavant client edit shop --scope 'openid notes.read admin'");
    assert_eq!(
        fix("redirect_uri_mismatch"),
        "if this URI is the client's: passavant client edit shop --redirect-uri URI"
    );
}

#[tokio::test]
async fn command_of_an_explanation_makes_the_request_succeed() {
    let installation = installation();
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let ask = async || {
        let form = [("grant_type", "client_credentials"), ("scope", "notes.read admin")];
        peer.post("/token", Some(SHOP), &form).await.expect("an answer")
    };
    let refused = ask().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let explained = explained(&installation, &request_id(&refused));
    let command = explained["fix"].as_str().expect("a command").replace('\'', "");
    let (command, scope) = command.split_once(" --scope ").expect("a scope");
    let arguments: Vec<_> = command.split(' ').skip(1).chain(["--scope", scope]).collect();
    let ran = installation.run(&arguments, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask().await.status, 200);
}

#[test]
fn unknown_request_is_told_how_long_refusals_are_kept() {
    let ran = installation().run(&["explain", "0123456789abcdef"], "");
    assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{ran:?}");
    assert!(ran.err.contains("7 days") && ran.err.contains("0123456789abcdef"), "{}", ran.err);
}

#[tokio::test]
async fn stranger_can_not_make_the_server_write_more_than_a_batch_in_a_second() {
    let installation = installation();
    let mut server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    for _ in 0..150 {
        peer.post("/token", None, &[("client_id", "nobody")]).await.expect("an answer");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let log = server.end();
    let refused = log.lines().filter(|line| line.contains("\"reason\":\"client_unknown\"")).count()
        + log.lines().filter(|line| line.contains("\"reason\":\"client_failures_too_many\"")).count();
    assert_eq!(refused, 150, "each is in the log");
    let dropped: i64 = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("dropped")?.as_i64())
        .sum();
    let path = installation.write("count", "").with_file_name("passavant.db");
    let database = rusqlite::Connection::open(path).expect("it opens");
    let count = |sql| database.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    let kept = count("SELECT count(*) FROM refusal");
    assert_eq!(kept + dropped, 150, "what was dropped is counted in the log");
    // A second that lasted longer than the requests has one batch.
    assert!(dropped > 0 || count("SELECT count(DISTINCT at) FROM refusal") > 1, "{kept} are kept");
}

/// Signs in with the right password and redeems the code.
async fn tokens(server: &Running) -> (Value, Vec<String>) {
    let peer = Peer::of(server.address());
    let mut browser = Browser::new(&peer);
    let code = browser.code("shop", REDIRECT, ALICE).await.expect("an answer").expect("a code");
    let tokens = peer.redeem(SHOP, REDIRECT, &code).await.expect("an answer");
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let access = tokens.member("access_token");
    assert!(peer.is_active(NOTES, access.as_str().expect("a token")).await.expect("an answer"));
    let body: Value = serde_json::from_str(&tokens.body).expect("JSON");
    (body, vec![code])
}

#[tokio::test]
async fn no_secret_reaches_the_log_or_what_is_kept() {
    let installation = installation();
    installation.write(
        "passavant.toml",
        &format!(
            "issuer = \"{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:passavant.db\"\n\
             [secrets]\nmaster_key_file = \"master.key\"\n[log]\nfilter = \"debug,hyper=info,h2=info,reqwest=info\"\n",
            installation::ISSUER
        ),
    );
    let mut server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let (tokens, mut secrets) = tokens(&server).await;
    for name in ["access_token", "id_token"] {
        secrets.push(tokens[name].as_str().expect("a token").to_owned());
    }
    secrets.extend([SECRET, ALICE.1].map(str::to_owned));
    let made_up = |place: &str| format!("made-up-secret-{place}");
    let code = secrets[0].clone();
    let access = secrets[1].clone();
    // In each place of a request where a secret can stand, right and wrong.
    for (path, credentials, form) in [
        ("/token", Some(("shop", made_up("basic"))), vec![("grant_type", "x".to_owned())]),
        ("/token", None, vec![("client_id", "shop".to_owned()), ("client_secret", made_up("post"))]),
        ("/token", None, vec![("client_id", made_up("id"))]),
        (
            "/token",
            None,
            vec![("client_assertion", made_up("assertion")), ("client_assertion_type", made_up("type"))],
        ),
        (
            "/token",
            Some(("shop", SECRET.to_owned())),
            vec![
                ("grant_type", "authorization_code".to_owned()),
                ("code", code.clone()),
                ("code_verifier", made_up("verifier-that-is-as-long-as-a-verifier")),
                (
                    "redirect_uri",
                    format!("https://user:{}@shop.example/cb?t={}", made_up("user"), made_up("query")),
                ),
            ],
        ),
        (
            "/token",
            Some(("shop", SECRET.to_owned())),
            vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", made_up("refresh"))],
        ),
        ("/introspect", Some(("other", SECRET.to_owned())), vec![("token", access.clone())]),
        ("/introspect", Some(("shop", format!("{SECRET}\n"))), vec![("token", access.clone())]),
        ("/revoke", Some(("shop", made_up("revoker"))), vec![("token", access.clone())]),
        ("/userinfo", None, vec![("access_token", made_up("userinfo"))]),
        ("/login", None, vec![("password", made_up("password"))]),
    ] {
        let credentials = credentials.as_ref().map(|(id, secret)| (*id, secret.as_str()));
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = peer.post(path, credentials, &form).await.expect("an answer");
        assert!(answer.status < 500, "{path}: {answer:?}");
    }
    let mut browser = Browser::new(&peer);
    for change in [
        (
            "redirect_uri",
            format!("https://u:{}@shop.example/cb?q={}#{}", made_up("a"), made_up("b"), made_up("c")),
        ),
        ("id_token_hint", made_up("hint")),
        ("request", made_up("request")),
        ("code_challenge", made_up("challenge")),
        ("state", made_up("state")),
        ("nonce", made_up("nonce")),
    ] {
        let path = authorize(&[(change.0, &change.1), ("prompt", "none")]);
        browser.visit(&path, None).await.expect("an answer");
    }
    sign_in(&mut browser, (&made_up("typed-as-a-name"), &made_up("typed"))).await;
    sign_in(&mut browser, ("alice", &made_up("wrong"))).await;
    let hint = format!(
        "/logout?id_token_hint={}&post_logout_redirect_uri=https://x.example/?s={}",
        access,
        made_up("bye")
    );
    browser.visit(&hint, None).await.expect("an answer");
    assert_eq!(peer.client_credentials(("shop", &made_up("machine"))).await.expect("an answer").status, 401);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let log = server.end();
    assert!(log.lines().count() > 20 && log.contains("an unknown account"), "{log}");
    let kept = installation.run(&["explain", "x"], "");
    assert_eq!(kept.code, 4, "the write-ahead log is in the file");
    let path = installation.write("count", "").with_file_name("passavant.db");
    let database = rusqlite::Connection::open(path).expect("it opens");
    let mut rows = database.prepare("SELECT * FROM refusal").expect("a table");
    let columns = rows.column_count();
    let mut texts = String::new();
    let mut found = rows.query([]).expect("rows");
    while let Some(row) = found.next().expect("a row") {
        for column in 0..columns {
            texts.push_str(&format!("{:?}\n", row.get_ref(column).expect("a value")));
            if let Ok(text) = row.get_ref(column).expect("a value").as_str() {
                texts.push_str(text);
            }
        }
    }
    assert!(texts.contains("redirect_uri"), "something is kept");
    for secret in secrets.iter().map(String::as_str).chain(["made-up-secret"]) {
        // What a request claims as its client is not a secret: it is what the log is asked for.
        let claimed = made_up("id");
        assert!(!log.replace(&claimed, "").contains(secret), "{secret} in the log");
        assert!(!texts.replace(&claimed, "").contains(secret), "{secret} is kept");
    }
}

#[tokio::test]
async fn sign_in_and_operators_changes_are_events_with_actor_and_address() {
    let installation = installation();
    let mut server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let mut browser = Browser::new(&peer);
    let signed_in = sign_in(&mut browser, ALICE).await;
    let ran = installation.run(&["client", "edit", "shop", "--name", "Our shop"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = installation.run(&["key", "rotate", "--now"], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let log = server.end();
    let events: Vec<Value> = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "event")
        .collect();
    let of =
        |kind: &str| events.iter().find(|event| event["event"] == kind).unwrap_or_else(|| panic!("{log}"));
    let user = format!("user:{ALICE_IN_THE_LOG}");
    for (name, value) in [
        ("actor", json!(user)),
        ("peer", json!("127.0.0.1")),
        ("subject", json!(ALICE_IN_THE_LOG)),
        ("request_id", json!(request_id(&signed_in))),
        ("why", json!("pwd")),
        ("level", json!("INFO")),
    ] {
        assert_eq!(of("signed_in")[name], value, "{name} of {}", of("signed_in"));
    }
    assert_eq!(of("client_changed")["client"], "shop");
    for kind in ["client_changed", "key_changed"] {
        let actor = of(kind)["actor"].as_str().expect("an actor");
        assert!(actor.starts_with("operator:"), "{actor}");
    }
}
