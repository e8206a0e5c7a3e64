//! An authorization server over real sockets with scripted answers, valid or not.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is written to a connection with an introspection request.
#[derive(Clone)]
pub(crate) enum Play {
    /// These bytes, then the end.
    Say(Vec<u8>),
    /// These bytes, then silence with the connection open.
    Stall(Vec<u8>),
    /// These bytes one by one, with this pause before each.
    Drip(Vec<u8>, Duration),
    /// The first once, then the second repeatedly while the client reads.
    Flood(Vec<u8>, Vec<u8>),
    /// Nothing: the connection is reset.
    Reset,
}

/// A whole answer with this status line, these headers and this body.
pub(crate) fn http(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|header| answer.push_str(&format!("{header}\r\n")));
    let mut answer = format!("{answer}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// A 200 of this media type.
pub(crate) fn typed(media_type: &str, body: impl AsRef<[u8]>) -> Play {
    Play::Say(http("200 OK", &[&format!("Content-Type: {media_type}")], body.as_ref()))
}

/// Listens on a free port of this machine until it is dropped.
pub(crate) struct Stub {
    shared: Arc<Shared>,
    listening: tokio::task::JoinHandle<()>,
}

struct Shared {
    issuer: String,
    keys: Value,
    play: Mutex<Play>,
    /// Number of requests other than for metadata and keys.
    asked: AtomicUsize,
    /// Number of bytes of those answers that the client accepted.
    taken: AtomicU64,
}

impl Stub {
    pub(crate) async fn start(keys: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let play = Mutex::new(Play::Reset);
        let (asked, taken) = (AtomicUsize::new(0), AtomicU64::new(0));
        let shared = Arc::new(Shared { issuer, keys, play, asked, taken });
        let serving = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Self { shared, listening }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    pub(crate) fn play(&self, play: Play) {
        *self.shared.play.lock().expect("play") = play;
    }

    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) {
        while let Some(path) = request(&mut stream).await {
            let issuer = &self.issuer;
            let document = match path.as_str() {
                "/.well-known/oauth-authorization-server" => json!({
                    "issuer": issuer, "jwks_uri": format!("{issuer}/jwks"),
                    "introspection_endpoint": format!("{issuer}/introspect"),
                }),
                "/jwks" => self.keys.clone(),
                "/good" => json!({"active": true, "scope": "read"}),
                _ => {
                    self.asked.fetch_add(1, Ordering::SeqCst);
                    let play = self.play.lock().expect("play").clone();
                    return self.perform(stream, play).await;
                }
            };
            let answer = http("200 OK", &["Content-Type: application/json"], document.to_string().as_bytes());
            if stream.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    async fn perform(&self, mut stream: TcpStream, play: Play) {
        match play {
            Play::Say(bytes) => {
                self.write(&mut stream, &bytes).await;
                let _ended = stream.shutdown().await;
                let _closed = stream.read(&mut [0; 64]).await;
            }
            Play::Stall(bytes) => {
                self.write(&mut stream, &bytes).await;
                let _closed = stream.read(&mut [0; 64]).await;
            }
            Play::Drip(bytes, pause) => {
                let mut clock = tokio::time::interval(pause);
                for byte in bytes {
                    clock.tick().await;
                    if !self.write(&mut stream, &[byte]).await {
                        return;
                    }
                }
            }
            Play::Flood(first, again) => {
                let mut is_read = self.write(&mut stream, &first).await;
                while is_read {
                    is_read = self.write(&mut stream, &again).await;
                }
            }
            Play::Reset => {
                // Unread data makes closing a reset.
                let socket = stream.into_std().expect("a socket");
                drop(socket);
            }
        }
    }

    async fn write(&self, stream: &mut TcpStream, bytes: &[u8]) -> bool {
        let written = stream.write_all(bytes).await.is_ok();
        if written {
            self.taken.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        }
        written
    }
}

/// Reads one request; returns its path, or `None` at the end of the connection. Of one that introspects the last byte
/// of the body stays unread, so that dropping the connection resets it.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length.saturating_sub(1)];
    stream.read_exact(&mut body).await.ok()?;
    Some(head.split(' ').nth(1)?.to_owned())
}
