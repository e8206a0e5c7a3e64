//! The guard as a `tower` layer: requests reach the service behind it only with an accepted token.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, HeaderValue,
    ORIGIN, TRANSFER_ENCODING, VARY,
};
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Request, Response, Version};
use http_body_util::{Either, Full};
use protocol::Scopes;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::challenge::Denied;
use crate::face::guard::Guard;
use crate::face::token::Token;
use crate::judging::policy::Policy;
use crate::proof::dpop::NONCE_HEADER;
use crate::reason::Reason;

/// A layer that passes requests on if their token is accepted and satisfies the policy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Require {
    guard: Guard,
    policy: Policy,
    optional: bool,
    public_preflights: bool,
    asked: Option<Scopes>,
}

impl Guard {
    /// A layer that requires an accepted token.
    pub fn layer(&self) -> Require {
        self.require("")
    }

    /// A layer that requires a token that satisfies this policy. A string stands for scopes, separated by spaces, all
    /// of which are needed.
    pub fn require(&self, policy: impl Into<Policy>) -> Require {
        Require::new(self.clone(), policy.into())
    }
}

impl Require {
    fn new(guard: Guard, policy: Policy) -> Self {
        Self { guard, policy, optional: false, public_preflights: false, asked: None }
    }

    /// Passes on requests without a token as well: for handlers that take `Option<Token>`, or that also support
    /// sessions. A token that is not accepted is still refused. Responses get `Vary: Authorization`.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Refusals for want of a token then name these scopes, in addition to those that every request needs.
    pub(crate) fn asking(mut self, scopes: Scopes) -> Self {
        self.asked = Some(scopes);
        self
    }

    /// Passes on CORS preflights without a token, which browsers never send with them (Fetch, "CORS-preflight
    /// request"): `OPTIONS` with `Origin` and `Access-Control-Request-Method`. A handler that takes [`Token`] still
    /// refuses them. Not needed if the CORS layer is outside the guard, which is the better order.
    #[must_use]
    pub fn public_preflights(mut self) -> Self {
        self.public_preflights = true;
        self
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Checks the request, or reuses the result of an outer layer of the same guard. Returns what the response must
    /// carry.
    pub(crate) async fn admit(&self, head: &mut Parts) -> Result<ResponseAdditions, Denied> {
        let known = match head.extensions.get::<LayerResult>() {
            Some(LayerResult::Token(token)) if self.guard.accepted(token) => Some(token.clone()),
            Some(_) | None => None,
        };
        let judged = match known {
            Some(token) => Ok(token.with(head.method.clone())),
            None => self.guard.check_asking(head, self.asked.as_ref()).await,
        };
        let mut additions = ResponseAdditions { varies: self.optional, ..ResponseAdditions::default() };
        let passed = match judged {
            Ok(token) => {
                token.demand(&self.policy)?;
                additions.nonce = token.dpop_nonce().and_then(|text| HeaderValue::from_str(text).ok());
                additions.private = !head.headers.contains_key(AUTHORIZATION);
                LayerResult::Token(token)
            }
            Err(denied) if denied.reason() == Reason::TokenMissing && self.passes_nobody(head) => {
                LayerResult::Nobody(self.guard.clone())
            }
            Err(denied) => return Err(denied),
        };
        head.extensions.insert(passed);
        Ok(additions)
    }

    fn passes_nobody(&self, head: &Parts) -> bool {
        self.optional || (self.public_preflights && is_preflight(head))
    }
}

fn is_preflight(head: &Parts) -> bool {
    let holds = |name| head.headers.contains_key(name);
    head.method == Method::OPTIONS && holds(ORIGIN) && holds(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What the response to an accepted request must carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResponseAdditions {
    /// The one `DPoP-Nonce` (RFC 9449 §8.2).
    pub(crate) nonce: Option<HeaderValue>,
    /// Whether the response depends on the presence of a token.
    pub(crate) varies: bool,
    /// Whether the token is in the URL, so that shared caches can't tell that the response is for one sender (RFC 6750
    /// §2.3, RFC 9111 §3.5).
    pub(crate) private: bool,
}

impl ResponseAdditions {
    /// The default `Cache-Control`, if any is needed.
    pub(crate) fn cache_control(&self) -> Option<&'static str> {
        match (&self.nonce, self.private) {
            (Some(_), _) => Some("no-store"),
            (None, true) => Some("private"),
            (None, false) => None,
        }
    }

    /// Calls the service behind the guard, and adds this to its response.
    pub(crate) async fn reach<S, B, A>(
        self,
        mut inner: S,
        request: Request<B>,
    ) -> Result<Response<A>, S::Error>
    where
        S: Service<Request<B>, Response = Response<A>>,
    {
        let mut response = inner.call(request).await?;
        self.write(response.headers_mut());
        Ok(response)
    }

    fn write(self, headers: &mut HeaderMap) {
        if let Some(text) = self.cache_control() {
            headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(text));
        }
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("Authorization"));
        }
        if let Some(nonce) = self.nonce {
            headers.insert(NONCE_HEADER, nonce);
        }
    }
}

