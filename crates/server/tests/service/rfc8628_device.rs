//! The device authorization grant (RFC 8628), and what RFC 10027 asks of it.

use std::sync::Arc;

use passavant_server::{
    Ask, DeviceFlow, Reason, RequestContext,
    ports::Standing,
    store::{Of, Why, memory::MemoryStore},
};
use testkit::{
    Interleaved,
    server::{Browser, Reply, Running, TestServer, confidential, public, resource, subject},
};
use tokio::task::JoinSet;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn server() -> TestServer {
    TestServer::new()
        .settings(|settings| settings.device = Some(DeviceFlow::default()))
        .client(public("tv").scope("openid profile offline_access notes.read music.read passavant.admin"))
        .client(confidential("console").scope("notes.read").without_consent())
        .client(confidential("shop").with(|client| client.grant_types = None))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .resource(resource("https://music.example", "music.read").caller("music"))
        .account("alice")
        .account("bob")
}

async fn start() -> Running {
    server().start().await
}

/// A device that shows a code.
struct Device {
    client: &'static str,
    device_code: String,
    user_code: String,
}

impl Device {
    async fn asking(server: &Running, client: &'static str, scope: &str) -> Self {
        let reply = server.device_authorization(client).param("scope", scope).send().await.ok();
        let (device_code, user_code) = (reply.member("device_code"), reply.member("user_code"));
        Self { client, device_code, user_code }
    }

    async fn poll(&self, server: &Running) -> Reply {
        server.poll(self.client, &self.device_code).send().await
    }

    /// Its user allows it, and it gets its tokens.
    async fn allowed(&self, server: &Running, browser: &Browser) -> Reply {
        allow(browser, self).await;
        self.poll(server).await.ok()
    }
}

async fn allow(browser: &Browser, device: &Device) {
    let landing = browser.enter_user_code(&device.user_code).await;
    assert_eq!(landing.url, "https://as.example/device?done=allowed", "{landing:?}");
}

/// RFC 8628 §3.2
#[tokio::test]
async fn a_device_gets_two_codes_and_where_to_type_one() {
    let server = start().await;
    let reply = server.device_authorization("tv").param("scope", "openid").send().await.ok();
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let user_code = reply.member("user_code");
    let letters: Vec<char> = user_code.chars().collect();
    assert_eq!((letters.len(), letters[4], reply.member("device_code").len()), (9, '-', 43));
    assert_eq!(reply.member("verification_uri"), "https://as.example/device");
    let complete = format!("https://as.example/device?user_code={user_code}");
    assert_eq!(reply.member("verification_uri_complete"), complete);
    assert_eq!((&reply.json()["expires_in"], &reply.json()["interval"]), (&600.into(), &5.into()));
}

/// RFC 8628 §3.4, §3.5: the device waits, and gets its tokens once its user allowed it.
#[tokio::test]
async fn a_device_polls_until_its_user_allowed_it() {
    let server = start().await;
    let device = Device::asking(&server, "tv", "openid notes.read offline_access").await;
    device.poll(&server).await.refused(Reason::AuthorizationPending);
    let landing = server.browser().sign_in("alice").enter_user_code(&device.user_code.to_lowercase()).await;
    assert_eq!(landing.asked, [Ask::SignIn, Ask::Confirm]);
    server.clock.advance(5);
    let tokens = device.poll(&server).await.ok();
    assert_eq!(tokens.member("scope"), "openid notes.read offline_access");
    assert!(tokens.json()["id_token"].is_string());
    let told = server.introspect(&tokens.member("access_token"), "notes").await.ok().json();
    assert_eq!((&told["sub"], &told["client_id"]), (&subject("alice").as_str().into(), &"tv".into()));
    server.refresh("tv", &tokens.member("refresh_token")).await.ok();
    let grants = server.store.list_grants(Some(&Of::Subject(subject("alice"))), None, 9).await;
    assert_eq!(grants.expect("the store works")[0].session, None, "the browser is not that of the device");
}

