//! `/check`, as the proxies of others ask it.

use super::{
    place::{Place, SCOPE, client, exchange, json, status},
    upstream::Upstream,
};

#[tokio::test]
async fn a_good_token_is_200_with_who_it_is() {
    let place = Place::with(&[]);
    let token = place.token().await;
    let audience = place.audience();
    for question in [
        "/check".to_owned(),
        format!("/check?scope={SCOPE}"),
        format!("/check?aud={audience}&scope={SCOPE}"),
        "/check/notes/1?scope=other&aud=other".to_owned(),
    ] {
        let answer = place.get(&question, Some(&token)).await;
        assert_eq!(answer.status(), 200, "{question}");
        assert_eq!(answer.headers()["x-auth-client"], "demo-cli");
        assert_eq!(answer.headers()["x-auth-kind"], "client");
        assert_eq!(answer.headers()["x-auth-scope"], SCOPE);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        // An absent header would leave the proxy with what the caller sent, or with a placeholder.
        for name in ["x-auth-username", "x-auth-roles", "x-auth-claims"] {
            assert_eq!(answer.headers()[name], "", "{name}");
        }
        for name in ["x-auth-subject", "x-auth-audience", "x-auth-issuer"] {
            assert!(answer.headers().contains_key(name), "{name}");
        }
    }
    for method in ["PUT", "DELETE", "PROPFIND"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = client().request(method, place.url("/check")).bearer_auth(&token).send().await;
        assert_eq!(answer.expect("an answer").status(), 200);
    }
}

/// The token is for another resource than the guard's, which uses the credentials of that resource by mistake.
#[tokio::test]
async fn a_guard_that_is_set_up_for_passavant_never_takes_a_token_for_another_audience() {
    let other = |issuer: &str| format!("{issuer}/other-api");
    let plain = Place::for_audience(other, &[], &[]);
    let answer = plain.get("/check", Some(&plain.token().await)).await;
    assert_eq!(
        answer.status(),
        200,
        "the server does not say for whom the token is, and nothing tells them apart"
    );
    let flag: (&[(&str, &str)], &[&str]) = (&[], &["--provider", "passavant"]);
    let variable: (&[(&str, &str)], &[&str]) = (&[("PASSAVANT_PROVIDER", "passavant")], &[]);
    for (environment, flags) in [flag, variable] {
        let place = Place::for_audience(other, environment, flags);
        let answer = place.get("/check", Some(&place.token().await)).await;
        assert_eq!(answer.status(), 503, "{flags:?}");
        assert!(!answer.headers().contains_key("x-auth-client"));
        let place = Place::within(environment, flags);
        let answer = place.get("/check", Some(&place.token().await)).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-auth-client"]),
            (200, &"demo-cli".parse().expect("visible"))
        );
        assert_eq!(answer.headers()["x-auth-audience"], *place.audience());
    }
}

#[tokio::test]
async fn check_refusals_match_the_guard() {
    let place = Place::with(&["--cache-seconds", "0"]);
    let token = place.token().await;
    let short = place.get("/check?scope=demo.read%20demo.write", Some(&token)).await;
    assert_eq!(short.status(), 403);
    let challenge = short.headers()["www-authenticate"].to_str().expect("ASCII").to_owned();
    assert!(challenge.contains("insufficient_scope"), "{challenge}");
    place.revoke(&token).await;
    for token in [None, Some(&*token), Some("garbage")] {
        let answer = place.get("/check", token).await;
        assert_eq!(answer.status(), 401);
        assert!(answer.headers().contains_key("www-authenticate"));
        assert!(!answer.headers().contains_key("x-auth-client"));
    }
}

#[tokio::test]
async fn malformed_check_request_is_never_allowed() {
    let place = Place::with(&[]);
    let token = place.token().await;
    for question in
        ["aud=https://other.example", "scope=a&scope=b", "scopes=demo.write", "scope=%22", "aud=a&aud=b"]
    {
        let answer = place.get(&format!("/check?{question}"), Some(&token)).await;
        assert_eq!(answer.status(), 400, "{question}");
    }
    for path in ["/", "/checks", "/x/check"] {
        assert_eq!(place.get(path, Some(&token)).await.status(), 404, "{path}");
    }
    let contradicting = client().get(place.url("/check")).bearer_auth(&token);
    let contradicting = contradicting.header("x-original-uri", "/a").header("x-forwarded-uri", "/b");
    assert_eq!(contradicting.send().await.expect("an answer").status(), 400);
}

