//! Each key does what it says: set in a file, seen at a server whose clock is the test's.

mod authorization;
mod deferred;
mod grants;
mod registration;

use std::{io::Write as _, path::Path};

use jose::{SignatureAlgorithm, SigningKey};
use server::{Ask, Reason};
use testkit::server::{Browser, ISSUER, Running, TestServer, confidential, public, resource, subject};

use super::{Config, Layers};

const DAY: i64 = 86_400;
const OFFLINE: &str = "openid offline_access";

/// The configuration of a file that begins with the issuer and goes on with these lines.
fn config(lines: &str) -> Config {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
    write!(file, "issuer = \"{ISSUER}\"\n{lines}").expect("written");
    read(file.path())
}

fn read(path: &Path) -> Config {
    let mut layers = Layers::read(Some(path), &[], &[]).expect("it is TOML");
    Config::of(&mut layers).expect("it is valid")
}

fn server(lines: &str) -> TestServer {
    let settings = config(lines).settings;
    let clients = [confidential("shop"), confidential("excused").without_pkce(), public("spa")];
    let server = TestServer::new().settings(|own| *own = settings).account("alice");
    clients.into_iter().fold(server, TestServer::client)
}

async fn start(lines: &str) -> Running {
    server(lines).start().await
}

async fn signed_in(server: &Running) -> Browser {
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    browser
}

async fn asked(browser: &Browser) -> Vec<Ask> {
    browser.authorize("shop").finish().await.asked
}

async fn refresh_token(server: &Running, client: &str, scope: &str) -> String {
    server.browser().sign_in("alice").authorize(client).scope(scope).tokens().await.member("refresh_token")
}

#[tokio::test]
async fn sessions_idle() {
    let server = start("[sessions]\nidle = \"5 minutes\"\n").await;
    let browser = signed_in(&server).await;
    server.clock.advance(299);
    assert_eq!(asked(&browser).await, []);
    server.clock.advance(300);
    assert_eq!(asked(&browser).await, [Ask::SignIn]);
}

#[tokio::test]
async fn sessions_absolute() {
    let server = start("[sessions]\nidle = 300\nabsolute = \"10 min\"\n").await;
    let browser = signed_in(&server).await;
    for _ in 0..2 {
        server.clock.advance(299);
        assert_eq!(asked(&browser).await, []);
    }
    server.clock.advance(2);
    assert_eq!(asked(&browser).await, [Ask::SignIn]);
}

#[tokio::test]
async fn sessions_remember() {
    for (lines, end) in [
        ("", "; SameSite=Lax; Secure"),
        ("[sessions]\nremember = \"never\"\n", "; SameSite=Lax; Secure"),
        ("[sessions]\nremember = \"always\"\nabsolute = \"2 h\"\n", "; SameSite=Lax; Secure; Max-Age=7200"),
    ] {
        let server = start(lines).await;
        let browser = server.browser();
        let page = browser.authorize("shop").until(Ask::SignIn).await;
        let interaction = browser.interaction(&page.url).await.expect("it opens");
        let answer =
            interaction.signed_in(&server.seen(&subject("alice")).await, "pwd").await.expect("signed in");
        let cookie = answer.headers()["set-cookie"].to_str().expect("text");
        assert!(cookie.starts_with("__Host-passavant_session=") && cookie.ends_with(end), "{cookie}");
    }
}

#[tokio::test]
async fn sessions_logout_ends_offline() {
    for (value, ended) in [("false", false), ("true", true)] {
        let server = start(&format!("[sessions]\nlogout_ends_offline = {value}\n")).await;
        let browser = server.browser().sign_in("alice");
        let tokens = browser.authorize("shop").scope(OFFLINE).tokens().await;
        browser.open(&format!("{ISSUER}/logout")).await;
        let reply = server.refresh("shop", &tokens.member("refresh_token")).await;
        assert_eq!(reply.reason(), ended.then_some(Reason::GrantEnded), "{value}");
    }
}