/// RFC 8628 §3.1: the client authenticates as it does at the token endpoint.
#[tokio::test]
async fn the_client_authenticates_as_it_registered() {
    let server = start().await;
    server.device_authorization("console").send().await.ok();
    let without = server.post("/device_authorization").param("client_id", "console").send().await;
    without.refused(Reason::ClientSecretMissing);
    let unknown = server.post("/device_authorization").param("client_id", "nobody").send().await;
    unknown.refused(Reason::ClientUnknown);
    server.device_authorization("shop").send().await.refused(Reason::GrantTypeNotRegistered);
    server.device_authorization("notes").send().await.refused(Reason::GrantTypeNotRegistered);
    assert_eq!(server.get("/device_authorization").send().await.status(), 405);
    let json = server.device_authorization("tv").body(Some("application/json"), "{}");
    json.send().await.refused(Reason::BodyTypeWrong);
}

/// RFC 8628 §3.1, RFC 8707 §2: scope and resources are checked as those of an authorization request, and no user can
/// give a device what administers the server.
#[tokio::test]
async fn scope_and_resources_are_checked_when_they_are_asked_for() {
    let server = start().await;
    let asking = |name: &str, value: &str| server.device_authorization("tv").param(name, value);
    asking("scope", "unknown").send().await.refused(Reason::ScopeNotRegistered);
    asking("scope", "passavant.admin").send().await.refused(Reason::ScopeNotRegistered);
    asking("scope", "\"").send().await.refused(Reason::ScopeMalformed);
    asking("resource", "https://unknown.example").send().await.refused(Reason::AudienceNotRegistered);
    let both = server.device_authorization("tv").param("scope", "notes.read music.read");
    let reply = both.param("resource", "https://notes.example").send().await.ok();
    let device = Device {
        client: "tv",
        device_code: reply.member("device_code"),
        user_code: reply.member("user_code"),
    };
    let tokens = device.allowed(&server, &server.browser().sign_in("alice")).await;
    assert_eq!(tokens.member("scope"), "notes.read");
    assert!(!server.is_active(&tokens.member("access_token"), "music").await);
    let device = Device::asking(&server, "tv", "notes.read").await;
    allow(&server.browser().sign_in("alice"), &device).await;
    let other = server.poll("tv", &device.device_code).param("resource", "https://music.example");
    other.send().await.refused(Reason::ResourceNotAllowed);
}

/// RFC 8628 §3.5: each poll before its time adds 5 seconds to the interval.
#[tokio::test]
async fn a_device_that_polls_too_often_slows_down() {
    let server = start().await;
    let device = Device::asking(&server, "tv", "openid").await;
    for (wait, reason) in [
        (0, Reason::AuthorizationPending),
        (1, Reason::PollTooEarly),
        (6, Reason::PollTooEarly),
        (15, Reason::AuthorizationPending),
        (13, Reason::PollTooEarly),
    ] {
        server.clock.advance(wait);
        device.poll(&server).await.refused(reason);
    }
    let other = Device::asking(&server, "tv", "openid").await;
    other.poll(&server).await.refused(Reason::AuthorizationPending);
    device.allowed(&server, &server.browser().sign_in("alice")).await;
}

/// RFC 8628 §3.5: `expired_token` and `access_denied`.
#[tokio::test]
async fn a_device_learns_that_its_code_expired_or_was_denied() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let (late, denied) =
        (Device::asking(&server, "tv", "openid").await, Device::asking(&server, "tv", "openid").await);
    let landing = browser.clone().denying().enter_user_code(&denied.user_code).await;
    assert_eq!(landing.url, "https://as.example/device?done=denied");
    denied.poll(&server).await.refused(Reason::DeferredDenied);
    let again = browser.enter_user_code(&denied.user_code).await;
    again.refused(Reason::UserCodeUnknown);
    server.clock.advance(600);
    late.poll(&server).await.refused(Reason::DeferredExpired);
    browser.enter_user_code(&late.user_code).await.refused(Reason::UserCodeUnknown);
}

