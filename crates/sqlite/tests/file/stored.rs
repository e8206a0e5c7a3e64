//! Data of earlier versions is read by this one, and works for its browsers and clients.
//!
//! Each pair of files in `stored/` is a database as SQL and, as JSON, the cookies and tokens of browsers and clients
//! when it was written. A pair is never edited: before a stored format changes, `making.rs` writes a new pair.

mod making;

use std::sync::Arc;

use accounts::{
    Directory as _, Username,
    passwords::{Password, PasswordCost, Passwords, Verdict},
};
use http::{HeaderValue, Method, Request, header, request::Parts};
use passavant_sqlite::{SqliteIssuer, SqliteStore};
use protocol::ClientId;
use serde_json::{Value, json};
use server::{
    Answer, Ask, OpenInteraction, Reason,
    ports::SystemEntropy,
    store::{KeyState, ScopeAt},
};
use testkit::server::{Call, Running, TestServer, subject};

use crate::rows::{self, Folder};

/// The issuer of the stored files.
const ISSUER: &str = "https://as.example";
/// Not a secret: the master key of every server under test.
const MASTER: [u8; 32] = [7; 32];
/// The password of the one account.
const PASSWORD: &str = "correct horse battery staple";

/// Of the first schema, and of the third.
const FILES: [(&str, &str); 2] = [
    (include_str!("stored/first.sql"), include_str!("stored/first.json")),
    (include_str!("stored/third.sql"), include_str!("stored/third.json")),
];

/// A server over a stored database, a few seconds after it was written, and the cookies and tokens of its peers.
struct Yesterday {
    /// The version of its schema, before it was migrated.
    schema: u32,
    server: Running,
    issuer: SqliteIssuer,
    held: Value,
    _store: SqliteStore,
    _folder: Folder,
}

impl Yesterday {
    async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (sql, held) in FILES {
            all.push(Self::open(sql, held).await);
        }
        all
    }

    async fn open(sql: &str, held: &str) -> Self {
        let folder = Folder::new();
        let connection = rusqlite::Connection::open(folder.file()).expect("it opens");
        connection.execute_batch(sql).expect("statements");
        let schema = connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number");
        drop(connection);
        let store = folder.open(rows::SERVER);
        let issuer = store.issuer(&protocol::Issuer::new(ISSUER)).expect("an issuer");
        // Another seed, since the clock starts at the same time as for the ids in the file.
        let server =
            TestServer::new().store(Arc::new(issuer.clone())).seed(1).account("alice").account("bob");
        let server = server.start().await;
        server.clock.advance(5);
        let held = serde_json::from_str(held).expect("JSON");
        Self { schema, server, issuer, held, _store: store, _folder: folder }
    }

    fn text(&self, pointer: &str) -> &str {
        self.held.pointer(pointer).and_then(Value::as_str).expect("text")
    }

    fn post(&self, path: &str) -> Call {
        self.server.post(path).basic("shop", "shop-has-a-secret-of-this-length")
    }

    async fn introspect(&self, token: &str) -> Value {
        self.post("/introspect").param("token", self.text(token)).send().await.ok().json()
    }

    /// The request of a browser for the page of an interaction.
    fn page(&self, paused: &str) -> Parts {
        let url = self.text(&format!("/paused/{paused}/url"));
        let mut request = Request::new(());
        *request.uri_mut() = url.strip_prefix(ISSUER).expect("a page of the issuer").parse().expect("a URL");
        *request.method_mut() = Method::GET;
        let cookies = self.text(&format!("/paused/{paused}/cookies"));
        for (name, value) in [(header::HOST, "as.example"), (header::COOKIE, cookies)] {
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("visible"));
        }
        request.into_parts().0
    }

    async fn interaction(&self, paused: &str) -> OpenInteraction {
        self.server.authorization_server.interaction(&self.page(paused)).await.expect("it opens")
    }
}

fn location(answer: &Answer) -> &str {
    answer.headers()[header::LOCATION].to_str().expect("text")
}

