//! The pages in front of a whole server, as a browser sees them.

mod device;
mod refused;
mod repeated;

use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use http::{HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use protocol::{ClientId, ClientMetadata};
use server::{
    MasterKey, Ports, RequestContext, Settings,
    ports::{Clock, NoFetch, SystemEntropy},
    store::{Caller, Client, Commit, Expect, RegistryChange, memory::MemoryStore},
};
use tower_service::Service as _;

use super::*;
use crate::{
    accounts::DirectoryAccounts,
    directory::fixture::{OneAccount, alice},
    passwords::{Password, PasswordCost, Passwords},
};

const ISSUER: &str = "https://id.example";

/// Stands still until it is moved.
struct Still(AtomicI64);

impl Clock for Still {
    fn millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A server with its pages, and a browser.
struct World {
    server: AuthorizationServer,
    router: Router,
    clock: Arc<Still>,
    cookies: Vec<(String, String)>,
    /// Cookies that another site set, which come first.
    others: Vec<(String, String)>,
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The value of a hidden field.
    fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&start).unwrap_or_else(|| panic!("no {name} in {}", self.body)) + start.len();
        self.body[at..].split('"').next().expect("a quote ends it")
    }
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(Still(AtomicI64::new(1_750_000_000_000)));
        let passwords = Passwords::new(PasswordCost::FLOOR, Arc::new(SystemEntropy), 1).expect("memory");
        let hash = passwords.hash(Password::parse("correct-horse").expect("fits")).await.expect("hash");
        let directory = Arc::new(OneAccount::new(Some(Account { password: Some(hash), ..alice() })));
        let mut settings = Settings::new(ISSUER).expect("an issuer");
        settings.device = Some(server::DeviceFlow::default());
        let pages = StyledPages::new(&settings).named("Example Org");
        let ports = Ports {
            store: Arc::new(MemoryStore::new()),
            accounts: Arc::new(DirectoryAccounts(directory.clone())),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            fetch: Arc::new(NoFetch),
            strangers_fetch: Arc::new(server::ports::NoFetch),
            pages: Arc::new(pages.clone()),
            master: Arc::new(MasterKey::new(&[7; 32])),
        };
        let server = AuthorizationServer::assemble(settings, ports);
        server.store().commit(shop(server.now())).await.expect("a store").expect("no conflict");
        let authenticator = Authenticator {
            directory,
            passwords: Arc::new(passwords),
            limits: Arc::default(),
            clock: clock.clone(),
        };
        let router = router(AccountPages { server: server.clone(), authenticator, pages });
        Self { server, router, clock, cookies: Vec::new(), others: Vec::new() }
    }

    async fn get(&mut self, url: &str) -> Seen {
        self.send(self.request(Method::GET, url).body(Body::empty()).expect("a request")).await
    }

    async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Seen {
        let form = self.form(url).header("sec-fetch-site", "same-origin");
        let body = encode(fields);
        self.send(form.body(body.into()).expect("a request")).await
    }

    fn form(&self, url: &str) -> http::request::Builder {
        self.request(Method::POST, url).header("content-type", "application/x-www-form-urlencoded")
    }

    fn request(&self, method: Method, url: &str) -> http::request::Builder {
        let path = url.strip_prefix(ISSUER).unwrap_or(url);
        let cookies: Vec<_> =
            self.others.iter().chain(&self.cookies).map(|(name, value)| format!("{name}={value}")).collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", "id.example")
            .header("cookie", cookies.join("; ").as_bytes())
            .extension(RequestContext::new("r-1", [192, 0, 2, 1].into()))
    }

    async fn send(&mut self, request: Request<Body>) -> Seen {
        let mut service = self.server.service();
        let (head, body) = match service.at(request.uri().path()).is_some() {
            true => {
                let (head, body) = service.call(request).await.expect("infallible").into_parts();
                (head, Body::new(body))
            }
            false => self.router.call(request).await.expect("infallible").into_parts(),
        };
        for cookie in head.headers.get_all("set-cookie") {
            let text = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = text.split_once('=').expect("a pair");
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let body = body.collect().await.expect("whole").to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        Seen { status: head.status, headers: head.headers, body }
    }

    /// Starts at the client; returns the URL of the sign-in page.
    async fn arrive(&mut self) -> String {
        let seen = self
            .get(
                "/authorize?response_type=code&client_id=shop&redirect_uri=https%3A%2F%2Fshop.example%2Fcb\
                 &scope=openid+profile&state=s&login_hint=alice&code_challenge_method=S256\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            )
            .await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
        seen.header("location").to_owned()
    }

    /// Starts and signs in; returns the URL of the consent page.
    async fn sign_in(&mut self) -> String {
        let url = self.arrive().await;
        let csrf = self.get(&url).await.field("csrf").to_owned();
        let fields = [("csrf", &*csrf), ("username", "Alice"), ("password", "correct-horse")];
        let seen = self.post(&url, &fields).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.body);
        seen.header("location").to_owned()
    }
}

