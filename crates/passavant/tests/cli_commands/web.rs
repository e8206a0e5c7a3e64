//! HTTP as clients, resources and browsers speak it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;
use tokio::time::Instant;

/// How often is looked while something must come true soon.
const LOOK: Duration = Duration::from_millis(20);

fn client() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client")
}

fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// How a caller authenticates.
pub(crate) enum As<'a> {
    Basic(&'a str, &'a str),
    Bearer(&'a str),
}

/// Posts a form; answers with the status and the JSON that came.
pub(crate) async fn post(url: &str, caller: As<'_>, form: &[(&str, &str)]) -> (u16, Value) {
    let authorization = match caller {
        As::Basic(id, secret) => format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))),
        As::Bearer(token) => format!("Bearer {token}"),
    };
    let request = client()
        .post(url)
        .header("authorization", authorization)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(form));
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Posts JSON with a bearer token; answers with the status and the JSON that came.
pub(crate) async fn post_json(url: &str, token: &str, members: &Value) -> (u16, Value) {
    let request = client().post(url).bearer_auth(token).header("content-type", "application/json");
    let answer = request.body(members.to_string()).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Gets a page; answers with the status, and where it redirects to.
pub(crate) async fn visit(url: &str, query: &[(&str, &str)]) -> (u16, String) {
    let answer = client().get(format!("{url}?{}", encoded(query))).send().await.expect("an answer");
    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
    (answer.status().as_u16(), location.unwrap_or_default().to_owned())
}

/// Gets JSON.
pub(crate) async fn json(url: &str) -> Value {
    let body = client().get(url).send().await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

/// Asks for a token by client_credentials.
pub(crate) async fn machine_token(issuer: &str, id: &str, secret: &str) -> String {
    let form = [("grant_type", "client_credentials")];
    let (status, answer) = post(&format!("{issuer}/token"), As::Basic(id, secret), &form).await;
    assert_eq!(status, 200, "{answer}");
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// Whether the server says that the token is active.
pub(crate) async fn is_active(issuer: &str, caller: As<'_>, token: &str) -> bool {
    let (status, answer) = post(&format!("{issuer}/introspect"), caller, &[("token", token)]).await;
    assert_eq!(status, 200, "{answer}");
    answer["active"].as_bool().expect("it says so")
}

/// Whether it comes true within a second, the staleness that is promised beside another process.
pub(crate) async fn within_a_second(is_true: impl AsyncFn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        if is_true().await {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A browser: it keeps cookies and fills forms, by the fields that outside tools rely on.
#[derive(Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Signs in and allows, from the authorization request to the address at the client; fetches that one, too.
    pub(crate) async fn sign_in_and_allow(&mut self, url: &str, user: (&str, &str)) -> u16 {
        let (page, sign_in) = self.open(url).await;
        assert!(page.contains("id=\"login\""), "{page}");
        let form = [("csrf", csrf(&page)), ("username", user.0), ("password", user.1)];
        let consent = location(&self.submit(&sign_in, &form).await);
        let (page, consent) = self.open(&consent).await;
        assert!(page.contains("id=\"allow\""), "{page}");
        let arrival = self.submit(&consent, &[("csrf", csrf(&page)), ("decision", "allow")]).await;
        client().get(location(&arrival)).send().await.expect("the client answers").status().as_u16()
    }

    /// The page at the end of redirects, and its address.
    async fn open(&mut self, url: &str) -> (String, String) {
        let mut url = url.to_owned();
        loop {
            let answer = client().get(&url).header("cookie", self.cookie()).send().await.expect("an answer");
            self.keep(&answer);
            if !answer.status().is_redirection() {
                return (answer.text().await.expect("a page"), url);
            }
            url = location(&answer);
        }
    }

    async fn submit(&mut self, url: &str, form: &[(&str, &str)]) -> Response {
        let request = client()
            .post(url)
            .header("cookie", self.cookie())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(form));
        let answer = request.send().await.expect("an answer");
        self.keep(&answer);
        answer
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Response) {
        for line in answer.headers().get_all("set-cookie") {
            let pair = line.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn location(answer: &Response) -> String {
    let location =
        answer.headers().get("location").unwrap_or_else(|| panic!("{} is no redirect", answer.status()));
    location.to_str().expect("text").to_owned()
}

fn csrf(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
    rest.split_once('"').expect("a value").0
}