/// RFC 8628 §3.5: a code that expires while its page is open can't be allowed any more.
#[tokio::test]
async fn a_code_that_expired_on_the_page_is_not_allowed() {
    let server = start().await;
    let device = Device::asking(&server, "tv", "openid").await;
    let browser = server.browser().sign_in("alice");
    let page = browser.enter_user_code_until(&device.user_code, Some(Ask::Confirm), None).await;
    server.clock.advance(600);
    browser.open(&page.url).await.refused(Reason::UserCodeUnknown);
    device.poll(&server).await.refused(Reason::DeferredExpired);
}

/// RFC 8628 §3.5, RFC 6749 §4.1.2: a device code is redeemed once, and a second time ends what it gave.
#[tokio::test]
async fn a_device_code_is_redeemed_once() {
    let server = start().await;
    let device = Device::asking(&server, "tv", "notes.read").await;
    let tokens = device.allowed(&server, &server.browser().sign_in("alice")).await;
    device.poll(&server).await.refused(Reason::DeferredReused);
    assert!(!server.is_active(&tokens.member("access_token"), "notes").await);
    let refreshed = server.refresh("tv", &tokens.member("refresh_token")).await;
    refreshed.refused(Reason::GrantEnded);
}

/// RFC 8628 §3.4: another client's code is of no use, and its attempt changes nothing.
#[tokio::test]
async fn a_device_code_is_of_use_to_its_client_alone() {
    let server = start().await;
    let device = Device::asking(&server, "tv", "notes.read").await;
    let stolen = || server.poll("console", &device.device_code).send();
    stolen().await.refused(Reason::DeferredClientMismatch);
    let tokens = device.allowed(&server, &server.browser().sign_in("alice")).await;
    stolen().await.refused(Reason::DeferredClientMismatch);
    assert!(server.is_active(&tokens.member("access_token"), "notes").await);
    for code in ["short", &"A".repeat(43)] {
        server.poll("tv", code).send().await.refused(Reason::DeferredUnknown);
    }
    let missing = server.post("/token").as_client("tv").param("grant_type", DEVICE_CODE).send().await;
    missing.refused(Reason::ParameterMissing("device_code"));
}

/// RFC 8628 §5.4, RFC 10027 §6.1: the user is always asked, whatever was allowed before, and is shown what to compare.
#[tokio::test]
async fn the_user_is_always_asked_and_shown_what_to_compare() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    for client in ["tv", "console", "tv", "console"] {
        let device = Device::asking(&server, client, "notes.read").await;
        let page = browser.enter_user_code_until(&device.user_code, Some(Ask::Confirm), None).await;
        let open = browser.interaction(&page.url).await.expect("it opens");
        let facts = open.deferred().expect("it is of a device");
        assert_eq!(facts.user_code.as_ref().map(ToString::to_string), Some(device.user_code.clone()));
        assert_eq!(open.client_id().map(protocol::ClientId::as_str), Some(client));
        let scopes: Vec<_> = open.scopes().iter().map(|asked| asked.scope.as_str()).collect();
        assert_eq!((scopes.as_slice(), open.redirect_uri()), (&["notes.read"][..], None));
        device.poll(&server).await.refused(Reason::AuthorizationPending);
        device.allowed(&server, &browser).await;
    }
}

/// RFC 8628 §3.3.1, RFC 10027 §6.1: following a link with the code approves nothing.
#[tokio::test]
async fn a_link_with_the_code_approves_nothing() {
    let server = start().await;
    let reply = server.device_authorization("tv").send().await.ok();
    let browser = server.browser().sign_in("alice");
    let landing = browser.open(&reply.member("verification_uri_complete")).await;
    assert_eq!(landing.asked, []);
    let polled = server.poll("tv", &reply.member("device_code")).send().await;
    polled.refused(Reason::AuthorizationPending);
}

