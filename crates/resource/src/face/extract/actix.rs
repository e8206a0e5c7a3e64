//! Middleware and extractors for actix-web 4, which uses the types of `http` 0.2: heads are converted here.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, VARY};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::request::Parts;
use http::{Extensions, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use serde::de::DeserializeOwned;

use crate::answer::challenge::Denied;
use crate::face::extract::Claims;
use crate::face::guard::Guard;
use crate::face::layer::{Require, ResponseAdditions};
use crate::face::metadata::MetadataService;
use crate::face::token::Token;
use crate::proof::confirmation::ClientCertificate;

impl Guard {
    /// [`Guard::layer`] for actix-web (feature `actix`): `App::new().wrap(guard.actix())`.
    pub fn actix(&self) -> ActixRequire {
        self.layer().actix()
    }

    /// [`Guard::metadata_service`] for actix-web: `App::new().configure(guard.actix_metadata())`. It must not be
    /// behind the guard's middleware.
    pub fn actix_metadata(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
        let service = self.metadata_service();
        move |config| {
            for path in service.paths() {
                let service = service.clone();
                let answer = move |request: HttpRequest| document(service.clone(), request);
                config.route(&path.replace('{', "%7B").replace('}', "%7D"), web::route().to(answer));
            }
        }
    }
}

impl Require {
    /// The same rule as middleware for actix-web, as in `web::scope("/notes").wrap(guard.require("read").actix())`.
    pub fn actix(&self) -> ActixRequire {
        ActixRequire(self.clone())
    }
}

/// Middleware for actix-web that requires an accepted token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ActixRequire(Require);

impl<S, B> Transform<S, ServiceRequest> for ActixRequire
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = ActixGuarded<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(ActixGuarded { rule: self.0.clone(), inner: Rc::new(inner) }))
    }
}

/// A service of actix-web behind a guard.
#[derive(Debug)]
pub struct ActixGuarded<S> {
    rule: Require,
    inner: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for ActixGuarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (rule, inner) = (self.rule.clone(), Rc::clone(&self.inner));
        async move {
            let Some(mut head) = head(request.request()) else {
                return Ok(request.into_response(HttpResponse::BadRequest()).map_into_right_body());
            };
            match rule.admit(&mut head).await {
                Ok(additions) => {
                    request.extensions_mut().insert(GuardExtensions(head.extensions));
                    let mut response = inner.call(request).await?;
                    bring(response.headers_mut(), &additions);
                    Ok(response.map_into_left_body())
                }
                Err(denied) => Ok(request.into_response(denied.error_response()).map_into_right_body()),
            }
        }
        .boxed_local()
    }
}

/// The extensions that the guard set, kept in actix's own extensions. Only this file can make one.
struct GuardExtensions(Extensions);

/// The head of a request in the types of `http` 1, with the result of an outer guard. `None` if it can't be converted,
/// which actix's parser rules out.
fn head(request: &HttpRequest) -> Option<Parts> {
    let mut head = Request::new(()).into_parts().0;
    head.method = Method::from_bytes(request.method().as_str().as_bytes()).ok()?;
    head.uri = request.uri().to_string().parse().ok()?;
    for (name, value) in request.headers() {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        head.headers.append(name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    if let Some(GuardExtensions(extensions)) = request.extensions().get() {
        head.extensions = extensions.clone();
    }
    let of_request = request.extensions().get::<ClientCertificate>().cloned();
    if let Some(certificate) = of_request.or_else(|| request.conn_data().cloned()) {
        head.extensions.insert(certificate);
    }
    Some(head)
}

/// [`ResponseAdditions::write`] in actix's types.
fn bring(headers: &mut HeaderMap, additions: &ResponseAdditions) {
    if let Some(text) = additions.cache_control().filter(|_| !headers.contains_key(CACHE_CONTROL)) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(text));
    }
    if additions.varies {
        headers.append(VARY, HeaderValue::from_static("Authorization"));
    }
    if let Some(nonce) =
        additions.nonce.as_ref().and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok())
    {
        headers.insert(HeaderName::from_static("dpop-nonce"), nonce);
    }
}

/// The extensions that the middleware set, or none.
fn passed<T>(request: &HttpRequest, look: impl FnOnce(&Extensions) -> T) -> T {
    match request.extensions().get() {
        Some(GuardExtensions(extensions)) => look(extensions),
        None => look(&Extensions::new()),
    }
}

/// The token that the guard of this route accepted, as [`Token::of`] finds it.
///
/// If the token is optional, use [`OptionalToken`]: actix-web's `Option<Token>` hides a missing guard.
impl FromRequest for Token {
    type Error = Denied;
    type Future = Ready<Result<Self, Denied>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(passed(request, Self::of))
    }
}

/// The token, or `None` if the request has none, as [`Token::optional_of`] finds it: actix-web's `Option` turns every
/// refusal into `None`.
#[derive(Clone, Debug)]
pub struct OptionalToken(pub Option<Token>);

impl FromRequest for OptionalToken {
    type Error = Denied;
    type Future = Ready<Result<Self, Denied>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(passed(request, Token::optional_of).map(Self))
    }
}

/// As [`Claims::of`].
impl<T: DeserializeOwned + 'static> FromRequest for Claims<T> {
    type Error = Denied;
    type Future = Ready<Result<Self, Denied>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(passed(request, Self::of))
    }
}

impl ResponseError for Denied {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        translated(self.response())
    }
}

async fn document(mut service: MetadataService, request: HttpRequest) -> HttpResponse {
    let Some(head) = head(&request) else { return HttpResponse::BadRequest().finish() };
    match tower_service::Service::call(&mut service, Request::from_parts(head, ())).await {
        Ok(response) => translated(response),
        Err(never) => match never {},
    }
}

/// A response in actix's types.
fn translated(response: Response<Full<Bytes>>) -> HttpResponse<BoxBody> {
    let (head, body) = response.into_parts();
    let status = StatusCode::from_u16(head.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.append_header((name, value));
        }
    }
    // The body is complete, so the first poll returns it.
    let body = body.collect().now_or_never().and_then(Result::ok);
    response.body(body.map(http_body_util::Collected::to_bytes).unwrap_or_default())
}
