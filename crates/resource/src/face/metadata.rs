//! Serves the metadata of the API (RFC 9728 §2) and its own keys, as one small `tower` service.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap,
    HeaderValue, VARY,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use protocol::resource_metadata::{ResourceMetadata, well_known_path};
use tower_service::Service;

use crate::limits::DOCUMENT_FRESH_SECONDS;
use crate::trust::own_keys::{self, OwnKeys};

/// The methods of every document.
const METHODS: &str = "GET, HEAD, OPTIONS";
/// The path of the metadata if the resource has none.
const ROOT: &str = "/.well-known/oauth-protected-resource";

/// Answers `GET`, `HEAD` and `OPTIONS` on [`MetadataService::paths`], and 404 elsewhere. The documents are public, for scripts of
/// every origin as well.
#[derive(Clone, Debug)]
pub struct MetadataService {
    documents: Arc<[(String, Document)]>,
}

#[derive(Clone, Debug)]
enum Document {
    Metadata(Bytes),
    /// The keys at the time of the request.
    Keys(OwnKeys),
}

impl MetadataService {
    /// Serves this metadata, and the keys if there are any to publish.
    pub(crate) fn new(mut metadata: ResourceMetadata, keys: &OwnKeys) -> Self {
        let has_keys = keys.document().is_some();
        let origin = protocol::uri::origin(&metadata.resource);
        metadata.jwks_uri = origin.filter(|_| has_keys).map(|origin| origin + own_keys::PATH);
        let text = Bytes::from(serde_json::to_vec(&metadata).unwrap_or_default());
        let suffixed = well_known_path(&metadata.resource).filter(|path| path != ROOT);
        let paths = std::iter::once(ROOT.to_owned()).chain(suffixed);
        let mut documents: Vec<_> = paths.map(|path| (path, Document::Metadata(text.clone()))).collect();
        documents.extend(has_keys.then(|| (own_keys::PATH.to_owned(), Document::Keys(keys.clone()))));
        Self { documents: documents.into() }
    }

    /// The paths that are served: `/.well-known/oauth-protected-resource`, the same with the path of the audience, and
    /// `/jwks` if there are decryption keys.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|(path, _)| &**path)
    }

    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let mut response = self.document(method, path, headers);
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    fn document(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let document = self.documents.iter().find(|(known, _)| known == path);
        let document = document.and_then(|(_, document)| match document {
            Document::Metadata(text) => Some(text.clone()),
            Document::Keys(keys) => keys.document(),
        });
        let Some(document) = document else { return empty(StatusCode::NOT_FOUND) };
        if *method == Method::OPTIONS {
            return preflight(headers);
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
            return response;
        }
        let body = if *method == Method::HEAD { Bytes::new() } else { document };
        let mut response = Response::new(Full::new(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let fresh = format!("public, max-age={DOCUMENT_FRESH_SECONDS}");
        headers.extend(HeaderValue::from_str(&fresh).ok().map(|value| (CACHE_CONTROL, value)));
        response
    }
}

impl<B> Service<Request<B>> for MetadataService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method(), request.uri().path(), request.headers())))
    }
}

/// The URL of a resource's metadata, as a challenge names it (RFC 9728 §5.1); `None` if the resource is not an http or
/// https URL.
pub(crate) fn url(audience: &str) -> Option<String> {
    Some(protocol::uri::origin(audience)? + &well_known_path(audience)?)
}

/// A script may send any header with its request, since the answer depends on none (Fetch, "CORS-preflight request"): MCP clients
/// send `MCP-Protocol-Version`.
fn preflight(asked: &HeaderMap) -> Response<Full<Bytes>> {
    let mut response = empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(METHODS));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(DOCUMENT_FRESH_SECONDS));
    headers.insert(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    for names in asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.append(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(audience: &str) -> MetadataService {
        let metadata = ResourceMetadata { resource: audience.to_owned(), ..ResourceMetadata::default() };
        MetadataService::new(metadata, &OwnKeys::new(&[], &[]).expect("no keys"))
    }

    #[test]
    fn metadata_is_at_the_root_and_with_the_path_of_the_audience() {
        let paths = |audience| service(audience).paths().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(paths("https://notes.example"), [ROOT]);
        assert_eq!(paths("https://notes.example/"), [ROOT]);
        assert_eq!(paths("urn:notes"), [ROOT]);
        let suffixed = "/.well-known/oauth-protected-resource/v1/mcp".to_owned();
        assert_eq!(paths("https://notes.example/v1/mcp"), [ROOT.to_owned(), suffixed]);
    }

    #[test]
    fn a_challenge_names_the_address_of_the_metadata() {
        let found = url("https://notes.example:8443/mcp");
        let expected = "https://notes.example:8443/.well-known/oauth-protected-resource/mcp";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(url("urn:notes"), None);
    }

    #[test]
    fn only_reading_is_answered() {
        let service = service("https://notes.example");
        for (method, path, status) in [
            (Method::GET, ROOT, 200),
            (Method::HEAD, ROOT, 200),
            (Method::OPTIONS, ROOT, 204),
            (Method::POST, ROOT, 405),
            // There are no keys to show.
            (Method::GET, "/jwks", 404),
            (Method::OPTIONS, "/jwks", 404),
        ] {
            let answer = service.answer(&method, path, &HeaderMap::new());
            assert_eq!(answer.status(), status, "{method} {path}");
            assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{method} {path}");
        }
    }

    #[test]
    fn preflights_allow_the_requested_headers() {
        let mut asked = HeaderMap::new();
        asked.insert(
            ACCESS_CONTROL_REQUEST_HEADERS,
            HeaderValue::from_static("authorization, mcp-protocol-version"),
        );
        let answer = service("https://notes.example").answer(&Method::OPTIONS, ROOT, &asked);
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS], "authorization, mcp-protocol-version");
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_METHODS], "GET, HEAD");
        assert_eq!(answer.headers()[ALLOW], "GET, HEAD, OPTIONS");
    }
}
