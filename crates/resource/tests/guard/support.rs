//! A scripted authorization server behind the `Fetch` port, a clock to set, and tokens to send.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{Request, Response};
use jose::{SignatureAlgorithm, SigningKey, jws};
use passavant_resource::{Clock, Denied, Fetch, FetchError, FetchLimits, Guard, GuardBuilder, Reason, Token};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tracing::Dispatch;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const AUDIENCE: &str = "https://notes.example";
pub(crate) const NOW: i64 = 1_800_000_000;

/// The answer of the server at one URL.
#[derive(Clone)]
pub(crate) enum Script {
    Answer {
        status: u16,
        media_type: &'static str,
        body: Bytes,
    },
    Fail(FetchError),
    /// No answer until the deadline.
    Hang,
    /// Answers once a permit is available.
    Gated(Arc<Semaphore>, Bytes),
}

pub(crate) fn json_answer(body: &Value) -> Script {
    Script::Answer { status: 200, media_type: "application/json", body: body.to_string().into() }
}

pub(crate) fn status(status: u16) -> Script {
    Script::Answer { status, media_type: "text/html", body: Bytes::new() }
}

/// Answers by script, and records requests.
#[derive(Default)]
pub(crate) struct Server {
    scripts: Mutex<HashMap<String, Script>>,
    asked: Mutex<Vec<Request<Bytes>>>,
}

impl Server {
    pub(crate) fn set(&self, path: &str, script: Script) {
        self.set_url(&format!("{ISSUER}{path}"), script);
    }

    /// Answers at a whole URL.
    pub(crate) fn set_url(&self, url: &str, script: Script) {
        self.scripts.lock().expect("scripts").insert(url.to_owned(), script);
    }

    /// Publishes these keys.
    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<Value> =
            keys.iter().map(|key| key.public_jwk().expect("a public key").to_value()).collect();
        self.set("/jwks", json_answer(&json!({ "keys": keys })));
    }

    /// Number of requests to this path.
    pub(crate) fn calls(&self, path: &str) -> usize {
        self.asked.lock().expect("asked").iter().filter(|request| request.uri().path() == path).count()
    }

    /// Every request to this path, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Request<Bytes>> {
        let asked = self.asked.lock().expect("asked");
        asked.iter().filter(|request| request.uri().path() == path).cloned().collect()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Request<Bytes> {
        self.asked.lock().expect("asked").last().expect("a request").clone()
    }
}

#[async_trait]
impl Fetch for Server {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        let script = self.scripts.lock().expect("scripts").get(&request.uri().to_string()).cloned();
        self.asked.lock().expect("asked").push(request);
        match script.unwrap_or_else(|| status(404)) {
            Script::Answer { status, media_type, body } => {
                let answer = Response::builder().status(status).header(CONTENT_TYPE, media_type).body(body);
                Ok(answer.expect("an answer"))
            }
            Script::Fail(error) => Err(error),
            Script::Hang => {
                tokio::time::sleep(limits.deadline).await;
                Err(FetchError::Timeout)
            }
            Script::Gated(gate, body) => {
                let Ok(permit) = gate.acquire().await else {
                    return Err(FetchError::Unreachable("reset".to_owned()));
                };
                permit.forget();
                Ok(Response::new(body))
            }
        }
    }
}

/// A clock that stands still until it is set.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst) * 1000
    }
}

/// A server with one key, its clock, and helpers to make tokens.
pub(crate) struct World {
    pub(crate) server: Arc<Server>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) key: SigningKey,
}

