//! Writes a database with every kind of row, and the cookies and tokens of browsers and clients.

use std::{fmt::Write as _, path::Path, sync::Arc};

use accounts::{
    Account, AccountChange, Directory as _, Username,
    passwords::{Password, PasswordCost, Passwords},
};
use http::header;
use passavant_sqlite::SqliteIssuer;
use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value, json};
use server::{
    Ask,
    ports::{Clock as _, SystemEntropy},
    store::{Commit, End, GrantChange, Item, KeyChange, KeyRecord, KeyState, Of, Scope, Why},
};
use testkit::server::{Browser, Running, TestServer, confidential, public, resource, subject};

use super::{ISSUER, MASTER, PASSWORD};
use crate::rows::{self, Folder};

/// Makes `new.sql` and `new.json` beside this file, to be committed under a name of their own.
#[tokio::test]
#[ignore = "writes files: run by hand before a stored form changes"]
async fn record_current_stored_forms() {
    let folder = Folder::new();
    let store = folder.open(rows::SERVER);
    let issuer = store.issuer(&protocol::Issuer::new(ISSUER)).expect("an issuer");
    let held = fill(&issuer).await;
    drop((issuer, store));
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/file/stored");
    let connection = Connection::open(folder.file()).expect("it opens");
    std::fs::write(beside.join("new.sql"), dump(&connection)).expect("it is written");
    let held = serde_json::to_string_pretty(&held).expect("JSON");
    std::fs::write(beside.join("new.json"), held + "\n").expect("it is written");
}

async fn start(issuer: &SqliteIssuer) -> Running {
    let registers_everything = |client: &mut protocol::ClientMetadata| {
        client.client_uri = Some("https://shop.example/".to_owned());
        client.policy_uri = Some("https://shop.example/policy".to_owned());
        client.default_max_age = Some(86_400);
        client.jwks = Some(json!({ "keys": [] }));
        client.other.insert("contacts".to_owned(), json!(["a@shop.example"]));
        client.other.insert("backchannel_logout_uri".to_owned(), json!("https://shop.example/out"));
    };
    let native = |client: &mut protocol::ClientMetadata| {
        client.application_type = Some("native".to_owned());
        client.redirect_uris = vec!["com.example.app:/cb".to_owned()];
    };
    TestServer::new()
        .store(Arc::new(issuer.clone()))
        .client(confidential("shop").scope(ALL_SCOPES).with(registers_everything))
        .client(confidential("keyed").method("client_secret_jwt").with(|client| {
            client.id_token_signed_response_alg = Some("HS256".to_owned());
        }))
        .client(public("app").with(native))
        .client(confidential("gone").disabled())
        .resource(resource("https://notes.example", "notes.read").jwt().caller("notes").with(|settings| {
            settings.resource_name = Some("Notes".to_owned());
            settings.access_token_lifetime = Some(1800);
            settings.introspection_allow_plain = Some(true);
            settings.other.insert("resource_documentation".to_owned(), json!("https://notes.example/docs"));
        }))
        .resource(resource("https://files.example", "files.read").shares("shop"))
        .scope(Scope {
            scope: "notes.read".to_owned(),
            description: [("en".to_owned(), "Read your notes".to_owned())].into(),
            claims: vec!["locale".to_owned()],
            applied: true,
        })
        .account("alice")
        .account("bob")
        .start()
        .await
}

const ALL_SCOPES: &str = "openid profile email offline_access notes.read files.read";
const LOGOUT: &str = "https://as.example/logout";

async fn fill(issuer: &SqliteIssuer) -> Value {
    let server = start(issuer).await;
    let browser = server.browser().sign_in("alice");
    let first = browser.authorize("shop").scope(ALL_SCOPES).tokens().await;
    let spent = first.member("refresh_token");
    let renewed = server.refresh("shop", &spent).await.ok();
    let jwt = browser.authorize("shop").scope("openid notes.read").tokens().await;
    let revoked = browser.authorize("shop").scope("openid notes.read").tokens().await;
    server.revoke(&revoked.member("access_token"), "shop").await.ok();
    let own = server.client_credentials("shop").param("scope", "files.read").send().await.ok();
    // The `jti` of an assertion is stored, and the sealed secret of its client was read.
    server.client_credentials("keyed").param("scope", "profile").send().await.ok();
    let keyed = browser.authorize("keyed").tokens().await;
    let code = browser.authorize("shop").scope("openid email notes.read").code().await;
    more_rows(&server).await;
    account(issuer, &server).await;
    json!({
        "made_at": server.now(),
        "code": {"code": code.code, "verifier": code.verifier, "redirect_uri": code.redirect_uri},
        "opaque_access_token": renewed.member("access_token"),
        "own_access_token": own.member("access_token"),
        "jwt_access_token": jwt.member("access_token"),
        "revoked_jwt_access_token": revoked.member("access_token"),
        "spent_refresh_token": spent,
        "live_refresh_token": renewed.member("refresh_token"),
        "id_token": first.member("id_token"),
        "id_token_of_keyed": keyed.member("id_token"),
        "paused": paused(&server, &browser, &first.member("id_token")).await,
    })
}