#[tokio::test]
async fn unusual_targets_and_repeated_target_headers_are_accepted() {
    let place = Place::with(&[]);
    let token = place.token().await;
    for lines in [
        "X-Original-URI: /Zoë/日本?q=ø".to_owned(),
        "X-Original-URI: /a\"b\"?<script>='x'".to_owned(),
        "X-Original-URI: /{id}|^`\\".to_owned(),
        "X-Original-URI: /a?b\r\nX-Original-URL: https://api.example/a?b".to_owned(),
        "X-Original-URI: /é\r\nX-Forwarded-Uri: /%C3%A9".to_owned(),
    ] {
        let request = format!(
            "GET /check HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n{lines}\r\nconnection: close\r\n\r\n"
        );
        let answer = exchange(place.address(), request.as_bytes()).await;
        assert_eq!(status(&answer), Some(200), "{lines}: {answer}");
    }
}

#[tokio::test]
async fn identity_headers_in_another_spelling_are_refused() {
    let place = Place::with(&[]);
    let token = place.token().await;
    for name in ["X_Auth_Subject", "x.auth.subject", "X-Auth_Username", "x_auth_claims", "X~Auth~Roles"] {
        for path in ["/check", "/check/notes"] {
            let question = client().get(place.url(path)).bearer_auth(&token).header(name, "root");
            let answer = question.send().await.expect("an answer");
            assert_eq!(answer.status(), 400, "{name}");
            assert!(!answer.headers().contains_key("x-auth-client"));
        }
    }
    let plain = client().get(place.url("/check")).bearer_auth(&token).header("X-Auth-Subject", "root");
    let answer = plain.send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-auth-username"]),
        (200, &"".parse().expect("empty"))
    );
}

#[tokio::test]
async fn the_query_that_is_judged_is_that_of_the_request_behind() {
    let place = Place::with(&[]);
    let token = place.token().await;
    for name in ["x-original-uri", "x-forwarded-uri"] {
        let question = client().get(place.url("/check")).bearer_auth(&token);
        let answer = question.header(name, "/x?access_token=other").send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "a token in the header and another in the query");
    }
}

#[tokio::test]
async fn several_audiences_are_told_apart() {
    let place = Place::with(&["--audience", "https://other.example"]);
    let named = format!("grant_type=client_credentials&resource={}", place.audience());
    let token = place.token_by(&named).await;
    let own = format!("/check?aud={}", place.audience());
    assert_eq!(place.get(&own, Some(&token)).await.status(), 200);
    assert_eq!(place.get("/check?aud=https://other.example", Some(&token)).await.status(), 401);
    assert_eq!(place.get("/check", Some(&token)).await.status(), 200, "the first is meant");
    let unnamed = place.token().await;
    assert_eq!(place.get(&own, Some(&unnamed)).await.status(), 401, "nobody says for whom it is");
}

#[tokio::test]
async fn check_has_its_own_listener_beside_an_upstream() {
    let upstream = Upstream::start().await;
    let place = Place::guarding(upstream.address, &["--check-listen", "127.0.0.1:0"]);
    let token = place.token().await;
    let seen = json(place.get("/check", Some(&token)).await).await;
    assert_eq!(seen["target"], "/check", "every path of the proxy is the upstream's");
    let url = format!("http://{}/check", place.guard.address("check"));
    let answer = client().get(url).bearer_auth(&token).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), upstream.asked()), (200, 1));
}

#[tokio::test]
async fn without_an_upstream_metadata_and_health_are_served_as_well() {
    let place = Place::with(&[]);
    let metadata = json(place.get("/.well-known/oauth-protected-resource", None).await).await;
    assert_eq!(metadata["resource"], place.audience());
    assert_eq!(place.get("/health/ready", None).await.status(), 200);
}