/// RFC 8628 §5.1: wrong codes of one address, and of one account, are limited; right ones are not counted.
#[tokio::test]
async fn wrong_user_codes_are_limited_by_address_and_by_account() {
    let server = start().await;
    let guess = async |browser: &Browser, peer: Option<u8>| {
        let from = peer.map(|last| RequestContext::new("", [192, 0, 2, last].into()));
        browser.enter_user_code_until("BBBB-BBBB", None, from).await
    };
    let right = async |browser: &Browser, last: u8| {
        let device = Device::asking(&server, "tv", "openid").await;
        let from = RequestContext::new("", [192, 0, 2, last].into());
        browser.enter_user_code_until(&device.user_code, Some(Ask::SignIn), Some(from)).await
    };
    let stranger = server.browser();
    for _ in 0..10 {
        guess(&stranger, Some(1)).await.refused(Reason::UserCodeUnknown);
        assert_eq!(right(&server.browser(), 1).await.asked, [Ask::SignIn]);
        guess(&server.browser(), Some(1)).await.refused(Reason::UserCodeUnknown);
    }
    guess(&stranger, Some(1)).await.refused(Reason::UserCodesTooMany);
    right(&stranger, 1).await.refused(Reason::UserCodesTooMany);
    guess(&stranger, Some(2)).await.refused(Reason::UserCodeUnknown);
    let alice = server.browser().sign_in("alice");
    alice.authorize("shop").until(Ask::Consent).await;
    for last in 0..20 {
        guess(&alice, Some(100 + last)).await.refused(Reason::UserCodeUnknown);
    }
    guess(&alice, Some(99)).await.refused(Reason::UserCodesTooMany);
    server.clock.advance(3_600);
    guess(&alice, Some(99)).await.refused(Reason::UserCodeUnknown);
    // What can't be a code is no guess.
    for _ in 0..50 {
        stranger.enter_user_code("WRONG").await.refused(Reason::UserCodeUnknown);
    }
}

/// RFC 9700 §4.7: the form with the code is one of this site.
#[tokio::test]
async fn another_site_can_not_send_the_form_with_a_code() {
    let server = start().await;
    let device = Device::asking(&server, "tv", "openid").await;
    let mut head = server.browser().page_head("https://as.example/device");
    head.headers.insert("sec-fetch-site", "cross-site".parse().expect("a value"));
    let refused = server.authorization_server.enter_user_code(&head, &device.user_code).await;
    assert!(matches!(refused, Err(passavant_server::Error::Refused(Reason::FormCrossSite))), "{refused:?}");
}

/// RFC 8628 §5.2: device authorizations of one address are limited.
#[tokio::test]
async fn device_authorizations_of_one_address_are_limited() {
    let server = start().await;
    let peer = |last: u8| RequestContext::new("", [192, 0, 2, last].into());
    let ask = async |last: u8| {
        let mut request = server.device_authorization("tv").request();
        request.extensions_mut().insert(peer(last));
        server.call(request).await
    };
    for _ in 0..60 {
        ask(1).await.ok();
    }
    let refused = ask(1).await;
    assert_eq!((refused.status(), refused.header("retry-after")), (429, Some("600")));
    assert_eq!(refused.reason(), Some(Reason::DeviceAuthorizationsTooMany));
    ask(2).await.ok();
    server.clock.advance(600);
    ask(1).await.ok();
}

/// The grant of a device outlives the session of the browser that allowed it, and ends with its account and client.
#[tokio::test]
async fn a_device_stays_signed_in_until_its_account_client_or_grant_ends() {
    for why in [Why::AccountDisabled, Why::ClientDisabled, Why::Revoked] {
        let server = start().await;
        let browser = server.browser().sign_in("alice");
        let device = Device::asking(&server, "tv", "notes.read").await;
        let tokens = device.allowed(&server, &browser).await;
        browser.open("https://as.example/logout").await;
        assert!(server.is_active(&tokens.member("access_token"), "notes").await, "{why:?}");
        let alice = Of::Subject(subject("alice"));
        let of = match why {
            Why::AccountDisabled => alice,
            Why::ClientDisabled => Of::Client(protocol::ClientId::new("tv")),
            _ => Of::Grant(server.store.list_grants(Some(&alice), None, 1).await.expect("it works")[0].id),
        };
        server.authorization_server.end(of, why).await.expect("the store works");
        assert!(!server.is_active(&tokens.member("access_token"), "notes").await, "{why:?}");
        server.refresh("tv", &tokens.member("refresh_token")).await.refused(Reason::GrantEnded);
    }
}

