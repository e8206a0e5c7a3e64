//! The document at a `sector_identifier_uri` (OpenID Connect Dynamic Client Registration 1.0 §5).

use bytes::Bytes;
use fetching::{FetchLimits, NamedBy};
use http::{HeaderValue, Request, StatusCode, header};
use serde_json::{Map, Value};

use super::Rejection;
use crate::{AuthorizationServer, registration::finding::Finding};

const MEMBER: &str = "sector_identifier_uri";

/// Whether the document lists every redirect URI: "The values of the redirect_uris MUST be included in the elements of the
/// array".
///
/// # Errors
/// What is wrong with it. A document that can't be fetched lists nothing.
pub(crate) async fn lists_redirect_uris(
    server: &AuthorizationServer,
    members: &Map<String, Value>,
) -> Result<(), Rejection> {
    let Some(url) = members.get(MEMBER).and_then(Value::as_str) else { return Ok(()) };
    let refused = |text: String| Rejection::of(&[Finding::new(format!("/{MEMBER}"), text)]);
    NamedBy::Stranger.check(url).map_err(|error| refused(error.to_string()))?;
    let listed = fetch(server, url).await.map_err(|text| refused(format!("could not be fetched: {text}")))?;
    let redirects = members.get("redirect_uris").and_then(Value::as_array).into_iter().flatten();
    let missing = redirects.into_iter().find(|redirect| !listed.contains(redirect));
    let missing = missing.map(|missing| missing.as_str().unwrap_or_default());
    missing.map_or(Ok(()), |missing| Err(refused(format!("does not list the redirect URI {missing}"))))
}

async fn fetch(server: &AuthorizationServer, url: &str) -> Result<Vec<Value>, String> {
    let request = Request::get(url).header(header::ACCEPT, HeaderValue::from_static("application/json"));
    let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
    let fetched = server.strangers_fetch().fetch(request, FetchLimits::default()).await;
    let answer = fetched.map_err(|error| error.to_string())?;
    if answer.status() != StatusCode::OK {
        return Err(format!("answered with status {}", answer.status().as_u16()));
    }
    serde_json::from_slice(answer.body()).map_err(|_| "it is not a JSON array".to_owned())
}
