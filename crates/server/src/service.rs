//! The server as a [`tower_service::Service`]: nest it in axum, hyper, or anything built on tower.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use protocol::limits;

use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    context::{BoxFuture, Cors, Endpoint, Responder},
    cors,
    endpoints::{introspection, revocation, token},
    error::Error,
    incoming::Incoming,
    reason::Reason,
    refusal::{RequestContext, told},
};

/// One issuer's endpoints. Paths are relative to the issuer's path.
#[derive(Clone, Debug)]
pub struct HttpService(AuthorizationServer);

impl AuthorizationServer {
    /// The server as a `tower` service, to be mounted at the issuer's path.
    pub fn service(&self) -> HttpService {
        HttpService(self.clone())
    }
}

impl HttpService {
    /// The endpoint of the server at this path.
    pub fn at(&self, path: &str) -> Option<MountedEndpoint<'_>> {
        let endpoint = self.0.endpoint_at(path)?;
        Some(MountedEndpoint { server: &self.0, endpoint })
    }
}

/// One endpoint of a server, found by its path.
#[derive(Clone, Copy)]
pub struct MountedEndpoint<'s> {
    server: &'s AuthorizationServer,
    endpoint: &'s Endpoint,
}

impl<'s> MountedEndpoint<'s> {
    /// Whether it is a document that anybody may read, such as the metadata or the keys.
    pub fn is_document(&self) -> bool {
        self.endpoint.cors == Cors::Anyone
    }

    /// The answer to a request for such a document while its rendering is current. It needs nothing else of the request;
    /// where there is none, [`Self::answer`] makes it.
    pub fn document(&self, method: &Method, headers: &HeaderMap) -> Option<Answer> {
        let Responder::Document { at_hand, .. } = &self.endpoint.answer else { return None };
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        at_hand(self.server, headers).filter(|_| is_read).map(cors::allow_all)
    }

    /// Answers a request, as [`HttpService`] does.
    pub fn answer<B>(self, request: Request<B>) -> BoxFuture<'s, Answer>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Box::pin(noted(self, request))
    }
}

impl std::fmt::Debug for MountedEndpoint<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MountedEndpoint({})", self.endpoint.path)
    }
}

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let Some(endpoint) = service.at(request.uri().path()) else {
                return Ok(answer::empty(StatusCode::NOT_FOUND));
            };
            Ok(noted(endpoint, request).await)
        })
    }
}

/// Answers, and then logs a refusal where the host does not.
async fn noted<B>(endpoint: MountedEndpoint<'_>, mut request: Request<B>) -> Answer
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let context = RequestContext::of(request.extensions()).cloned();
    let context = context.unwrap_or_else(|| {
        let context = RequestContext::default();
        request.extensions_mut().insert(context.clone());
        context
    });
    let mut answer = answer(endpoint, request).await;
    if endpoint.server.settings().explain_refusals {
        answer = told(answer, &context);
    }
    if !context.is_logged_by_host()
        && let Some(refusal) = context.refusal(answer.extensions())
    {
        context.log(&refusal);
    }
    answer
}

async fn answer<B>(MountedEndpoint { server, endpoint }: MountedEndpoint<'_>, request: Request<B>) -> Answer
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let uri = request.uri();
    let origin: HeaderMap = request.headers().get(header::ORIGIN).into_iter().map(origin_only).collect();
    let refusal = if uri.path_and_query().is_some_and(|path| path.as_str().len() > limits::URL_BYTES_MAX) {
        refused(Reason::BodyTooLarge, StatusCode::URI_TOO_LONG)
    } else {
        match Incoming::read(request).await {
            Ok(incoming) => return route(server, endpoint, &incoming).await,
            Err(reason @ Reason::BodyTooLarge) => refused(reason, StatusCode::PAYLOAD_TOO_LARGE),
            Err(reason) => refused(reason, StatusCode::BAD_REQUEST),
        }
    };
    cors::allow_refusal(server, endpoint, refusal, &origin).await
}

/// What CORS needs of a request after its body was read in vain.
fn origin_only(origin: &HeaderValue) -> (HeaderName, HeaderValue) {
    (header::ORIGIN, origin.clone())
}

/// The future of a request is as large as that of its largest endpoint, and is moved: so less frequent endpoints are
/// boxed.
async fn route(server: &AuthorizationServer, endpoint: &Endpoint, incoming: &Incoming) -> Answer {
    let method = &incoming.head.method;
    if *method == Method::OPTIONS && endpoint.cors != Cors::Forbidden {
        return cors::preflight(server, endpoint, incoming.headers())
            .await
            .unwrap_or_else(|fault| answer::json_error(&Error::Failed(fault), Scheme::Basic));
    }
    if !endpoint.methods.contains(method) {
        let refusal = endpoint.method_not_allowed();
        return cors::allow_refusal(server, endpoint, refusal, incoming.headers()).await;
    }
    let answer = match &endpoint.answer {
        Responder::Introspection => introspection::introspect(server, incoming).await,
        Responder::Revocation => revocation::revoke(server, incoming).await,
        Responder::Token => token::token(server, incoming).await,
        Responder::Document { render: answer, .. } | Responder::Boxed(answer) => {
            answer(server, incoming).await
        }
    };
    if endpoint.cors == Cors::Anyone { cors::allow_all(answer) } else { answer }
}

/// The response to a request that is refused before it reaches an endpoint.
fn refused(reason: Reason, status: StatusCode) -> Answer {
    let mut answer = answer::json_error(&Error::Refused(reason), Scheme::Basic);
    *answer.status_mut() = status;
    answer
}
