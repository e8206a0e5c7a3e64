//! The demo of `serve --dev`, from outside: the page at `/`, the protected API, and the client, as a browser sees it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use http::{Method, StatusCode, header};
use protocol::Params;
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;

/// Most redirects that a browser follows in a row.
const HOPS_MAX: usize = 10;

#[tokio::test]
async fn the_front_page_names_the_issuer_and_the_seeds_and_has_one_button() {
    let server = Server::start();
    let page = Browser::new().open(&format!("{}/", server.issuer)).await;
    assert_eq!(page.status, 200);
    for name in ["alice", "correct-horse", "demo-web", "demo-cli", "demo-secret", "demo-api", "demo.read"] {
        assert!(page.body.contains(&format!("<code>{name}</code>")), "{name} in {}", page.body);
    }
    assert!(page.body.contains(&format!("<code>{}</code>", server.issuer)));
    assert_eq!(page.body.matches("class=\"button").count(), 1);
    let button = format!("href=\"http://127.0.0.1:{}/demo-app\">Sign in to the demo app</a>", server.port());
    assert!(page.body.contains(&button), "{}", page.body);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("script"), "{policy}");
    for style in ["/assets/ui.css", "/assets/demo.css"] {
        assert!(page.body.contains(style));
        assert_eq!(Browser::new().open(&format!("{}{style}", server.issuer)).await.status, 200, "{style}");
    }
}

#[tokio::test]
async fn the_front_page_helps_to_add_an_app_of_your_own() {
    let server = Server::start();
    let page = Browser::new().open(&format!("{}/", server.issuer)).await;
    for words in ["Add your app", "Auth.js", "Authlib", "Spring", "axum", "my-app-secret", "issuer-uri: http"]
    {
        assert!(page.body.contains(words), "{words} in {}", page.body);
    }
    let discovery = format!("server_metadata_url=&#34;{}/.well-known", server.issuer);
    let plain = format!("server_metadata_url=\"{}/.well-known", server.issuer);
    assert!(page.body.contains(&discovery) || page.body.contains(&plain), "{}", page.body);
}

/// A web app that is being developed is at `http://localhost`, wherever its tool puts it.
#[tokio::test]
async fn an_app_at_localhost_is_answered_at_any_port_and_path() {
    let server = Server::start();
    for (redirect_uri, is_answered) in [
        ("http://localhost:3000/api/auth/callback/passavant", true),
        ("http://localhost:5173/", true),
        ("http://localhost.evil.example:3000/", false),
        ("http://localhost@evil.example/", false),
        ("https://localhost:3000/", false),
    ] {
        // Spring Security sends no challenge for a client with a secret.
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", "my-app"),
            ("redirect_uri", redirect_uri),
            ("scope", "openid profile email"),
            ("state", "s"),
            ("nonce", "n"),
            ("prompt", "consent"),
        ]);
        let mut browser = Browser::new();
        let sign_in = browser.open(&format!("{}/authorize?{query}", server.issuer)).await;
        assert_eq!(sign_in.status == 200, is_answered, "{redirect_uri}: {}", sign_in.body);
        if !is_answered {
            continue;
        }
        let consent =
            browser.submit(&sign_in, "", &[("username", "alice"), ("password", "correct-horse")]).await;
        let body = consent.form(&[("decision", "allow")]);
        let answer = browser.send(Method::POST, &consent.url, Some(("same-origin", body))).await;
        let (uri, query) = answer.header("location").split_once('?').expect("a query");
        assert_eq!(uri, redirect_uri);
        let params = Params::parse(query.as_bytes()).expect("a query");
        let fields = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", redirect_uri),
            ("code", params.get("code").expect("a code")),
        ];
        let request =
            client().post(format!("{}/token", server.issuer)).basic_auth("my-app", Some("my-app-secret"));
        let tokens = Seen::of(form(request, &fields).send().await.expect("an answer")).await.json();
        assert!(tokens["id_token"].is_string(), "{tokens}");
    }
}

