//! Malformed input is refused with its reason, without a 5xx, and stores nothing.

use std::{convert::Infallible, io};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, header};
use http_body::Frame;
use http_body_util::StreamBody;
use passavant_server::Reason;
use testkit::server::{Call, Running, TestServer, confidential, public, resource};

const FORM: &str = "application/x-www-form-urlencoded";
/// Where a form is posted: by machines, and by browsers.
const FORMS: [&str; 6] = ["/token", "/introspect", "/revoke", "/userinfo", "/authorize", "/logout"];

async fn start() -> Running {
    TestServer::new()
        .client(confidential("shop"))
        .client(public("spa"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
        .start()
        .await
}

async fn refuses(call: Call, reason: Reason) {
    call.send_unwritten().await.refused(reason);
}

/// RFC 6749 §3.1, §3.2: "MUST NOT be included more than once", for all parameters.
#[tokio::test]
async fn a_repeated_parameter_is_refused_everywhere() {
    let server = start().await;
    for path in FORMS {
        for name in ["client_id", "grant_type", "token", "colour", ""] {
            let call = server.post(path).param(name, "a").param(name, "b");
            refuses(call, Reason::ParameterRepeated).await;
        }
        let disguised = server.post(path).body(Some(FORM), "scope=a&sc%6Fpe=b");
        refuses(disguised, Reason::ParameterRepeated).await;
    }
    for path in ["/authorize", "/logout"] {
        let call = server.get(path).param("state", "a").param("state", "b");
        refuses(call, Reason::ParameterRepeated).await;
    }
}

/// RFC 6749 Appendix B: percent-encoded UTF-8, without NUL, which some databases can't store.
#[tokio::test]
async fn malformed_encoding_is_refused_everywhere() {
    let server = start().await;
    for body in ["a=%", "a=%4", "a=%zz", "%=a", "a=%00", "a=\0", "a=%ff", "a=%C3%28", "a=%ED%A0%80"] {
        for path in FORMS {
            refuses(server.post(path).body(Some(FORM), body), Reason::BodyMalformed).await;
        }
    }
    for query in ["a=%", "a=%zz", "a=%00", "a=%ff"] {
        for path in ["/authorize", "/logout"] {
            refuses(server.get(&format!("{path}?{query}")), Reason::BodyMalformed).await;
        }
    }
}

/// RFC 6749 §3.2, RFC 7662 §2.1, RFC 7009 §2.1: only forms are accepted.
#[tokio::test]
async fn another_content_type_is_refused_everywhere() {
    let server = start().await;
    let good = "client_id=shop&token=x";
    for content_type in [
        Some("application/json"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain"),
        Some(""),
        Some("form"),
    ] {
        for path in FORMS {
            refuses(server.post(path).body(content_type, good), Reason::BodyTypeWrong).await;
        }
    }
    for path in ["/token", "/introspect", "/revoke", "/authorize", "/logout"] {
        refuses(server.post(path).body(None, good), Reason::BodyTypeWrong).await;
    }
}

/// RFC 9110 §8.3.1: media types are case-insensitive and may have parameters.
#[tokio::test]
async fn the_content_type_of_a_form_may_have_parameters() {
    let server = start().await;
    for content_type in
        ["Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded; charset=UTF-8"]
    {
        let body = "client_id=spa&token=x";
        server.post("/revoke").body(Some(content_type), body).send_unwritten().await.ok();
    }
}

/// A limit with a name: 64 KiB of body, 100 parameters, 128 bytes of a name, 16 KiB of a value.
#[tokio::test]
async fn what_is_too_large_is_refused_everywhere() {
    let server = start().await;
    let many: String = (0..101).map(|i| format!("p{i}=&")).collect();
    let long_name = format!("{}=1", "n".repeat(129));
    let long_value = format!("a={}", "v".repeat(16 * 1024 + 1));
    for path in FORMS {
        for body in [&many, &long_name, &long_value] {
            let reply = server.post(path).body(Some(FORM), body.as_str()).send_unwritten().await;
            reply.refused(Reason::BodyTooLarge);
            assert_eq!(reply.status(), 400, "{path}");
        }
        let whole = format!("{}=", "x".repeat(64 * 1024));
        let reply = server.post(path).body(Some(FORM), whole).send_unwritten().await;
        reply.refused(Reason::BodyTooLarge);
        assert_eq!(reply.status(), 413, "{path}");
    }
}

/// A limit with a name: 32 KiB of URL (RFC 9110 §15.5.15).
#[tokio::test]
async fn a_url_that_is_too_long_is_refused_everywhere() {
    let server = start().await;
    for path in FORMS.iter().chain(&["/jwks", "/.well-known/openid-configuration"]) {
        let reply = server.get(&format!("{path}?x={}", "x".repeat(32 * 1024))).send_unwritten().await;
        reply.refused(Reason::BodyTooLarge);
        assert_eq!(reply.status(), 414, "{path}");
    }
}

/// An incomplete request is not processed.
#[tokio::test]
async fn a_body_that_breaks_off_is_refused_everywhere() {
    let server = start().await;
    for path in FORMS {
        let frames: [Result<Frame<Bytes>, io::Error>; 2] =
            [Ok(Frame::data("client_id=spa&to".into())), Err(io::ErrorKind::ConnectionReset.into())];
        let request = Request::post(path).header(header::CONTENT_TYPE, FORM);
        let request = request.body(StreamBody::new(stream::iter(frames))).expect("a request");
        server.call(request).await.refused(Reason::BodyUnreadable);
    }
}

/// A body without a length is limited while it is read.
#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let server = start().await;
    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 1024]))));
    let request = Request::post("/token").header(header::CONTENT_TYPE, FORM);
    let reply = server.call(request.body(StreamBody::new(endless)).expect("a request")).await;
    reply.refused(Reason::BodyTooLarge);
    assert_eq!(reply.status(), 413);
}

