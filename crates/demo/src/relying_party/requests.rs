//! Requests that hold no form.

use bytes::Bytes;
use fetching::{Fetch, FetchLimits};
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
    Ok(fetch.fetch(request, FetchLimits::default()).await?)
}

/// A header value that logs leave out.
pub(super) fn sensitive(text: &str) -> Result<HeaderValue, RelyingPartyError> {
    let mut value =
        HeaderValue::from_str(text).map_err(|error| RelyingPartyError::RequestInvalid(error.into()))?;
    value.set_sensitive(true);
    Ok(value)
}
