//! Requests that hold no form.

use bytes::Bytes;
use fetching::{Fetch, FetchLimits, limits::KEY_SET_BYTES_MAX};
use http::{HeaderValue, Request, Response, header};

use super::error::RelyingPartyError;

/// Reads a document, with an access token where there is one to present (RFC 6750 §2.1).
pub(crate) async fn get_document(
    fetch: &dyn Fetch,
    url: &str,
    access_token: Option<&str>,
) -> Result<Response<Bytes>, RelyingPartyError> {
    let mut request = Request::get(url).header(header::ACCEPT, "application/json");
    if let Some(token) = access_token {
        request = request.header(header::AUTHORIZATION, sensitive(&format!("Bearer {token}"))?);
    }
    let request = request.body(Bytes::new()).map_err(RelyingPartyError::RequestInvalid)?;
    // As large as a key set may be.
    let limits = FetchLimits { bytes_max: KEY_SET_BYTES_MAX, ..FetchLimits::default() };
    Ok(fetch.fetch(request, limits).await?)
}

/// A header value that logs leave out.
pub(super) fn sensitive(text: &str) -> Result<HeaderValue, RelyingPartyError> {
    let mut value =
        HeaderValue::from_str(text).map_err(|error| RelyingPartyError::RequestInvalid(error.into()))?;
    value.set_sensitive(true);
    Ok(value)
}
