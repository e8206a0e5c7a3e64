//! Client-initiated backchannel authentication (OpenID Connect CIBA Core 1.0), in the modes poll and ping.

use jose::{SignatureAlgorithm, SigningKey, jws};
use passavant_server::{
    Ask, BackchannelAuthentication, Reason,
    ports::{Clock as _, FetchError, Standing},
    store::{Of, Why},
};
use serde_json::{Value, json};
use testkit::server::{
    Browser, Call, Running, TestClient, TestServer, confidential, public, resource, subject,
};

const GRANT: &str = "urn:openid:params:grant-type:ciba";
const PATH: &str = "/backchannel_authentication";
const PINGED: &str = "https://bank.example/ping";

fn pinged(id: &str) -> TestClient {
    confidential(id).with(|client| {
        client.backchannel_token_delivery_mode = Some("ping".into());
        client.backchannel_client_notification_endpoint = Some(PINGED.into());
    })
}

fn server() -> TestServer {
    TestServer::new()
        .settings(|settings| settings.backchannel = Some(BackchannelAuthentication::default()))
        .client(confidential("desk").scope("openid offline_access notes.read passavant.admin"))
        .client(confidential("other"))
        .client(pinged("bank"))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
        .account("bob")
}

async fn start() -> Running {
    server().start().await
}

fn request(server: &Running, client: &str) -> Call {
    server.post(PATH).as_client(client).param("scope", "openid").param("login_hint", "alice")
}

fn poll(server: &Running, client: &str, id: &str) -> Call {
    server.post("/token").as_client(client).params(&[("grant_type", GRANT), ("auth_req_id", id)])
}

/// A browser in which this user is signed in.
async fn signed_in(server: &Running, name: &str) -> Browser {
    let browser = server.browser().sign_in(name);
    browser.authorize("other").scope("openid").code().await;
    browser
}

/// The user looks at the oldest request that waits, and presses what the browser is set to.
async fn answer(server: &Running, browser: &Browser) -> String {
    let head = browser.page_head("https://as.example/account/requests");
    let waiting = server.authorization_server.waiting_requests(&head).await.expect("it reads");
    let waiting = waiting.expect("somebody is signed in");
    let opened = server.authorization_server.answer_request(&head, waiting[0].id).await.expect("it opens");
    let reply = testkit::server::Reply::read_from(server, Ok(opened)).await;
    browser.keep_cookies(&reply);
    browser.open(reply.header("location").expect("it redirects")).await.url
}

/// CIBA Core 1.0 §7.3, §10.1.1: an acknowledgement, pending polls, and then the tokens.
#[tokio::test]
async fn a_client_polls_until_the_user_that_it_named_allowed_it() {
    let server = start().await;
    let call = request(&server, "desk").without("scope").param("scope", "openid notes.read");
    let reply = call.param("binding_message", "W4SCT").send().await.ok();
    assert_eq!((&reply.json()["expires_in"], &reply.json()["interval"]), (&json!(300), &json!(5)));
    let id = reply.member("auth_req_id");
    poll(&server, "desk", &id).send().await.refused(Reason::AuthorizationPending);
    poll(&server, "desk", &id).send().await.refused(Reason::PollTooEarly);
    let browser = signed_in(&server, "alice").await;
    let head = browser.page_head("https://as.example/account/requests");
    let waiting =
        server.authorization_server.waiting_requests(&head).await.expect("it reads").expect("alice");
    assert_eq!(
        (waiting[0].client_name.as_str(), waiting[0].binding_message.as_deref()),
        ("The desk", Some("W4SCT"))
    );
    assert_eq!(answer(&server, &browser).await, "https://as.example/device?done=allowed");
    let tokens = poll(&server, "desk", &id).send().await.ok();
    assert_eq!(tokens.member("scope"), "openid notes.read");
    assert!(tokens.json()["id_token"].is_string());
    let told = server.introspect(&tokens.member("access_token"), "notes").await.ok().json();
    assert_eq!(told["sub"], json!(subject("alice").as_str()));
    poll(&server, "desk", &id).send().await.refused(Reason::DeferredReused);
}

