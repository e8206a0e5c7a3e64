//! The documents of peers, in memory.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;
use server::ports::{Fetch, FetchError, FetchLimits};

/// A [`Fetch`] port with scripted responses. They are delayed a little, so that concurrent requests overlap.
#[derive(Debug, Default)]
pub struct ScriptedFetch {
    peers: Mutex<BTreeMap<String, Peer>>,
}

#[derive(Debug)]
struct Peer {
    answer: Answer,
    asked: usize,
    /// The `Authorization` and the body of each request that had a body.
    received: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
enum Answer {
    Now(Result<(StatusCode, Bytes), FetchError>),
    /// A document with these headers.
    Document(Bytes, HeaderMap),
    Never,
}

impl ScriptedFetch {
    /// From now on this URL answers with this document.
    pub fn serve(&self, url: &str, document: &Value) {
        self.script(url, Answer::Now(Ok((StatusCode::OK, document.to_string().into()))));
    }

    /// From now on this URL answers with this document, and these headers beside a `Content-Type` of JSON.
    ///
    /// # Panics
    /// If a header is not valid.
    pub fn serve_with(&self, url: &str, document: &Value, headers: &[(&'static str, &str)]) {
        let mut all = HeaderMap::new();
        all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            all.insert(*name, HeaderValue::from_str(value).expect("a header value"));
        }
        self.script(url, Answer::Document(document.to_string().into(), all));
    }

    /// From now on this URL answers with this text.
    pub fn serve_text(&self, url: &str, text: &str) {
        self.script(url, Answer::Now(Ok((StatusCode::OK, text.to_owned().into()))));
    }

    /// From now on this URL answers with this status, and no document.
    ///
    /// # Panics
    /// If it is not a valid status.
    pub fn refuse(&self, url: &str, status: u16) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.script(url, Answer::Now(Ok((status, Bytes::new()))));
    }

    /// From now on this URL is unavailable.
    pub fn fail(&self, url: &str, error: FetchError) {
        self.script(url, Answer::Now(Err(error)));
    }

    /// From now on this URL never answers.
    pub fn hang(&self, url: &str) {
        self.script(url, Answer::Never);
    }

    /// Number of requests to this URL.
    pub fn asked(&self, url: &str) -> usize {
        self.peers().get(url).map_or(0, |peer| peer.asked)
    }

    /// The `Authorization` and the body of each request to this URL that had a body and an answer.
    pub fn received(&self, url: &str) -> Vec<(String, String)> {
        self.peers().get(url).map(|peer| peer.received.clone()).unwrap_or_default()
    }

    fn note(&self, request: &Request<Bytes>) {
        if let Some(peer) = self.peers().get_mut(&request.uri().to_string()) {
            let authorization = request.headers().get(http::header::AUTHORIZATION);
            let authorization = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
            let body = String::from_utf8_lossy(request.body()).into_owned();
            peer.received.push((authorization.to_owned(), body));
        }
    }

    fn script(&self, url: &str, answer: Answer) {
        let mut peers = self.peers();
        let (asked, received) = peers.remove(url).map_or((0, Vec::new()), |peer| (peer.asked, peer.received));
        peers.insert(url.to_owned(), Peer { answer, asked, received });
    }

    fn peers(&self) -> MutexGuard<'_, BTreeMap<String, Peer>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, url: &str) -> Answer {
        let mut peers = self.peers();
        let Some(peer) = peers.get_mut(url) else {
            return Answer::Now(Err(FetchError::Unreachable("connection refused".to_owned())));
        };
        peer.asked += 1;
        peer.answer.clone()
    }
}

#[async_trait]
impl Fetch for ScriptedFetch {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        let answer = self.ask(&request.uri().to_string());
        if matches!(answer, Answer::Now(Ok(_))) && !request.body().is_empty() {
            self.note(&request);
        }
        LetOthersGoFirst(3).await;
        match answer {
            Answer::Now(Ok((_, body))) if body.len() > limits.bytes_max => Err(FetchError::TooLarge),
            Answer::Now(Ok((status, body))) => {
                let mut response = Response::new(body);
                *response.status_mut() = status;
                Ok(response)
            }
            Answer::Document(body, _) if body.len() > limits.bytes_max => Err(FetchError::TooLarge),
            Answer::Document(body, headers) => {
                let mut response = Response::new(body);
                *response.headers_mut() = headers;
                Ok(response)
            }
            Answer::Now(Err(error)) => Err(error),
            Answer::Never => std::future::pending().await,
        }
    }
}

/// A future that is ready after a number of polls, in any runtime.
struct LetOthersGoFirst(u8);

impl Future for LetOthersGoFirst {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(()) };
        self.0 = left;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