fn shop(now: protocol::Timestamp) -> Commit {
    let metadata = ClientMetadata {
        client_name: Some("Shop".into()),
        redirect_uris: vec!["https://shop.example/cb".into()],
        token_endpoint_auth_method: Some("none".into()),
        grant_types: Some(
            ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"].map(str::to_owned).into(),
        ),
        scope: Some("openid profile".into()),
        ..ClientMetadata::default()
    };
    let client = Client {
        caller: Caller { id: ClientId::new("shop"), epoch: 1, disabled: false, secret: None },
        metadata,
        require_pkce: true,
        skip_consent: false,
        applied: false,
        registered: server::store::Registered::default(),
        version: 1,
    };
    Commit::new(now).with(RegistryChange::PutClient(Box::new(client), Expect::Absent))
}

fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String { text.bytes().map(|b| format!("%{b:02x}")).collect() };
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    pairs.join("&")
}

#[tokio::test]
async fn a_user_signs_in_allows_and_the_client_gets_its_code() {
    let mut world = World::new().await;
    let url = world.arrive().await;
    assert!(url.starts_with("https://id.example/login?interaction="), "{url}");
    let page = world.get(&url).await;
    assert_eq!((page.status, page.header("referrer-policy")), (StatusCode::OK, "same-origin"));
    assert!(page.body.contains("Sign in to continue to <bdi>Shop</bdi>"), "{}", page.body);
    assert_eq!(page.field("username\" type=\"text"), "alice", "login_hint");
    let csrf = page.field("csrf").to_owned();
    let seen =
        world.post(&url, &[("csrf", &csrf), ("username", "alice"), ("password", "correct-horse")]).await;
    let url = seen.header("location").to_owned();
    assert!(url.starts_with("https://id.example/consent?interaction="), "{url}");
    let page = world.get(&url).await;
    assert!(page.body.contains("Allow “<bdi>Shop</bdi>” to use your account?"), "{}", page.body);
    assert!(page.body.contains("Alice Martin") && page.body.contains("See your profile"));
    assert!(page.header("content-security-policy").ends_with("form-action 'self' https:"));
    let fields = [("csrf", page.field("csrf")), ("account", page.field("account")), ("decision", "allow")];
    let seen = world.post(&url, &fields).await;
    let location = seen.header("location");
    assert!(location.starts_with("https://shop.example/cb?code="), "{location}");
    assert!(location.contains("&state=s&iss=https%3A%2F%2Fid.example"), "{location}");
}

/// Cookies of other sites at the same host may contain any byte, also under the names of ours (RFC 6265 §8.6).
#[tokio::test]
async fn cookies_of_another_site_stop_nobody() {
    let mut browser = World::new().await;
    browser.cookies.push(("city".to_owned(), "\u{c6}r\u{f8}".to_owned()));
    for ours in ["__Host-passavant_browser", "__Host-passavant_session"] {
        browser.others.push((ours.to_owned(), "\u{c6}".to_owned()));
        browser.others.push((ours.to_owned(), "x".to_owned()));
    }
    let consent = browser.sign_in().await;
    assert_eq!(browser.get(&consent).await.status, StatusCode::OK);
}

