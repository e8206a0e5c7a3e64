//! What the API says of itself: its metadata (RFC 9728 §3) and its own keys, as one small `tower` service.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use jose::DecryptionKey;
use protocol::resource_metadata::{ResourceMetadata, well_known_path};
use protocol::{Audience, Issuer, Scopes};
use tower_service::Service;

use crate::dpop::{Dpop, Proofs};
use crate::jwks;
use crate::limits::DOCUMENT_FRESH_SECONDS;

/// Where the metadata of a resource without a path is.
const ROOT: &str = "/.well-known/oauth-protected-resource";

/// Answers `GET` and `HEAD` on [`MetadataService::paths`], and 404 elsewhere. Anybody may read it.
#[derive(Clone, Debug)]
pub struct MetadataService {
    documents: Arc<[(String, Bytes)]>,
}

impl MetadataService {
    pub(crate) fn new(
        issuer: &Issuer,
        audience: &Audience,
        scopes: &Scopes,
        keys: &[DecryptionKey],
        dpop: (Dpop, Option<&Proofs>),
    ) -> Self {
        let (mode, proofs) = dpop;
        let proof_algorithms = proofs.map(Proofs::algorithm_names).unwrap_or_default();
        let own_keys = jwks::document(keys);
        let origin = protocol::uri::origin(audience.as_str());
        let metadata = ResourceMetadata {
            resource: audience.to_string(),
            authorization_servers: vec![issuer.to_string()],
            jwks_uri: origin.filter(|_| own_keys.is_some()).map(|origin| origin + jwks::PATH),
            scopes_supported: scopes.iter().map(str::to_owned).collect(),
            bearer_methods_supported: vec!["header".to_owned()],
            dpop_signing_alg_values_supported: proof_algorithms.into_iter().map(str::to_owned).collect(),
            dpop_bound_access_tokens_required: mode == Dpop::Require,
            resource_name: None,
        };
        let metadata = Bytes::from(serde_json::to_vec(&metadata).unwrap_or_default());
        let mut documents = vec![(ROOT.to_owned(), metadata.clone())];
        documents.extend(
            well_known_path(audience.as_str()).filter(|path| path != ROOT).map(|path| (path, metadata)),
        );
        documents.extend(own_keys.map(|keys| (jwks::PATH.to_owned(), keys)));
        Self { documents: documents.into() }
    }

    /// The paths that are served: `/.well-known/oauth-protected-resource`, the same with the path of the audience,
    /// and `/jwks` where there are decryption keys.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|(path, _)| &**path)
    }

    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        let document = self.documents.iter().find(|(known, _)| known == path).map(|(_, text)| text.clone());
        let Some(document) = document else { return empty(StatusCode::NOT_FOUND) };
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let body = if *method == Method::HEAD { Bytes::new() } else { document };
        let mut response = Response::new(Full::new(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
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
        ready(Ok(self.answer(request.method(), request.uri().path())))
    }
}

/// Where the metadata of a resource is, as a challenge names it (RFC 9728 §5.1); nothing if it is no web address.
pub(crate) fn url(audience: &str) -> Option<String> {
    Some(protocol::uri::origin(audience)? + &well_known_path(audience)?)
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
        let issuer = Issuer::new("https://id.example");
        MetadataService::new(
            &issuer,
            &Audience::new(audience),
            &Scopes::stored("notes.read"),
            &[],
            (Dpop::Off, None),
        )
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
        assert_eq!(service.answer(&Method::GET, ROOT).status(), 200);
        assert_eq!(service.answer(&Method::HEAD, ROOT).status(), 200);
        assert_eq!(service.answer(&Method::POST, ROOT).status(), 405);
        assert_eq!(service.answer(&Method::GET, "/jwks").status(), 404, "there are no keys to show");
    }
}
