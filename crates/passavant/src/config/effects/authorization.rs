//! The effects of `[authorization]`.

use server::{Ask, Reason};
use testkit::server::confidential;

use super::{server, start};

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
