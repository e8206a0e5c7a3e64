//! Reading a document: a GET whose response must be a 200.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, HeaderValue};
use jose::json;

use crate::fetch::{Fetch, FetchError, FetchLimits};

/// The port and its limits.
#[derive(Clone)]
pub struct Http {
    /// Sends the requests.
    pub fetch: Arc<dyn Fetch>,
    /// Limits of each request.
    pub limits: FetchLimits,
}

impl Http {
    /// The body of a response with status 200, without a byte order mark.
    ///
    /// # Errors
    ///
    /// [`DocumentError`]; never [`DocumentError::Invalid`], since nothing is parsed here.
    pub async fn document(&self, url: &str, accept: &'static str) -> Result<Bytes, DocumentError> {
        document(&*self.fetch, self.limits, url, accept).await
    }

    /// The same with documents of up to this many bytes.
    pub(crate) fn with_bytes_max(&self, bytes_max: usize) -> Self {
        Self { fetch: Arc::clone(&self.fetch), limits: FetchLimits { bytes_max, ..self.limits } }
    }
}

/// The body of a response with status 200, without a byte order mark.
///
/// # Errors
///
/// [`DocumentError`]; never [`DocumentError::Invalid`], since nothing is parsed here.
pub async fn document(
    fetch: &dyn Fetch,
    limits: FetchLimits,
    url: &str,
    accept: &'static str,
) -> Result<Bytes, DocumentError> {
    let request = Request::get(url).header(ACCEPT, HeaderValue::from_static(accept));
    let request = request.body(Bytes::new()).map_err(|error| DocumentError::Url(error.to_string()))?;
    let answer = fetch.fetch(request, limits).await?;
    if answer.status() != 200 {
        return Err(DocumentError::Status(answer.status().as_u16()));
    }
    let body = answer.into_body();
    let text = json::without_mark(&body);
    Ok(body.slice_ref(text))
}

/// Why a document is unavailable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Not a valid URL.
    #[error("{0}")]
    Url(String),
    /// There is no response.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Another status than 200. Redirects are not followed.
    #[error("answered with status {0}")]
    Status(u16),
    /// The response is not such a document.
    #[error("{0}")]
    Invalid(String),
    /// It lacks what is wanted, and is not fetched again yet, since it was fetched several times a moment ago.
    #[error("it is not fetched again yet, since it was fetched several times a moment ago")]
    Busy,
}

impl DocumentError {
    /// Whether the host did not respond at all, so that another path of it won't either.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Timeout | FetchError::Unreachable(_)))
    }
}
