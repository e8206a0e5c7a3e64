//! Bad input that arrives whole: each a clear error, never a 5xx.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, header};

use super::process::{MACHINE, Server, client, folder, form, json, send};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_bad_form_is_refused_with_its_code() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let long = format!("grant_type=client_credentials&x={}", "a".repeat(70_000));
    let many = format!("grant_type=client_credentials{}", "&x=1".repeat(101));
    for (body, status, code) in [
        ("", 400, "invalid_request"),
        ("grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        ("grant_type=client_credentials&x=%", 400, "invalid_request"),
        ("grant_type=client_credentials&x=%zz", 400, "invalid_request"),
        ("grant_type=client_credentials&scope=%00", 400, "invalid_request"),
        ("grant_type=client_credentials&scope=%ff%fe", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=nowhere", 400, "invalid_scope"),
        ("grant_type=client_credentials&resource=x%20y", 400, "invalid_target"),
        (&many, 400, "invalid_request"),
        (&long, 413, "invalid_request"),
    ] {
        let answer = send(form(MACHINE, server.url("/token"), body)).await;
        let shown = &body[..body.len().min(60)];
        assert_eq!(answer.status(), status, "{shown}");
        assert_eq!(json(answer).await["error"], code, "{shown}");
    }
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let folder = folder();
    let server = Server::configured(folder.path());
    for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
        let request = form(MACHINE, server.url("/token"), "grant_type=client_credentials");
        let (client, request) = request.build_split();
        let mut request = request.expect("a request");
        request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().expect("visible"));
        let answer = client.execute(request).await.expect("an answer");
        assert_eq!(answer.status(), 400, "{content_type:?}");
        assert_eq!(json(answer).await["error"], "invalid_request", "{content_type:?}");
    }
}

#[tokio::test]
async fn a_bad_basic_header_is_a_401_with_a_challenge() {
    let folder = folder();
    let server = Server::configured(folder.path());
    for value in [
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        format!("Basic {}", STANDARD.encode("no-colon")),
        format!("Basic {}", STANDARD.encode("machine:wrong")),
        format!("Basic {}", STANDARD.encode("nobody:machine-secret-of-22-characters")),
        format!("Basic {}", STANDARD.encode("machine:\0")),
        format!("Basic {}", STANDARD.encode([b'a', b':', 0xff, 0xfe])),
    ] {
        let request = client().post(server.url("/token")).header(header::AUTHORIZATION, &value);
        let request = request.header(header::CONTENT_TYPE, FORM).body("grant_type=client_credentials");
        let answer = send(request).await;
        assert_eq!(answer.status(), 401, "{value}");
        let challenge = answer.headers().get(header::WWW_AUTHENTICATE).expect("a challenge").clone();
        assert!(challenge.to_str().expect("visible").starts_with("Basic "), "{value}");
        assert_eq!(json(answer).await["error"], "invalid_client", "{value}");
    }
}

#[tokio::test]
async fn another_method_is_a_405_that_names_the_right_one() {
    let folder = folder();
    let server = Server::configured(folder.path());
    for (path, allowed) in
        [("/token", "POST"), ("/introspect", "POST"), ("/revoke", "POST"), ("/jwks", "GET, HEAD")]
    {
        for method in [Method::DELETE, Method::PUT, Method::PATCH, Method::TRACE] {
            let answer = send(client().request(method.clone(), server.url(path))).await;
            assert_eq!(answer.status(), 405, "{method} {path}");
            assert_eq!(answer.headers()[header::ALLOW], allowed, "{method} {path}");
        }
    }
    assert_eq!(send(client().get(server.url("/token"))).await.status(), 405);
    assert_eq!(send(client().delete(server.url("/"))).await.status(), 405);
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_a_page_and_never_a_redirect() {
    let folder = folder();
    let server = Server::configured(folder.path());
    for query in [
        "client_id=web&redirect_uri=https://evil.example/cb&response_type=code",
        "client_id=nobody&redirect_uri=https://web.example/cb&response_type=code",
        "client_id=web&redirect_uri=https://web.example/cb&redirect_uri=https://web.example/cb",
        "client_id=%00",
        "",
    ] {
        // The browser came to the issuer's host.
        let request =
            client().get(server.url(&format!("/authorize?{query}"))).header(header::HOST, "localhost:4000");
        let answer = send(request).await;
        assert_eq!(answer.status(), 400, "{query}");
        assert_eq!(answer.headers().get(header::LOCATION), None, "{query}");
        assert!(
            answer.headers()[header::CONTENT_TYPE].to_str().expect("visible").starts_with("text/html"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn an_address_that_is_too_long_is_refused() {
    let folder = folder();
    let server = Server::configured(folder.path());
    for path in ["/token", "/nowhere", "/login"] {
        let url = server.url(&format!("{path}?{}", "a".repeat(32 * 1024)));
        let answer = send(client().post(url).header(header::CONTENT_TYPE, FORM)).await;
        assert!(matches!(answer.status().as_u16(), 413 | 414), "{path}: {}", answer.status());
    }
}