/// CIBA Core 1.0 §11: the user denies, or answers too late.
#[tokio::test]
async fn a_client_learns_that_its_request_was_denied_or_expired() {
    let server = start().await;
    let browser = signed_in(&server, "alice").await;
    let denied = request(&server, "desk").send().await.ok().member("auth_req_id");
    assert_eq!(answer(&server, &browser.clone().denying()).await, "https://as.example/device?done=denied");
    poll(&server, "desk", &denied).send().await.refused(Reason::DeferredDenied);
    let short = request(&server, "desk").param("requested_expiry", "20").send().await.ok();
    assert_eq!(short.json()["expires_in"], 20);
    server.clock.advance(20);
    poll(&server, "desk", &short.member("auth_req_id")).send().await.refused(Reason::DeferredExpired);
}

/// Only the user whom the client named sees the request, and can answer it.
#[tokio::test]
async fn nobody_but_the_named_user_answers() {
    let server = start().await;
    let id = request(&server, "desk").send().await.ok().member("auth_req_id");
    let (alice, bob) = (signed_in(&server, "alice").await, signed_in(&server, "bob").await);
    let page = "https://as.example/account/requests";
    let of = async |browser: &Browser| {
        server.authorization_server.waiting_requests(&browser.page_head(page)).await.expect("it reads")
    };
    assert_eq!(of(&server.browser()).await, None);
    assert_eq!(of(&bob).await, Some(Vec::new()));
    let row = of(&alice).await.expect("alice")[0].id;
    let opened =
        server.authorization_server.answer_request(&bob.page_head(page), row).await.expect("it opens");
    let reply = testkit::server::Reply::read_from(&server, Ok(opened)).await;
    bob.keep_cookies(&reply);
    bob.open(reply.header("location").expect("it redirects")).await.refused(Reason::UserCodeUnknown);
    poll(&server, "desk", &id).send().await.refused(Reason::AuthorizationPending);
    poll(&server, "other", &id).send().await.refused(Reason::DeferredClientMismatch);
}

/// CIBA Core 1.0 §7.1, §13: what a request must be.
#[tokio::test]
async fn a_request_is_checked_before_the_user_sees_it() {
    let server = start().await;
    let ask = |client: &str| request(&server, client);
    ask("desk")
        .without("scope")
        .param("scope", "notes.read")
        .send()
        .await
        .refused(Reason::OpenidScopeMissing);
    ask("desk")
        .without("scope")
        .param("scope", "openid passavant.admin")
        .send()
        .await
        .refused(Reason::ScopeNotRegistered);
    ask("desk").without("login_hint").send().await.refused(Reason::ParameterMissing("login_hint"));
    ask("desk").param("id_token_hint", "x").send().await.refused(Reason::UserHintRepeated);
    let hint = |name: &str, value: &str| ask("desk").without("login_hint").param(name, value);
    hint("login_hint_token", "x").send().await.refused(Reason::LoginHintTokenUnsupported);
    hint("login_hint", "nobody").send().await.refused(Reason::UserUnknown);
    hint("id_token_hint", "x").send().await.refused(Reason::HintInvalid);
    let tokens = server.browser().sign_in("alice").authorize("desk").scope("openid").tokens().await;
    hint("id_token_hint", &tokens.member("id_token")).send().await.ok();
    for message in ["a\nb", &"x".repeat(65)] {
        ask("desk").param("binding_message", message).send().await.refused(Reason::BindingMessageInvalid);
    }
    for expiry in ["0", "soon"] {
        ask("desk").param("requested_expiry", expiry).send().await.refused(Reason::RequestedExpiryInvalid);
    }
    ask("spa").send().await.refused(Reason::GrantTypeNotRegistered);
    server.accounts.set_standing("alice", Standing::Disabled);
    ask("desk").send().await.refused(Reason::UserUnknown);
    assert_eq!(server.get(PATH).send().await.status(), 405);
}

