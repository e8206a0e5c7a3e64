//! A document as it was fetched: what it registers, and how long it is fresh.

use bytes::Bytes;
use fetching::{Fetch, FetchLimits};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use protocol::{ClientAuthMethod, fields, limits};
use serde_json::{Map, Value};

use crate::reason::Reason;

/// Shortest time until a document is fetched again, in seconds, whatever it says: each sign-in would fetch it.
pub(super) const FRESH_SECONDS_MIN: i64 = 300;
/// Longest time, in seconds: a changed redirect URI is known within a day.
pub(super) const FRESH_SECONDS_MAX: i64 = 86_400;
/// The same for a document that says nothing.
const FRESH_SECONDS: i64 = 3_600;

/// A document that was fetched.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Its members, without `client_id`.
    pub(super) members: Map<String, Value>,
    /// Seconds until it is fetched again.
    pub(super) fresh_seconds: i64,
}

/// What is wrong with a document, and why.
pub(super) type Wrong = (Reason, String);

impl Fetched {
    /// Fetches a document. Redirects are not followed (Client ID Metadata Document §4).
    ///
    /// # Errors
    /// What is wrong.
    pub(super) async fn fetch(fetch: &dyn Fetch, url: &str) -> Result<Self, Wrong> {
        let unavailable = |text: String| (Reason::ClientDocumentUnavailable, text);
        let request = Request::get(url).header(header::ACCEPT, HeaderValue::from_static("application/json"));
        let request = request.body(Bytes::new()).map_err(|error| unavailable(error.to_string()))?;
        let bounds = FetchLimits { bytes_max: limits::CLIENT_DOCUMENT_BYTES_MAX, ..FetchLimits::default() };
        let answer = fetch.fetch(request, bounds).await.map_err(|error| unavailable(error.to_string()))?;
        if answer.status() != StatusCode::OK {
            return Err(unavailable(format!("it was answered with status {}", answer.status().as_u16())));
        }
        let invalid = |text: String| (Reason::ClientDocumentInvalid, text);
        if !is_json(answer.headers()) {
            return Err(invalid("its Content-Type is not application/json".to_owned()));
        }
        let members = judge(answer.body(), url).map_err(invalid)?;
        Ok(Self { members, fresh_seconds: fresh_seconds(answer.headers()) })
    }
}

/// `application/json`, or a type that ends with `+json` (Client ID Metadata Document §4.1).
fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let media_type = fields::without_parameters(sent).to_ascii_lowercase();
    media_type == b"application/json"
        || media_type.starts_with(b"application/") && media_type.ends_with(b"+json")
}

/// The members, as Client ID Metadata Document §4.1 has them: about this URL, and without anything that is a shared secret.
fn judge(body: &[u8], url: &str) -> Result<Map<String, Value>, String> {
    let members: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| "it is not a JSON object".to_owned())?;
    let mut members: Map<String, Value> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if members.remove("client_id").as_ref().and_then(Value::as_str) != Some(url) {
        return Err("its client_id is not its own URL".to_owned());
    }
    for name in ["client_secret", "client_secret_expires_at"] {
        if members.contains_key(name) {
            return Err(format!("it has {name}, and everybody can read it"));
        }
    }
    // RFC 7591 §2 would have `client_secret_basic`, which no document can use.
    let method = members.entry("token_endpoint_auth_method").or_insert_with(|| "none".into());
    match method.as_str().and_then(ClientAuthMethod::parse) {
        Some(method) if can_be_published(method) => Ok(members),
        _ => {
            Err("its token_endpoint_auth_method is neither none nor one with a key of the client".to_owned())
        }
    }
}

/// Whether a method works without a shared secret (Client ID Metadata Document §6.2).
pub(super) fn can_be_published(method: ClientAuthMethod) -> bool {
    !method.as_str().starts_with("client_secret_")
}

/// How long a document is fresh (RFC 9111 §4.2.1), within the bounds that are set here (Client ID Metadata Document §4.4).
fn fresh_seconds(headers: &HeaderMap) -> i64 {
    let lists = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|list| list.to_str().ok());
    let directives: Vec<String> =
        lists.flat_map(|list| list.split(',')).map(|one| one.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|one| matches!(one.as_str(), "no-store" | "no-cache")) {
        return FRESH_SECONDS_MIN;
    }
    let max_age = directives.iter().find_map(|one| one.strip_prefix("max-age="));
    let said = max_age.and_then(|seconds| seconds.trim_matches('"').parse::<i64>().ok());
    said.unwrap_or(FRESH_SECONDS).clamp(FRESH_SECONDS_MIN, FRESH_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://app.example/client.json";

    fn verdict(document: &Value) -> Result<Map<String, Value>, String> {
        judge(document.to_string().as_bytes(), URL)
    }

    #[test]
    fn a_document_is_about_its_own_url_and_has_no_secret() {
        let good = verdict(&json!({ "client_id": URL, "client_name": "App" })).expect("valid");
        assert_eq!(good["token_endpoint_auth_method"], "none");
        assert_eq!(good.get("client_id"), None);
        for bad in [
            json!([]),
            json!({ "client_name": "App" }),
            json!({ "client_id": "https://app.example/client.json/" }),
            json!({ "client_id": URL, "client_secret": "x" }),
            json!({ "client_id": URL, "client_secret_expires_at": 0 }),
            json!({ "client_id": URL, "token_endpoint_auth_method": "client_secret_post" }),
            json!({ "client_id": URL, "token_endpoint_auth_method": "client_secret_jwt" }),
            json!({ "client_id": URL, "token_endpoint_auth_method": "magic" }),
        ] {
            assert!(verdict(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn freshness_is_within_its_bounds() {
        let fresh = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(text));
            fresh_seconds(&headers)
        };
        assert_eq!(fresh_seconds(&HeaderMap::new()), FRESH_SECONDS);
        for (text, seconds) in [
            ("max-age=600", 600),
            ("public, Max-Age=600", 600),
            ("max-age=1", FRESH_SECONDS_MIN),
            ("no-store", FRESH_SECONDS_MIN),
            ("max-age=600, no-cache", FRESH_SECONDS_MIN),
            ("max-age=99999999", FRESH_SECONDS_MAX),
            ("max-age=x", FRESH_SECONDS),
        ] {
            assert_eq!(fresh(text), seconds, "{text}");
        }
    }

    #[test]
    fn only_json_is_read() {
        let is = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            is_json(&headers)
        };
        assert!(is("application/json; charset=utf-8") && is("application/cimd+json"));
        assert!(!is("text/html") && !is("text/x+json") && !is_json(&HeaderMap::new()));
    }
}
