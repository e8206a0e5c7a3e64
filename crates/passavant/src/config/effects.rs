//! Each key does what it says: set in a file, seen at a server whose clock is the test's.

mod registration;

use std::{io::Write as _, path::Path};

use jose::{SignatureAlgorithm, SigningKey};
use server::{Ask, Reason};
use testkit::server::{Browser, ISSUER, Reply, Running, TestServer, confidential, public, resource, subject};

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

/// RFC 9700 §2.3: a token for one resource is of no use to another.
#[tokio::test]
async fn authorization_danger_front_channel_tokens() {
    let implicit = |client: &mut protocol::ClientMetadata| {
        client.response_types = Some(vec!["id_token".to_owned()]);
        client.grant_types = Some(vec!["implicit".to_owned()]);
    };
    for (value, reason) in [("true", None), ("false", Some(Reason::ResponseTypeUnsupported))] {
        let server = server(&format!("[authorization]\ndanger_front_channel_tokens = {value}\n"))
            .client(confidential("implicit").with(implicit))
            .start()
            .await;
        let request = server.browser().sign_in("alice").authorize("implicit");
        let landing = request.param("response_type", "id_token").finish().await;
        assert_eq!(landing.reply.expect("an answer").reason(), reason, "{value}");
    }
}

#[tokio::test]
async fn authorization_web_messages() {
    for (value, reason) in [("true", None), ("false", Some(Reason::ResponseModeUnsupported))] {
        let server = start(&format!("[authorization]\nweb_messages = {value}\n")).await;
        let request = server.browser().sign_in("alice").authorize("shop");
        let landing = request.param("response_mode", "web_message").finish().await;
        assert_eq!(landing.reply.expect("an answer").reason(), reason, "{value}");
    }
}

#[tokio::test]
async fn authorization_pushed_requests() {
    for (value, status) in [("true", 201), ("false", 404)] {
        let server = start(&format!("[authorization]\npushed_requests = {value}\n")).await;
        let reply = server.browser().authorize("shop").pushing().send().await;
        assert_eq!(reply.status(), status, "{value}");
    }
}

#[tokio::test]
async fn authorization_pushed_request_lifetime() {
    let server = start("[authorization]\npushed_request_lifetime = \"5 s\"\n").await;
    let request = server.browser().sign_in("alice").authorize("shop").push().await;
    server.clock.advance(4);
    request.clone().until(Ask::SignIn).await;
    server.clock.advance(1);
    request.finish().await.refused(Reason::RequestUriExpired);
}

#[tokio::test]
async fn authorization_require_pushed_requests() {
    let server = start("[authorization]\nrequire_pushed_requests = true\n").await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").finish().await.refused(Reason::PushedRequestMissing);
    browser.authorize("shop").push().await.code().await;
}

#[tokio::test]
async fn authorization_request_objects() {
    for (value, reason) in
        [("true", Reason::RequestObjectMalformed), ("false", Reason::RequestObjectUnsupported)]
    {
        let server = start(&format!("[authorization]\nrequest_objects = {value}\n")).await;
        let request = server.browser().sign_in("alice").authorize("shop").and("request", "x");
        assert_eq!(request.send().await.reason(), Some(reason), "{value}");
    }
}

#[tokio::test]
async fn authorization_fetch_request_objects() {
    for (value, reason) in
        [("true", Reason::RequestUriNotRegistered), ("false", Reason::RequestUriUnsupported)]
    {
        let server = start(&format!("[authorization]\nfetch_request_objects = {value}\n")).await;
        let request = server.browser().authorize("shop").and("request_uri", "https://shop.example/request");
        assert_eq!(request.send().await.reason(), Some(reason), "{value}");
    }
}

#[tokio::test]
async fn authorization_require_request_objects() {
    let server = start("[authorization]\nrequire_request_objects = true\n").await;
    server.browser().authorize("shop").finish().await.refused(Reason::RequestObjectMissing);
}

async fn device_authorization(server: &Running) -> Reply {
    server.device_authorization("shop").param("scope", "openid").send().await
}

#[tokio::test]
async fn device_enabled() {
    for (value, status) in [("true", 200), ("false", 404)] {
        let server = start(&format!("[device]\nenabled = {value}\n")).await;
        assert_eq!(device_authorization(&server).await.status(), status, "{value}");
    }
    assert_eq!(device_authorization(&start("").await).await.status(), 404, "by default");
}

