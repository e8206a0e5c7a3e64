//! `GET` and `POST` of a UserInfo endpoint that an API serves (OpenID Connect Core 1.0 §5.3), as a `tower` service.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use jose::Claims;
use protocol::{Scopes, scope};
use serde_json::Value;
use tower_service::Service;

use crate::answer::challenge::Denied;
use crate::face::guard::Guard;
use crate::face::layer::Require;
use crate::face::token::Token;
use crate::reason::Reason;
use crate::userinfo::provider::{ClaimsProvider, ProviderFault};
use crate::userinfo::requested_claims::RequestedClaims;
use crate::userinfo::response::UserInfoResponse;

impl Guard {
    /// The UserInfo endpoint of this guard's issuer, served by this API. Tokens need the scope `openid`, and are not
    /// accepted in a form. It is guarded by itself and needs no layer. CORS is left to the host.
    pub fn userinfo_endpoint(&self, provider: impl ClaimsProvider) -> UserInfoEndpoint {
        let rule = self.require(scope::OPENID);
        UserInfoEndpoint { guard: self.clone(), rule, provider: Arc::new(provider) }
    }
}

/// Answers `GET` and `POST` with the claims of the token's user, and 405 to other methods. Cheap to clone.
///
/// Statuses are those of RFC 6750 §3.1: 401 without a valid token, 403 without `openid`, 503 if claims or keys are
/// unavailable. Responses are `no-store`.
#[derive(Clone)]
pub struct UserInfoEndpoint {
    guard: Guard,
    rule: Require,
    provider: Arc<dyn ClaimsProvider>,
}

impl UserInfoEndpoint {
    async fn answer(&self, mut head: Parts) -> Result<Response<Full<Bytes>>, Denied> {
        self.rule.admit(&mut head).await?;
        let token = Token::of(&head.extensions)?;
        self.respond(&token).await.map_err(|reason| self.guard.deny(reason, &Scopes::default()))
    }

    async fn respond(&self, token: &Token) -> Result<Response<Full<Bytes>>, Reason> {
        if token.subject().is_empty() {
            return Err(Reason::SubjectUnknown);
        }
        let wanted = RequestedClaims::read(token.claims(), token.scopes())?;
        let response = self.provider.response(token.client()).await.map_err(|fault| unavailable(&fault))?;
        let found = self.provider.claims(token.subject(), &wanted.asked()).await;
        let found = found.map_err(|fault| unavailable(&fault))?.ok_or(Reason::SubjectUnknown)?;
        let mut claims = wanted.choose(found);
        // `sub` is that of the token, and always present (OpenID Connect Core 1.0 §5.3.2).
        claims.insert("sub".to_owned(), Value::from(token.subject()));
        if matches!(response, UserInfoResponse::Json) {
            return Ok(answered("application/json", Value::Object(claims).to_string()));
        }
        claims.insert("iss".to_owned(), Value::from(self.guard.issuer().as_str()));
        claims.insert("aud".to_owned(), Value::from(token.client().ok_or(Reason::ClaimMissing)?));
        claims.insert("iat".to_owned(), Value::from(self.guard.remote().now().0));
        match response.jwt(&Claims::from(claims)) {
            Ok(Some(jwt)) => Ok(answered("application/jwt", jwt)),
            Ok(None) => Err(Reason::ClaimsUnavailable),
            Err(error) => Err(unavailable(&error.into())),
        }
    }
}

impl<B: Send + 'static> Service<Request<B>> for UserInfoEndpoint {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (endpoint, (head, _)) = (self.clone(), request.into_parts());
        async move {
            if !matches!(head.method, Method::GET | Method::POST) {
                return Ok(method_not_allowed());
            }
            Ok(endpoint.answer(head).await.unwrap_or_else(|denied| denied.response()))
        }
        .boxed()
    }
}

impl fmt::Debug for UserInfoEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfoEndpoint").field("guard", &self.guard).finish_non_exhaustive()
    }
}

fn unavailable(fault: &ProviderFault) -> Reason {
    tracing::error!(%fault, "the claims of a user are unavailable");
    Reason::ClaimsUnavailable
}

fn answered(media_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn method_not_allowed() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
    response
}