/// What was approved ends with its account, also before the device polls for it.
#[tokio::test]
async fn an_approval_that_ended_gives_no_tokens() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let (ended, disabled) =
        (Device::asking(&server, "tv", "openid").await, Device::asking(&server, "tv", "openid").await);
    allow(&browser, &ended).await;
    let alice = Of::Subject(subject("alice"));
    server.authorization_server.end(alice, Why::PasswordChanged).await.expect("the store works");
    ended.poll(&server).await.refused(Reason::GrantEnded);
    allow(&browser, &disabled).await;
    server.accounts.set_standing("alice", Standing::Disabled);
    disabled.poll(&server).await.refused(Reason::SubjectDisabled);
}

/// A session that ended while its page was open approves nothing: whoever is there signs in again.
#[tokio::test]
async fn a_session_that_ended_approves_nothing() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let device = Device::asking(&server, "tv", "openid").await;
    let page = browser.enter_user_code_until(&device.user_code, Some(Ask::Confirm), None).await;
    let open = browser.interaction(&page.url).await.expect("it opens");
    let alice = Of::Subject(subject("alice"));
    server.authorization_server.end(alice, Why::SessionKilled).await.expect("the store works");
    let answer = Reply::read_from(&server, open.approve().await).await;
    assert!(
        answer.header("location").is_some_and(|to| to.starts_with("https://as.example/login")),
        "{answer:?}"
    );
    device.poll(&server).await.refused(Reason::AuthorizationPending);
}

/// RFC 8628 §3.5: of many concurrent polls one gets tokens, and the others end what it got.
#[tokio::test]
async fn one_of_many_concurrent_polls_gets_tokens() {
    for seed in 0..40 {
        let store = Arc::new(Interleaved::new(MemoryStore::new(), seed));
        let server = server().store(store).start().await;
        let device = Device::asking(&server, "tv", "notes.read").await;
        allow(&server.browser().sign_in("alice"), &device).await;
        let mut polls = JoinSet::new();
        for _ in 0..8 {
            let poll = server.poll("tv", &device.device_code);
            polls.spawn(poll.send());
        }
        let replies = polls.join_all().await;
        let got: Vec<_> = replies.iter().filter(|reply| reply.status() == 200).collect();
        assert_eq!(got.len(), 1, "seed {seed}");
        assert!(!server.is_active(&got[0].member("access_token"), "notes").await, "seed {seed}");
    }
}

/// RFC 8628 §4, RFC 8414 §2: the endpoint and the grant type are announced where they are served, and only there.
#[tokio::test]
async fn what_is_served_is_announced() {
    for is_served in [true, false] {
        let server = server().settings(|settings| {
            settings.device = settings.device.filter(|_| is_served);
        });
        let server = server.start().await;
        let metadata = server.get("/.well-known/oauth-authorization-server").send().await.ok().json();
        let endpoint = &metadata["device_authorization_endpoint"];
        assert_eq!(*endpoint == "https://as.example/device_authorization", is_served, "{endpoint}");
        let grant_types = metadata["grant_types_supported"].as_array().expect("a list");
        assert_eq!(grant_types.contains(&DEVICE_CODE.into()), is_served);
        let reply = server.device_authorization("tv").send().await;
        assert_eq!(reply.status(), if is_served { 200 } else { 404 });
        let reason = server.poll("tv", &"A".repeat(43)).send().await.reason();
        let expected = if is_served { Reason::DeferredUnknown } else { Reason::GrantTypeUnsupported };
        assert_eq!(reason, Some(expected));
    }
}
