//! The effects of `[device]` and `[backchannel_authentication]`.

use server::Reason;
use testkit::server::{Reply, Running};

use super::start;

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
