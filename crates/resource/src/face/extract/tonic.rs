//! A layer for tonic: refusals are gRPC statuses with the challenge in their metadata.
//!
//! An interceptor of tonic can't be async, and checking a token may need the authorization server; so it is a layer.

use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{HeaderMap, WWW_AUTHENTICATE};
use http::{Request, Response};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::challenge::Denied;
use crate::face::guard::Guard;
use crate::face::layer::{Require, take_ready};
use crate::proof::dpop::NONCE_HEADER;

impl Guard {
    /// [`Guard::layer`] for tonic (feature `tonic`): `Server::builder().layer(guard.tonic())`. A handler gets the
    /// token with [`crate::Token::of`] from the extensions of its request.
    pub fn tonic(&self) -> TonicRequire {
        self.layer().tonic()
    }
}

impl Require {
    /// The same rule as a layer for tonic, as in `guard.require("notes.read").tonic()`.
    pub fn tonic(&self) -> TonicRequire {
        TonicRequire(self.clone())
    }
}

/// A layer for tonic that requires an accepted token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TonicRequire(Require);

impl<S> Layer<S> for TonicRequire {
    type Service = TonicGuarded<S>;

    fn layer(&self, inner: S) -> TonicGuarded<S> {
        TonicGuarded { rule: self.0.clone(), inner }
    }
}

/// A gRPC service behind a guard.
#[derive(Clone, Debug)]
pub struct TonicGuarded<S> {
    rule: Require,
    inner: S,
}

impl<S, B, A> Service<Request<B>> for TonicGuarded<S>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    A: Default,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = take_ready(&mut self.inner);
        let rule = self.rule.clone();
        async move {
            let (mut head, body) = request.into_parts();
            match rule.admit(&mut head).await {
                Ok(additions) => additions.reach(inner, Request::from_parts(head, body)).await,
                Err(denied) => Ok(Status::from(denied).into_http()),
            }
        }
        .boxed()
    }
}

/// `UNAUTHENTICATED` for 400 and 401, `PERMISSION_DENIED` for 403, `UNAVAILABLE` for 503, `INTERNAL` without a guard;
/// with the challenge as `www-authenticate` in the metadata, and `dpop-nonce` if there is one.
impl From<Denied> for Status {
    fn from(denied: Denied) -> Self {
        let code = match denied.status().as_u16() {
            403 => Code::PermissionDenied,
            503 => Code::Unavailable,
            500 => Code::Internal,
            // gRPC has no status for a malformed header; `UNAUTHENTICATED` is the closest.
            _ => Code::Unauthenticated,
        };
        let challenge = denied.challenge().map(|challenge| (WWW_AUTHENTICATE, challenge.clone()));
        let nonce = denied.dpop_nonce().map(|nonce| (NONCE_HEADER, nonce.clone()));
        let headers: HeaderMap = challenge.into_iter().chain(nonce).collect();
        Self::with_metadata(code, denied.to_string(), MetadataMap::from_headers(headers))
    }
}