impl World {
    pub(crate) fn new() -> Self {
        let key = key(SignatureAlgorithm::Es256);
        let server = Arc::new(Server::default());
        server.publish(&[&key]);
        let metadata = json!({
            "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"),
            "introspection_endpoint": format!("{ISSUER}/introspect"), "scopes_supported": null,
            "token_endpoint": format!("{ISSUER}/token")
        });
        server.set("/.well-known/oauth-authorization-server", json_answer(&metadata));
        Self { server, clock: Arc::new(TestClock(AtomicI64::new(NOW))), key }
    }

    pub(crate) fn builder(&self) -> GuardBuilder {
        Guard::builder(ISSUER, AUDIENCE).fetch(self.server.clone()).clock(self.clock.clone())
    }

    /// A guard that only accepts JWTs.
    pub(crate) fn guard(&self) -> Guard {
        self.builder().build().expect("a guard")
    }

    /// A builder for a guard that introspects as `notes-rs`.
    pub(crate) fn introspecting(&self) -> GuardBuilder {
        self.builder().introspect("notes-rs", "a-secret-of-22-characters")
    }

    /// A valid access token with other claims.
    pub(crate) fn jwt(&self, changes: Value) -> String {
        sign(&self.key, Some("at+jwt"), Some(self.key.kid()), &claims(changes))
    }
}

pub(crate) fn key(algorithm: SignatureAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm).expect("a key")
}

/// The claims of a valid access token, with some replaced, or removed if the value is null.
pub(crate) fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "client_id": "shop", "jti": "j-1",
        "iat": NOW, "exp": NOW + 600, "scope": "notes.read"
    });
    merge(&mut claims, changes);
    claims
}

pub(crate) fn merge(good: &mut Value, changes: Value) {
    let members = good.as_object_mut().expect("an object");
    let Value::Object(changes) = changes else { panic!("an object") };
    for (name, value) in changes {
        match value {
            Value::Null => members.remove(&name),
            value => members.insert(name, value),
        };
    }
}

pub(crate) fn sign(key: &SigningKey, typ: Option<&str>, kid: Option<&str>, claims: &Value) -> String {
    let header = jws::Header { typ: typ.map(str::to_owned), kid: kid.map(str::to_owned), cty: None };
    jws::sign(&header, claims.to_string().as_bytes(), key).expect("a token")
}

/// Sees to it that a subscriber of one thread gets every line. Where there is only one subscriber, `tracing` asks that of the
/// thread which reaches a line first whether anybody wants it, and other tests have none.
pub(crate) fn see_every_line() {
    static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        Dispatch::new(subscriber.with_writer(std::io::sink).finish())
    });
    LazyLock::force(&ANOTHER);
}

/// A log in memory, for as long as it is held.
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _listening: tracing::subscriber::DefaultGuard,
}

impl Log {
    /// Records this thread from now on.
    pub(crate) fn listen() -> Self {
        see_every_line();
        let lines: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writer = Arc::clone(&lines);
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        let subscriber = subscriber.with_writer(move || Lines(Arc::clone(&writer))).finish();
        Self { lines, _listening: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.lock().expect("lines").clone()).expect("text")
    }
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lines").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The head of a request with this bearer token.
pub(crate) fn head(token: &str) -> Parts {
    let request = Request::get("/notes").header(AUTHORIZATION, format!("Bearer {token}"));
    request.body(()).expect("a request").into_parts().0
}

pub(crate) async fn check(guard: &Guard, token: &str) -> Result<Token, Denied> {
    guard.check(&head(token)).await
}

/// The reason of a refusal, after checking that status and challenge fit it.
pub(crate) async fn refused(guard: &Guard, token: &str) -> Reason {
    let denied = check(guard, token).await.expect_err("a refusal");
    let challenge = denied.challenge().map(|value| value.to_str().expect("ASCII").to_owned());
    match denied.status().as_u16() {
        401 => assert!(challenge.is_some_and(|text| text.starts_with("Bearer error=\"invalid_token\", "))),
        403 => {
            assert!(challenge.is_some_and(|text| text.starts_with("Bearer error=\"insufficient_scope\", ")))
        }
        503 => assert_eq!(challenge, None),
        other => panic!("status {other} for {:?}", denied.reason()),
    }
    denied.reason()
}