/// One interaction of each kind, and the cookies of its browser.
async fn paused(server: &Running, signed_in: &Browser, hint: &str) -> Value {
    let nobody = server.browser().sign_in("alice");
    let full = |browser: &Browser| {
        let request = browser.authorize("shop").scope("openid notes.read").param("max_age", "7200");
        let request = request.param("login_hint", "alice").param("resource", "https://notes.example");
        request.param("id_token_hint", hint).param("state", "a b&c=ü")
    };
    let sign_in = full(&nobody).until(Ask::SignIn).await;
    let consent = full(signed_in).param("prompt", "login consent").until(Ask::Consent).await;
    let native = signed_in.authorize("app").until(Ask::Consent).await;
    let undecided = server.browser();
    let posted = full(&undecided).post().send().await;
    let other = server.browser().sign_in("bob");
    other.authorize("shop").code().await;
    let query = format!("id_token_hint={hint}&post_logout_redirect_uri=https://shop.example/bye&state=s1");
    let sign_out = other.open_until(&format!("{LOGOUT}?{query}"), Ask::SignOut).await;
    let nowhere = other.open_until(LOGOUT, Ask::SignOut).await;
    json!({
        "sign_in": {"url": sign_in.url, "cookies": cookies(&nobody)},
        "consent": {"url": consent.url, "cookies": cookies(signed_in)},
        "native": {"url": native.url, "cookies": cookies(signed_in)},
        "undecided": {"url": posted.header("location"), "cookies": cookies(&undecided)},
        "sign_out": {"url": sign_out.url, "cookies": cookies(&other)},
        "sign_out_nowhere": {"url": nowhere.url, "cookies": cookies(&other)},
    })
}

/// Rows that no current request writes, or not in this state.
async fn more_rows(server: &Running) {
    let ended = server.browser().sign_in("bob");
    let tokens = ended.authorize("shop").tokens().await;
    ended.open(&format!("{LOGOUT}?id_token_hint={}", tokens.member("id_token"))).await;
    let now = server.clock.now();
    let key = jose::SigningKey::generate(jose::SignatureAlgorithm::Es256).expect("a key");
    let private = key.to_private_jwk().expect("it is no shared secret");
    let retiring = KeyRecord {
        kid: key.kid().to_owned(),
        algorithm: jose::SignatureAlgorithm::Es256,
        state: KeyState::Retiring,
        sealed: server::MasterKey::new(&MASTER).seal(key.kid(), private.as_bytes()),
        created_at: now - 100,
        active_at: now - 100,
        retired_at: Some(now - 10),
    };
    let item = Item {
        space: "device".into(),
        key: "WDJB-MJHT".into(),
        value: Some(br#"{"client":"shop"}"#.to_vec()),
        expect: None,
        until: now + 86_400,
    };
    let consent = server::store::Consent {
        subject: subject("bob"),
        client: protocol::ClientId::new("app"),
        approved: [server::store::ScopeAt::nowhere("openid")].into(),
        given_at: now,
    };
    let app = protocol::ClientId::new("app");
    let replay = End::new(Of::Grant(protocol::GrantId(7)), Why::CodeReplayed, true);
    let replay = replay.naming(Some(&subject("bob")), Some(&app));
    let commit = Commit::new(now).with(KeyChange::Add(retiring)).with(item).with(replay);
    let commit = commit.with(GrantChange::Consent(consent));
    server.commit(commit.with(End::new(Of::Subject(subject("carol")), Why::SessionKilled, false))).await;
}

async fn account(issuer: &SqliteIssuer, server: &Running) {
    let passwords = Passwords::new(PasswordCost::FLOOR, Arc::new(SystemEntropy), 1).expect("passwords");
    let password = passwords.hash(Password::parse(PASSWORD).expect("fits")).await.expect("a hash");
    let claims = json!({"name": "Alice Martin", "email": "alice@example.org", "email_verified": true,
        "address": {"country": "FR"}, "groups": ["staff", "ops"]});
    let account = Account {
        subject: subject("alice"),
        username: Username::parse("Alice").expect("fits"),
        password: Some(password),
        disabled: false,
        claims: claims.as_object().cloned().expect("an object"),
        applied: true,
        version: 1,
    };
    let add = vec![AccountChange::Add(Box::new(account))];
    let verdict = issuer.commit_people(add, Commit::new(server.clock.now())).await;
    assert!(verdict.expect("the store works").is_ok());
}

/// What the browser sends to a page of the issuer.
fn cookies(browser: &Browser) -> Value {
    let head = browser.page_head("https://as.example/login");
    head.headers.get(header::COOKIE).map_or(Value::Null, |sent| sent.to_str().expect("text").into())
}

/// The statements that make the same file: schema, marks and rows.
fn dump(connection: &Connection) -> String {
    let mut sql = String::new();
    for mark in ["application_id", "user_version"] {
        let value: i64 = connection.pragma_query_value(None, mark, |row| row.get(0)).expect("a mark");
        writeln!(sql, "PRAGMA {mark} = {value};").expect("text");
    }
    let schema = "SELECT sql, CASE type WHEN 'table' THEN name END FROM sqlite_schema WHERE sql IS NOT NULL \
                  AND name NOT LIKE 'sqlite%' ORDER BY rowid";
    let mut schema = connection.prepare(schema).expect("SQL");
    let schema = schema.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    for made in schema {
        let (statement, table): (String, Option<String>) = made.expect("a row");
        writeln!(sql, "{statement};").expect("text");
        if let Some(table) = table {
            rows_of(connection, &table, &mut sql);
        }
    }
    sql
}

fn rows_of(connection: &Connection, table: &str, sql: &mut String) {
    let mut all = connection.prepare(&format!("SELECT * FROM {table}")).expect("SQL");
    let columns = all.column_count();
    let mut all = all.query([]).expect("rows");
    while let Some(row) = all.next().expect("a row") {
        let values: Vec<String> = (0..columns).map(|i| literal(row.get_ref(i).expect("a value"))).collect();
        writeln!(sql, "INSERT INTO {table} VALUES ({});", values.join(", ")).expect("text");
    }
}

fn literal(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(_) => unreachable!("no column of the schema has this type"),
        ValueRef::Text(text) => {
            format!("'{}'", std::str::from_utf8(text).expect("UTF-8").replace('\'', "''"))
        }
        ValueRef::Blob(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("X'{hex}'")
        }
    }
}