#[tokio::test]
async fn interactions_lifetime() {
    let server = start("[interactions]\nlifetime = \"1 minute\"\n").await;
    let browser = server.browser();
    let page = browser.authorize("shop").until(Ask::SignIn).await;
    server.clock.advance(59);
    assert!(browser.interaction(&page.url).await.is_ok());
    server.clock.advance(1);
    assert!(browser.interaction(&page.url).await.is_err());
}

#[tokio::test]
async fn tokens_code_lifetime() {
    let server = start("[tokens]\ncode_lifetime = \"5 s\"\n").await;
    let browser = server.browser().sign_in("alice");
    let late = browser.authorize("shop").code().await;
    server.clock.advance(5);
    server.redeem(&late).await.refused(Reason::CodeExpired);
}

#[tokio::test]
async fn tokens_access_token_lifetime_and_id_token_lifetime() {
    let server = start("[tokens]\naccess_token_lifetime = \"2 minutes\"\nid_token_lifetime = 30\n").await;
    let tokens = server.browser().sign_in("alice").authorize("shop").tokens().await;
    assert_eq!(tokens.json()["expires_in"], 120);
    let claims = server.claims(&tokens.member("id_token")).await;
    assert_eq!(claims["exp"].as_i64(), Some(server.now() + 30));
    server.clock.advance(119);
    assert!(server.is_active(&tokens.member("access_token"), "shop").await);
    server.clock.advance(1);
    assert!(!server.is_active(&tokens.member("access_token"), "shop").await);
}

#[tokio::test]
async fn tokens_clock_skew() {
    for (seconds, accepted) in [(1, false), (120, true)] {
        let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
        let server = server(&format!("[tokens]\nclock_skew = {seconds}\n"));
        let server = server.client(confidential("robot").key(&key)).start().await;
        let assertion = server.assertion("robot").claim("exp", server.now() - 60);
        let request = server.post("/token").param("grant_type", "client_credentials");
        let reply = request.asserting(&assertion.sign()).send().await;
        assert_eq!(reply.reason(), (!accepted).then_some(Reason::AssertionExpired), "{seconds}");
    }
}

#[tokio::test]
async fn refresh_tokens_idle() {
    let server = start("[refresh_tokens]\nidle = \"2 days\"\n").await;
    let token = refresh_token(&server, "shop", OFFLINE).await;
    server.clock.advance(2 * DAY - 1);
    let token = server.refresh("shop", &token).await.ok().member("refresh_token");
    server.clock.advance(2 * DAY);
    server.refresh("shop", &token).await.refused(Reason::RefreshExpired);
}

#[tokio::test]
async fn refresh_tokens_absolute() {
    let server = start("[refresh_tokens]\nidle = \"2 days\"\nabsolute = \"3 days\"\n").await;
    let token = refresh_token(&server, "shop", OFFLINE).await;
    server.clock.advance(2 * DAY - 1);
    let token = server.refresh("shop", &token).await.ok().member("refresh_token");
    server.clock.advance(DAY + 1);
    server.refresh("shop", &token).await.refused(Reason::RefreshExpired);
}

#[tokio::test]
async fn refresh_tokens_absolute_public_web() {
    let server = start("[refresh_tokens]\nabsolute_public_web = \"1 hour\"\n").await;
    let (web, other) =
        (refresh_token(&server, "spa", OFFLINE).await, refresh_token(&server, "shop", OFFLINE).await);
    server.clock.advance(3_600);
    server.refresh("spa", &web).await.refused(Reason::RefreshExpired);
    server.refresh("shop", &other).await.ok();
}

#[tokio::test]
async fn refresh_tokens_grace() {
    let server = start("[refresh_tokens]\ngrace = \"1 minute\"\n").await;
    let first = refresh_token(&server, "shop", OFFLINE).await;
    let second = server.refresh("shop", &first).await.ok().member("refresh_token");
    server.clock.advance(59);
    assert_eq!(server.refresh("shop", &first).await.ok().member("refresh_token"), second);
    server.clock.advance(1);
    server.refresh("shop", &first).await.refused(Reason::RefreshReuseDetected);
}