#[tokio::test]
async fn device_code_lifetime() {
    let server = start("[device]\nenabled = true\ncode_lifetime = \"1 minute\"\n").await;
    let reply = device_authorization(&server).await.ok();
    assert_eq!(reply.json()["expires_in"], 60);
    let code = reply.member("device_code");
    server.clock.advance(59);
    server.poll("shop", &code).send().await.refused(Reason::AuthorizationPending);
    server.clock.advance(1);
    server.poll("shop", &code).send().await.refused(Reason::DeferredExpired);
}

#[tokio::test]
async fn device_interval() {
    let server = start("[device]\nenabled = true\ninterval = \"20 s\"\n").await;
    let reply = device_authorization(&server).await.ok();
    assert_eq!(reply.json()["interval"], 20);
    let code = reply.member("device_code");
    server.poll("shop", &code).send().await.refused(Reason::AuthorizationPending);
    server.clock.advance(18);
    server.poll("shop", &code).send().await.refused(Reason::PollTooEarly);
}

/// The client `shop`, which exchanges its own tokens for others of the same API.
async fn exchanging(lines: &str) -> (Running, String) {
    let policy = protocol::TokenExchangePolicy {
        subject_clients: vec!["cart".into()],
        audiences: vec!["https://notes.example".into()],
        ..protocol::TokenExchangePolicy::default()
    };
    let cart = confidential("cart").scope("notes.read");
    let cart = cart.with(|client| client.token_exchange = Some(policy));
    let notes = resource("https://notes.example", "notes.read");
    let server = server(lines).client(cart).resource(notes).start().await;
    let tokens = server.browser().sign_in("alice").authorize("cart").scope("notes.read").tokens().await;
    let token = tokens.member("access_token");
    (server, token)
}

async fn exchange((server, token): &(Running, String)) -> Reply {
    let call = server.post("/token").as_client("cart").params(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ]);
    call.send().await
}

async fn backchannel(server: &Running) -> Reply {
    let call = server.post("/backchannel_authentication").as_client("shop");
    call.params(&[("scope", "openid"), ("login_hint", "alice")]).send().await
}

#[tokio::test]
async fn backchannel_authentication_enabled() {
    for (value, status) in [("true", 200), ("false", 404)] {
        let server = start(&format!("[backchannel_authentication]\nenabled = {value}\n")).await;
        assert_eq!(backchannel(&server).await.status(), status, "{value}");
    }
    assert_eq!(backchannel(&start("").await).await.status(), 404, "by default");
}

#[tokio::test]
async fn backchannel_authentication_request_lifetime() {
    let lines = "[backchannel_authentication]\nenabled = true\nrequest_lifetime = \"1 minute\"\n";
    assert_eq!(backchannel(&start(lines).await).await.ok().json()["expires_in"], 60);
}

#[tokio::test]
async fn backchannel_authentication_interval() {
    let server = start("[backchannel_authentication]\nenabled = true\ninterval = \"20 s\"\n").await;
    let reply = backchannel(&server).await.ok();
    assert_eq!(reply.json()["interval"], 20);
    let (grant_type, id) = ("urn:openid:params:grant-type:ciba", reply.member("auth_req_id"));
    let poll = || {
        let call = server.post("/token").as_client("shop");
        call.params(&[("grant_type", grant_type), ("auth_req_id", &id)]).send()
    };
    poll().await.refused(Reason::AuthorizationPending);
    server.clock.advance(18);
    poll().await.refused(Reason::PollTooEarly);
}

#[tokio::test]
async fn jwt_bearer_issuers() {
    let reason = async |lines: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let call = start(lines).await.post("/token").as_client("shop");
        call.params(&[("grant_type", grant), ("assertion", "x")]).send().await.reason()
    };
    let trusted = "[jwt_bearer]\nissuers = [\"https://idp.example https://idp.example/jwks\"]\n";
    assert_eq!(reason(trusted).await, Some(Reason::BearerAssertionInvalid));
    assert_eq!(reason("").await, Some(Reason::GrantTypeUnsupported));
}

#[tokio::test]
async fn token_exchange_enabled() {
    exchange(&exchanging("[token_exchange]\nenabled = true\n").await).await.ok();
    exchange(&exchanging("").await).await.refused(Reason::GrantTypeUnsupported);
}

#[tokio::test]
async fn token_exchange_token_lifetime_max() {
    let lines = "[token_exchange]\nenabled = true\ntoken_lifetime_max = \"30 s\"\n";
    assert_eq!(exchange(&exchanging(lines).await).await.ok().json()["expires_in"], 30);
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
