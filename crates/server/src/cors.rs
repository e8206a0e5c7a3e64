//! Cross-origin requests (Fetch, "CORS protocol"): from the origins that clients registered, never with credentials.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    context::{Cors, Endpoint},
    error::Fault,
    registry::RegisteredClient,
};

/// Seconds that a browser may cache the answer to a preflight.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// Response headers that a page may read, beside those that it always may.
const EXPOSED: HeaderValue = HeaderValue::from_static("www-authenticate, retry-after, dpop-nonce");
/// Longest list of header names that a preflight may ask for, in bytes.
const ASKED_BYTES_MAX: usize = 1024;

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
        Some(client) => client.has_origin(text),
        None if answer.status().is_success() => false,
        None => server.registry().is_origin_registered(text).await.unwrap_or(false),
    };
    if is_allowed {
        let own = answer.headers_mut();
        own.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        own.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    answer
}

/// The same for a refusal that is made before the endpoint is asked.
pub(crate) async fn allow_refusal(
    server: &AuthorizationServer,
    endpoint: &Endpoint,
    refusal: Answer,
    headers: &HeaderMap,
) -> Answer {
    match endpoint.cors {
        Cors::Anyone => allow_all(refusal),
        Cors::ClientOrigins => allow_origin_of(server, refusal, None, headers).await,
        Cors::Forbidden => refusal,
    }
}

/// Lets every page read a public document.
pub(crate) fn allow_all(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

/// Answers a preflight. It names no client, so any registered origin is allowed; which answers the origin may read is
/// decided by the client that authenticates. Any header may be sent: only those that the endpoint reads have an effect,
/// and libraries add their own.
pub(crate) async fn preflight(
    server: &AuthorizationServer,
    endpoint: &Endpoint,
    headers: &HeaderMap,
) -> Result<Answer, Fault> {
    let mut answer = answer::empty(StatusCode::NO_CONTENT);
    let own = answer.headers_mut();
    own.insert(header::VARY, HeaderValue::from_static("Origin, Access-Control-Request-Headers"));
    let Some(allowed) = allowed(server, endpoint.cors, headers).await? else { return Ok(answer) };
    own.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    let methods = HeaderValue::from_str(&endpoint.method_list()).map_err(Fault::new)?;
    own.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    if let Some(asked) = asked(headers) {
        own.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    own.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    Ok(answer)
}

/// The origin that is allowed.
async fn allowed(
    server: &AuthorizationServer,
    cors: Cors,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, Fault> {
    match cors {
        Cors::Anyone => Ok(Some(HeaderValue::from_static("*"))),
        Cors::Forbidden => Ok(None),
        Cors::ClientOrigins => {
            let Some(origin) = headers.get(header::ORIGIN) else { return Ok(None) };
            let Ok(text) = origin.to_str() else { return Ok(None) };
            Ok(server.registry().is_origin_registered(text).await?.then(|| origin.clone()))
        }
    }
}

/// The headers that the page asks to send, as one list of names.
fn asked(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
    let list = lines.join(&b", "[..]);
    let is_name = |name: &[u8]| http::HeaderName::from_bytes(name.trim_ascii()).is_ok();
    let is_list =
        !list.is_empty() && list.len() <= ASKED_BYTES_MAX && list.split(|b| *b == b',').all(is_name);
    if is_list { HeaderValue::from_bytes(&list).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_of_names_is_echoed() {
        let echoed = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                let line = HeaderValue::from_static(line);
                headers.append(header::ACCESS_CONTROL_REQUEST_HEADERS, line);
            }
            asked(&headers).map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(echoed(&[]), None);
        assert_eq!(
            echoed(&["authorization,x-requested-with"]).as_deref(),
            Some("authorization,x-requested-with")
        );
        assert_eq!(echoed(&["dpop", "traceparent"]).as_deref(), Some("dpop, traceparent"));
        for bad in ["a b", "a,,b", "", "a: b", "a;b", "(x)"] {
            assert_eq!(echoed(&[bad]), None, "{bad}");
        }
    }
}
