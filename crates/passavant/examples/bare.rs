//! The limit of `cargo xtask bench`: the physical work of a request on the same HTTP stack, and nothing else.
//!
//! A token appends rows of the size and key layout of the store, durably, in one transaction with its neighbors; a JWT is
//! one ES256 signature, or its verification; a question reads one row by its key; a document is a text in memory; a
//! password is one Argon2id hash. Random bytes are of the operating system, as the server's are. There are no clients and no checks: this is only for the benchmark.
//!
//! `bare fill DATABASE ROWS` adds unexpired access tokens to a database of passavant.
#![expect(clippy::print_stdout, reason = "the benchmark reads where it listens")]
#![expect(clippy::disallowed_methods, reason = "the limit has no clock and no entropy port")]

#[path = "bare/rows.rs"]
mod rows;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{digest, rand, signature, signature::KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, Response, StatusCode, body::Bytes, body::Incoming, header, http::HeaderValue};
use hyper_util::rt::{TokioExecutor, TokioIo};

use rows::{Rows, Write};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The longest document that can be asked for, in bytes.
const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Memory of a password hash in KiB, and its passes: the defaults of passavant.
const ARGON2: (u32, u32) = (19 * 1024, 2);
const HEADER: &[u8] =
    br#"{"alg":"ES256","typ":"at+jwt","kid":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}"#;
const CODE_PREFIX: &str = "https://bench.example/cb?code=";

struct Bare {
    rows: Rows,
    next: AtomicI64,
    key: signature::EcdsaKeyPair,
    public: signature::UnparsedPublicKey<Vec<u8>>,
    random: rand::SystemRandom,
    document: Bytes,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = match arguments.as_slice() {
        [path] => path,
        [fill, path, count] if fill == "fill" => return Ok(rows::fill(path, count.parse()?)?),
        _ => return Err("usage: bare DATABASE | bare fill DATABASE ROWS".into()),
    };
    let bare = Bare::open(path)?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let bare = bare.clone();
        tokio::spawn(async move {
            let answer = hyper::service::service_fn(move |request| {
                let bare = bare.clone();
                async move { Ok::<_, Infallible>(bare.answer(request).await) }
            });
            let http = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            // A connection that breaks off is the load generator's affair.
            http.serve_connection(TokioIo::new(socket), answer).await.ok();
        });
    }
}

