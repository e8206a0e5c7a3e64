//! The guard as a `tower` layer: what is behind it is reached with an accepted token and not otherwise.

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

/// A layer that lets only accepted tokens through that are enough for its policy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Require {
    guard: Guard,
    policy: Policy,
    optional: bool,
    public_preflights: bool,
    asked: Option<Scopes>,
}

impl Guard {
    /// A layer that lets only accepted tokens through.
    pub fn layer(&self) -> Require {
        self.require("")
    }

    /// A layer that lets only tokens through that are enough for this policy; a text is scopes, separated by spaces,
    /// all of them.
    pub fn require(&self, policy: impl Into<Policy>) -> Require {
        Require::new(self.clone(), policy.into())
    }
}

impl Require {
    fn new(guard: Guard, policy: Policy) -> Self {
        Self { guard, policy, optional: false, public_preflights: false, asked: None }
    }

    /// Lets requests without any token through as well: for handlers that take `Option<Token>`, or that know their
    /// users by a session too. A token that is not accepted is still refused. Answers say `Vary: Authorization`.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Tells whoever has no token that is accepted to ask for one with these scopes, beside those that the guard
    /// demands of every request.
    pub(crate) fn asking(mut self, scopes: Scopes) -> Self {
        self.asked = Some(scopes);
        self
    }

    /// Lets CORS preflights through without a token, which browsers never send with them (Fetch, "CORS-preflight
    /// request"): `OPTIONS` with `Origin` and `Access-Control-Request-Method`. A handler behind that takes [`Token`]
    /// refuses them all the same. Not needed where the CORS layer stands in front of the guard, the better order.
    #[must_use]
    pub fn public_preflights(mut self) -> Self {
        self.public_preflights = true;
        self
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Judges the request, or takes over what an outer layer of the same guard found. Gives what the answer is to
    /// bring.
    pub(crate) async fn admit(&self, head: &mut Parts) -> Result<Brought, Denied> {
        let known = match head.extensions.get::<Passed>() {
            Some(Passed::Token(token)) if self.guard.accepted(token) => Some(token.clone()),
            Some(_) | None => None,
        };
        let judged = match known {
            Some(token) => Ok(token.with(head.method.clone())),
            None => self.guard.check_asking(head, self.asked.as_ref()).await,
        };
        let mut brought = Brought { varies: self.optional, ..Brought::default() };
        let passed = match judged {
            Ok(token) => {
                token.demand(&self.policy)?;
                brought.nonce = token.dpop_nonce().and_then(|text| HeaderValue::from_str(text).ok());
                brought.private = !head.headers.contains_key(AUTHORIZATION);
                Passed::Token(token)
            }
            Err(denied) if denied.reason() == Reason::TokenMissing && self.passes_nobody(head) => {
                Passed::Nobody(self.guard.clone())
            }
            Err(denied) => return Err(denied),
        };
        head.extensions.insert(passed);
        Ok(brought)
    }

    fn passes_nobody(&self, head: &Parts) -> bool {
        self.optional || (self.public_preflights && is_preflight(head))
    }
}

fn is_preflight(head: &Parts) -> bool {
    let holds = |name| head.headers.contains_key(name);
    head.method == Method::OPTIONS && holds(ORIGIN) && holds(ACCESS_CONTROL_REQUEST_METHOD)
}

/// What the answer to a request that passed is to bring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    /// The one `DPoP-Nonce` (RFC 9449 §8.2).
    pub(crate) nonce: Option<HeaderValue>,
    /// Whether another answer goes to whoever sends a token, or none.
    pub(crate) varies: bool,
    /// Whether the address holds a token, so that shared caches do not know that it was answered to one sender (RFC
    /// 6750 §2.3, RFC 9111 §3.5).
    pub(crate) private: bool,
}

impl Brought {
    /// What caches are told where nobody decided about that.
    pub(crate) fn cache_control(&self) -> Option<&'static str> {
        match (&self.nonce, self.private) {
            (Some(_), _) => Some("no-store"),
            (None, true) => Some("private"),
            (None, false) => None,
        }
    }

    /// Reaches the service behind the guard, and writes this into its answer.
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

/// The service that was polled ready, which is the one to call; its clone takes its place (tower's own advice).
pub(crate) fn take_ready<S: Clone>(service: &mut S) -> S {
    let waiting = service.clone();
    std::mem::replace(service, waiting)
}

/// The answer to a refused request. Over HTTP/1 it ends the connection where a body was left unread, and says so: a caller
/// that is not told sends its next request on a connection that the server is about to close (RFC 9112 §9.6).
pub(crate) fn turn_away(denied: &Denied, head: &Parts) -> Response<Full<Bytes>> {
    let mut response = denied.response();
    let has_body = head.headers.contains_key(TRANSFER_ENCODING)
        || head.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body && head.version <= Version::HTTP_11 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What a layer found. Nothing outside of this crate can make one.
#[derive(Clone, Debug)]
enum Passed {
    /// An accepted token.
    Token(Token),
    /// No token, on a route where it is optional; the guard, to challenge whoever needs one after all.
    Nobody(Guard),
}

impl Token {
    /// The token that the layer around this service accepted, from the extensions of the request.
    ///
    /// # Errors
    ///
    /// [`Reason::GuardMissing`] (500) where no layer is: nothing was checked, so nothing is let through.
    /// [`Reason::TokenMissing`] (401) where none came and the layer lets that pass.
    pub fn of(extensions: &Extensions) -> Result<Self, Denied> {
        match extensions.get::<Passed>() {
            Some(Passed::Token(token)) => Ok(token.clone()),
            Some(Passed::Nobody(guard)) => Err(guard.deny(Reason::TokenMissing, &Scopes::default())),
            None => Err(Denied::without_guard()),
        }
    }

    /// As [`Token::of`], but nothing where none came, which only a layer made by [`Require::optional`] lets pass.
    ///
    /// # Errors
    ///
    /// [`Reason::GuardMissing`] (500) where no layer is.
    pub fn optional_of(extensions: &Extensions) -> Result<Option<Self>, Denied> {
        match extensions.get::<Passed>() {
            Some(Passed::Token(token)) => Ok(Some(token.clone())),
            Some(Passed::Nobody(_)) => Ok(None),
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
                Ok(brought) => {
                    Ok(brought.reach(inner, Request::from_parts(head, body)).await?.map(Either::Left))
                }
                Err(denied) => Ok(turn_away(&denied, &head).map(Either::Right)),
            }
        }
        .boxed()
    }
}
