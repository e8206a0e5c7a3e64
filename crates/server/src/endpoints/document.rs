//! Public documents: rendered once for each version of the registry, and revalidated by their `ETag`.

use std::{
    future::Future,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use protocol::fields;
use serde::Serialize;

use crate::{
    AuthorizationServer,
    answer::{self, Answer, FIELDS_USUAL, Scheme},
    context::{BoxFuture, Responder},
    error::{Error, Fault},
};

/// How long a public document may be cached: short enough for key rotation.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A document as it is sent.
#[derive(Debug)]
pub(crate) struct Document {
    body: Bytes,
    content_type: HeaderValue,
    etag: HeaderValue,
}

impl Document {
    /// Renders a value as JSON.
    pub(crate) fn json(content_type: &'static str, value: &impl Serialize) -> Result<Self, Fault> {
        let body = serde_json::to_vec(value).map_err(Fault::new)?;
        let etag = format!("\"{}\"", jose::base64url::encode(&jose::primitives::sha256(&body)));
        let etag = HeaderValue::try_from(etag).map_err(Fault::new)?;
        Ok(Self { body: body.into(), content_type: HeaderValue::from_static(content_type), etag })
    }

    /// The answer to a request with these headers: 304 if they name the current version (RFC 9110 §13.1.2).
    fn answer(&self, request: &HeaderMap) -> Answer {
        let mut headers = HeaderMap::with_capacity(FIELDS_USUAL);
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, CACHE);
        let is_current = self.is_named(request);
        let body = if is_current { Bytes::new() } else { self.body.clone() };
        if !is_current {
            headers.insert(header::CONTENT_TYPE, self.content_type.clone());
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        let mut answer = Response::new(Full::new(body));
        if is_current {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
        }
        *answer.headers_mut() = headers;
        answer
    }

    /// Whether `If-None-Match` names this version.
    fn is_named(&self, request: &HeaderMap) -> bool {
        let lists = request.get_all(header::IF_NONE_MATCH).into_iter().map(HeaderValue::as_bytes);
        fields::names_version(lists, self.etag.as_bytes())
    }
}

/// The document at the latest version of the registry.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptDocument(Arc<RwLock<Option<Version>>>);

/// Renders a document.
pub(crate) type RenderFn = for<'a> fn(&'a AuthorizationServer) -> BoxFuture<'a, Result<Document, Error>>;

/// A version of the registry, and its document.
type Version = (i64, Arc<Document>);

impl KeptDocument {
    /// How an endpoint answers with this document.
    pub(crate) fn responder(self, render: RenderFn) -> Responder {
        let kept = self.clone();
        Responder::Document {
            at_hand: Box::new(move |server, request| {
                let version = server.store().registry_version().ok()?.rest;
                Some(kept.at(version)?.answer(request))
            }),
            render: Box::new(move |server, incoming| {
                let kept = self.clone();
                Box::pin(async move { kept.answer(server, incoming.headers(), || render(server)).await })
            }),
        }
    }

    /// The document at this version.
    fn at(&self, version: i64) -> Option<Arc<Document>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| *at == version).map(|(_, document)| document.clone())
    }

    /// Answers a request with the document, which is made again only after the registry changed.
    async fn answer<F>(
        &self,
        server: &AuthorizationServer,
        request: &HeaderMap,
        make: impl FnOnce() -> F,
    ) -> Answer
    where
        F: Future<Output = Result<Document, Error>>,
    {
        match self.current(server, make).await {
            Ok(document) => document.answer(request),
            Err(error) => answer::json_error(&error, Scheme::Basic),
        }
    }

    async fn current<F>(
        &self,
        server: &AuthorizationServer,
        make: impl FnOnce() -> F,
    ) -> Result<Arc<Document>, Error>
    where
        F: Future<Output = Result<Document, Error>>,
    {
        // Read before the contents: at worst they are newer than the version.
        let version = server.store().registry_version()?.rest;
        if let Some(document) = self.at(version) {
            return Ok(document);
        }
        let document = Arc::new(make().await?);
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(at, _)| *at <= version) {
            *kept = Some((version, document.clone()));
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JWKS_MAX_AGE_SECONDS;

    /// A key is published for longer than this before it signs.
    #[test]
    fn the_key_set_is_cached_for_as_long_as_rotation_counts_with() {
        let expected = format!("public, max-age={JWKS_MAX_AGE_SECONDS}");
        assert_eq!(CACHE, expected);
    }
}