/// Nobody is flooded: five requests wait for a user, and one client sends ten in ten minutes.
#[tokio::test]
async fn nobody_is_flooded_with_requests() {
    let server = start().await;
    let browser = signed_in(&server, "alice").await.denying();
    for _ in 0..5 {
        request(&server, "desk").send().await.ok();
    }
    let refused = request(&server, "other").send().await;
    assert_eq!((refused.status(), refused.reason()), (429, Some(Reason::UserRequestsTooMany)));
    let of_bob = request(&server, "desk").without("login_hint").param("login_hint", "bob");
    of_bob.send().await.ok();
    for _ in 0..5 {
        answer(&server, &browser).await;
        request(&server, "desk").send().await.ok();
    }
    answer(&server, &browser).await;
    assert_eq!(request(&server, "desk").send().await.reason(), Some(Reason::UserRequestsTooMany));
    request(&server, "other").send().await.ok();
}

/// What was approved ends with its account, before and after the client polls.
#[tokio::test]
async fn what_was_approved_ends_with_its_account() {
    let server = start().await;
    let browser = signed_in(&server, "alice").await;
    let id = request(&server, "desk").send().await.ok().member("auth_req_id");
    answer(&server, &browser).await;
    let alice = Of::Subject(subject("alice"));
    server.authorization_server.end(alice, Why::AccountDisabled).await.expect("the store works");
    poll(&server, "desk", &id).send().await.refused(Reason::GrantEnded);
}

/// CIBA Core 1.0 §10.2: the client is pinged, as often as it takes, also after a restart; and then polls.
#[tokio::test]
async fn a_client_is_pinged_until_it_answers() {
    let server = start().await;
    let browser = signed_in(&server, "alice").await;
    request(&server, "bank").send().await.refused(Reason::ParameterMissing("client_notification_token"));
    let bad = request(&server, "bank").param("client_notification_token", "a b").send().await;
    bad.refused(Reason::NotificationTokenInvalid);
    server.maintain().await;
    let call = request(&server, "bank").param("client_notification_token", "t0ken");
    let id = call.send().await.ok().member("auth_req_id");
    server.maintain().await;
    assert_eq!(server.fetch.asked(PINGED), 0);
    server.fetch.fail(PINGED, FetchError::Unreachable("refused".into()));
    answer(&server, &browser).await;
    server.maintain().await;
    server.maintain().await;
    assert_eq!(server.fetch.asked(PINGED), 1, "a pause follows an attempt that failed");
    server.clock.advance(1);
    server.maintain().await;
    assert_eq!(server.fetch.asked(PINGED), 2);
    // The outbox is in the store: another process goes on where this one ended.
    let restarted = server.restarted();
    restarted.fetch.refuse(PINGED, 204);
    restarted.maintain().await;
    restarted.maintain().await;
    assert_eq!(restarted.fetch.asked(PINGED), 3);
    let sent = restarted.fetch.received(PINGED);
    assert_eq!(sent, [("Bearer t0ken".to_owned(), json!({ "auth_req_id": id }).to_string())]);
    poll(&restarted, "bank", &id).send().await.ok();
}

/// CIBA Core 1.0 §10.2: a client that never answers is left alone when its request has expired, and holds up no other.
#[tokio::test]
async fn a_client_that_never_answers_holds_up_nobody_for_long() {
    let server = start().await;
    let browser = signed_in(&server, "alice").await;
    server.maintain().await;
    server.fetch.fail(PINGED, FetchError::Unreachable("refused".into()));
    let token = "t0ken";
    request(&server, "bank").param("client_notification_token", token).send().await.ok();
    answer(&server, &browser).await;
    server.maintain().await;
    server.clock.advance(300);
    let asked = server.fetch.asked(PINGED);
    server.maintain().await;
    assert_eq!(server.fetch.asked(PINGED), asked);
    server.fetch.refuse(PINGED, 204);
    request(&server, "bank").param("client_notification_token", token).send().await.ok();
    answer(&server, &browser).await;
    server.maintain().await;
    assert_eq!(server.fetch.asked(PINGED), asked + 1);
}

