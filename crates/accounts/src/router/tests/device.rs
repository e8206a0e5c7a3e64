//! The pages of the device grant (RFC 8628 §3.3).

use serde_json::Value;

use super::*;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

impl World {
    /// A device asks; returns its answer.
    async fn device(&mut self) -> Value {
        let request = self.form("/device_authorization").header("user-agent", "SmartTV/1.0 <b>");
        let body = encode(&[("client_id", "shop"), ("scope", "profile")]);
        let seen = self.send(request.body(body.into()).expect("a request")).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        serde_json::from_str(&seen.body).expect("JSON")
    }

    async fn poll(&mut self, device: &Value) -> Value {
        let code = device["device_code"].as_str().expect("a code");
        let fields = [("client_id", "shop"), ("grant_type", GRANT), ("device_code", code)];
        let request = self.form("/token").body(encode(&fields).into()).expect("a request");
        serde_json::from_str(&self.send(request).await.body).expect("JSON")
    }

    /// Types the code and signs in; returns the URL of the page that asks.
    async fn confirming(&mut self, device: &Value) -> String {
        let code = device["user_code"].as_str().expect("a code").to_lowercase();
        let url = self.post("/device", &[("user_code", &code)]).await.header("location").to_owned();
        assert!(url.starts_with("https://id.example/login?interaction="), "{url}");
        let page = self.get(&url).await;
        assert!(page.body.contains("Sign in to continue to <bdi>Shop</bdi>"), "{}", page.body);
        let csrf = page.field("csrf").to_owned();
        let fields = [("csrf", &*csrf), ("username", "alice"), ("password", "correct-horse")];
        self.post(&url, &fields).await.header("location").to_owned()
    }

    async fn decide(&mut self, url: &str, decision: &str) -> Seen {
        let page = self.get(url).await;
        let fields =
            [("csrf", page.field("csrf")), ("account", page.field("account")), ("decision", decision)];
        self.post(url, &fields).await
    }
}

#[tokio::test]
async fn a_user_types_the_code_compares_it_and_signs_the_device_in() {
    let mut world = World::new().await;
    let device = world.device().await;
    let complete = device["verification_uri_complete"].as_str().expect("a URI").to_owned();
    let page = world.get(&complete).await;
    let code = device["user_code"].as_str().expect("a code");
    assert_eq!(page.field("user_code\" type=\"text"), code, "filled in, and not sent");
    assert!(page.header("content-security-policy").ends_with("form-action 'self'"));
    assert_eq!(world.poll(&device).await["error"], "authorization_pending");
    let url = world.confirming(&device).await;
    assert!(url.starts_with("https://id.example/device?interaction="), "{url}");
    let page = world.get(&url).await;
    for part in [
        "Sign in “<bdi>Shop</bdi>”?",
        code,
        "192.0.2.1 · your network",
        "SmartTV/1.0 &#60;b&#62;",
        "just now",
        "See your profile",
        "Alice Martin",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    let seen = world.decide(&url, "allow").await;
    let done = seen.header("location").to_owned();
    assert_eq!(
        (seen.status, done.as_str()),
        (StatusCode::SEE_OTHER, "https://id.example/device?done=allowed")
    );
    assert!(world.get(&done).await.body.contains("Go back to your device"));
    world.clock.0.fetch_add(5_000, Ordering::Relaxed);
    assert_eq!(world.poll(&device).await["scope"], "profile");
}

#[tokio::test]
async fn a_user_who_denies_signs_nothing_in() {
    let mut world = World::new().await;
    let device = world.device().await;
    let url = world.confirming(&device).await;
    let seen = world.decide(&url, "deny").await;
    let done = seen.header("location").to_owned();
    assert!(world.get(&done).await.body.contains("Nothing was allowed"), "{done}");
    assert_eq!(world.poll(&device).await["error"], "access_denied");
}

#[tokio::test]
async fn a_wrong_code_is_asked_for_again_and_too_many_are_refused() {
    let mut world = World::new().await;
    for typed in ["BBBB-BBBB", "nonsense", ""] {
        let page = world.post("/device", &[("user_code", typed)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(page.body.contains("No device is waiting with this code"), "{}", page.body);
    }
    for _ in 1..20 {
        world.post("/device", &[("user_code", "BBBB-BBBB")]).await;
    }
    let refused = world.post("/device", &[("user_code", "BBBB-BBBB")]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3600"));
    assert!(refused.body.contains("user_codes_too_many"), "{}", refused.body);
}

/// RFC 9700 §4.7
#[tokio::test]
async fn another_site_sends_no_code_and_no_decision() {
    let mut world = World::new().await;
    let device = world.device().await;
    let code = device["user_code"].as_str().expect("a code").to_owned();
    let form = world.form("/device").header("sec-fetch-site", "cross-site");
    let refused = world.send(form.body(encode(&[("user_code", &code)]).into()).expect("a request")).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.body.contains("form_cross_site"));
    let url = world.confirming(&device).await;
    let refused = world.post(&url, &[("csrf", "guessed"), ("decision", "allow")]).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.body.contains("form_cross_site"));
    assert_eq!(world.poll(&device).await["error"], "authorization_pending");
}