#[tokio::test]
async fn paused_authorization_request_resumes() {
    for stored in Yesterday::all().await {
        let sign_in = stored.interaction("sign_in").await;
        assert_eq!((sign_in.ask(), sign_in.login_hint()), (Ask::SignIn, Some("alice")));
        assert_eq!(sign_in.client_id().map(ClientId::as_str), Some("shop"));
        assert_eq!(sign_in.redirect_uri(), Some("https://shop.example/cb"));
        let answer =
            sign_in.signed_in(&stored.server.seen(&subject("alice")).await, "pwd").await.expect("goes on");
        assert!(location(&answer).starts_with("https://shop.example/cb?code="), "{}", location(&answer));
        assert!(location(&answer).contains("&state=a+b%26c%3D%C3%BC&"), "{}", location(&answer));

        let consent = stored.interaction("consent").await;
        assert_eq!((consent.ask(), consent.subject()), (Ask::Consent, Some(&subject("alice"))));
        let scopes: Vec<_> = consent.scopes().iter().map(|asked| asked.scope.as_str()).collect();
        assert_eq!(scopes, ["openid", "notes.read"]);
        let answer = consent.approve().await.expect("goes on");
        assert!(location(&answer).starts_with("https://shop.example/cb?code="), "{}", location(&answer));

        let native = stored.interaction("native").await;
        assert_eq!(native.form_action(), "'self' https: com.example.app:");
        let answer = native.deny().await.expect("goes on");
        assert!(location(&answer).starts_with("com.example.app:/cb?error=access_denied"));
    }
}

#[tokio::test]
async fn request_paused_before_any_decision_resumes() {
    for stored in Yesterday::all().await {
        let head = stored.page("undecided");
        let reply = stored.server.call(Request::from_parts(head, String::new())).await;
        assert_eq!(reply.location().0, "https://as.example/login");
        assert_eq!(stored.interaction("undecided").await.ask(), Ask::SignIn);
    }
}

/// The first schema did not store whose post-logout redirect URI it is, so the browser stays at the server: a URI is
/// only followed where it is found registered.
#[tokio::test]
async fn a_paused_sign_out_ends_the_session() {
    for stored in Yesterday::all().await {
        for paused in ["sign_out", "sign_out_nowhere"] {
            let open = stored.interaction(paused).await;
            assert_eq!(open.ask(), Ask::SignOut);
            assert_eq!(open.subject(), (paused == "sign_out").then_some(&subject("bob")), "{paused}");
            let answer = open.sign_out().await.expect("signs out");
            let back = match (paused, stored.schema) {
                ("sign_out", 3..) => "https://shop.example/bye?state=s1",
                _ => "https://as.example/logout/done",
            };
            assert_eq!(location(&answer), back, "{paused}, schema {}", stored.schema);
        }
    }
}

#[tokio::test]
async fn codes_and_refresh_tokens_are_redeemed() {
    for stored in Yesterday::all().await {
        let code = [
            ("grant_type", "authorization_code"),
            ("code", stored.text("/code/code")),
            ("code_verifier", stored.text("/code/verifier")),
            ("redirect_uri", stored.text("/code/redirect_uri")),
        ];
        let tokens = stored.post("/token").params(&code).send().await.ok().json();
        assert_eq!(tokens["scope"], "openid email notes.read");
        let refresh = |token: &str| {
            stored.post("/token").params(&[("grant_type", "refresh_token"), ("refresh_token", token)]).send()
        };
        let live = stored.text("/live_refresh_token");
        let again = refresh(stored.text("/spent_refresh_token")).await.ok();
        assert_eq!(again.member("refresh_token"), live, "the same successor is derived");
        let next = refresh(live).await.ok().member("refresh_token");
        stored.server.clock.advance(60);
        refresh(live).await.refused(Reason::RefreshReuseDetected);
        refresh(&next).await.refused(Reason::GrantEnded);
    }
}

#[tokio::test]
async fn access_tokens_are_introspected() {
    for stored in Yesterday::all().await {
        let opaque = stored.introspect("/opaque_access_token").await;
        assert_eq!((&opaque["active"], &opaque["sub"]), (&json!(true), &json!("u-alice")));
        let own = stored.introspect("/own_access_token").await;
        assert_eq!((&own["active"], &own["client_id"]), (&json!(true), &json!("shop")));
        let jwt = stored.server.post("/introspect").basic("notes", "notes-has-a-secret-of-this-length");
        let jwt = jwt.param("token", stored.text("/jwt_access_token")).send().await.ok().json();
        assert_eq!((&jwt["active"], &jwt["scope"]), (&json!(true), &json!("openid notes.read")));
        assert_eq!(stored.introspect("/revoked_jwt_access_token").await, json!({"active": false}));
        let userinfo = stored.server.userinfo(stored.text("/jwt_access_token")).await.ok().json();
        assert_eq!((&userinfo["sub"], &userinfo["locale"]), (&json!("u-alice"), &json!("de")));
    }
}

