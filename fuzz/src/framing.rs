//! The framing check before the HTTP parser (RFC 9112 §6), compared with the parser without it.

use std::{cell::RefCell, convert::Infallible, rc::Rc};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    body::Incoming,
    rt::{Read, Write},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serving::framing::check_framing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// The limit of the parser under test.
const HEADERS_MAX: usize = 100;

/// A request as the service after the parser receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    method: String,
    target: String,
    headers: HeaderMap,
    /// None, since the connection ended early.
    body: Option<Bytes>,
}

/// A stream of requests, cut into reads by its first byte. Requests with one body length are received as they are
/// without the check; the first one with a repeated or conflicting length is not, nor is anything after it.
pub fn framing(bytes: &[u8]) {
    let Some((cut, stream)) = bytes.split_first() else { return };
    let cut = usize::from(*cut).max(1);
    let without = crate::block_on(serve(stream, cut, |stream| stream));
    let with = crate::block_on(serve(stream, cut, check_framing));
    let good = first_ambiguous(stream).map_or(without.len(), |at| at.min(without.len()));
    assert_eq!(with, without[..good], "of {} requests", without.len());
}

/// The number of the first request with a repeated or conflicting body length. The parser under test can't tell,
/// since it drops a `Content-Length` beside a `Transfer-Encoding`.
fn first_ambiguous(mut stream: &[u8]) -> Option<usize> {
    for number in 0.. {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(httparse::Status::Complete(length)) = request.parse(stream) else { return None };
        stream = &stream[length..];
        let values = |name: &str| -> Vec<&[u8]> {
            let named = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            named.map(|header| header.value).collect()
        };
        stream = match (&*values("content-length"), &*values("transfer-encoding")) {
            ([], []) => stream,
            ([length], []) => stream.get(std::str::from_utf8(length).ok()?.parse().ok()?..)?,
            ([], [_]) => behind_chunks(stream)?,
            _ => return Some(number),
        };
    }
    None
}

fn behind_chunks(mut stream: &[u8]) -> Option<&[u8]> {
    loop {
        let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(stream) else {
            return None;
        };
        stream = &stream[line..];
        if size == 0 {
            let mut trailers = [httparse::EMPTY_HEADER; HEADERS_MAX];
            let Ok(httparse::Status::Complete((length, _))) = httparse::parse_headers(stream, &mut trailers)
            else {
                return None;
            };
            return Some(&stream[length..]);
        }
        stream = stream.get(usize::try_from(size).ok()?..)?.strip_prefix(b"\r\n")?;
    }
}

async fn serve<S>(stream: &[u8], cut: usize, check: impl FnOnce(TokioIo<DuplexStream>) -> S) -> Vec<Seen>
where
    S: Read + Write + Unpin,
{
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (client, server) = tokio::io::duplex(64 * 1024);
    let service = service_fn(|request: Request<Incoming>| {
        let seen = Rc::clone(&seen);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.ok().map(|body| body.to_bytes());
            seen.borrow_mut().push(Seen {
                method: head.method.to_string(),
                target: head.uri.to_string(),
                headers: head.headers,
                body,
            });
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let connection = http1::Builder::new().serve_connection(check(TokioIo::new(server)), service);
    let (mut answers, mut requests) = tokio::io::split(client);
    let send = async {
        for piece in stream.chunks(cut) {
            if requests.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        requests.shutdown().await.ok();
    };
    let drain = async {
        let mut buffer = [0; 4096];
        while answers.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    let _ = tokio::join!(connection, send, drain);
    seen.take()
}
