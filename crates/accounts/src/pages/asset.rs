//! A static file that browsers may cache.

use std::hash::{DefaultHasher, Hasher as _};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::fields;
use server::Answer;

/// The file, or 304 where the browser has it cached (RFC 9110 §13.1.2).
pub(crate) fn answer(headers: &HeaderMap, bytes: &Bytes, media_type: HeaderValue) -> Answer {
    let tag = tag(bytes);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().map(HeaderValue::as_bytes);
    let is_known = fields::names_version(known, tag.as_bytes());
    let mut answer = if is_known { Answer::default() } else { Answer::new(bytes.clone().into()) };
    if is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = answer.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Changes whenever the file does.
fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("\"{:016x}\"", hasher.finish())
}
