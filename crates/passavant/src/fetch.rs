//! Documents that the operator named: `jwks_uri` of clients and resources.

use std::{sync::OnceLock, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use protocol::uri;
use reqwest::{Client, redirect::Policy};
use server::ports::{Fetch, FetchError, FetchLimits};
use tokio::{sync::Semaphore, time::timeout};

/// Fetches at one time; more of them wait, and their deadline runs.
const FETCHES_MAX: usize = 4;

/// Fetches over https from anywhere, and over http from loopback where the issuer itself is plain http. Redirects are
/// answers, and no answer.
#[derive(Debug)]
pub(crate) struct OperatorFetch {
    http_to_loopback: bool,
    /// Made when it is first needed: the platform's certificates take their time.
    client: OnceLock<Client>,
    running: Semaphore,
}

impl OperatorFetch {
    /// For a server with this issuer.
    pub(crate) fn new(issuer: &str) -> Self {
        let http_to_loopback = issuer.starts_with("http://");
        Self { http_to_loopback, client: OnceLock::new(), running: Semaphore::new(FETCHES_MAX) }
    }

    fn is_allowed(&self, url: &str) -> bool {
        uri::Parts::of(url).is_ok_and(|parts| match parts.scheme {
            "https" => parts.host.is_some(),
            "http" => self.http_to_loopback && parts.is_loopback(),
            _ => false,
        })
    }

    fn client(&self) -> Result<&Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let builder = Client::builder()
            .redirect(Policy::none())
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("passavant/", env!("CARGO_PKG_VERSION")));
        let client = builder.build().map_err(|error| unreachable(&error))?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn exchange(&self, url: &str, bytes_max: usize) -> Result<Bytes, FetchError> {
        let _permit = self.running.acquire().await.map_err(|_| FetchError::Timeout)?;
        let request = self.client()?.get(url).header("accept", "application/jwk-set+json, application/json");
        let mut answer = request.send().await.map_err(|error| unreachable(&error))?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > bytes_max {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

#[async_trait]
impl Fetch for OperatorFetch {
    async fn fetch(&self, url: &str, limits: FetchLimits) -> Result<Bytes, FetchError> {
        if !self.is_allowed(url) {
            return Err(FetchError::Forbidden(url.to_owned()));
        }
        let deadline = Duration::from_millis(limits.deadline_millis);
        timeout(deadline, self.exchange(url, limits.bytes_max)).await.unwrap_or(Err(FetchError::Timeout))
    }
}

/// The innermost cause: that the connection was refused says more than that the request failed.
fn unreachable(error: &reqwest::Error) -> FetchError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    FetchError::Unreachable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Answers each connection with this text, and then waits until the peer goes.
    async fn peer(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    let _ = stream.read(&mut request).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.read(&mut request).await;
                });
            }
        });
        url
    }

    fn limits() -> FetchLimits {
        FetchLimits { deadline_millis: 200, bytes_max: 8 }
    }

    #[tokio::test]
    async fn a_body_within_its_bound_is_fetched_and_a_longer_one_is_not() {
        let fetch = OperatorFetch::new("http://localhost:4000");
        let url = peer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        assert_eq!(fetch.fetch(&url, limits()).await.as_deref(), Ok(&b"{}"[..]));
        let url = peer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789").await;
        assert_eq!(fetch.fetch(&url, limits()).await, Err(FetchError::TooLarge));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_a_silent_peer_not_waited_for() {
        let fetch = OperatorFetch::new("http://localhost:4000");
        let url =
            peer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(fetch.fetch(&url, limits()).await, Err(FetchError::Status(302)));
        let url = peer("").await;
        assert_eq!(fetch.fetch(&url, limits()).await, Err(FetchError::Timeout));
    }

    #[test]
    fn plain_http_goes_to_loopback_alone_and_only_beside_an_http_issuer() {
        let dev = OperatorFetch::new("http://localhost:4000");
        let live = OperatorFetch::new("https://id.example.org");
        assert!(dev.is_allowed("http://127.0.0.1:1/jwks") && !live.is_allowed("http://127.0.0.1:1/jwks"));
        assert!(dev.is_allowed("https://a.example/jwks") && live.is_allowed("https://a.example/jwks"));
        for url in ["http://a.example/jwks", "file:///etc/passwd", "https:jwks", "x"] {
            assert!(!dev.is_allowed(url), "{url}");
        }
    }
}