/// Takes the service that was polled ready and leaves a clone in its place, as tower recommends.
pub(crate) fn take_ready<S: Clone>(service: &mut S) -> S {
    let waiting = service.clone();
    std::mem::replace(service, waiting)
}

/// The response to a refused request. Over HTTP/1 it closes the connection if a body was left unread, and says so:
/// otherwise the client might send its next request on a connection that is being closed (RFC 9112 §9.6).
pub(crate) fn turn_away(denied: &Denied, head: &Parts) -> Response<Full<Bytes>> {
    let mut response = denied.response();
    let has_body = head.headers.contains_key(TRANSFER_ENCODING)
        || head.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body && head.version <= Version::HTTP_11 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The result of a layer, as an extension of the request. Only this crate can make one.
#[derive(Clone, Debug)]
enum LayerResult {
    /// An accepted token.
    Token(Token),
    /// No token, on a route where it is optional; with the guard, so that a handler can still refuse.
    Nobody(Guard),
}

impl Token {
    /// The token that the layer around this service accepted, from the extensions of the request.
    ///
    /// # Errors
    ///
    /// [`Reason::GuardMissing`] (500) without a layer: nothing was checked. [`Reason::TokenMissing`] (401) if the
    /// request has no token and the layer allows that.
    pub fn of(extensions: &Extensions) -> Result<Self, Denied> {
        match extensions.get::<LayerResult>() {
            Some(LayerResult::Token(token)) => Ok(token.clone()),
            Some(LayerResult::Nobody(guard)) => Err(guard.deny(Reason::TokenMissing, &Scopes::default())),
            None => Err(Denied::without_guard()),
        }
    }

    /// As [`Token::of`], but `None` if the request has no token, which only [`Require::optional`] allows.
    ///
    /// # Errors
    ///
    /// [`Reason::GuardMissing`] (500) without a layer.
    pub fn optional_of(extensions: &Extensions) -> Result<Option<Self>, Denied> {
        match extensions.get::<LayerResult>() {
            Some(LayerResult::Token(token)) => Ok(Some(token.clone())),
            Some(LayerResult::Nobody(_)) => Ok(None),
            None => Err(Denied::without_guard()),
        }
    }
}

impl<S> Layer<S> for Require {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { rule: self.clone(), inner }
    }
}

/// A service behind a guard.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    rule: Require,
    inner: S,
}

impl<S, B, A> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<Either<A, Full<Bytes>>>;
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
                Ok(additions) => {
                    Ok(additions.reach(inner, Request::from_parts(head, body)).await?.map(Either::Left))
                }
                Err(denied) => Ok(turn_away(&denied, &head).map(Either::Right)),
            }
        }
        .boxed()
    }
}