impl Bare {
    fn open(path: &str) -> Result<Arc<Self>, Box<dyn std::error::Error>> {
        let scheme = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = signature::EcdsaKeyPair::generate(scheme)?;
        let public = key.public_key().as_ref().to_vec();
        Ok(Arc::new(Self {
            rows: Rows::open(path)?,
            next: AtomicI64::new(millis() << 21),
            key,
            public: signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, public),
            random: rand::SystemRandom::new(),
            document: Bytes::from(vec![b' '; DOCUMENT_BYTES_MAX]),
        }))
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        if head.method == Method::GET {
            return match head.uri.path() {
                "/document" => self.document(head.uri.query()),
                "/userinfo" => json(self.userinfo(head.headers.get(header::AUTHORIZATION))),
                _ => self.authorize(head.headers.get(header::COOKIE)).await,
            };
        }
        json(match head.uri.path() {
            "/token" if body.starts_with(b"grant_type=authorization_code") => self.redeem(&body).await,
            "/token" if body.starts_with(b"grant_type=refresh_token") => self.refresh(&body).await,
            "/token" => self.token().await,
            "/jwt" => reply(&self.jwt()),
            "/introspect-jwt" => self.introspect_jwt(&body),
            "/password" => password().await,
            "/form" => form(&body),
            _ => self.introspect(&body),
        })
    }

    fn secret(&self) -> (i64, [u8; 32]) {
        let mut secret = [0; 32];
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        jose::primitives::random(&mut secret[8..]);
        secret[..8].copy_from_slice(&id.to_be_bytes());
        (id, secret)
    }

    async fn token(&self) -> String {
        let (id, secret) = self.secret();
        self.rows.write(Write::Access(id, sha256(&secret))).await;
        reply(&URL_SAFE_NO_PAD.encode(secret))
    }

    fn jwt(&self) -> String {
        let mut jti = [0; 16];
        jose::primitives::random(&mut jti);
        let now = millis() / 1000;
        let claims = format!(
            "{{\"iss\":\"http://127.0.0.1:4000\",\"sub\":\"bench-jwt\",\"aud\":\"https://bench.example/jwt\",\
             \"client_id\":\"bench-jwt\",\"exp\":{},\"iat\":{now},\"jti\":\"{}\",\"scope\":\"jwt.read\",\
             \"gid\":\"AAAAAAAAAAA\"}}",
            now + 600,
            URL_SAFE_NO_PAD.encode(jti),
        );
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&self.random, input.as_bytes()).expect("signs");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// One verification, and one read: is the grant of the token alive?
    fn introspect_jwt(&self, body: &[u8]) -> String {
        let verified = (|| {
            let (input, signature) = std::str::from_utf8(value(body, b"token=")).ok()?.rsplit_once('.')?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            self.public.verify(input.as_bytes(), &signature).ok()?;
            let claims = URL_SAFE_NO_PAD.decode(input.split_once('.')?.1).ok()?;
            serde_json::from_slice::<serde_json::Value>(&claims).ok()
        })();
        match verified {
            Some(claims) if self.rows.access(0).is_none() => {
                active(claims["exp"].as_i64().unwrap_or_default())
            }
            Some(_) | None => INACTIVE.to_owned(),
        }
    }

    fn introspect(&self, body: &[u8]) -> String {
        self.live(value(body, b"token=")).map_or_else(|| INACTIVE.to_owned(), active)
    }

    /// When this token expires, if its row is there.
    fn live(&self, token: &[u8]) -> Option<i64> {
        let secret = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (digest, expires) = self.rows.access(id_of(&secret))?;
        (digest == sha256(&secret) && expires > millis() / 1000).then_some(expires)
    }

    /// Two reads: the token, and the account.
    fn userinfo(&self, authorization: Option<&HeaderValue>) -> String {
        let token = authorization.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        match token.and_then(|token| self.live(token)) {
            Some(_) => self.rows.claims("u-bench-0"),
            None => INACTIVE.to_owned(),
        }
    }

    /// One read of the session; a grant and a code.
    async fn authorize(&self, cookie: Option<&HeaderValue>) -> Response<Full<Bytes>> {
        let session = cookie.map_or(0, |cookie| i64::from(cookie.len() > 1));
        assert!(self.rows.session(session), "a session");
        let ((grant, _), (id, secret)) = (self.secret(), self.secret());
        self.rows.write(Write::Approve { grant, id, digest: sha256(&secret) }).await;
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::SEE_OTHER;
        let location = format!("{CODE_PREFIX}{}&state=s&iss=i", URL_SAFE_NO_PAD.encode(secret));
        answer.headers_mut().insert(header::LOCATION, HeaderValue::try_from(location).expect("visible"));
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }

    /// One read of the code; it is used, and an access token and a family are added; one signature.
    async fn redeem(&self, body: &[u8]) -> String {
        let code = URL_SAFE_NO_PAD.decode(value(body, b"code=")).unwrap_or_default();
        let grant = self.rows.code(id_of(&code), &sha256(&code)).expect("a code");
        let ((access, secret), (family, refresh)) = (self.secret(), self.secret());
        let write = Write::Redeem {
            code: id_of(&code),
            grant,
            access: (access, sha256(&secret)),
            family: (family, sha256(&refresh)),
        };
        self.rows.write(write).await;
        self.tokens(&secret, &refresh)
    }

    /// One read of the family; it is rotated, and an access token is added; one signature.
    async fn refresh(&self, body: &[u8]) -> String {
        let before = URL_SAFE_NO_PAD.decode(value(body, b"refresh_token=")).unwrap_or_default();
        let family = id_of(&before);
        let grant = self.rows.family(family, &sha256(&before)).expect("a family");
        let ((access, secret), (_, mut after)) = (self.secret(), self.secret());
        after[..8].copy_from_slice(&before[..8]);
        let access = (access, sha256(&secret));
        self.rows.write(Write::Rotate { family: (family, sha256(&after)), grant, access }).await;
        self.tokens(&secret, &after)
    }

    fn tokens(&self, access: &[u8], refresh: &[u8]) -> String {
        let [access, refresh] = [access, refresh].map(|secret| URL_SAFE_NO_PAD.encode(secret));
        format!(
            "{{\"access_token\":\"{access}\",\"token_type\":\"Bearer\",\"expires_in\":600,\"scope\":\"openid\",\
             \"refresh_token\":\"{refresh}\",\"id_token\":\"{}\"}}",
            self.jwt()
        )
    }

    /// A text of as many bytes as the query says, as a public document is sent.
    fn document(&self, bytes: Option<&str>) -> Response<Full<Bytes>> {
        let bytes = bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or(0).min(DOCUMENT_BYTES_MAX);
        let mut answer = Response::new(Full::new(self.document.slice(..bytes)));
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(
            header::ETAG,
            HeaderValue::from_static("\"RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o\""),
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        answer
    }
}

const INACTIVE: &str = "{\"active\":false}";

fn active(expires: i64) -> String {
    format!(
        "{{\"active\":true,\"scope\":\"bench.read bench.write\",\"client_id\":\"bench-client\",\"exp\":{expires}}}"
    )
}

async fn password() -> String {
    let hash = || {
        let (memory, passes) = ARGON2;
        let params = Params::new(memory, passes, 1, None).expect("valid parameters");
        let mut out = [0; 32];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(b"bench-password", b"sixteen bytes of", &mut out).expect("it hashes");
        out
    };
    let hash = tokio::task::spawn_blocking(hash).await.expect("it ends");
    format!("{{\"hash\":\"{}\"}}", URL_SAFE_NO_PAD.encode(hash))
}

fn form(body: &[u8]) -> String {
    let fields =
        form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned().into()));
    serde_json::Value::Object(fields.collect()).to_string()
}

/// The value of a parameter that needs no decoding.
fn value<'b>(body: &'b [u8], name: &[u8]) -> &'b [u8] {
    let mut parameters = body.split(|byte| *byte == b'&');
    parameters.find_map(|parameter| parameter.strip_prefix(name)).unwrap_or_default()
}

fn id_of(secret: &[u8]) -> i64 {
    secret.first_chunk().map_or(0, |id| i64::from_be_bytes(*id))
}

fn json(text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(text));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn reply(token: &str) -> String {
    format!(
        "{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":600,\"scope\":\"bench.read\"}}"
    )
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, bytes).as_ref().try_into().expect("32 bytes")
}

fn millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}
