//! The limit of `cargo xtask bench`: the physical work of a request on the same HTTP stack, and nothing else.
//!
//! `POST /token` appends one row of the size and key layout of an opaque access token, durably, gathered with its
//! neighbors; `POST /jwt` makes one ES256 signature; `POST /introspect` reads one row. There are no clients, no
//! grants, no checks: nobody may run this but the benchmark.
#![expect(clippy::print_stdout, reason = "the benchmark reads where it listens")]
#![expect(clippy::disallowed_methods, reason = "the limit has no clock and no entropy port")]

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{digest, rand, signature};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of one transaction at most, as in the store.
const BATCH_MAX: usize = 1024;
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE IF NOT EXISTS access (
        id INTEGER PRIMARY KEY, issuer INTEGER NOT NULL, digest BLOB NOT NULL, issued_at INTEGER NOT NULL,
        expires_in INTEGER NOT NULL, grant_id INTEGER, client TEXT NOT NULL, epoch INTEGER NOT NULL, subject TEXT,
        scopes TEXT NOT NULL, audience TEXT NOT NULL, narrowed INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0
    ) STRICT;";
const INSERT: &str = "INSERT INTO access VALUES (?1, 1, ?2, ?3, 600, NULL, 'bench-client', ?4, NULL,
    'bench.read bench.write', 'https://bench.example/api', 0, 0)";
const SELECT: &str = "SELECT digest, issued_at + expires_in FROM access WHERE id = ?1";

type Row = (i64, [u8; 32], oneshot::Sender<()>);

struct Bare {
    rows: mpsc::UnboundedSender<Row>,
    next: AtomicI64,
    reader: Mutex<Connection>,
    key: signature::EcdsaKeyPair,
    random: rand::SystemRandom,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: bare DATABASE")?;
    let bare = Bare::open(&path)?;
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
        let (writer, reader) = (Connection::open(path)?, Connection::open(path)?);
        writer.execute_batch(SCHEMA)?;
        reader.execute_batch(SCHEMA)?;
        let (rows, waiting) = mpsc::unbounded_channel();
        let (wake, mut written) = mpsc::unbounded_channel::<Vec<oneshot::Sender<()>>>();
        tokio::spawn(async move {
            while let Some(batch) = written.recv().await {
                for done in batch {
                    // A request that was dropped waits for nothing.
                    done.send(()).ok();
                }
            }
        });
        std::thread::spawn(move || write(&writer, waiting, &wake).expect("the limit's own database"));
        let scheme = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        Ok(Arc::new(Self {
            rows,
            next: AtomicI64::new(millis() << 21),
            reader: Mutex::new(reader),
            key: signature::EcdsaKeyPair::generate(scheme)?,
            random: rand::SystemRandom::new(),
        }))
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let text = match head.uri.path() {
            "/token" => self.token().await,
            "/jwt" => self.jwt(),
            _ => self.introspect(&body),
        };
        Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(Full::from(text))
            .expect("fixed headers")
    }

    async fn token(&self) -> String {
        let mut secret = [0; 32];
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        rand::fill(&mut secret[8..]).expect("entropy");
        secret[..8].copy_from_slice(&id.to_be_bytes());
        let (done, written) = oneshot::channel();
        self.rows.send((id, sha256(&secret), done)).expect("the writer lives");
        written.await.expect("the writer answers");
        reply(&URL_SAFE_NO_PAD.encode(secret))
    }

    fn jwt(&self) -> String {
        let mut jti = [0; 16];
        rand::fill(&mut jti).expect("entropy");
        let now = millis() / 1000;
        let header = br#"{"alg":"ES256","typ":"at+jwt","kid":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}"#;
        let claims = format!(
            "{{\"iss\":\"http://127.0.0.1:4000\",\"sub\":\"bench-jwt\",\"aud\":\"https://bench.example/jwt\",\
             \"client_id\":\"bench-jwt\",\"exp\":{},\"iat\":{now},\"jti\":\"{}\",\"scope\":\"jwt.read\",\
             \"gid\":\"AAAAAAAAAAA\"}}",
            now + 600,
            URL_SAFE_NO_PAD.encode(jti),
        );
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&self.random, input.as_bytes()).expect("signs");
        reply(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn introspect(&self, body: &[u8]) -> String {
        let token = body.strip_prefix(b"token=").unwrap_or_default();
        let Ok(secret) = URL_SAFE_NO_PAD.decode(token) else { return "{\"active\":false}".to_owned() };
        let id = secret.first_chunk().map_or(0, |id| i64::from_be_bytes(*id));
        let reader = self.reader.lock().expect("nobody panics with it");
        let mut statement = reader.prepare_cached(SELECT).expect("a statement");
        let found = statement.query_row([id], |row| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, i64>(1)?)));
        match found {
            Ok((digest, expires)) if digest == sha256(&secret) && expires > millis() / 1000 => format!(
                "{{\"active\":true,\"scope\":\"bench.read bench.write\",\"client_id\":\"bench-client\",\
                 \"exp\":{expires}}}"
            ),
            Ok(_) | Err(_) => "{\"active\":false}".to_owned(),
        }
    }
}

fn write(
    writer: &Connection,
    mut waiting: mpsc::UnboundedReceiver<Row>,
    wake: &mpsc::UnboundedSender<Vec<oneshot::Sender<()>>>,
) -> rusqlite::Result<()> {
    let mut batch = Vec::new();
    while let Some(first) = waiting.blocking_recv() {
        batch.push(first);
        while batch.len() < BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        writer.execute_batch("BEGIN IMMEDIATE")?;
        {
            let mut statement = writer.prepare_cached(INSERT)?;
            let now = millis() / 1000;
            for (id, digest, _) in &batch {
                statement.execute(params![id, &digest[..], now, id])?;
            }
        }
        writer.execute_batch("COMMIT")?;
        wake.send(batch.drain(..).map(|(_, _, done)| done).collect()).ok();
    }
    Ok(())
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