#[tokio::test]
async fn pkce_policy() {
    for (policy, reason) in [("required", Some(Reason::PkceMissing)), ("public", None)] {
        let server = start(&format!("[pkce]\npolicy = \"{policy}\"\n")).await;
        let browser = server.browser().sign_in("alice");
        let landing = browser.authorize("shop").without_pkce().finish().await;
        match reason {
            Some(reason) => drop(landing.refused(reason)),
            None => assert!(landing.param("code").is_some(), "{policy}"),
        }
        assert!(browser.authorize("excused").without_pkce().finish().await.param("code").is_some());
        browser.authorize("spa").without_pkce().finish().await.refused(Reason::PkceMissing);
    }
}

#[tokio::test]
async fn signing_keys_rotate_every() {
    let server = start("[signing_keys]\nrotate_every = \"2 hours\"\n").await;
    let published = async || server.jwks().await.keys().len();
    server.clock.advance(2 * 3_600 - 601);
    server.authorization_server.maintain(9).await.expect("the store works");
    assert_eq!(published().await, 2);
    server.clock.advance(1);
    server.authorization_server.maintain(9).await.expect("the store works");
    assert_eq!(published().await, 4);
}

/// RFC 9449 §8: a proof that was made in advance is of no use.
#[tokio::test]
async fn dpop_require_nonce() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    for (value, reason) in [("false", None), ("true", Some(Reason::ProofNonceMissing))] {
        let server = start(&format!("[dpop]\nrequire_nonce = {value}\n")).await;
        let proof = server.proof(&key, "POST", "/token").sign();
        let reply = server.client_credentials("shop").header("dpop", &proof).send().await;
        assert_eq!(
            (reply.reason(), reply.header("dpop-nonce").is_some()),
            (reason, reason.is_some()),
            "{value}"
        );
    }
}

#[tokio::test]
async fn audience_one_resource_per_token() {
    let (notes, music) = ("https://notes.example", "https://music.example");
    for (value, reason) in [("false", None), ("true", Some(Reason::AudienceTooMany))] {
        let server = server(&format!("[audience]\none_resource_per_token = {value}\n"))
            .client(confidential("both").scope("openid offline_access notes music"))
            .resource(resource(notes, "notes"))
            .resource(resource(music, "music"))
            .start()
            .await;
        let machine = || server.client_credentials("both").param("scope", "notes music");
        assert_eq!(machine().send().await.reason(), reason, "{value}");
        machine().param("resource", notes).send().await.ok();
        server.client_credentials("both").param("scope", "notes").send().await.ok();
        let browser = server.browser().sign_in("alice");
        let code = browser.authorize("both").scope("openid offline_access notes music").code().await;
        assert_eq!(server.redeem(&code).await.reason(), reason, "{value}");
        if reason.is_none() {
            continue;
        }
        let named = server.redemption(&code).param("resource", notes).send().await.ok();
        let refresh = named.member("refresh_token");
        server.refresh("both", &refresh).await.refused(Reason::AudienceTooMany);
        let renewed = server.renewal("both", &refresh).param("resource", music).send().await.ok();
        assert_eq!(renewed.member("scope"), "openid offline_access music");
    }
}

