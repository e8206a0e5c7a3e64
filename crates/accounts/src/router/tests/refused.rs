//! What the pages refuse, and how they say so.

use super::*;

#[tokio::test]
async fn a_decision_that_is_neither_allow_nor_deny_is_refused() {
    let mut world = World::new().await;
    let url = world.sign_in().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    for fields in [vec![], vec![("decision", "yes")], vec![("decision", "allow"), ("switch", "account")]] {
        let fields: Vec<_> = [("csrf", &*csrf)].into_iter().chain(fields).collect();
        let seen = world.post(&url, &fields).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST);
        assert!(seen.body.contains("parameter_missing") && seen.body.contains("invalid_request"));
    }
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_and_an_incomplete_one_tries_nothing() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    for (username, password, text) in [
        ("alice", "wrong", sign_in::WRONG),
        ("nobody", "wrong", sign_in::WRONG),
        ("alice", "", sign_in::INCOMPLETE),
        ("", "correct-horse", sign_in::INCOMPLETE),
    ] {
        let fields = [("csrf", &*csrf), ("username", username), ("password", password)];
        let seen = world.post(&url, &fields).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(seen.body.contains(&text.replace('\'', "&#39;")), "{}", seen.body);
        assert!(!seen.body.contains("correct-horse") && !seen.headers.contains_key("set-cookie"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_failed_20_times_gets_429_with_retry_after() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    for i in 0..20 {
        let fields = [("csrf", &*csrf), ("username", &*format!("user-{i}")), ("password", "wrong")];
        assert_eq!(world.post(&url, &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right = [("csrf", &*csrf), ("username", "alice"), ("password", "correct-horse")];
    let seen = world.post(&url, &right).await;
    assert_eq!((seen.status, seen.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"));
    for part in ["sign_in_failures_too_many", "temporarily_unavailable", "r-1"] {
        assert!(seen.body.contains(part), "{part}");
    }
    world.clock.0.fetch_add(60_000, Ordering::Relaxed);
    assert_eq!(world.post(&url, &right).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_of_another_site_or_without_its_token_is_refused() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    let right = [("csrf", &*csrf), ("username", "alice"), ("password", "correct-horse")];
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let form = world.form(&url).header(name, value);
        let seen = world.send(form.body(encode(&right).into()).expect("a request")).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{name}: {value}");
        assert!(seen.body.contains("<code>form_cross_site</code>"), "{}", seen.body);
    }
    for token in ["", "x", &csrf[1..]] {
        let fields = [("csrf", token), ("username", "alice"), ("password", "correct-horse")];
        assert!(world.post(&url, &fields).await.body.contains("<code>form_cross_site</code>"));
    }
    assert_eq!(
        world.post(&url, &right).await.status,
        StatusCode::SEE_OTHER,
        "and the right one goes through"
    );
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    let request = world.request(Method::POST, &url).header("content-type", "application/json");
    let seen = world.send(request.body("{}".into()).expect("a request")).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("<code>body_type_wrong</code>"), "{}", seen.body);
}

#[tokio::test]
async fn another_browser_gets_a_page() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    world.cookies.clear();
    let seen = world.get(&url).await;
    assert!(seen.status.is_client_error());
    assert!(seen.body.contains("<code>interaction_browser_mismatch</code>"), "{}", seen.body);
    assert!(seen.body.contains("href=\"https://id.example/account\""), "{}", seen.body);
}

#[tokio::test]
async fn under_another_host_a_page_links_to_the_right_one() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    let mut request = world.request(Method::GET, &url).body(Body::empty()).expect("a request");
    request.headers_mut().insert("host", HeaderValue::from_static("www.id.example"));
    let seen = world.send(request).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("<code>host_mismatch</code>"), "{}", seen.body);
    assert!(seen.body.contains(&format!("href=\"{url}\"")), "{}", seen.body);
}

/// A proxy that does not pass the header on: a link would lead back to the same page.
#[tokio::test]
async fn under_the_name_that_a_proxy_uses_a_page_says_how_to_mend_the_proxy() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    for host in [Some("127.0.0.1:4000"), None] {
        let mut request = world.request(Method::GET, &url).body(Body::empty()).expect("a request");
        request.headers_mut().remove("host");
        if let Some(host) = host {
            request.headers_mut().insert("host", HeaderValue::from_static(host));
        }
        let seen = world.send(request).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST);
        let parts = [host.unwrap_or("no Host header"), "id.example", "proxy_set_header Host $http_host;"];
        assert!(parts.iter().all(|part| seen.body.contains(part)), "{}", seen.body);
        assert!(!seen.body.contains("href=\"https://id.example/login"), "{}", seen.body);
    }
}
