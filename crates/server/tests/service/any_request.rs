//! Generated requests: no server error, and a refusal stores nothing.

use std::collections::BTreeSet;

use http::Method;
use passavant_server::{Reason, ports::Entropy as _};
use testkit::{
    SeededEntropy,
    server::{Call, Running, TestServer, confidential, public, resource},
};

const FORM: &str = "application/x-www-form-urlencoded";
const PATHS: [&str; 6] = ["/token", "/introspect", "/revoke", "/userinfo", "/authorize", "/logout"];

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop"))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
        .start()
        .await
}

/// No request causes a 5xx while the store is healthy, and a refusal stores nothing except replays and failed attempts.
#[tokio::test]
async fn no_request_however_formed_is_a_fault_of_ours() {
    let server = start().await;
    let pieces = Pieces::of(&server).await;
    let chance = Chance(SeededEntropy::new(9701));
    let mut statuses = BTreeSet::new();
    for round in 0..5_000 {
        let call = pieces.call(&server, &chance);
        server.clock.advance_millis(200);
        let before = server.store.newest().await.expect("the store answers");
        let reply = server.call(call.request()).await;
        assert!(reply.status() < 500, "round {round}: {call:?} {reply:?}");
        statuses.insert(reply.status());
        let remembers = matches!(
            reply.reason(),
            Some(Reason::CodeReused | Reason::PkceMismatch | Reason::RefreshReuseDetected)
        );
        if reply.reason().is_some() && !remembers {
            let after = server.store.newest().await.expect("the store answers");
            assert_eq!(before, after, "round {round}: {call:?} {reply:?}");
        }
    }
    for status in [200, 204, 303, 400, 401, 405] {
        assert!(statuses.contains(&status), "the requests are too odd to meet a {status}: {statuses:?}");
    }
}

/// What requests are made of: good parts, and odd ones.
struct Pieces {
    values: Vec<String>,
    authorizations: Vec<String>,
}

impl Pieces {
    const NAMES: [&'static str; 30] = [
        "grant_type",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "scope",
        "resource",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "token",
        "token_type_hint",
        "response_type",
        "response_mode",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "id_token_hint",
        "login_hint",
        "code_challenge",
        "code_challenge_method",
        "request",
        "interaction",
        "access_token",
        "post_logout_redirect_uri",
        "registration",
        "\u{e4}",
        "",
    ];

    async fn of(server: &Running) -> Self {
        let browser = server.browser().sign_in("alice");
        let code = browser.authorize("spa").code().await;
        let tokens = browser.authorize("spa").scope("openid offline_access").tokens().await;
        let mut values: Vec<String> = [
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "shop",
            "spa",
            "notes",
            "openid",
            "openid offline_access",
            "code",
            "S256",
            "none",
            "login",
            "0",
            "-1",
            "99999999999999999999",
            "query",
            "https://spa.example/cb",
            "https://notes.example",
            "shop-has-a-secret-of-this-length",
            "a.b.c",
            "eyJhbGciOiJub25lIn0.e30.",
            "{\"a\":1}",
            "\0",
            "\u{1f600}",
            "'\"<>&",
            "%",
            " ",
            "\r\nSet-Cookie: x=y",
        ]
        .map(str::to_owned)
        .into();
        values.extend([code.code, code.verifier, code.redirect_uri, "A".repeat(43), "x".repeat(3_000)]);
        values.extend(["access_token", "refresh_token", "id_token"].map(|name| tokens.member(name)));
        let bearer = server.client_credentials("notes").send().await.ok().member("access_token");
        let authorizations = [
            "Basic c3BhOg==".to_owned(),
            "Basic c2hvcDpzaG9wLWhhcy1hLXNlY3JldC1vZi10aGlzLWxlbmd0aA==".to_owned(),
            "Basic //79".to_owned(),
            "Basic Og==".to_owned(),
            "Bearer".to_owned(),
            "Bearer =".to_owned(),
            format!("Bearer {bearer}"),
            format!("Bearer {}", tokens.member("access_token")),
            "Negotiate x".to_owned(),
            ",".to_owned(),
        ];
        Self { values, authorizations: authorizations.into() }
    }

    fn call(&self, server: &Running, chance: &Chance) -> Call {
        let methods = [Method::GET, Method::POST, Method::POST, Method::POST, Method::OPTIONS, Method::HEAD];
        let mut call = server.request(chance.pick(&methods).clone(), chance.pick::<&str>(&PATHS));
        for _ in 0..chance.below(9) {
            call = call.param(chance.pick::<&str>(&Self::NAMES), chance.pick::<String>(&self.values));
        }
        if chance.below(3) == 0 {
            call = call.header("authorization", chance.pick::<String>(&self.authorizations));
        }
        if chance.below(8) == 0 {
            let types = [None, Some("application/json"), Some(FORM)];
            let bodies = ["", "&&&=&", "{}", "token", "=x", "a=b;c=d", "client_id=spa&token=%F0%9F%98%80"];
            call = call.body(*chance.pick(&types), *chance.pick(&bodies));
        }
        for (name, values) in [
            ("host", ["as.example", "evil.example", "[::1", ""]),
            ("origin", ["null", "https://spa.example", "x", "https://"]),
            ("accept", ["*/*", "application/token-introspection+jwt", ";;,,", "application/jwt"]),
            ("cookie", ["=", "__Host-passavant_session=x", "__Host-passavant_browser=; a", ";;;"]),
        ] {
            if chance.below(6) == 0 {
                call = call.header(name, chance.pick::<&str>(&values));
            }
        }
        call
    }
}

/// The same choices in every run.
struct Chance(SeededEntropy);

impl Chance {
    fn below(&self, limit: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % limit as u64).expect("it is below a usize")
    }

    fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