/// RFC 8252 §7.1: only what the operator names, and only for native clients.
#[test]
fn clients_redirect_schemes() {
    use server::registration::{ClientRegistration, Findings, Registrar, Rules};
    let settings = config("[clients]\nredirect_schemes = [\"cursor\", \"vscode\"]\n").settings;
    let rules = Rules::new(&settings, Registrar::Operator);
    for (application_type, redirect_uri, accepted) in [
        ("native", "cursor://anysphere.cursor-mcp/oauth/callback", true),
        ("native", "vscode://vscode.microsoft-authentication", true),
        ("native", "zed://callback", false),
        ("web", "cursor://anysphere.cursor-mcp/oauth/callback", false),
        ("web", "app.immich:///oauth-callback", true),
    ] {
        let members = serde_json::json!({
            "client_id": "a", "application_type": application_type, "redirect_uris": [redirect_uri],
        });
        let mut findings = Findings::default();
        ClientRegistration::read(String::new(), members, &rules, &mut findings);
        assert_eq!(findings.wrongs.is_empty(), accepted, "{redirect_uri}: {:?}", findings.wrongs);
    }
}

#[test]
fn default_over_its_enclosing_limit_is_shortened() {
    let settings =
        config("[sessions]\nabsolute = \"30 min\"\n[refresh_tokens]\nabsolute = \"2 h\"\n").settings;
    assert_eq!((settings.session_idle_lifetime, settings.refresh_idle_lifetime), (1_800, 7_200));
    assert_eq!(settings.refresh_absolute_lifetime_public_web, 7_200);
}

#[test]
fn the_defaults_are_those_of_the_library() {
    let config = config("");
    let settings = server::Settings::new(ISSUER).expect("an issuer");
    assert_eq!(format!("{:?}", config.settings), format!("{settings:?}"));
    assert_eq!(config.sign_in, accounts::SignInRates::default());
    assert_eq!(config.password_rule, accounts::PasswordRule::default());
    assert_eq!(config.password_cost, accounts::PasswordCost::default());
}

#[test]
fn duration_over_its_enclosing_limit_is_refused() {
    for (lines, words) in [
        (
            "[sessions]\nidle = \"13 hours\"\n",
            ":3: sessions.idle: must not be longer than sessions.absolute (12 hours)",
        ),
        (
            "[authorization]\npushed_requests = false\nrequire_pushed_requests = true\n",
            ":4: authorization.require_pushed_requests: needs authorization.pushed_requests",
        ),
        (
            "[authorization]\nrequest_objects = false\nrequire_request_objects = true\n",
            ":4: authorization.require_request_objects: needs authorization.request_objects",
        ),
        (
            "[refresh_tokens]\nidle = \"31 days\"\n",
            ":3: refresh_tokens.idle: must not be longer than refresh_tokens.absolute (30 days)",
        ),
        (
            "[sessions]\nidle = \"soon\"\n",
            ":3: sessions.idle: expected a duration from 5 minutes to 365 days such as \"1 hour\", got \"soon\"",
        ),
        (
            "[sign_in]\naddress_failures = 0\n",
            ":3: sign_in.address_failures: expected a whole number from 1 to 1000 (failures) such as 20, got 0",
        ),
        (
            "[clients]\nredirect_schemes = [\"javascript\"]\n",
            ":3: clients.redirect_schemes: expected a scheme in lowercase that no browser handles itself",
        ),
        (
            "[clients.registration]\nscopes = [\"passavant.admin\"]\n",
            ":3: clients.registration.scopes: \"passavant.admin\" is given by the operator only",
        ),
        (
            "[clients.registration]\nauth_methods = [\"magic\"]\n",
            ":3: clients.registration.auth_methods: expected one of `none`, ",
        ),
        (
            "[clients.registration]\nstatement_issuers = [\"https://a.example\"]\n",
            ":3: clients.registration.statement_issuers: expected an issuer, a space, and the https URL",
        ),
        (
            "[pkce]\npolicy = \"off\"\n",
            ":3: pkce.policy: expected one of `required`, `public` such as \"required\", got \"off\"",
        ),
    ] {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a file");
        write!(file, "issuer = \"{ISSUER}\"\n{lines}").expect("written");
        let mut layers = Layers::read(Some(file.path()), &[], &[]).expect("it is TOML");
        let problems = Config::of(&mut layers).expect_err("refused").to_string();
        assert!(problems.contains(words), "{words} in {problems}");
    }
}
