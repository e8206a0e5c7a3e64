//! An upstream that tells what reached it, and can be slow, long-winded or speak another protocol.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Body, Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// A server on a port of its own. It ends with the runtime of its test.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        Self::behind(None).await
    }

    /// The same over TLS, as `localhost`, by an authority that nobody knows.
    pub(crate) async fn start_tls() -> Self {
        let certificates = CertificateDer::pem_slice_iter(include_bytes!("tls/server.pem"));
        let certificates = certificates.collect::<Result<_, _>>().expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).expect("a key");
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(certificates, key)
                .expect("they fit");
        Self::behind(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn behind(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (counter, tls) = (Arc::clone(&counter), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, counter).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, counter).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// One that answers each connection with these bytes, whatever it is asked, and closes.
    pub(crate) async fn raw(text: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        address
    }

    /// How many requests reached it.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, counter: Arc<AtomicUsize>) {
    let service = service_fn(move |request| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(answer(request).await) }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

/// So many zeros, made as they are read.
pub(crate) struct Zeros {
    left: u64,
}

impl Zeros {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { left: bytes }
    }
}

impl Body for Zeros {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        static BLOCK: [u8; 65_536] = [0; 65_536];
        let length = self.left.min(BLOCK.len() as u64);
        self.left -= length;
        let length = usize::try_from(length).expect("at most a block");
        Poll::Ready((length > 0).then(|| Ok(Frame::data(Bytes::from_static(&BLOCK[..length])))))
    }
}

async fn answer(mut request: Request<Incoming>) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let path = request.uri().path().to_owned();
    match &*path {
        "/never" => std::future::pending().await,
        "/socket" => return upgraded(&mut request),
        _ => {}
    }
    if let Some(bytes) = path.strip_prefix("/zeros/") {
        return Response::new(Zeros::new(bytes.parse().expect("a number")).boxed_unsync());
    }
    let (head, body) = request.into_parts();
    let (length, trailers) = read(body).await;
    let lines = |headers: &HeaderMap| -> Vec<(String, String)> {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
    };
    let seen = json!({
        "method": head.method.as_str(), "target": head.uri.to_string(), "headers": lines(&head.headers),
        "length": length, "trailers": lines(&trailers),
    });
    let mut response = Response::new(Full::from(seen.to_string()).boxed_unsync());
    let headers = response.headers_mut();
    if path == "/leaky" {
        headers.insert("connection", "x-hop".parse().expect("a value"));
        headers.insert("x-hop", "secret".parse().expect("a value"));
        headers.insert("keep-alive", "timeout=5".parse().expect("a value"));
    }
    if path == "/trailers" {
        headers.insert("trailer", "x-sum".parse().expect("a value"));
        let sum = HeaderMap::from_iter([("x-sum".parse().expect("a name"), "42".parse().expect("a value"))]);
        let frames = [Frame::data(Bytes::from_static(b"data")), Frame::trailers(sum)];
        let frames = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
        *response.body_mut() = StreamBody::new(frames).boxed_unsync();
    }
    response
}

/// How long a body is, and what follows it. One that breaks off ends there.
async fn read(mut body: Incoming) -> (u64, HeaderMap) {
    let (mut length, mut trailers) = (0, HeaderMap::new());
    while let Some(Ok(frame)) = body.frame().await {
        match frame.into_data() {
            Ok(data) => length += data.len() as u64,
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    (length, trailers)
}

/// Agrees to whatever is asked for, says so in the first line, and echoes the rest.
fn upgraded(request: &mut Request<Incoming>) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let mut response = Response::new(Full::default().boxed_unsync());
    let Some(protocol) = request.headers().get("upgrade").cloned() else {
        return response;
    };
    let who = request.headers().get("x-auth-client").map_or("nobody", |value| value.to_str().expect("ASCII"));
    let greeting = format!("hello {who}\n");
    let upgrading = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrading.await.expect("upgraded"));
        stream.write_all(greeting.as_bytes()).await.expect("sent");
        let (mut read, mut write) = tokio::io::split(stream);
        let _ = tokio::io::copy(&mut read, &mut write).await;
        let _ = write.shutdown().await;
    });
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert("connection", "upgrade".parse().expect("a value"));
    response.headers_mut().insert("upgrade", protocol);
    response
}
