//! Cross-origin requests: the origins of registered redirect URIs, never with credentials.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    error::Fault,
    registry::RegisteredClient,
};

/// Seconds that a browser may cache the answer to a preflight.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Lets a page of the client's own origin read the answer. A refusal without a client says nothing about one, so any
/// registered origin may read it, as with a preflight: a page must see that its token has expired.
pub(crate) async fn allow_origin_of(
    server: &AuthorizationServer,
    mut answer: Answer,
    client: Option<&RegisteredClient>,
    headers: &HeaderMap,
) -> Answer {
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = headers.get(header::ORIGIN) else { return answer };
    let Ok(text) = origin.to_str() else { return answer };
    let is_allowed = match client {
        Some(client) => client.origins.iter().any(|registered| registered == text),
        None if answer.status().is_success() => false,
        None => server.registry().is_origin_registered(text).await.unwrap_or(false),
    };
    if is_allowed {
        let own = answer.headers_mut();
        own.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        own.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate"));
    }
    answer
}

/// Lets every page read a public document.
pub(crate) fn allow_all(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

/// Answers a preflight. It names no client, so any registered origin is allowed; which answers the origin may read is
/// decided by the client that authenticates.
pub(crate) async fn preflight(server: &AuthorizationServer, headers: &HeaderMap) -> Result<Answer, Fault> {
    let mut answer = answer::empty(StatusCode::NO_CONTENT);
    let own = answer.headers_mut();
    own.insert(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(answer) };
    let Ok(text) = origin.to_str() else { return Ok(answer) };
    if server.registry().is_origin_registered(text).await? {
        own.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        own.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        own.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type"),
        );
        own.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    }
    Ok(answer)
}