#[tokio::test]
async fn outside_of_dev_mode_the_front_page_links_discovery_and_there_is_no_demo() {
    let server = Server::start().restarted_without_dev();
    let page = Browser::new().open(&format!("{}/", server.issuer)).await;
    assert_eq!(page.status, 200);
    for document in ["openid-configuration", "oauth-authorization-server"] {
        let url = format!("{}/.well-known/{document}", server.issuer);
        assert!(page.body.contains(&format!("href=\"{url}\"")), "{document} in {}", page.body);
        assert_eq!(Browser::new().open(&url).await.json()["issuer"], *server.issuer);
    }
    assert!(!page.body.contains("demo") && !page.body.contains("correct-horse"), "{}", page.body);
    assert!(page.header("content-security-policy").starts_with("default-src 'none';"));
    for path in ["/demo-app", "/demo-api", "/demo-api/time", "/assets/demo.css"] {
        assert_eq!(server.call(Method::GET, path, None).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_time_is_told_to_a_token_of_the_machine_and_only_by_get() {
    let server = Server::start();
    let token = server.machine_token().await;
    let answer = server.call(Method::GET, "/demo-api/time", Some(&token)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let time = answer.json();
    let members: Vec<_> = time.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members, ["day", "hour", "minute", "month", "second", "year"]);
    assert!(time.as_object().expect("an object").values().all(Value::is_i64), "{time}");
    let posted = server.call(Method::POST, "/demo-api/time", Some(&token)).await;
    assert_eq!((posted.status, posted.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    let whoami = server.call(Method::GET, "/demo-api", Some(&token)).await.json();
    assert_eq!(whoami["client_id"], "demo-cli");
    assert_eq!(whoami["scope"], "demo.read");
}

#[tokio::test]
async fn without_a_token_the_challenge_is_bare_and_a_wrong_one_is_invalid() {
    let server = Server::start();
    let metadata =
        format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/demo-api\"", server.issuer);
    for path in ["/demo-api", "/demo-api/userinfo", "/demo-api/time"] {
        let none = server.call(Method::GET, path, None).await;
        assert_eq!(none.status, 401, "{path}");
        let challenge = none.header("www-authenticate");
        assert!(challenge.starts_with("Bearer ") && challenge.contains(&metadata), "{challenge}");
        assert!(!challenge.contains("error"), "{challenge}");
        assert_eq!(none.body, "");
        let wrong = server.call(Method::GET, path, Some("wrong")).await;
        assert_eq!(wrong.status, 401, "{path}");
        assert!(wrong.header("www-authenticate").contains("error=\"invalid_token\""), "{path}");
    }
}

#[tokio::test]
async fn a_token_for_the_api_without_the_scope_is_refused_with_403() {
    let server = Server::start();
    let token = server.user_token("openid", &format!("{}/demo-api", server.issuer)).await;
    for path in ["/demo-api", "/demo-api/userinfo", "/demo-api/time"] {
        let answer = server.call(Method::GET, path, Some(&token)).await;
        assert_eq!(answer.status, 403, "{path}");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains("scope=\"demo.read\""), "{challenge}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_the_api_is_refused_with_401() {
    let server = Server::start();
    let token = server.user_token("openid profile", "").await;
    let answer = server.call(Method::GET, "/demo-api/time", Some(&token)).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn userinfo_of_a_machine_is_refused_for_want_of_openid() {
    let server = Server::start();
    let answer = server.call(Method::GET, "/demo-api/userinfo", Some(&server.machine_token().await)).await;
    assert_eq!(answer.status, 403);
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("scope=\"openid\""), "{challenge}");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let server = Server::start();
    let token = server.machine_token().await;
    assert_eq!(server.call(Method::GET, "/demo-api/time", Some(&token)).await.status, 200);
    assert_eq!(server.post_as_machine("/revoke", &[("token", &token)]).await.status, 200);
    let answer = server.call(Method::GET, "/demo-api/time", Some(&token)).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn userinfo_tells_by_get_and_post_who_the_user_of_the_token_is() {
    let server = Server::start();
    let token = server.user_token("openid profile email demo.read", "").await;
    for method in [Method::GET, Method::POST] {
        let answer = server.call(method, "/demo-api/userinfo", Some(&token)).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
        assert_eq!(answer.header("content-type"), "application/json");
        let claims = answer.json();
        let whoami = server.call(Method::GET, "/demo-api", Some(&token)).await.json();
        assert_eq!(claims["sub"], whoami["sub"]);
        assert_eq!(claims["email"], "alice@example.org");
    }
    assert_eq!(server.call(Method::PUT, "/demo-api/userinfo", Some(&token)).await.status, 405);
}

#[tokio::test]
async fn the_metadata_of_the_api_names_the_issuer() {
    let server = Server::start();
    for path in ["", "/demo-api"] {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let metadata = server.call(Method::GET, &path, None).await.json();
        assert_eq!(metadata["resource"], format!("{}/demo-api", server.issuer));
        assert_eq!(metadata["authorization_servers"], serde_json::json!([server.issuer]));
        assert_eq!(metadata["scopes_supported"], serde_json::json!(["demo.read"]));
    }
}

#[tokio::test]
async fn the_demo_app_signs_in_shows_claims_and_time_refreshes_and_signs_out() {
    let server = Server::start();
    let mut browser = Browser::new();
    let page = server.sign_in_at_the_app(&mut browser).await;
    assert_eq!(page.url, format!("{}/demo-app", server.app()), "the code does not stay in the history");
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    for part in [
        "<h1>You are signed in</h1>",
        "You are <strong>Alice Example</strong>, <code>alice@example.org</code>",
        &format!("<dt><code>iss</code></dt><dd><code>{}</code></dd>", server.issuer),
        "<dt><code>aud</code></dt><dd><code>demo-web</code></dd>",
        "<dt><code>sub</code></dt><dd><code>",
        "<dt><code>nonce</code></dt>",
        "200 OK",
        "{&#34;year&#34;:20",
        "<dd id=\"refreshed\">not yet</dd>",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }

    let refreshed = browser.submit(&page, "/demo-app/refresh", &[]).await;
    assert_eq!((refreshed.status, &*refreshed.url), (StatusCode::OK, &*page.url));
    assert!(refreshed.body.contains("<dd id=\"refreshed\">once</dd>"), "{}", refreshed.body);
    assert!(refreshed.body.contains("200 OK"));
    let again = browser.submit(&refreshed, "/demo-app/refresh", &[]).await;
    assert!(again.body.contains("<dd id=\"refreshed\">2 times</dd>"), "{}", again.body);

    let out = browser.submit(&again, "/demo-app/sign-out", &[]).await;
    assert_eq!((out.status, &*out.url), (StatusCode::OK, &*format!("{}/demo-app/signed-out", server.app())));
    assert!(out.body.contains("<h1>You are signed out</h1>"));
    let anew = browser.open(&format!("{}/demo-app", server.app())).await;
    assert!(anew.body.contains("id=\"login\""), "the session at the server ended too: {}", anew.body);
}

#[tokio::test]
async fn a_browser_at_localhost_is_sent_to_the_host_of_the_app() {
    let server = Server::start();
    for path in ["/demo-app", "/demo-app/callback?code=x&state=y"] {
        let answer = server.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), format!("{}{path}", server.app()));
    }
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/demo-app", server.issuer)).await;
    assert!(page.body.contains("id=\"login\""), "{}", page.body);
}

#[tokio::test]
async fn an_answer_that_fits_no_request_of_this_browser_is_an_error_page() {
    let server = Server::start();
    let mut browser = Browser::new();
    let callback = format!("{}/demo-app/callback", server.app());
    let unknown = browser.open(&format!("{callback}?code=x&state=y")).await;
    assert_eq!(unknown.status, 400);
    assert!(unknown.body.contains("<code id=\"error\">sign_in_unknown</code>"), "{}", unknown.body);
    browser.open(&format!("{}/demo-app", server.app())).await;
    let forged = browser.open(&format!("{callback}?code=x&state=y")).await;
    assert!(forged.body.contains("<code id=\"error\">state_mismatch</code>"), "{}", forged.body);
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    let server = Server::start();
    let mut browser = Browser::new();
    let begun = browser.send(Method::GET, &format!("{}/demo-app", server.app()), None).await;
    let query = begun.header("location").split_once('?').expect("a query").1.to_owned();
    let state = Params::parse(query.as_bytes()).expect("a query").get("state").expect("a state").to_owned();
    let callback = format!("{}/demo-app/callback?code=x&state={state}", server.app());
    for iss in ["", "&iss=http%3A%2F%2Flocalhost%3A1"] {
        let mut copy = browser.clone();
        let page = copy.open(&format!("{callback}{iss}")).await;
        // The first wrong answer ends the attempt, and the second finds none.
        let error = if iss.is_empty() { "issuer_mismatch" } else { "sign_in_unknown" };
        assert!(page.body.contains(&format!("<code id=\"error\">{error}</code>")), "{iss}: {}", page.body);
    }
}

#[tokio::test]
async fn a_denied_consent_is_told_with_error_and_description() {
    let server = Server::start();
    let mut browser = Browser::new();
    let sign_in = browser.open(&format!("{}/demo-app", server.app())).await;
    let credentials = [("username", "alice"), ("password", "correct-horse")];
    let consent = browser.submit(&sign_in, "", &credentials).await;
    let denied = browser.submit(&consent, "", &[("decision", "deny")]).await;
    assert_eq!(denied.status, 400);
    assert!(denied.body.contains("<code id=\"error\">access_denied</code>"), "{}", denied.body);
    assert!(!denied.body.contains("id=\"description\"></p>"), "{}", denied.body);
}

#[tokio::test]
async fn form_without_its_token_or_from_another_site_is_refused() {
    let server = Server::start();
    let mut browser = Browser::new();
    let page = server.sign_in_at_the_app(&mut browser).await;
    let refresh = format!("{}/demo-app/refresh", server.app());
    let bare = browser.send(Method::POST, &refresh, Some(("same-origin", String::new()))).await;
    assert_eq!(bare.status, 403);
    let csrf = format!("csrf={}", page.field("csrf"));
    let crossed = browser.send(Method::POST, &refresh, Some(("cross-site", csrf))).await;
    assert_eq!(crossed.status, 403);
    assert!(crossed.body.contains("form_cross_site"), "{}", crossed.body);
    let after = browser.open(&page.url).await;
    assert!(after.body.contains("<dd id=\"refreshed\">not yet</dd>"), "{}", after.body);
}

/// A server in its own process, in an empty folder.
struct Server {
    process: Child,
    issuer: String,
    data: TempDir,
}

impl Server {
    /// Starts it on a free port.
    fn start() -> Self {
        let data = TempDir::new().expect("a folder");
        let folder = data.path().join("dev").display().to_string();
        Self::run(data, &["serve", "--dev", "--listen", "127.0.0.1:0", "--data", &folder])
    }

    /// Ends it, and starts it on what it left, as the configuration in its folder says.
    fn restarted_without_dev(mut self) -> Self {
        let data = std::mem::replace(&mut self.data, TempDir::new().expect("a folder"));
        drop(self);
        let file = data.path().join("dev/passavant.toml").display().to_string();
        Self::run(data, &["serve", "--config", &file])
    }

    /// Runs it until it says that it is ready.
    fn run(data: TempDir, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_passavant"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary");
        let mut issuer = None;
        for line in BufReader::new(process.stdout.take().expect("its output")).lines() {
            let line = line.expect("text");
            if let Some(text) = line.strip_prefix("issuer ") {
                issuer = Some(text.trim().to_owned());
            }
            if line.starts_with("ready in ") {
                break;
            }
        }
        Self { process, issuer: issuer.expect("it starts"), data }
    }

    fn port(&self) -> &str {
        self.issuer.rsplit(':').next().expect("a port")
    }

    /// Where the demo app is.
    fn app(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    async fn call(&self, method: Method, path: &str, token: Option<&str>) -> Seen {
        let mut request = client().request(method, format!("{}{path}", self.issuer));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        Seen::of(request.send().await.expect("an answer")).await
    }

    async fn post_as_machine(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let request =
            client().post(format!("{}{path}", self.issuer)).basic_auth("demo-cli", Some("demo-secret"));
        Seen::of(form(request, fields).send().await.expect("an answer")).await
    }

    async fn machine_token(&self) -> String {
        let fields = [("grant_type", "client_credentials"), ("scope", "demo.read")];
        let answer = self.post_as_machine("/token", &fields).await;
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
    }

    /// A token of alice's for `demo-web`, as a program on this machine gets it. An empty resource is none.
    async fn user_token(&self, scope: &str, resource: &str) -> String {
        let mut browser = Browser::new();
        let verifier = "v".repeat(43);
        let challenge = protocol::CodeChallenge::of(&verifier);
        let redirect_uri = "http://127.0.0.1:9/callback";
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", "demo-web"),
            ("redirect_uri", redirect_uri),
            ("scope", scope),
            ("resource", resource),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        let sign_in = browser.open(&format!("{}/authorize?{query}", self.issuer)).await;
        let credentials = [("username", "alice"), ("password", "correct-horse")];
        let consent = browser.submit(&sign_in, "", &credentials).await;
        let body = consent.form(&[("decision", "allow")]);
        let answer = browser.send(Method::POST, &consent.url, Some(("same-origin", body))).await;
        let answered = answer.header("location").split_once('?').expect("a query").1;
        let params = Params::parse(answered.as_bytes()).expect("a query");
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "demo-web"),
            ("redirect_uri", redirect_uri),
            ("code", params.get("code").expect("a code")),
            ("code_verifier", &verifier),
        ];
        let request = form(client().post(format!("{}/token", self.issuer)), &fields);
        let tokens = Seen::of(request.send().await.expect("an answer")).await.json();
        tokens["access_token"].as_str().expect("a token").to_owned()
    }

    async fn sign_in_at_the_app(&self, browser: &mut Browser) -> Seen {
        let sign_in = browser.open(&format!("{}/demo-app", self.app())).await;
        let credentials = [("username", "alice"), ("password", "correct-horse")];
        let consent = browser.submit(&sign_in, "", &credentials).await;
        browser.submit(&consent, "", &[("decision", "allow")]).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Keeps cookies by host, as browsers do whatever the port, and follows redirects.
#[derive(Clone)]
struct Browser {
    http: Client,
    cookies: Vec<(String, String, String)>,
}

impl Browser {
    fn new() -> Self {
        Self { http: client(), cookies: Vec::new() }
    }

    /// Goes there, and wherever it is sent from there.
    async fn open(&mut self, url: &str) -> Seen {
        let seen = self.send(Method::GET, url, None).await;
        self.follow(seen).await
    }

    /// Submits a form of this page, with its hidden fields. An empty path is the page's own.
    async fn submit(&mut self, page: &Seen, path: &str, fields: &[(&str, &str)]) -> Seen {
        let origin = protocol::uri::origin(&page.url).expect("an origin");
        let url = if path.is_empty() { page.url.clone() } else { format!("{origin}{path}") };
        let seen = self.send(Method::POST, &url, Some(("same-origin", page.form(fields)))).await;
        self.follow(seen).await
    }

    async fn follow(&mut self, mut seen: Seen) -> Seen {
        for _ in 0..HOPS_MAX {
            let location = seen.header("location").to_owned();
            if location.is_empty() {
                return seen;
            }
            let origin = protocol::uri::origin(&seen.url).expect("an origin");
            let url = if location.starts_with('/') { format!("{origin}{location}") } else { location };
            seen = self.send(Method::GET, &url, None).await;
        }
        panic!("sent around in circles, at last to {}", seen.url);
    }

    /// One request. A form comes with what the browser says of where it was.
    async fn send(&mut self, method: Method, url: &str, form: Option<(&str, String)>) -> Seen {
        let host = protocol::uri::Parts::of(url).expect("a URL").host.expect("a host").to_owned();
        let own = self.cookies.iter().filter(|(of, _, _)| *of == host);
        let cookies: Vec<_> = own.map(|(_, name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, url).header(header::COOKIE, cookies.join("; "));
        if let Some((site, body)) = form {
            request = request.header("sec-fetch-site", site).body(body);
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (name, value) =
                line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.retain(|(of, known, _)| *of != host || known != name);
            if !value.is_empty() {
                self.cookies.push((host.clone(), name.to_owned(), value.to_owned()));
            }
        }
        Seen::of(answer).await
    }
}

/// An answer, read to its end.
struct Seen {
    url: String,
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Seen {
    async fn of(answer: Response) -> Self {
        let (url, status, headers) = (answer.url().to_string(), answer.status(), answer.headers().clone());
        Self { url, status, headers, body: answer.text().await.expect("text") }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// The value of a hidden field.
    fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&start).unwrap_or_else(|| panic!("no {name} in {}", self.body)) + start.len();
        self.body[at..].split('"').next().expect("a quote ends it")
    }

    /// The hidden fields of the page's form, and these.
    fn form(&self, fields: &[(&str, &str)]) -> String {
        let mut all = vec![("csrf", self.field("csrf"))];
        if self.body.contains("name=\"account\"") {
            all.push(("account", self.field("account")));
        }
        all.extend(fields);
        encoded(&all)
    }
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([]).build().expect("a client")
}

fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(encoded(fields))
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
