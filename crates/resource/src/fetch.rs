//! How the authorization server is reached: a port, so that no HTTP client is in the tree unless it is wanted.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::limits;

/// Sends one HTTP request. The feature `client` brings one, `ReqwestFetch`.
///
/// Requests hold tokens and credentials: an implementation must not log their headers or bodies.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// The whole answer, whatever its status. Redirects are never followed: the answer is the redirect itself.
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

/// Bounds of one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// How long it may take until the last byte is there.
    pub deadline: Duration,
    /// Longest body, in bytes.
    pub bytes_max: usize,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self { deadline: Duration::from_millis(limits::DEADLINE_MILLIS), bytes_max: limits::ANSWER_BYTES_MAX }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// No whole answer by the deadline.
    #[error("no answer in time")]
    Timeout,
    /// Beyond [`FetchLimits::bytes_max`].
    #[error("the answer is too large")]
    TooLarge,
    /// No connection, or it broke.
    #[error("unreachable: {0}")]
    Unreachable(String),
}
