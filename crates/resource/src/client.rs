//! The ready HTTP client: reqwest over rustls, no redirects, everything within its bounds.

use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use reqwest::redirect::Policy;

use crate::fetch::{Fetch, FetchError, FetchLimits};

/// A [`Fetch`] that keeps connections open between requests. Needs a tokio runtime when it is used.
#[derive(Clone)]
pub struct ReqwestFetch(reqwest::Client);

impl ReqwestFetch {
    /// A client with the platform's trusted certificates.
    ///
    /// # Errors
    ///
    /// A text for people if TLS can't be set up, as on a machine without certificates.
    pub fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .user_agent(concat!("passavant-resource/", env!("CARGO_PKG_VERSION")));
        client.build().map(Self).map_err(|error| described(&error))
    }
}

#[async_trait]
impl Fetch for ReqwestFetch {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError> {
        let answer = exchange(&self.0, request, limits.bytes_max);
        tokio::time::timeout(limits.deadline, answer).await.unwrap_or(Err(FetchError::Timeout))
    }
}

impl fmt::Debug for ReqwestFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReqwestFetch")
    }
}

/// One request; the body is read no further than its bound.
async fn exchange(
    client: &reqwest::Client,
    request: Request<Bytes>,
    bytes_max: usize,
) -> Result<Response<Bytes>, FetchError> {
    let request = reqwest::Request::try_from(request).map_err(|error| unreachable(&error))?;
    let mut answer = client.execute(request).await.map_err(|error| unreachable(&error))?;
    if answer.content_length().is_some_and(|length| length > bytes_max as u64) {
        return Err(FetchError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.freeze());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    response.headers_mut().remove(CONTENT_LENGTH);
    Ok(response)
}

fn unreachable(error: &reqwest::Error) -> FetchError {
    FetchError::Unreachable(described(error))
}

/// The innermost cause: that the connection was refused says more than that the request failed.
fn described(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