/// One is under a key of the ring, the other under a client's secret: both are sealed under the master key.
#[tokio::test]
async fn id_tokens_are_hints() {
    for stored in Yesterday::all().await {
        for (hint, client) in [("/id_token", "shop"), ("/id_token_of_keyed", "keyed")] {
            let back = format!("https://{client}.example/bye");
            let params = [("id_token_hint", stored.text(hint)), ("post_logout_redirect_uri", &back)];
            let reply = stored.server.get("/logout").params(&params).send().await;
            assert_eq!(reply.location().0, back);
        }
    }
}

#[tokio::test]
async fn the_registry_and_its_keys_are_read() {
    for stored in Yesterday::all().await {
        let store = &*stored.server.store;
        let shop = store.client(&ClientId::new("shop")).await.expect("the store works").expect("it is there");
        assert_eq!(shop.metadata.default_max_age, Some(86_400));
        assert_eq!(shop.metadata.other["contacts"], json!(["a@shop.example"]));
        let gone = stored.server.post("/token").basic("gone", "gone-has-a-secret-of-this-length");
        gone.param("grant_type", "client_credentials").send().await.refused(Reason::ClientDisabled);
        let resources = store.resources().await.expect("the store works");
        let notes = resources.iter().find(|resource| resource.identifier.as_str() == "https://notes.example");
        let settings = &notes.expect("it is there").settings;
        assert_eq!(settings.access_token_format.as_deref(), Some("jwt"));
        assert_eq!(
            (settings.access_token_lifetime, settings.introspection_allow_plain),
            (Some(1800), Some(true))
        );
        assert_eq!(settings.other["resource_documentation"], "https://notes.example/docs");
        let scopes = store.scopes().await.expect("the store works");
        assert_eq!((&*scopes[0].description["en"], &*scopes[0].claims[0]), ("Read your notes", "locale"));
        let keys = store.keys().await.expect("the store works");
        let retiring: Vec<_> = keys.iter().filter(|key| key.state == KeyState::Retiring).collect();
        assert_eq!(retiring.len(), 1);
        let jwks = stored.server.jwks().await.to_value();
        let served = jwks["keys"].as_array().expect("keys").iter().any(|key| key["kid"] == *retiring[0].kid);
        assert!(served, "a retiring key is opened and published");
    }
}

#[tokio::test]
async fn consents_and_sessions_are_read() {
    for stored in Yesterday::all().await {
        let store = &*stored.server.store;
        let (bob, app) = (subject("bob"), ClientId::new("app"));
        let consent = store.consent(&bob, &app).await.expect("the store works").expect("it is there");
        assert_eq!(consent.approved, [ScopeAt::nowhere("openid")].into());
        // A scope that was remembered by its name alone is remembered at the resources that list it.
        let shop = ClientId::new("shop");
        let consent = store.consent(&subject("alice"), &shop).await.expect("the store works");
        let approved: Vec<_> =
            consent.expect("it is there").approved.iter().map(ToString::to_string).collect();
        let plain = ["email", "files.read https://files.example", "notes.read https://notes.example"];
        assert_eq!(approved, [&plain[..], &["offline_access", "openid", "profile"]].concat());
        let item = store.item("device", "WDJB-MJHT").await.expect("the store works").expect("it is there");
        assert_eq!(item.0, br#"{"client":"shop"}"#);
        let events = store.events(0, 50).await.expect("the store works");
        let kinds: Vec<_> = events.iter().map(|(_, event)| event.kind.as_str()).collect();
        for kind in ["session_ended", "replay_detected"] {
            assert!(kinds.contains(&kind), "schema {}: {kinds:?}", stored.schema);
        }
        let alice = Username::parse("ALICE").expect("fits");
        let alice = stored.issuer.by_username(&alice).await.expect("the store works").expect("it is there");
        assert_eq!((&alice.subject, alice.applied), (&subject("alice"), true));
        assert_eq!(alice.claims["address"], json!({"country": "FR"}));
        let passwords = Passwords::new(PasswordCost::FLOOR, Arc::new(SystemEntropy), 1).expect("passwords");
        let verdict =
            passwords.verify(Password::parse(PASSWORD).expect("fits"), alice.password.as_ref()).await;
        assert_eq!(verdict.expect("a place is free"), Verdict::Right);
    }
}