#[tokio::test]
async fn deny_tells_the_client() {
    let mut world = World::new().await;
    let url = world.sign_in().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    let seen = world.post(&url, &[("csrf", &csrf), ("decision", "deny")]).await;
    assert!(seen.header("location").starts_with("https://shop.example/cb?error=access_denied"));
    let again = world.post(&url, &[("csrf", &csrf), ("decision", "deny")]).await;
    assert_eq!(again.header("location"), seen.header("location"), "the same form, the same answer");
    let other = world.post(&url, &[("csrf", &csrf), ("decision", "allow")]).await;
    let anew = other.header("location");
    assert!(anew.starts_with("https://id.example/authorize?interaction="), "{anew}");
}

/// OpenID Connect Core 1.0 §3.1.2.1: `id_token_hint`.
#[tokio::test]
async fn the_page_says_whom_the_application_expects() {
    let mut world = World::new().await;
    // A request that expects somebody else, as it is stored.
    let url = world.arrive().await;
    let token = url.split_once("interaction=").expect("an interaction").1;
    let handle = protocol::InteractionToken::presented(token).expect("43 characters").handle();
    let stored = world.server.store().interaction(handle).await.expect("read").expect("a row");
    let request =
        stored.open(&handle).expect("its own").request.replace("\"expected\":null", "\"expected\":\"u-9\"");
    let update = server::store::InteractionChange::Update(handle, request.into());
    world
        .server
        .store()
        .commit(Commit::new(world.server.now()).with(update))
        .await
        .expect("a store")
        .expect("none");
    let page = world.get(&url).await;
    assert!(page.body.contains("<bdi>Shop</bdi></b> expects <b><bdi>another account"), "{}", page.body);
    let csrf = page.field("csrf").to_owned();
    let seen =
        world.post(&url, &[("csrf", &csrf), ("username", "alice"), ("password", "correct-horse")]).await;
    assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        seen.body.contains(sign_in::UNEXPECTED) && !seen.headers.contains_key("set-cookie"),
        "{}",
        seen.body
    );
    let seen = world.post(&url, &[("csrf", &csrf), ("decision", "cancel")]).await;
    let location = seen.header("location");
    assert!(location.starts_with("https://shop.example/cb?error=login_required"), "{location}");
}

#[tokio::test]
async fn not_you_leads_back_to_signing_in() {
    let mut world = World::new().await;
    let url = world.sign_in().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    let seen = world.post(&url, &[("csrf", &csrf), ("switch", "account")]).await;
    assert!(seen.header("location").starts_with("https://id.example/login?interaction="));
}

#[tokio::test]
async fn consent_for_somebody_else_than_was_shown_is_asked_anew() {
    let mut world = World::new().await;
    let url = world.sign_in().await;
    let csrf = world.get(&url).await.field("csrf").to_owned();
    let fields = [("csrf", &*csrf), ("account", "u-2"), ("decision", "allow")];
    let seen = world.post(&url, &fields).await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, &*url));
}

#[tokio::test]
async fn signing_out_is_asked_for_and_then_done() {
    let mut world = World::new().await;
    world.sign_in().await;
    let url = world.get("/logout").await.header("location").to_owned();
    assert!(url.starts_with("https://id.example/logout/confirm?interaction="), "{url}");
    let page = world.get(&url).await;
    assert!(page.body.contains("id=\"logout\""), "{}", page.body);
    let csrf = page.field("csrf").to_owned();
    let other = world.get("/logout").await.header("location").to_owned();
    let other_csrf = world.get(&other).await.field("csrf").to_owned();
    let stayed = world.post(&other, &[("csrf", &other_csrf), ("decision", "cancel")]).await;
    assert_eq!(stayed.header("location"), "https://id.example/account");
    let seen = world.post(&url, &[("csrf", &csrf)]).await;
    let cookie = seen.header("set-cookie");
    assert!(cookie.starts_with("__Host-passavant_session=; ") && cookie.ends_with("; Max-Age=1"), "{cookie}");
    let url = seen.header("location").to_owned();
    let page = world.get(&url).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("You are signed out"), "{}", page.body);
}

#[tokio::test]
async fn the_stylesheet_of_the_pages_is_served() {
    let mut world = World::new().await;
    let seen = world.get("/assets/ui.css").await;
    assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
}
