//! The port: one HTTP request, its limits, and its errors.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::limits;

/// Sends one HTTP request. The feature `client` brings an implementation, `ReqwestFetch`.
///
/// Requests hold tokens and credentials: an implementation must not log their headers or bodies.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// The whole response, whatever its status. Redirects are never followed: the response is the redirect itself.
    ///
    /// # Errors
    ///
    /// [`FetchError`]. Must return by the deadline, whatever the peer does.
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limits: FetchLimits,
    ) -> Result<Response<Bytes>, FetchError>;
}

/// Limits of one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Time until the last byte must have arrived.
    pub deadline: Duration,
    /// Maximum size of the body, in bytes.
    pub bytes_max: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self { deadline: Duration::from_millis(limits::DEADLINE_MILLIS), bytes_max: limits::ANSWER_BYTES_MAX }
    }
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// This URL may not be fetched, see [`crate::NamedBy`].
    #[error("{0} may not be fetched")]
    Forbidden(String),
    /// No complete response by the deadline.
    #[error("no answer in time")]
    Timeout,
    /// Beyond [`FetchLimits::bytes_max`].
    #[error("the answer is too large")]
    TooLarge,
    /// No connection, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
}

/// Fetches nothing: for servers whose clients and resources register their keys by value.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFetch;

#[async_trait]
impl Fetch for NoFetch {
    async fn fetch(&self, request: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
        Err(FetchError::Forbidden(request.uri().to_string()))
    }
}
