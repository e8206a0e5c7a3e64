//! How the authorization server is reached: a port, so that no HTTP client is in the tree unless it is wanted.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::limits;

/// Sends one HTTP request. The feature `client` brings one, `ReqwestFetch`.
///
/// Requests hold tokens and credentials: an implementation must not log their headers or bodies.
///
/// In a test it can be all that the guard sees of a server, with no network at all:
///
/// ```
/// use async_trait::async_trait;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use passavant_resource::{Fetch, FetchError, FetchLimits, Guard};
/// # use testkit as passavant_testkit;
/// use passavant_testkit::Authority;
/// use std::sync::Arc;
///
/// struct Documents(Authority);
///
/// #[async_trait]
/// impl Fetch for Documents {
///     async fn fetch(&self, request: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
///         let document = match request.uri().path() {
///             "/.well-known/oauth-authorization-server" => self.0.metadata(),
///             "/jwks" => self.0.jwks(),
///             elsewhere => return Err(FetchError::Unreachable(elsewhere.to_owned())),
///         };
///         Ok(Response::new(document.to_string().into()))
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Authority::new("https://id.example.org");
/// let api = "https://notes.example.org";
/// let guard = Guard::builder(server.issuer(), api).fetch(Arc::new(Documents(server.clone()))).build()?;
/// let token = server.token(api).subject("alice").sign();
/// let request = Request::get("/notes").header("authorization", format!("Bearer {token}")).body(())?;
/// assert_eq!(guard.check(&request.into_parts().0).await?.subject(), "alice");
/// # Ok(())
/// # }
/// ```
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