/// CIBA Core 1.0 §7.1.1: a client that registered an algorithm signs its requests, each for one use.
#[tokio::test]
async fn a_client_that_registered_an_algorithm_signs_its_requests() {
    let key = || SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let (own, other) = (key(), key());
    let signing = confidential("signing").key(&own).with(|client| {
        client.backchannel_authentication_request_signing_alg = Some("ES256".into());
    });
    let server = server().client(signing).start().await;
    let object = |key: &SigningKey, jti: &str, changes: &[(&str, Value)]| {
        let now = server.clock.now().0;
        let mut claims = json!({
            "iss": "signing", "aud": server.issuer(), "jti": jti, "iat": now, "nbf": now, "exp": now + 60,
            "scope": "openid", "login_hint": "alice", "requested_expiry": 30,
        });
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        let header = jws::Header { kid: Some(key.kid().into()), ..jws::Header::default() };
        jws::sign(&header, claims.to_string().as_bytes(), key).expect("it signs")
    };
    let send =
        async |object: &str| server.post(PATH).as_client("signing").param("request", object).send().await;
    let good = object(&own, "1", &[]);
    assert_eq!(send(&good).await.ok().json()["expires_in"], 30);
    send(&good).await.refused(Reason::RequestObjectReplayed);
    send(&object(&other, "2", &[])).await.refused(Reason::RequestObjectSignatureWrong);
    send("x").await.refused(Reason::RequestObjectMalformed);
    send(&object(&own, "3", &[("aud", json!("https://other.example"))]))
        .await
        .refused(Reason::RequestObjectClaimWrong);
    let plain = server.post(PATH).as_client("signing").param("scope", "openid").param("login_hint", "alice");
    plain.send().await.refused(Reason::RequestObjectMissing);
    let unregistered = request(&server, "desk").param("request", &good).send().await;
    unregistered.refused(Reason::RequestObjectUnsupported);
}

/// RFC 8628 §5.4: the user is always asked, on the page that shows what is asked for.
#[tokio::test]
async fn the_user_is_asked_on_the_page_of_confirmations() {
    let server = start().await;
    let browser = signed_in(&server, "alice").await;
    request(&server, "desk").param("binding_message", "W4SCT").send().await.ok();
    let head = browser.page_head("https://as.example/account/requests");
    let waiting =
        server.authorization_server.waiting_requests(&head).await.expect("it reads").expect("alice");
    let opened = server.authorization_server.answer_request(&head, waiting[0].id).await.expect("it opens");
    let reply = testkit::server::Reply::read_from(&server, Ok(opened)).await;
    browser.keep_cookies(&reply);
    let page = browser.open_until(reply.header("location").expect("it redirects"), Ask::Confirm).await;
    let open = browser.interaction(&page.url).await.expect("it opens");
    let facts = open.deferred().expect("of a client");
    assert_eq!((facts.binding_message.as_deref(), facts.user_code.as_ref()), (Some("W4SCT"), None));
    assert_eq!(open.client_id().map(protocol::ClientId::as_str), Some("desk"));
}

/// CIBA Core 1.0 §4: what is served is announced, and only that.
#[tokio::test]
async fn what_is_served_is_announced() {
    for is_served in [true, false] {
        let server = server().settings(|settings| {
            settings.backchannel = settings.backchannel.filter(|_| is_served);
        });
        let server = server.start().await;
        let metadata = server.get("/.well-known/openid-configuration").send().await.ok().json();
        let grant_types = metadata["grant_types_supported"].as_array().expect("a list");
        assert_eq!(grant_types.contains(&GRANT.into()), is_served);
        let modes = &metadata["backchannel_token_delivery_modes_supported"];
        assert_eq!(*modes == json!(["poll", "ping"]), is_served, "{modes}");
        let endpoint = &metadata["backchannel_authentication_endpoint"];
        assert_eq!(*endpoint == format!("https://as.example{PATH}"), is_served, "{endpoint}");
        assert_eq!(request(&server, "desk").send().await.status(), if is_served { 200 } else { 404 });
    }
}