/// RFC 9110 §15.5.6: `Allow` lists the supported methods.
#[tokio::test]
async fn another_method_is_refused_everywhere() {
    let server = start().await;
    let documents = ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];
    let surface: Vec<(&str, &str, &[&str])> = [
        ("/token", "POST", &["POST", "OPTIONS"][..]),
        ("/revoke", "POST", &["POST", "OPTIONS"]),
        ("/introspect", "POST", &["POST"]),
        ("/userinfo", "GET, HEAD, POST", &["GET", "HEAD", "POST", "OPTIONS"]),
        ("/authorize", "GET, HEAD, POST", &["GET", "HEAD", "POST"]),
        ("/logout", "GET, HEAD, POST", &["GET", "HEAD", "POST"]),
    ]
    .into_iter()
    .chain(documents.map(|path| (path, "GET, HEAD", &["GET", "HEAD", "OPTIONS"][..])))
    .collect();
    for (path, allow, served) in surface {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] {
            if served.contains(&method) {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let reply = server.request(method.clone(), path).send_unwritten().await;
            reply.refused(Reason::MethodNotAllowed);
            assert_eq!((reply.status(), reply.header("allow")), (405, Some(allow)), "{method} {path}");
        }
    }
}

/// RFC 9110 §9.3.2: HEAD is answered as GET is, without the content.
#[tokio::test]
async fn head_is_answered_where_get_is() {
    let server = start().await;
    let token = server.browser().sign_in("alice").authorize("spa").tokens().await.member("access_token");
    for path in [
        "/jwks",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/userinfo",
        "/authorize",
        "/authorize?client_id=nobody",
        "/logout",
    ] {
        let get = server.get(path).bearer(&token).send().await;
        let head = server.request(Method::HEAD, path).bearer(&token).send().await;
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert!(head.status() != 405, "{path}");
    }
}

/// A token in the URL would be logged.
#[tokio::test]
async fn nothing_is_introspected_by_get() {
    let server = start().await;
    let call = server.get("/introspect").basic("notes", "notes-has-a-secret-of-this-length");
    refuses(call.param("token", "x"), Reason::MethodNotAllowed).await;
}

/// Other paths are 404.
#[tokio::test]
async fn another_path_is_not_found() {
    let server = start().await;
    for path in [
        "/",
        "/tokens",
        "/token/x",
        "/token//",
        "//token",
        "/TOKEN",
        "/%74oken",
        "/../token",
        "/.well-known/",
    ] {
        for method in [Method::GET, Method::POST] {
            let reply = server.request(method, path).send_unwritten().await;
            assert_eq!((reply.status(), reply.body()), (404, ""), "{path}");
        }
    }
}

/// Ids are looked up unchanged, whatever their characters.
#[tokio::test]
async fn an_odd_client_id_is_an_unknown_client() {
    let server = start().await;
    for id in [
        "nobody",
        " shop",
        "shop ",
        "SHOP",
        "sh\u{f6}p",
        "shop\u{200b}",
        "'; drop table clients; --",
        &"x".repeat(256),
    ] {
        refuses(server.post("/token").param("client_id", id), Reason::ClientUnknown).await;
        let page = server.get("/authorize").param("client_id", id);
        refuses(page, Reason::AuthorizeClientUnknown).await;
    }
}

/// Headers are untrusted input too.
#[tokio::test]
async fn odd_headers_are_no_fault_of_ours() {
    let server = start().await;
    let latin = || header::HeaderValue::from_bytes(b"\xff\xfe").expect("obs-text");
    for name in ["authorization", "content-type", "accept", "origin", "cookie", "host", "sec-fetch-site"] {
        for path in FORMS.iter().chain(&["/jwks", "/.well-known/openid-configuration"]) {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let mut request = server.request(method.clone(), path).param("client_id", "spa").request();
                let name = header::HeaderName::from_static(name);
                request.headers_mut().insert(name.clone(), latin());
                let reply = server.call(request).await;
                assert!(reply.status() < 500, "{method} {path} {name}: {reply:?}");
            }
        }
    }
}
